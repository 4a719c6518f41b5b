"""Learn from pages of HTML: the corpus's labels carried over to the lines that noiseclf reads in the HTML, and a network.

Lines → scores by the same text scorers → markup features and scores of a second fastText model, over the names of each
line's elements → the same kind of context network.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
import numpy.typing as npt

from noiseclf import markup
from noiseclf.html import Document, read
from noiseclf.lines import normalise
from training import scorers
from training.corpus import LabelledPage, fold
from training.peers import kept_lines

Floats = npt.NDArray[np.float32]

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
    lines = tuple(line or "." for line in normalise([document.lines[row] for row in document.rows.tolist()]))
    if not lines:
        return None
    labels = carried(page.lines, page.labels, lines) if page.labels else ""
    silver = gold_marks(lines, page.gold) if page.gold else ""
    return HtmlPage(page.id, page.domain, page.lang, page.gold, document, lines, labels, silver)


def html_pages(pages: Sequence[LabelledPage], html: Mapping[str, bytes]) -> list[HtmlPage]:
    """Return the pages that have labels or a gold text, and HTML that shows a line."""
    made = (html_page(page, html[page.id]) for page in pages if page.id in html and (page.labels or page.gold))
    return [page for page in made if page is not None]


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
