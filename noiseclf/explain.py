"""Why a line got its label: what the model would say without a word, the line's shape or place, its markup, a neighbour.

Every effect is measured on the model itself, as the log-odds of the line's label with the thing less those without it:
above 0 it speaks for the label, below against it. Effects do not add up, since the model is not linear.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from noiseclf.classifier import NoiseClassifier
from noiseclf.features import NAMES
from noiseclf.labels import LABELS
from noiseclf.lines import normalise, split
from noiseclf.page import Page
from noiseclf.parallel import one_thread
from noiseclf.scorer import SCORED_CHARS

Floats = npt.NDArray[np.float32]

#: Features of where a line stands and what else is on the page; those before them are of its shape.
_PLACE = NAMES.index("repeats")
# A run of letters of a spaced script, or one character of a script without spaces, with the signs that follow it.
_DENSE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(f"[{_DENSE}]|[^\\s{_DENSE}]+")
#: Flags that are tags, and what the others are called.
_TAGS = (
    "nav", "aside", "header", "footer", "form", "article", "main", "figure", "table", "pre", "h1", "h2", "p", "dialog", "section",
    "details",
)  # fmt: skip
_KINDS = {
    "quote": "a quotation", "item": "a list's item", "heading": "a heading", "control": "a form control", "link": "a link",
    "strong": "strong text", "fact": "a date or address", "search": "a search", "body": "what is marked as the text",
    "product": "a product", "comment": "a comment", "aria_hidden": "what is hidden from screen readers",
}  # fmt: skip
#: Numbers of the markup (``noiseclf.markup.NAMES``) that tell the same kind of thing.
_GROUPS: list[tuple[str, tuple[str, ...]]] = [
    ("link density", ("linked", "all_linked", "linked_0", "linked_1", "linked_2", "linked_4")),
    ("text around it", tuple(f"{figure}_{level}" for level in (0, 1, 2, 4) for figure in ("chars", "share", "lines"))),
    ("depth in the tree", ("depth", "depth_to_prose")),
    ("elements alike", ("alike", "alike_beside", "alike_linked")),
    ("form controls", ("controls",)),
    ("nearness to the main text", ("in_main", "in_main_parent", "after_main", "common_depth")),
    ("title and heading", ("title", "is_h1", "after_h1")),
    ("what the head says", ("told", "tells")),
    ("where blocks begin", ("begins_block", "begins_container", "apart")),
]
#: Elements above a line whose names' words are tried, and how many words: those that change the names' score most.
_ABOVE, _NAMED = 9, 8
#: Lines computed for one page, at most: beyond, words are explained on its least certain lines only.
_WORK = 1_500_000


@dataclass(frozen=True)
class Word:
    """A word of a line, from ``start`` to ``end`` of what the model sees of it (:func:`noiseclf.lines.normalise`)."""

    text: str
    start: int
    end: int
    effect: float


@dataclass(frozen=True)
class Neighbour:
    """Another line of the page, by its number from 0, and what its being there does."""

    number: int
    effect: float


@dataclass(frozen=True)
class Mark:
    """Something that a line's markup tells, such as ``in <nav>`` or ``link density``, and what it does."""

    text: str
    effect: float


@dataclass(frozen=True)
class Explanation:
    """Why a line got its label.

    Attributes:
        log_odds: of the label.
        seen: the line as the model sees it.
        all_words: effect of what the line's words say.
        words: of each word alone, in order; empty where the page was too long for this line's.
        shape: effect of the line's length, kinds of character, beginning and end.
        place: effect of where the line stands on the page, and of the page's size and prose.
        neighbours: the lines whose being on the page does most, strongest first.
        markup: of a page of HTML, effect of all that the markup tells; None for text.
        marks: what the markup tells, one by one, strongest first; empty where the page was too long for this line's.
    """

    log_odds: float
    seen: str
    all_words: float
    words: tuple[Word, ...]
    shape: float
    place: float
    neighbours: tuple[Neighbour, ...]
    markup: float | None = None
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class _View:
    """A page as the model sees it, with what is needed to leave something out.

    Attributes:
        lines: normalised, none empty.
        features: what the network sees of them, shape (n, d); those of shape and place come first.
        words: columns of what the lines' words say.
        markup: columns of what the markup tells; empty for text.
        network: from features to the probability of each label.
        usual: the mean of each feature over the lines that the model was trained on.
        vectors: of texts, what goes into the columns ``words``.
        without: features of the page without one of its lines.
        marks: what the markup of a line tells: a name each, and the line's features without it.
    """

    lines: Sequence[str]
    features: Floats
    words: slice
    markup: slice
    network: Callable[[Floats], Floats]
    usual: Floats
    vectors: Callable[[Sequence[str]], Floats]
    without: Callable[[int], Floats]
    marks: Callable[[int], list[tuple[str, Floats]]]


