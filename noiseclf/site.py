"""What the pages of one site say of each other's lines: what stands on several is rarely the story."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from noiseclf.lines import normalise, split

Floats = npt.NDArray[np.float32]

_DIGIT = re.compile(r"\d")
#: Fewer pages than this say nothing.
_FEWEST = 3
#: Shorter lines may be headings that every page has ("Ingredients").
_SHORT = 20
#: A line on so large a share of the pages, and on three of them, is the site's.
_MOST = 0.8
# Added to content's log-probability; chosen on train pages by a network that had not seen their sites (docs/adapting.md).
_REPEATED, _ALONE = -3.0, 1.0


@dataclass(frozen=True)
class Site:
    """The lines of one site's pages: how many pages there are, and on how many each line stands."""

    pages: int
    counts: Mapping[str, int]

    @classmethod
    def of(cls, pages: Iterable[str | Sequence[str]]) -> Site:
        """Read the pages once; what is kept of them is each line that stands on two or more. Empty pages do not count.

        Raises:
            TypeError: ``pages`` are one str, or a page is neither a str nor a sequence of str.
        """
        if isinstance(pages, (str, bytes)):
            raise TypeError(f"pages must be an iterable of pages, not one {type(pages).__name__}")
        counts: Counter[str] = Counter()
        total = 0
        for page in pages:
            lines = {_key(line) for line in normalise(split(page))} - {""}
            total += bool(lines)
            counts.update(lines)
        return cls(total, {line: count for line, count in counts.items() if count > 1})

    def leaning(self, lines: Sequence[str]) -> Floats:
        """Return what to add to content's log-probability for each of a page's normalised lines; zeros for few pages."""
        if self.pages < _FEWEST:
            return np.zeros(len(lines), np.float32)
        return np.array([self._lean(line) for line in lines], np.float32)

    def _lean(self, line: str) -> float:
        count = self.counts.get(_key(line), 1)
        if count == 1:
            return _ALONE
        return _REPEATED if count >= max(_FEWEST, _MOST * self.pages) and len(line) >= _SHORT else 0.0


def _key(line: str) -> str:
    return _DIGIT.sub("0", line.lower())
