"""Why a line got its label: what the model would say without a word, without the line's shape or place, without a neighbour.

Every effect is measured on the model itself, as the log-odds of the line's label with the thing less those without it:
above 0 it speaks for the label, below against it. Effects do not add up, since the model is not linear.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from noiseclf.classifier import NoiseClassifier
from noiseclf.features import NAMES
from noiseclf.lines import normalise, split
from noiseclf.page import Page
from noiseclf.scorer import SCORED_CHARS

Floats = npt.NDArray[np.float32]

#: Features of where a line stands and what else is on the page; those before them are of its shape.
_PLACE = NAMES.index("repeats")
# A run of letters of a spaced script, or one character of a script without spaces, with the signs that follow it.
_DENSE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(f"[{_DENSE}]|[^\\s{_DENSE}]+")
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
    """

    log_odds: float
    seen: str
    all_words: float
    words: tuple[Word, ...]
    shape: float
    place: float
    neighbours: tuple[Neighbour, ...]


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
    found = classifier.classify(lines)
    seen = normalise(lines)
    filled = [i for i, line in enumerate(seen) if line]
    shown = [seen[i] for i in filled]
    result: list[Explanation | None] = [None] * len(lines)
    if not shown:
        return found, result
    features = classifier.features(shown)
    probabilities = classifier.probabilities(shown)
    target = probabilities.argmax(axis=1)
    base = _log_odds(probabilities)[np.arange(len(shown)), target]
    with _one_thread():
        parts = _parts(classifier, features, target, base)
        others = _neighbours(classifier, shown, target, base) if 2 * len(shown) ** 2 <= work else None
        words = _words(classifier, shown, features, target, base, work)
    for k, i in enumerate(filled):
        near: tuple[Neighbour, ...] = ()
        if others is not None:
            order = np.argsort(-np.abs(others[k]), kind="stable")[:neighbours]
            near = tuple(Neighbour(filled[j], float(others[k, j])) for j in order.tolist() if j != k and abs(others[k, j]) > 1e-6)
        all_words, shape, place = (float(column[k]) for column in parts)
        result[i] = Explanation(float(base[k]), shown[k], all_words, words.get(k, ()), shape, place, near)
    return found, result


def _one_thread() -> AbstractContextManager[Any]:
    """Keep NumPy to one thread where threadpoolctl is there: on many small products more of them only wait for each other."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:  # it is a nicety
        return nullcontext()
    limits: AbstractContextManager[Any] = threadpool_limits(1, "blas")
    return limits


def _log_odds(probabilities: Floats) -> Floats:
    p = np.clip(probabilities, 1e-7, 1 - 1e-7).astype(np.float64)
    return np.asarray(np.log(p / (1 - p)), np.float32)


def _without(classifier: NoiseClassifier, features: Floats, k: int, row: Floats, label: int) -> float:
    """Return the log-odds of line ``k``'s ``label`` with ``row`` as the line's features; ``features`` stay as they are."""
    kept = features[k].copy()
    features[k] = row
    try:
        return float(_log_odds(classifier.network(features)[k])[label])
    finally:
        features[k] = kept


def _parts(classifier: NoiseClassifier, features: Floats, target: npt.NDArray[np.intp], base: Floats) -> list[Floats]:
    """Return the effects of all words, of shape and of place: each part of a line's features set to its usual value."""
    usual = classifier.usual_features()
    effects = []
    for part in (slice(len(NAMES), None), slice(0, _PLACE), slice(_PLACE, len(NAMES))):
        effect = np.empty(len(features), np.float32)
        for k, label in enumerate(target.tolist()):
            row = features[k].copy()
            row[part] = usual[part]
            effect[k] = base[k] - _without(classifier, features, k, row, label)
        effects.append(effect)
    return effects


def _neighbours(classifier: NoiseClassifier, shown: Sequence[str], target: npt.NDArray[np.intp], base: Floats) -> Floats:
    """Return the effect of each line (column) on each other (row): the page is classified without it."""
    n = len(shown)
    vectors = classifier.features(shown)[:, len(NAMES) :]
    effects = np.zeros((n, n), np.float32)
    index = np.arange(n)
    for j in range(n if n > 1 else 0):
        rest = np.delete(index, j)
        features = np.concatenate([classifier.shape([shown[i] for i in rest.tolist()]), vectors[rest]], axis=1)
        odds = _log_odds(classifier.network(features))
        effects[rest, j] = base[rest] - odds[np.arange(n - 1), target[rest]]
    return effects


def _words(
    classifier: NoiseClassifier, shown: Sequence[str], features: Floats, target: npt.NDArray[np.intp], base: Floats, work: int
) -> dict[int, tuple[Word, ...]]:
    """Return the words of as many lines as ``work`` allows, by line, the least certain first."""
    result = {}
    left = work
    for k in np.argsort(base, kind="stable").tolist():
        spans = [match.span() for match in _WORD.finditer(shown[k], 0, SCORED_CHARS)]
        left -= len(spans) * len(shown)
        if left < 0:
            break
        vectors = classifier.vectors([shown[k][:start] + shown[k][end:] for start, end in spans])
        found = []
        for (start, end), vector in zip(spans, vectors, strict=True):
            row = np.concatenate([features[k, : len(NAMES)], vector])
            effect = float(base[k]) - _without(classifier, features, k, row, int(target[k]))
            found.append(Word(shown[k][start:end], start, end, effect))
        result[k] = tuple(found)
    return result