def explain(
    classifier: NoiseClassifier, page: str | Sequence[str], *, neighbours: int = 5, work: int = _WORK
) -> tuple[Page, list[Explanation | None]]:
    """Classify ``page`` and return it with the explanation of each line, None for blank ones.

    Args:
        classifier: the model to explain.
        page: as for :meth:`NoiseClassifier.classify`.
        neighbours: how many neighbours to name a line.
        work: lines to compute, which bounds the time on long pages; words come first on the least certain lines, and
            neighbours are named only where all of them can be tried.

    Raises:
        TypeError: ``page`` is neither a str nor a sequence of str.
    """
    lines = split(page)
    seen = normalise(lines)
    filled = [i for i, line in enumerate(seen) if line]
    return _explained(classifier.classify(lines), filled, _text_view(classifier, [seen[i] for i in filled]), neighbours, work)


def explain_html(
    classifier: NoiseClassifier, html: str | bytes, *, neighbours: int = 5, work: int = _WORK
) -> tuple[Page, list[Explanation | None]]:
    """Classify a page of HTML and explain it; beside what :func:`explain` gives, what its markup does.

    Raises:
        ImportError, ModelError, TypeError: as :meth:`NoiseClassifier.classify_html`.
    """
    from noiseclf.html import read

    found = classifier.classify_html(html)
    document = read(html)
    return _explained(found, document.rows.tolist(), _html_view(classifier, document), neighbours, work)


def _text_view(classifier: NoiseClassifier, lines: Sequence[str]) -> _View:
    features = classifier.features(lines)

    def without(j: int) -> Floats:
        rest = [*lines[:j], *lines[j + 1 :]]
        return np.concatenate([classifier.shape(rest), np.delete(features[:, len(NAMES) :], j, axis=0)], axis=1)

    return _View(
        lines, features, slice(len(NAMES), None), slice(0, 0), classifier.network, classifier.usual_features(),
        classifier.vectors, without, lambda _: [],
    )  # fmt: skip


def _html_view(classifier: NoiseClassifier, document: Any) -> _View:
    from noiseclf import htmlmodel, markup

    model = classifier.html_model()
    lines = htmlmodel.normalised(document)
    vectors = classifier.vectors(lines)
    features = htmlmodel.features(document, classifier.shape(lines), model.scorer, vectors)
    first = len(NAMES)
    words = slice(features.shape[1] - vectors.shape[1], None)
    names = slice(first + len(markup.NAMES), words.start)  # scores of the elements' names
    flags = [(name, first + i) for i, name in enumerate(map(_flag, markup.NAMES[: markup.NAMES.index("linked")]))]
    groups = [(name, [first + markup.NAMES.index(column) for column in columns]) for name, columns in _GROUPS]
    network = model.network
    ways = markup.words(document)

    def without(j: int) -> Floats:
        parts = {name: np.delete(getattr(document, name), j) for name in ("rows", "owners", "blocks", "sizes", "linked")}
        told = markup.features(replace(document, **parts))
        shape = classifier.shape([*lines[:j], *lines[j + 1 :]])
        return np.concatenate([shape, told, np.delete(features[:, names.start :], j, axis=0)], axis=1)

    def marks(k: int) -> list[tuple[str, Floats]]:
        made = []
        for name, column in flags:
            row = features[k].copy()
            if row[column]:
                row[column] = 0
                made.append((name, row))
        for name, columns in groups:
            row = features[k].copy()
            row[columns] = network.arrays["mean"][columns]
            made.append((name, row))
        said = list(dict.fromkeys(" ".join(document.names[e] for e in document.path(int(document.owners[k]), _ABOVE)).split()))
        texts = [" ".join(part for part in ways[k].split() if part not in (word, f"q{word}")) for word in said]
        named = model.scorer.scores_of(texts)
        for i in np.argsort(-np.abs(named - features[k, names]).max(axis=1), kind="stable")[:_NAMED].tolist():
            row = features[k].copy()
            row[names] = named[i]
            made.append((f"named “{said[i]}”", row))
        return made

    return _View(
        lines, features, words, slice(first, words.start), network.probabilities, network.arrays["mean"],
        classifier.vectors, without, marks,
    )  # fmt: skip


