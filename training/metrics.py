"""How well lines were labelled: counts a page first, and every figure from sums of them.

Only lines coded C, N, A or F are scored. A tool that keeps or drops lines, but names no label, is scored as one that
calls them content or navigation: its content figures mean the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: The scored codes, in the order of ``noiseclf.LABELS``.
SCORED = "CNAF"
#: Draws of the bootstrap, and bins of the calibration error.
_DRAWS = 500
_BINS = 15
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Counts:
    """What became of the scored lines of P pages.

    Attributes:
        lines: shape (P, 4, 4): lines by page, true label, predicted label, in the order of :data:`SCORED`.
        chars: the same, each line counted by its characters.
    """

    lines: Ints
    chars: Ints

    def pick(self, pages: npt.NDArray[np.bool_]) -> Counts:
        """Return the counts of the pages where ``pages``, shape (P,), is true."""
        return Counts(self.lines[pages], self.chars[pages])


@dataclass(frozen=True)
class ClassScore:
    """How one label fared; nan where nothing can be divided by.

    Attributes:
        precision: share of the lines so labelled that are so in truth.
        recall: share of the lines that are so in truth and were so labelled.
        f1: harmonic mean of both.
        support: lines that are so in truth.
    """

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Bin:
    """The lines whose confidence lies in one bin: their mean confidence, their accuracy, how many."""

    confidence: float
    accuracy: float
    lines: int


def count(codes: Sequence[str], predicted: Sequence[Ints], chars: Sequence[Ints]) -> Counts:
    """Count the scored lines of P pages.

    Args:
        codes: a string a page, one code a line.
        predicted: an array a page, one index into :data:`SCORED` a line; what stands at unscored lines does not matter.
        chars: an array a page, the characters of each line.
    """
    lines, weighed = np.zeros((2, len(codes), 16), np.int64)
    for page, (row, labels, sizes) in enumerate(zip(codes, predicted, chars, strict=True)):
        true = true_labels(row)
        scored = true >= 0
        cell = 4 * true[scored] + labels[scored]
        lines[page] = np.bincount(cell, minlength=16)
        np.add.at(weighed[page], cell, sizes[scored])
    return Counts(lines.reshape(-1, 4, 4), weighed.reshape(-1, 4, 4))


def true_labels(codes: str) -> Ints:
    """Return the index into :data:`SCORED` of each code, -1 for codes that are not scored."""
    return np.array([SCORED.find(code) for code in codes], np.int64)


def confusion(counts: Counts) -> Ints:
    """Return all pages' lines by true (row) and predicted (column) label, shape (4, 4)."""
    return np.asarray(counts.lines.sum(axis=0))


def class_scores(matrix: Ints) -> list[ClassScore]:
    """Return the score of each label of a confusion matrix, shape (4, 4)."""
    right, said, true = np.diagonal(matrix), matrix.sum(axis=0), matrix.sum(axis=1)
    precision, recall, f1 = _share(right, said), _share(right, true), _share(2 * right, said + true)
    return [ClassScore(float(precision[i]), float(recall[i]), float(f1[i]), int(true[i])) for i in range(len(SCORED))]


def macro_f1(matrix: Ints) -> Floats:
    """Return the mean F1 over the labels, shape (...), of confusion matrices, shape (..., 4, 4).

    A label that neither occurs nor was predicted has no F1 and is left out of the mean.
    """
    right = np.diagonal(matrix, axis1=-2, axis2=-1)
    f1 = _share(2 * right, matrix.sum(axis=-2) + matrix.sum(axis=-1))
    known = ~np.isnan(f1)
    return _share(np.where(known, f1, 0).sum(axis=-1), known.sum(axis=-1))


def content_f1(matrix: Ints) -> Floats:
    """Return the F1 of content, shape (...), of matrices of shape (..., 4, 4); nan where none is and none was kept."""
    return _share(2 * matrix[..., 0, 0], matrix[..., 0].sum(axis=-1) + matrix[..., 0, :].sum(axis=-1))


