"""The foreign-debris test: furniture in another language than the page's, in words that were never trained on.

Each language's held-out phrases are set into pages of other languages as real pages have them: comment-form phrases as
a block after the body, navigation phrases as a block before or after it. Counted is whether the block's lines are seen
as noise, and as the right kind of it, and which content lines of the page are lost because the block is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from noiseclf.classifier import NoiseClassifier
from noiseclf.labels import Label
from training.corpus import SLOT, LabelledPage, Phrase, held_out

#: Pages, each of another language, that a language's phrases are set into.
HOSTS = 8

_WANTED = {"F": Label.COMMENT_FORM, "N": Label.NAVIGATION}
_VALUES = {
    "n": "3", "date": "12.5.2024", "time": "14:20", "year": "2024", "name": "Ines Falk", "site": "Kestrel & Co",
    "price": "24,90 €", "city": "Utrecht", "email": "desk@example.org",
}  # fmt: skip

Place = Literal["before", "after"]
_PLACES: dict[str, tuple[Place, ...]] = {"F": ("after",), "N": ("before", "after")}


@dataclass(frozen=True)
class Block:
    """Lines set into a page.

    Attributes:
        lang: their language.
        code: ``F`` or ``N``.
        lines: the phrases, slots filled.
        place: before the page's first content line or after its last.
    """

    lang: str
    code: str
    lines: tuple[str, ...]
    place: Place


@dataclass(frozen=True)
class Tally:
    """What became of lines set in and of the pages around them; tallies add up.

    Attributes:
        lines: lines set in.
        noise: how many of them were not called content.
        right: how many got their own label.
        kept: content lines of the pages that were kept without the block.
        lost: how many of those were not kept with it.
    """

    lines: int = 0
    noise: int = 0
    right: int = 0
    kept: int = 0
    lost: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.lines + other.lines,
            self.noise + other.noise,
            self.right + other.right,
            self.kept + other.kept,
            self.lost + other.lost,
        )


def fill(phrase: str, title: str) -> str:
    """Return the phrase with each slot filled, always by the same words; ``title`` fills ``{title}``."""
    return SLOT.sub(lambda slot: title if slot[1] == "title" else _VALUES[slot[1]], phrase)


def blocks(phrases: Sequence[Phrase], own: Sequence[LabelledPage]) -> list[Block]:
    """Return the blocks of held-out phrases: a language's form phrases after, its navigation phrases before and after.

    A title is the first content line of the language's first page in ``own`` that has one; phrases with a title are
    left out where there is no such page.
    """
    titles = _titles(own)
    made = []
    for lang in sorted({phrase.lang for phrase in phrases}):
        for code, places in _PLACES.items():
            lines = tuple(
                fill(phrase.text, titles.get(lang, ""))
                for phrase in phrases
                if (phrase.lang, phrase.label) == (lang, code) and held_out(phrase.text)
                if lang in titles or "{title}" not in phrase.text
            )
            if lines:
                made += [Block(lang, code, lines, place) for place in places]
    return made


def hosts(lang: str, pages: Sequence[LabelledPage]) -> list[LabelledPage]:
    """Return up to :data:`HOSTS` pages with content in languages other than ``lang``, no two in the same language.

    Which ones follows from ``lang`` and the pages' ids alone. Variants of a language (``sr``, ``sr-Latn``) are one.
    """
    order = sorted(pages, key=lambda page: hashlib.sha1(f"{lang} {page.id}".encode()).digest())
    chosen: dict[str, LabelledPage] = {}
    for page in order:
        if "C" in page.labels and _base(page.lang) != _base(lang):
            chosen.setdefault(_base(page.lang), page)
    return list(chosen.values())[:HOSTS]


def measure(classifier: NoiseClassifier, block: Block, page: LabelledPage, alone: Sequence[Label | None]) -> Tally:
    """Classify ``page`` with ``block`` set in, and compare with ``alone``, its lines' labels without the block."""
    at = page.labels.index("C") if block.place == "before" else page.labels.rindex("C") + 1
    lines = [*page.lines[:at], *block.lines, *page.lines[at:]]
    labels = [line.label for line in classifier.classify(lines).lines]
    inserted = labels[at : at + len(block.lines)]
    host = labels[:at] + labels[at + len(block.lines) :]
    kept = [i for i, code in enumerate(page.labels) if code == "C" and alone[i] is Label.CONTENT]
    return Tally(
        len(inserted),
        sum(label is not Label.CONTENT for label in inserted),
        sum(label is _WANTED[block.code] for label in inserted),
        len(kept),
        sum(host[i] is not Label.CONTENT for i in kept),
    )


def run(
    classifier: NoiseClassifier,
    phrases: Sequence[Phrase],
    own: Sequence[LabelledPage],
    pages: Sequence[LabelledPage] | None = None,
) -> dict[tuple[str, str], Tally]:
    """Return the tally of each phrase language and code (``F``, ``N``) over its :func:`hosts`.

    Args:
        classifier: what is measured.
        phrases: those held out are set in; none of the others is.
        own: pages that give the titles, as for :func:`blocks`.
        pages: labelled pages to choose the hosts among; ``own`` unless given. Those are trained on, dev pages are not.
    """
    found: dict[tuple[str, str], Tally] = {}
    alone: dict[str, list[Label | None]] = {}
    for block in blocks(phrases, own):
        for page in hosts(block.lang, own if pages is None else pages):
            if page.id not in alone:
                alone[page.id] = [line.label for line in classifier.classify(page.lines).lines]
            tally = measure(classifier, block, page, alone[page.id])
            found[block.lang, block.code] = found.get((block.lang, block.code), Tally()) + tally
    return found


def _titles(pages: Sequence[LabelledPage]) -> dict[str, str]:
    titles: dict[str, str] = {}
    for page in pages:
        if "C" in page.labels:
            titles.setdefault(page.lang, page.lines[page.labels.index("C")])
    return titles


def _base(lang: str) -> str:
    return lang.split("-")[0]
