"""Learn from pages of HTML: the corpus's labels carried over to the lines that noiseclf reads in the HTML, and a network.

Lines → the same vectors of what they say, markup features, and scores of a fastText model over the names of each line's
elements → the same kind of context network, trained beside that for text.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import numpy as np
import numpy.typing as npt
from joblib import Memory

from noiseclf import htmlmodel, markup
from noiseclf.features import shape_features
from noiseclf.html import Document, read
from noiseclf.scorer import Scorer
from training import network, scorers
from training.bags import Bags
from training.corpus import LabelledPage, fold
from training.metrics import true_labels
from training.peers import kept_lines

Floats = npt.NDArray[np.float32]

#: fastText's for the scorer over the markup's words, the network's: what did best in cross-validation.
SCORER_SETTINGS: dict[str, Any] = {
    "dim": 8, "minn": 3, "maxn": 5, "wordNgrams": 1, "bucket": 50_000, "minCount": 3,
    "epoch": 10, "lr": 0.1, "thread": 1, "seed": 1, "verbose": 0,
}  # fmt: skip
SETTINGS = network.Settings(silver_weight=0.7)
#: What is added to the log-odds of content; "balanced" is where word F1 of gold texts is highest in cross-validation.
FAVOR = {"precision": -0.5, "balanced": 0.5, "recall": 1.5}

_TOKEN = re.compile(r"\w+")
#: Share of a line's characters that must be found among lines of one code for it to get that code.
_AGREE = 0.6
#: Lines of a page alike in names and code that the markup scorer learns from.
_COPIES = 4
#: Longest gap, in characters of both sides, that is aligned character by character.
_GAP = 6000


@dataclass(frozen=True)
class HtmlPage:
    """A page of HTML with what is known of its lines.

    Attributes:
        id, domain, lang, gold: of the corpus's page.
        document: what noiseclf reads.
        lines: normalised, one for each of ``document.rows``.
        labels: a code a line, ``-`` where the corpus has no line to take it from; or "".
        silver: ``1``, ``0`` or ``?`` a line, by the gold text; or "".
    """

    id: str
    domain: str
    lang: str
    gold: str
    document: Document
    lines: tuple[str, ...]
    labels: str
    silver: str

    def fold(self, folds: int) -> int:
        """Return the number of the page's fold, from 0 to ``folds`` - 1."""
        return fold(self.domain, folds)


def html_page(page: LabelledPage, html: bytes) -> HtmlPage | None:
    """Return the page as read from its HTML, None where that shows no line."""
    document = read(html)
    lines = tuple(htmlmodel.normalised(document))
    if not lines:
        return None
    labels = carried(page.lines, page.labels, lines) if page.labels else ""
    silver = gold_marks(lines, page.gold) if page.gold else ""
    return HtmlPage(page.id, page.domain, page.lang, page.gold, document, lines, labels, silver)


def html_pages(pages: Sequence[LabelledPage], html: Iterable[tuple[str, bytes]]) -> list[HtmlPage]:
    """Return those of ``pages`` that have labels or a gold text, and HTML that shows a line, in the order of ``pages``."""
    wanted = {page.id: page for page in pages if page.labels or page.gold}
    made = {name: html_page(wanted[name], data) for name, data in html if name in wanted}
    found = (made.get(name) for name in wanted)
    return [page for page in found if page is not None]


def gold_marks(lines: Sequence[str], gold: str) -> str:
    """Return a mark a line: ``1`` in the gold text, ``0`` not, ``?`` where a line shows no word."""
    kept = kept_lines(lines, gold)
    return "".join("?" if not _TOKEN.search(line) else "1" if here else "0" for line, here in zip(lines, kept, strict=True))


def carried(source: Sequence[str], codes: str, lines: Sequence[str]) -> str:
    """Return the codes of ``source``'s lines for ``lines`` of the same page, ``-`` for those not found there.

    Lines that say the same, white space and signs apart, are aligned in order; what is left between them is aligned
    character by character, as one side may hold on one line what the other holds on several.
    """
    known, wanted = [_folded(line) for line in source], [_folded(line) for line in lines]
    result = ["-"] * len(lines)
    for kind, a, b, c, d in SequenceMatcher(None, known, wanted, autojunk=False).get_opcodes():
        if kind == "equal":
            result[c:d] = codes[a:b]
        elif kind == "replace" and sum(map(len, known[a:b])) + sum(map(len, wanted[c:d])) <= _GAP:
            result[c:d] = _carried_in_part(known[a:b], codes[a:b], wanted[c:d])
    return "".join(result)


