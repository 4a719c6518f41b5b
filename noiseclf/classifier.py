"""The classifier: text → lines → features → model → labels → page."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from noiseclf import artefact
from noiseclf.context import ContextModel
from noiseclf.features import NAMES, shape_features
from noiseclf.labels import LABELS, NOISE, Label
from noiseclf.lines import normalise, split
from noiseclf.page import Line, Page, keep
from noiseclf.parallel import ordered_map
from noiseclf.scorer import Scorer

Floats = npt.NDArray[np.float32]
#: What to trade: keep less noise ("precision" of content), or lose less content ("recall").
Favor = Literal["precision", "balanced", "recall"]

_Result = tuple[list[Label | None], Floats]
#: Pages that a worker process gets at once.
_BATCH = 32
_SHIPPED = "model/lines.noiseclf"


class NoiseClassifier:
    """A model that labels the lines of pages. Make one with :func:`noiseclf.load`.

    It may be shared by threads, and pickled: the shipped model by its digest, another by its bytes.
    """

    def __init__(self, model: artefact.Artefact, data: bytes, *, shipped: bool = False) -> None:
        """Build the classifier of ``model``, whose file is ``data``.

        Raises:
            ModelError: the model's parts do not fit each other.
        """
        self.metadata = model.metadata
        self._data = data
        self._shipped = shipped
        try:
            self._table = model.arrays["character_table"]
            self._scorer = Scorer(model.scorer, model.metadata["scorer_labels"])
            self._context = ContextModel.of(model.metadata["network"], model.arrays)
            self._offsets = {favor: np.float32(model.metadata["favor"][favor]) for favor in get_args(Favor)}
            self._check(len(model.metadata["scorer_labels"]))
        except (KeyError, TypeError, ValueError) as error:
            raise artefact.ModelError(f"the model's parts do not fit each other ({error}): train it again") from error

    def _check(self, scores: int) -> None:
        if self._table.shape != (0x10000,) or self._table.dtype != np.uint8:
            raise ValueError(f"character_table is {self._table.dtype}{self._table.shape}, not uint8(65536,)")
        expected, found = len(self._context.arrays["mean"]), len(NAMES) + scores
        if expected != found:
            raise ValueError(f"the network wants {expected} features a line, this noiseclf makes {found}")

    @property
    def digest(self) -> str:
        """The SHA-256 of the model's file: classifiers with the same one give the same output."""
        return hashlib.sha256(self._data).hexdigest()

    def __reduce__(self) -> tuple[Any, ...]:
        if self._shipped:
            return _shipped_by_digest, (self.digest,)
        return from_bytes, (self._data,)

    def clean(
        self, page: str | Sequence[str], *, drop: Collection[Label | str] = NOISE, favor: Favor = "balanced"
    ) -> str:
        """Return the page without the lines whose label is in ``drop``; see :func:`noiseclf.page.keep` for blank lines.

        Args:
            page: the text of a page, or a sequence of its lines.
            drop: labels to leave out; all but content unless said.
            favor: "precision" keeps less noise, "recall" loses less content; reports/evaluation.md says how much.

        Raises:
            TypeError: ``page`` is neither a str nor a sequence of str.
            ValueError: ``drop`` or ``favor`` holds something unknown.
        """
        dropped = _labels(drop)
        lines = split(page)
        labels, _ = self._classify(lines, favor)
        return keep(lines, labels, dropped)

    def classify(
        self, page: str | Sequence[str], *, drop: Collection[Label | str] = NOISE, favor: Favor = "balanced"
    ) -> Page:
        """Return the page with a label for each line; arguments and errors as for :meth:`clean`."""
        dropped = _labels(drop)
        lines = split(page)
        return _page(lines, *self._classify(lines, favor), dropped)

    def classify_many(
        self,
        pages: Iterable[str | Sequence[str]],
        *,
        jobs: int = 1,
        drop: Collection[Label | str] = NOISE,
        favor: Favor = "balanced",
    ) -> Iterator[Page]:
        """Yield the classified ``pages``, lazily and in order; memory does not grow with their number.

        Args:
            pages: any iterable, read no further than needed.
            jobs: processes to use; 1 uses none but this one.
            drop: as for :meth:`clean`.
            favor: as for :meth:`clean`.

        Raises:
            TypeError, ValueError: as :meth:`clean`, a bad page's when its turn comes; TypeError for ``pages`` that are
                one str, ValueError for ``jobs`` below 1.
        """
        if isinstance(pages, (str, bytes)):
            raise TypeError(f"pages must be an iterable of pages, not one {type(pages).__name__}: use [page] for one")
        dropped = _labels(drop)
        self._offset(favor)
        if jobs < 1:
            raise ValueError(f"jobs must be at least 1, not {jobs}")
        lines = (split(page) for page in pages)
        results = ordered_map(_classify_lines, (self, favor), lines, jobs=jobs, batch=_BATCH)
        return (_page(page, *result, dropped) for page, result in results)

    def _offset(self, favor: str) -> np.float32:
        try:
            return self._offsets[favor]
        except KeyError:
            raise ValueError(f"favor must be one of {sorted(self._offsets)}, not {favor!r}") from None

    def _classify(self, lines: Sequence[str], favor: str) -> _Result:
        """Return the labels of ``lines`` and their probabilities, shape (len(lines), 4); None and zeros for blanks."""
        offset = self._offset(favor)
        seen = normalise(lines)
        filled = [i for i, line in enumerate(seen) if line]
        labels: list[Label | None] = [None] * len(lines)
        probabilities = np.zeros((len(lines), len(LABELS)), np.float32)
        if filled:
            found = self.probabilities([seen[i] for i in filled])
            probabilities[filled] = found
            found[:, 0] *= np.exp(offset)
            for i, best in zip(filled, found.argmax(axis=1).tolist(), strict=True):
                labels[i] = LABELS[best]
        return labels, probabilities

    def probabilities(self, lines: Sequence[str]) -> Floats:
        """Return the probability of each label, shape (len(lines), 4), of a page's normalised lines, none empty."""
        return self._context.probabilities(self.features(lines))

    def features(self, lines: Sequence[str]) -> Floats:
        """Return what the context model sees of normalised lines, none of them empty: shape (len(lines), features)."""
        return np.concatenate([shape_features(lines, self._table), self._scorer.scores(lines)], axis=1)