def _explained(
    found: Page, filled: Sequence[int], view: _View, neighbours: int, work: int
) -> tuple[Page, list[Explanation | None]]:
    result: list[Explanation | None] = [None] * len(found.lines)
    n = len(view.lines)
    if not n:
        return found, result
    target = np.array([LABELS.index(label) for i in filled if (label := found.lines[i].label) is not None])
    base = _log_odds(view.network(view.features))[np.arange(n), target]
    with one_thread():
        parts = _parts(view, target, base)
        others = _neighbours(view, target, base) if 2 * n**2 <= work else None
        words, marks = _words_and_marks(view, target, base, work)
    for k, i in enumerate(filled):
        near: tuple[Neighbour, ...] = ()
        if others is not None:
            order = np.argsort(-np.abs(others[k]), kind="stable")[:neighbours]
            near = tuple(Neighbour(filled[j], float(others[k, j])) for j in order.tolist() if j != k and abs(others[k, j]) > 1e-6)
        all_words, shape, place, markup = (None if column is None else float(column[k]) for column in parts)
        assert all_words is not None and shape is not None and place is not None
        result[i] = Explanation(
            float(base[k]), view.lines[k], all_words, words.get(k, ()), shape, place, near, markup, marks.get(k, ())
        )
    return found, result


def _log_odds(probabilities: Floats) -> Floats:
    p = np.clip(probabilities, 1e-7, 1 - 1e-7).astype(np.float64)
    return np.asarray(np.log(p / (1 - p)), np.float32)


def _effect(view: _View, k: int, row: Floats, label: int, base: float) -> float:
    """Return what line ``k`` loses of its ``label``'s log-odds with ``row`` as its features; the view stays as it is."""
    kept = view.features[k].copy()
    view.features[k] = row
    try:
        return base - float(_log_odds(view.network(view.features)[k])[label])
    finally:
        view.features[k] = kept


def _parts(view: _View, target: npt.NDArray[np.intp], base: Floats) -> list[Floats | None]:
    """Return the effects of all words, of shape, place and markup: each part of a line's features set to its usual value."""
    effects: list[Floats | None] = []
    for part in (view.words, slice(0, _PLACE), slice(_PLACE, len(NAMES)), view.markup):
        if part == slice(0, 0):
            effects.append(None)
            continue
        effect = np.empty(len(base), np.float32)
        for k, label in enumerate(target.tolist()):
            row = view.features[k].copy()
            row[part] = view.usual[part]
            effect[k] = _effect(view, k, row, label, float(base[k]))
        effects.append(effect)
    return effects


def _neighbours(view: _View, target: npt.NDArray[np.intp], base: Floats) -> Floats:
    """Return the effect of each line (column) on each other (row): the page is classified without it."""
    n = len(base)
    effects = np.zeros((n, n), np.float32)
    index = np.arange(n)
    for j in range(n if n > 1 else 0):
        rest = np.delete(index, j)
        odds = _log_odds(view.network(view.without(j)))
        effects[rest, j] = base[rest] - odds[np.arange(n - 1), target[rest]]
    return effects


def _words_and_marks(
    view: _View, target: npt.NDArray[np.intp], base: Floats, work: int
) -> tuple[dict[int, tuple[Word, ...]], dict[int, tuple[Mark, ...]]]:
    """Return the words and marks of as many lines as ``work`` allows, by line, the least certain first."""
    words, marks = {}, {}
    left = work
    for k in np.argsort(base, kind="stable").tolist():
        line, label, odds = view.lines[k], int(target[k]), float(base[k])
        spans = [match.span() for match in _WORD.finditer(line, 0, SCORED_CHARS)]
        told = view.marks(k)
        left -= (len(spans) + len(told)) * len(base)
        if left < 0:
            break
        found = []
        vectors = view.vectors([line[:start] + line[end:] for start, end in spans])
        for (start, end), vector in zip(spans, vectors, strict=True):
            row = view.features[k].copy()
            row[view.words] = vector
            found.append(Word(line[start:end], start, end, _effect(view, k, row, label, odds)))
        words[k] = tuple(found)
        effects = [Mark(text, _effect(view, k, row, label, odds)) for text, row in told]
        marks[k] = tuple(sorted(effects, key=lambda mark: -abs(mark.effect)))
    return words, marks


def _flag(column: str) -> str:
    """Return what the column of a flag (``noiseclf.html.FLAGS``) of an element, or of one above it, is called."""
    flag = column.removeprefix("in_")
    return f"in <{flag}>" if flag in _TAGS else f"in {_KINDS[flag]}"