def _carried_in_part(known: Sequence[str], codes: str, wanted: Sequence[str]) -> list[str]:
    left, right = "".join(known), "".join(wanted)
    owner = np.repeat([ord(code) for code in codes], [len(line) for line in known])
    found = np.zeros(len(right), np.int64)
    for run in SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks():
        if run.size >= 3:
            found[run.b : run.b + run.size] = owner[run.a : run.a + run.size]
    result, at = [], 0
    for line in wanted:
        here = found[at : at + len(line)]
        at += len(line)
        values, counts = np.unique(here[here > 0], return_counts=True)
        agreed = len(values) > 0 and counts.max() >= _AGREE * len(line)
        result.append(chr(int(values[counts.argmax()])) if agreed else "-")
    return result


def _folded(line: str) -> str:
    folded = unicodedata.normalize("NFKC", line).casefold()
    return "".join(_TOKEN.findall(folded)) or "".join(folded.split())


def markup_text(pages: Sequence[HtmlPage]) -> str:
    """Return fastText's training file over the names of the elements that the pages' known lines stand in.

    Lines of a page that are named and coded alike count :data:`_COPIES` times at most: a menu is one thing.
    """
    rows = []
    for page in pages:
        codes = page.labels or "".join({"1": "+", "0": "-"}.get(mark, "?") for mark in page.silver)
        seen: Counter[str] = Counter()
        for code, text in zip(codes, markup.words(page.document), strict=True):
            name = code if page.labels else {"+": "kept", "-": "left"}.get(code, "?")
            row = f"__label__{name} {text}\n"
            seen[row] += 1
            if name in scorers.SCORER_LABELS and seen[row] <= _COPIES:
                rows.append(row)
    return "".join(rows)


def samples(
    pages: Sequence[HtmlPage],
    bags: Bags,
    table: npt.NDArray[np.uint8],
    memory: Memory,
    *,
    folds: int,
    jobs: int = 2,
    scorer_settings: dict[str, Any] = SCORER_SETTINGS,
) -> tuple[list[network.Sample], bytes]:
    """Return the pages as the network learns them, and the packed scorer of the markup's words.

    The network learns from scores by scorers that did not see the page's fold.

    Args:
        pages: what to learn from.
        bags: numbers of their lines.
        table: see :func:`noiseclf.features.character_table`.
        memory: where trained scorers are kept.
        folds: of the pages.
        jobs: scorers trained at once.
        scorer_settings: fastText's, for the scorer over the markup's words.
    """
    texts = [markup_text([page for page in pages if page.fold(folds) != fold]) for fold in range(folds)]
    *parts, whole = scorers.train_all([*texts, markup_text(pages)], scorer_settings, memory, jobs)
    seen = [Scorer(part, scorers.SCORER_LABELS) for part in parts]
    return [sample(page, seen[page.fold(folds)], bags, table) for page in pages], whole


def sample(page: HtmlPage, scorer: Scorer, bags: Bags, table: npt.NDArray[np.uint8]) -> network.Sample:
    """Return the page as the network learns it; where a line has no scored code, its gold mark is learnt."""
    shape = shape_features(page.lines, table)
    features = htmlmodel.features(page.document, shape, scorer, np.zeros((len(page.lines), 0), np.float32))
    unknown = np.full(len(page.lines), network.UNKNOWN)
    target = true_labels(page.labels) if page.labels else unknown
    silver = np.array(["01".find(mark) for mark in page.silver]) if page.silver else unknown
    silver = np.where(target == network.UNKNOWN, silver, network.UNKNOWN)
    return network.Sample(features, target, silver, lines=bags.of(page.lines))


def described(
    pages: Sequence[HtmlPage], scorer: bytes, trained: tuple[dict[str, Any], dict[str, Floats]]
) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """Return an artefact's metadata ``html`` and arrays ``html.*``, see :class:`noiseclf.htmlmodel.HtmlModel`."""
    description, weights = trained
    metadata = {
        "scorer_labels": list(scorers.SCORER_LABELS),
        "network": description,
        "favor": dict(FAVOR),
        "pages": len(pages),
        "labelled": sum(bool(page.labels) for page in pages),
    }
    arrays: dict[str, npt.NDArray[Any]] = {f"html.network.{name}": array for name, array in weights.items()}
    return metadata, {**arrays, "html.scorer": np.frombuffer(scorer, np.uint8)}
