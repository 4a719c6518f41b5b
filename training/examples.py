"""From labelled pages to training examples: normalised lines, codes, a fold each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from noiseclf.lines import normalise
from training.corpus import LabelledPage, fold

#: Weight of our own pages, which are in many languages and few in each.
OWN = 2.0


@dataclass(frozen=True)
class Example:
    """A page as the trainers need it.

    Attributes:
        lines: normalised, none empty.
        labels: a code a line, or empty.
        silver: ``1``, ``0`` or ``?`` a line where there are no labels, or empty.
        fold: number of the fold it belongs to.
        language: of the page, or empty.
        context: whether the context model learns from it too, and not only what its words say.
        copies: how often its words count; 0 for a page made from another.
        weight: of its lines for the context model.
    """

    lines: tuple[str, ...]
    labels: str
    silver: str
    fold: int
    language: str = ""
    context: bool = True
    copies: int = 1
    weight: float = 1.0


def example(page: LabelledPage, folds: int) -> Example:
    """Return the page without its blank lines."""
    seen = normalise(page.lines)
    kept = [i for i, line in enumerate(seen) if line]
    labels = "".join(page.labels[i] for i in kept) if page.labels else ""
    silver = "".join(page.silver[i] for i in kept) if page.silver and not page.labels else ""
    weight = OWN if page.source == "own" else 1.0
    return Example(tuple(seen[i] for i in kept), labels, silver, fold(page.domain, folds), page.lang, weight=weight)


def examples(pages: Iterable[LabelledPage], folds: int) -> list[Example]:
    """Return an example for each page that has labels or silver marks and a visible line."""
    made = (example(page, folds) for page in pages if page.labels or page.silver)
    return [e for e in made if e.lines]
