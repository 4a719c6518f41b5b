"""The classifier: text → lines → features → model → labels → page."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from noiseclf import artefact, compiled
from noiseclf.context import ContextModel, offsets
from noiseclf.features import NAMES, shape_features
from noiseclf.labels import LABELS, NOISE, Label
from noiseclf.lines import normalise, split
from noiseclf.page import Line, Page, keep
from noiseclf.parallel import ordered_map
from noiseclf.scorer import Scorer
from noiseclf.site import Site

if TYPE_CHECKING:
    from noiseclf.htmlmodel import HtmlModel

Floats = npt.NDArray[np.float32]
#: What to trade: keep less noise ("precision" of content), or lose less content ("recall").
Favor = Literal["precision", "balanced", "recall"]
_Result = tuple[list[Label | None], Floats]
_HtmlResult = tuple[Sequence[str], list[Label | None], Floats, Sequence[str]]
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
        self._arrays = model.arrays
        self._html: HtmlModel | None = None
        try:
            self._table = model.arrays["character_table"]
            self._scorer = Scorer(model.scorer, model.metadata["scorer_labels"])
            self._context = ContextModel.of(model.metadata["network"], model.arrays)
            self._offsets = offsets(model.metadata["favor"])
            self._check(self._scorer.dimensions)
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise artefact.ModelError(f"the model's parts do not fit each other ({error}): train it again") from error

    def _check(self, words: int) -> None:
        if self._table.shape != (0x10000,) or self._table.dtype != np.uint8:
            raise ValueError(f"character_table is {self._table.dtype}{self._table.shape}, not uint8(65536,)")
        expected, found = len(self._context.arrays["mean"]), len(NAMES) + words
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
        self,
        page: str | Sequence[str],
        *,
        drop: Collection[Label | str] = NOISE,
        favor: Favor = "balanced",
        site: Site | None = None,
    ) -> str:
        """Return the page without the lines whose label is in ``drop``; see :func:`noiseclf.page.keep` for blank lines.

        Args:
            page: the text of a page, or a sequence of its lines.
            drop: labels to leave out; all but content unless said.
            favor: "precision" keeps less noise, "recall" loses less content; reports/evaluation.md says how much.
            site: the site that the page is from, made of its pages, this one among them; see :meth:`classify_site`.

        Raises:
            TypeError: ``page`` is neither a str nor a sequence of str.
            ValueError: ``drop`` or ``favor`` holds something unknown.
        """
        dropped = _labels(drop)
        lines = split(page)
        labels, _ = self._classify(lines, favor, site)
        return keep(lines, labels, dropped)

    def classify(
        self,
        page: str | Sequence[str],
        *,
        drop: Collection[Label | str] = NOISE,
        favor: Favor = "balanced",
        site: Site | None = None,
    ) -> Page:
        """Return the page with a label for each line; arguments and errors as for :meth:`clean`."""
        dropped = _labels(drop)
        lines = split(page)
        return _page(lines, *self._classify(lines, favor, site), drop=dropped)

    def classify_site(
        self, pages: Sequence[str | Sequence[str]], *, drop: Collection[Label | str] = NOISE, favor: Favor = "balanced"
    ) -> list[Page]:
        """Return the classified ``pages`` of one site; from three pages on, lines that stand on several count as noise.

        For a site that does not fit into memory, make its :class:`Site` and call :meth:`classify` page by page.
        Arguments and errors as for :meth:`clean`.
        """
        site = Site.of(pages)
        return [self.classify(page, drop=drop, favor=favor, site=site) for page in pages]

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
        return (_page(page, *result, drop=dropped) for page, result in results)

    def clean_html(self, html: str | bytes, *, drop: Collection[Label | str] = NOISE, favor: Favor = "balanced") -> str:
        """Return the text of a page of HTML without the lines whose label is in ``drop``, paragraphs set apart.

        Args:
            html: the page; bytes are decoded as browsers do.
            drop: labels to leave out; all but content unless said.
            favor: "precision" keeps less noise, "recall" loses less content.

        Raises:
            ImportError: the extra ``noiseclf[html]`` is not installed.
            ModelError: the model was trained without HTML.
            TypeError: ``html`` is neither a str nor bytes.
            ValueError: ``drop`` or ``favor`` holds something unknown.
        """
        dropped = _labels(drop)
        self._offset(favor)
        lines, labels, _, _ = self._classify_html(html, favor, elements=False)
        return keep(lines, labels, dropped)

    def classify_html(self, html: str | bytes, *, drop: Collection[Label | str] = NOISE, favor: Favor = "balanced") -> Page:
        """Return the lines that a reader sees of a page of HTML, with a label for each and blank ones between paragraphs.

        Arguments and errors as for :meth:`clean_html`.
        """
        dropped = _labels(drop)
        self._offset(favor)
        return _page(*self._classify_html(html, favor), drop=dropped)

    def classify_html_many(
        self,
        pages: Iterable[str | bytes],
        *,
        jobs: int = 1,
        drop: Collection[Label | str] = NOISE,
        favor: Favor = "balanced",
    ) -> Iterator[Page]:
        """Yield the classified ``pages`` of HTML, lazily and in order; see :meth:`classify_many` and :meth:`clean_html`."""
        if isinstance(pages, (str, bytes)):
            raise TypeError(f"pages must be an iterable of pages, not one {type(pages).__name__}: use [page] for one")
        dropped = _labels(drop)
        self._offset(favor)
        if jobs < 1:
            raise ValueError(f"jobs must be at least 1, not {jobs}")
        results = ordered_map(_classify_one_html, (self, favor), pages, jobs=jobs, batch=_BATCH)
        return (_page(*result, drop=dropped) for _, result in results)

    def _offset(self, favor: str) -> np.float32:
        try:
            return self._offsets[favor]
        except KeyError:
            raise ValueError(f"favor must be one of {sorted(self._offsets)}, not {favor!r}") from None

    def _classify(self, lines: Sequence[str], favor: str, site: Site | None = None) -> _Result:
        """Return the labels of ``lines`` and their probabilities, shape (len(lines), 4); None and zeros for blanks."""
        offset = self._offset(favor)
        seen = normalise(lines)
        shown = [line for line in seen if line]
        if not shown:
            return [None] * len(lines), np.zeros((len(lines), len(LABELS)), np.float32)
        found = self.probabilities(shown)
        if site is not None:
            found[:, 0] *= np.exp(site.leaning(shown))
            found /= found.sum(axis=1, keepdims=True)
        best: list[Label | None] = _likeliest(found, offset)
        if len(shown) == len(lines):
            return best, found
        filled = [i for i, line in enumerate(seen) if line]
        labels: list[Label | None] = [None] * len(lines)
        probabilities = np.zeros((len(lines), len(LABELS)), np.float32)
        probabilities[filled] = found
        for i, label in zip(filled, best, strict=True):
            labels[i] = label
        return labels, probabilities

    def _classify_html(self, html: str | bytes, favor: str, *, elements: bool = True) -> _HtmlResult:
        """Return the lines of a page of HTML, what :meth:`_classify` returns of them, and the element of each if asked."""
        from noiseclf.html import read
        from noiseclf.htmlmodel import normalised

        model = self.html_model()
        document = read(html)
        rows = document.rows.tolist()
        labels: list[Label | None] = [None] * len(document.lines)
        probabilities = np.zeros((len(labels), len(LABELS)), np.float32)
        if rows:
            lines = normalised(document)
            found = model.probabilities(document, shape_features(lines, self._table), self._scorer.vectors(lines))
            probabilities[rows] = found
            found[:, 0] *= np.exp(model.offsets[favor])
            for row, best in zip(rows, found.argmax(axis=1).tolist(), strict=True):
                labels[row] = LABELS[best]
        return document.lines, labels, probabilities, document.elements() if elements else []

    def html_model(self) -> HtmlModel:
        """Return the model's part for HTML, built when it is first asked for.

        Raises:
            ModelError: there is none, or its parts do not fit each other.
        """
        if self._html is None:
            from noiseclf.htmlmodel import HtmlModel

            if "html" not in self.metadata:
                raise artefact.ModelError("this model was trained without HTML: train it again with the pages' HTML")
            width = len(NAMES) + self._scorer.dimensions
            try:
                self._html = HtmlModel.of(self.metadata["html"], self._arrays, width)
            except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
                raise artefact.ModelError(
                    f"the model's parts for HTML do not fit each other ({error}): train it again"
                ) from error
        return self._html

    def probabilities(self, lines: Sequence[str]) -> Floats:
        """Return the probability of each label, shape (len(lines), 4), of a page's normalised lines, none empty."""
        return self.network(self.features(lines))

    def features(self, lines: Sequence[str]) -> Floats:
        """Return what the context model sees of normalised lines, none of them empty: shape (len(lines), features)."""
        return np.concatenate([self.shape(lines), self.vectors(lines)], axis=1)

    def shape(self, lines: Sequence[str]) -> Floats:
        """Return the first columns of :meth:`features`: those of shape and place, named by ``features.NAMES``."""
        return shape_features(lines, self._table)

    def vectors(self, lines: Sequence[str]) -> Floats:
        """Return the other columns of :meth:`features`: what each line's words say; here lines may be empty."""
        return self._scorer.vectors(lines)

    def network(self, features: Floats) -> Floats:
        """Return the probability of each label, shape (len(features), 4), of a page's :meth:`features`."""
        return self._context.probabilities(features)

    def usual_features(self) -> Floats:
        """Return the mean of each feature over the lines that the model was trained on."""
        return self._context.arrays["mean"]