def _page(lines: Sequence[str], labels: Sequence[Label | None], probabilities: Floats, drop: frozenset[Label]) -> Page:
    rows = probabilities.tolist()
    made = []
    for number, (text, label, row) in enumerate(zip(lines, labels, rows, strict=True)):
        if label is None:
            made.append(Line(text, None, 0.0, {}, number))
        else:
            shares = dict(zip(LABELS, row, strict=True))
            made.append(Line(text, label, shares[label], shares, number))
    return Page(tuple(made), drop)


def _labels(names: Collection[Label | str]) -> frozenset[Label]:
    if isinstance(names, str):
        raise ValueError(f"drop must be a set of labels such as {{{names!r}}}, not a str")
    try:
        return frozenset(Label(name) for name in names)
    except ValueError:
        known = [label.value for label in LABELS]
        raise ValueError(f"drop holds something else than the labels {known}: {sorted(map(str, names))}") from None


def load(path: str | Path | None = None) -> NoiseClassifier:
    """Return the classifier of the model file ``path``, or the shipped one.

    Raises:
        FileNotFoundError: there is no such file.
        ModelError: it is no model, is damaged, or is of another format version.
    """
    if path is None:
        return shipped()
    return NoiseClassifier(*artefact.read(path))


def from_bytes(data: bytes) -> NoiseClassifier:
    """Return the classifier of a model file's bytes; errors as for :func:`load`."""
    return NoiseClassifier(artefact.Artefact.from_bytes(data), data)


_lock = threading.Lock()


def shipped() -> NoiseClassifier:
    """Return the classifier of the model in the package, loaded once in a process."""
    with _lock:
        return _load_shipped()


@lru_cache(maxsize=1)
def _load_shipped() -> NoiseClassifier:
    try:
        data = resources.files("noiseclf").joinpath(_SHIPPED).read_bytes()
    except FileNotFoundError:
        raise artefact.ModelError(
            "this noiseclf holds no model: install it again, or run 'make train' in its sources"
        ) from None
    return NoiseClassifier(artefact.Artefact.from_bytes(data, "the shipped model"), data, shipped=True)


def _shipped_by_digest(digest: str) -> NoiseClassifier:
    classifier = shipped()
    found = classifier.digest
    if found != digest:
        raise artefact.ModelError(
            f"the pickled classifier used the shipped model {digest[:12]}, this noiseclf ships {found[:12]}: "
            "install the same noiseclf everywhere"
        )
    return classifier


def _classify_lines(context: tuple[NoiseClassifier, Favor], lines: Sequence[str]) -> _Result:
    classifier, favor = context
    return classifier._classify(lines, favor)
