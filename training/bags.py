"""Lines as bags of rows: which rows of the scorer's matrix a line adds up, for all lines that training sees.

Rows are fastText's (Bojanowski et al. 2017, arXiv:1607.04606): one a frequent word, and one a hash bucket for parts of words
and for pairs of neighbouring words; see :mod:`noiseclf.scorer`, which adds them up the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from noiseclf.scorer import END, pair_hashes, part_hashes, word_hashes, words
from training.examples import Example

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Shape:
    """How lines become rows.

    Attributes:
        words: rows of words, at most.
        least: times that a word is met before it gets a row.
        buckets: rows that parts of words and pairs share.
        minn: least characters of a part.
        maxn: most characters of a part.
    """

    words: int = 50_000
    least: int = 4
    buckets: int = 125_000
    minn: int = 3
    maxn: int = 5


@dataclass(frozen=True)
class Picked:
    """Rows of some lines, in two steps: rows add up to words, words and pairs to lines.

    Attributes:
        rows, row_starts: the rows of each distinct word, one after the other.
        words, word_starts: the position of each of a line's words among those, line after line.
        pairs, pair_starts: the rows of each line's pairs, line after line.
        sizes: rows of each line in all.
    """

    rows: Ints
    row_starts: Ints
    words: Ints
    word_starts: Ints
    pairs: Ints
    pair_starts: Ints
    sizes: Ints


class Bags:
    """Distinct lines by number, and the rows of each.

    Attributes:
        number: of each line.
        vocabulary: the words with a row of their own, in the order of their rows.
        rows: how many rows the matrix has.
    """

    def __init__(self, examples: Iterable[Example], lines: Iterable[str], shape: Shape = Shape()) -> None:
        """Find the rows of the lines of ``examples``, and of other ``lines``.

        Which words get rows of their own is decided by the examples, each counted by its copies.
        """
        examples = list(examples)
        self.shape = shape
        self.number: dict[str, int] = {}
        for example in examples:
            for line in example.lines:
                self.number.setdefault(line, len(self.number))
        for line in lines:
            self.number.setdefault(line, len(self.number))
        known: dict[str, int] = {}
        tokens = []
        for text in words(list(self.number)):
            found = [*text.split(), END]
            tokens.append(np.fromiter((known.setdefault(word, len(known)) for word in found), np.int64, len(found)))
        self._offsets = np.concatenate([[0], np.cumsum([len(row) for row in tokens])]).astype(np.int64)
        self._tokens = np.concatenate(tokens) if tokens else np.zeros(0, np.int64)
        self._names = list(known)
        self._own = self._chosen(examples)
        self.vocabulary = [self._names[i] for i in np.argsort(self._own)[(self._own < 0).sum() :].tolist()]
        self.rows = len(self.vocabulary) + shape.buckets
        self._end = known.get(END, -1)
        self._word_offsets, self._word_rows = self._rows_of_words()
        self._pairs = self._rows_of_pairs()

    def of(self, lines: Sequence[str]) -> Ints:
        """Return the numbers of ``lines``; KeyError for one that is not here."""
        return np.fromiter((self.number[line] for line in lines), np.int64, len(lines))

    def pick(self, lines: Ints, dropped: npt.NDArray[np.float64], salt: int, rng: np.random.Generator) -> Picked:
        """Return the rows of ``lines``, given by number.

        Args:
            lines: shape (n,).
            dropped: the share of each line's words to leave out, shape (n,); a line's end is always there.
            salt: 0, or a number that makes every word one of an unknown language: it gets rows of other words' parts,
                always the same for one salt.
            rng: what is left out is drawn from it.
        """
        places, sizes = _ranges(self._offsets, lines)
        tokens, pairs = self._tokens[places], self._pairs[places]
        owner = np.repeat(np.arange(len(lines)), sizes)
        kept = (tokens == self._end) | (rng.random(len(tokens)) >= dropped[owner])
        paired = kept & np.append(kept[1:], False) & (pairs >= 0)
        tokens, owner_of_pairs, owner, pairs = tokens[kept], owner[paired], owner[kept], pairs[paired]
        distinct, positions = np.unique(tokens, return_inverse=True)
        places, sizes = _ranges(self._word_offsets, distinct)
        rows = self._word_rows[places]
        if salt:
            rows, pairs = self._strange(rows, salt), self._strange(pairs, salt)
        each = np.arange(len(lines))
        total = np.bincount(owner, sizes[positions], minlength=len(lines)).astype(np.int64)
        total += np.bincount(owner_of_pairs, minlength=len(lines))
        return Picked(
            rows, np.cumsum(sizes) - sizes, positions, np.searchsorted(owner, each), pairs,
            np.searchsorted(owner_of_pairs, each), total,
        )  # fmt: skip

    def _strange(self, rows: Ints, salt: int) -> Ints:
        mixed = (rows.astype(np.uint64) * np.uint64(2654435761) + np.uint64(salt)) >> np.uint64(7)
        return np.asarray(len(self.vocabulary) + (mixed % np.uint64(self.shape.buckets)).astype(np.int64), np.int64)

    def _chosen(self, examples: Sequence[Example]) -> Ints:
        """Return the row of each word, -1 for one without: the most frequent come first."""
        counts = np.zeros(len(self._names), np.int64)
        for example in examples:
            if example.copies:
                places, _ = _ranges(self._offsets, self.of(example.lines))
                np.add.at(counts, self._tokens[places], example.copies)
        order = np.argsort(-counts, kind="stable")[: self.shape.words]
        order = order[counts[order] >= self.shape.least]
        own = np.full(len(self._names), -1)
        own[order] = np.arange(len(order))
        return own

    def _rows_of_words(self) -> tuple[Ints, Ints]:
        known = np.flatnonzero(self._own >= 0)
        owners, rows = [known], [self._own[known]]
        step = 100_000
        for start in range(0, len(self._names), step):
            for owner, hashes in part_hashes(self._names[start : start + step], self.shape.minn, self.shape.maxn):
                owners.append(owner + start)
                rows.append(self._bucket(hashes))
        owner = np.concatenate(owners)
        order = np.argsort(owner, kind="stable")
        return np.searchsorted(owner[order], np.arange(len(self._names) + 1)), np.concatenate(rows)[order]

    def _rows_of_pairs(self) -> Ints:
        """Return the row of each word with the one after it, -1 at a line's end."""
        if not len(self._tokens):
            return np.zeros(0, np.int64)
        hashes = word_hashes(self._names)[self._tokens]
        rows = np.append(self._bucket(pair_hashes(hashes[:-1], hashes[1:])), -1)
        rows[self._offsets[1:] - 1] = -1
        return rows

    def _bucket(self, hashes: npt.NDArray[np.unsignedinteger]) -> Ints:
        return np.asarray(len(self.vocabulary) + (hashes % hashes.dtype.type(self.shape.buckets)).astype(np.int64), np.int64)


def _ranges(offsets: Ints, chosen: Ints) -> tuple[Ints, Ints]:
    """Return all positions from ``offsets[i]`` to ``offsets[i + 1]`` for the ``chosen`` i in turn, and how many of each."""
    sizes = offsets[chosen + 1] - offsets[chosen]
    starts = np.cumsum(sizes) - sizes
    return np.repeat(offsets[chosen] - starts, sizes) + np.arange(int(sizes.sum())), sizes