def _likeliest(probabilities: Floats, offset: np.float32) -> list[Label | None]:
    """Return the label of each row once ``offset`` is added to the log-odds of content."""
    odds = np.exp(offset)
    if compiled.IN_USE:
        return compiled.core.likeliest(probabilities, odds, LABELS)
    shares = probabilities.copy()
    shares[:, 0] *= odds
    return [LABELS[best] for best in shares.argmax(axis=1).tolist()]


def _page(
    lines: Sequence[str],
    labels: Sequence[Label | None],
    probabilities: Floats,
    elements: Sequence[str] = (),
    *,
    drop: frozenset[Label],
) -> Page:
    if compiled.IN_USE:
        return Page(tuple(compiled.core.make_lines(Line, lines, labels, probabilities, LABELS, elements)), drop)
    rows = probabilities.tolist()
    made = []
    for number, (text, label, row) in enumerate(zip(lines, labels, rows, strict=True)):
        element = elements[number] if elements else ""
        if label is None:
            made.append(Line(text, None, 0.0, {}, number, element))
        else:
            shares = dict(zip(LABELS, row, strict=True))
            made.append(Line(text, label, shares[label], shares, number, element))
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


_lock = threading.RLock()
if hasattr(os, "register_at_fork"):  # a process forked while a thread loads would wait for that thread for ever
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


def shipped() -> NoiseClassifier:
    """Return the classifier of the model in the package, loaded once in a process."""
    with _lock:
        return _load_shipped()


@lru_cache(maxsize=1)
def _load_shipped() -> NoiseClassifier:
    try:
        data = resources.files("noiseclf").joinpath(_SHIPPED).read_bytes()
    except FileNotFoundError:
        raise artefact.ModelError("this noiseclf holds no model: install it again, or run 'make train' in its sources") from None
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


def _classify_one_html(context: tuple[NoiseClassifier, Favor], html: str | bytes) -> _HtmlResult:
    classifier, favor = context
    return classifier._classify_html(html, favor)