def content_precision(matrix: Ints) -> Floats:
    """Return the share of what was kept that is content, shape (...), of matrices of shape (..., 4, 4)."""
    return _share(matrix[..., 0, 0], matrix[..., 0].sum(axis=-1))


def content_recall(matrix: Ints) -> Floats:
    """Return the share of content that was kept, shape (...), of matrices of shape (..., 4, 4)."""
    return _share(matrix[..., 0, 0], matrix[..., 0, :].sum(axis=-1))


def mean_over_groups(chars: Ints, groups: Sequence[str]) -> Floats:
    """Return the unweighted mean of the groups' content character F1, over the groups that have content.

    Args:
        chars: shape (..., P, 4, 4), as in :class:`Counts`.
        groups: the language, or the source, of each page.
    """
    names = sorted(set(groups))
    member = np.array([[group == name for group in groups] for name in names], np.int64)
    grouped = np.einsum("gp,...pij->...gij", member, chars)
    f1, known = content_f1(grouped), grouped[..., 0, :].sum(axis=-1) > 0
    return _share(np.where(known, f1, 0).sum(axis=-1), known.sum(axis=-1))


def headline(counts: Counts, languages: Sequence[str]) -> dict[str, float]:
    """Return what a report leads with: content F1 of lines, of characters, its mean over languages, macro-F1."""
    return {name: float(figure(counts.lines, counts.chars)) for name, figure in _figures(languages).items()}


def intervals(counts: Counts, languages: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return the 95% interval of each of :func:`headline`'s figures, by a seeded bootstrap over pages."""
    pages = len(counts.lines)
    times = np.random.default_rng(0).multinomial(pages, np.full(pages, 1 / pages), _DRAWS)
    found: dict[str, list[float]] = {name: [] for name in _figures(languages)}
    for weight in times[:, :, None, None]:
        for name, figure in _figures(languages).items():
            found[name].append(float(figure(counts.lines * weight, counts.chars * weight)))
    return {name: _interval(values) for name, values in found.items()}


def reliability(correct: npt.NDArray[np.bool_], confidence: Floats) -> list[Bin]:
    """Return the lines by 15 equal-width bins of the confidence in their label; empty bins are left out.

    Args:
        correct: shape (n,), whether each line's label is the true one.
        confidence: shape (n,), the probability of each line's label, between 0 and 1.
    """
    place = np.minimum((confidence * _BINS).astype(np.int64), _BINS - 1)
    rows = []
    for i in np.unique(place):
        here = place == i
        rows.append(Bin(float(confidence[here].mean()), float(correct[here].mean()), int(here.sum())))
    return rows


def calibration_error(rows: Sequence[Bin]) -> float:
    """Return the expected calibration error: the mean gap of confidence and accuracy over bins, weighed by lines."""
    lines = sum(row.lines for row in rows)
    return sum(abs(row.confidence - row.accuracy) * row.lines for row in rows) / lines if lines else float("nan")


def word_f1(text: str, gold: str) -> float:
    """Return WCXB's word F1 of two texts: lower-case words, counted as often as they stand; 1 where both have none."""
    found, wanted = Counter(_WORD.findall(text.lower())), Counter(_WORD.findall(gold.lower()))
    total = found.total() + wanted.total()
    return 2 * (found & wanted).total() / total if total else 1.0


def _figures(languages: Sequence[str]) -> dict[str, Callable[[Ints, Ints], Floats]]:
    return {
        "content_line_f1": lambda lines, chars: content_f1(lines.sum(axis=0)),
        "content_char_f1": lambda lines, chars: content_f1(chars.sum(axis=0)),
        "content_char_f1_mean_of_languages": lambda lines, chars: mean_over_groups(chars, languages),
        "macro_f1": lambda lines, chars: macro_f1(lines.sum(axis=0)),
    }


def _interval(values: Sequence[float]) -> tuple[float, float]:
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def _share(part: npt.ArrayLike, whole: npt.ArrayLike) -> Floats:
    """Divide; nan where ``whole`` is 0."""
    over, under = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    result: Floats = np.full(np.broadcast(over, under).shape, np.nan)
    np.divide(over, under, out=result, where=under != 0)
    return result
