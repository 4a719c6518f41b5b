"""noiseclf tells what every line of a scraped web page is, and drops the noise.

>>> import noiseclf
>>> text = noiseclf.clean(page)  # the page without menus, ads and comment forms
>>> for line in noiseclf.classify(page).lines:
...     print(line.label, line.confidence, line.text)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from noiseclf.artefact import ModelError
from noiseclf.classifier import Favor, NoiseClassifier, load
from noiseclf.labels import LABELS, NOISE, Label
from noiseclf.page import Line, Page
from noiseclf.site import Site

__version__ = "0.1.0"
__all__ = [
    "LABELS", "NOISE", "Favor", "Label", "Line", "ModelError", "NoiseClassifier", "Page", "Site",
    "classify", "classify_html", "classify_html_many", "classify_many", "classify_site", "clean", "clean_html", "load",
]  # fmt: skip


def clean(page: str | Sequence[str], *, drop: Collection[Label | str] = NOISE, favor: Favor = "balanced") -> str:
    """Return the page without its noise, by the shipped model; see :meth:`NoiseClassifier.clean`."""
    return load().clean(page, drop=drop, favor=favor)


def classify(page: str | Sequence[str], *, drop: Collection[Label | str] = NOISE, favor: Favor = "balanced") -> Page:
    """Return the page with a label for each line, by the shipped model; see :meth:`NoiseClassifier.classify`."""
    return load().classify(page, drop=drop, favor=favor)


def classify_many(
    pages: Iterable[str | Sequence[str]],
    *,
    jobs: int = 1,
    drop: Collection[Label | str] = NOISE,
    favor: Favor = "balanced",
) -> Iterator[Page]:
    """Yield the classified pages, lazily and in order; see :meth:`NoiseClassifier.classify_many`."""
    return load().classify_many(pages, jobs=jobs, drop=drop, favor=favor)


def classify_site(
    pages: Sequence[str | Sequence[str]], *, drop: Collection[Label | str] = NOISE, favor: Favor = "balanced"
) -> list[Page]:
    """Return the classified pages of one site; see :meth:`NoiseClassifier.classify_site`."""
    return load().classify_site(pages, drop=drop, favor=favor)


def clean_html(html: str | bytes, *, drop: Collection[Label | str] = NOISE, favor: Favor = "balanced") -> str:
    """Return the text of a page of HTML without its noise; see :meth:`NoiseClassifier.clean_html`."""
    return load().clean_html(html, drop=drop, favor=favor)


def classify_html(html: str | bytes, *, drop: Collection[Label | str] = NOISE, favor: Favor = "balanced") -> Page:
    """Return the lines of a page of HTML with a label for each; see :meth:`NoiseClassifier.classify_html`."""
    return load().classify_html(html, drop=drop, favor=favor)


def classify_html_many(
    pages: Iterable[str | bytes],
    *,
    jobs: int = 1,
    drop: Collection[Label | str] = NOISE,
    favor: Favor = "balanced",
) -> Iterator[Page]:
    """Yield the classified pages of HTML, lazily and in order; see :meth:`NoiseClassifier.classify_html_many`."""
    return load().classify_html_many(pages, jobs=jobs, drop=drop, favor=favor)
