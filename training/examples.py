"""From labelled pages to training examples: normalised lines, codes, a fold each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from noiseclf.lines import normalise
from training.corpus import LabelledPage, fold

#: A page weighs (``_ENOUGH`` / labelled lines in its language) to the power ``_EVEN``, within bounds: most pages are English,
#: and what is learnt from a language is worth less the more there is of it (Conneau et al. 2020, arXiv:1911.02116, 3.1).
_ENOUGH, _EVEN, _BOUNDS = 20_000, 0.4, (0.7, 2.5)


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
    return Example(tuple(seen[i] for i in kept), labels, silver, fold(page.domain, folds), page.lang)


def examples(pages: Iterable[LabelledPage], folds: int) -> list[Example]:
    """Return an example for each page that has labels or silver marks and a visible line, rare languages weighing more."""
    made = [e for e in (example(page, folds) for page in pages if page.labels or page.silver) if e.lines]
    lines: Counter[str] = Counter()
    for e in made:
        lines[e.language] += len(e.labels)
    low, high = _BOUNDS
    weights = {e.language: (_ENOUGH / max(lines[e.language], 1)) ** _EVEN for e in made}
    return [replace(e, weight=min(max(weights[e.language], low), high)) for e in made]
