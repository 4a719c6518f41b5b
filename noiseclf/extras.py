"""Optional dependencies: where one is missing, a sentence says what to install."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from noiseclf.classifier import Favor, NoiseClassifier, load
from noiseclf.labels import Label
from noiseclf.page import Page
from noiseclf.site import Site


class MissingExtraError(ImportError):
    """An optional dependency is not installed; the message says which extra brings it."""


@contextmanager
def needed(extra: str, what: str) -> Iterator[None]:
    """Import optional packages in this block.

    Args:
        extra: the extra of noiseclf that brings them.
        what: what cannot be done without them, to begin the message.

    Raises:
        MissingExtraError: one is not installed.
    """
    try:
        yield
    except ImportError as error:
        package = (error.name or str(error)).partition(".")[0]
        raise MissingExtraError(f"{what} needs {package}, which is not installed: pip install 'noiseclf[{extra}]'") from error


def require_html() -> None:
    """Do nothing where HTML can be read.

    Raises:
        MissingExtraError: what that needs is not installed.
    """
    from noiseclf.html import read

    try:
        read("")
    except ImportError as error:
        raise MissingExtraError(str(error)) from error


def classify_page(
    classifier: NoiseClassifier | None,
    page: str | bytes,
    *,
    html: bool,
    drop: Collection[Label | str],
    favor: Favor = "balanced",
    site: Site | None = None,
) -> Page:
    """Return the classified text, or HTML, by ``classifier`` or where it is None by the shipped model.

    Raises:
        MissingExtraError: what HTML needs is not installed.
        ModelError: the page is HTML and the model was trained without.
        TypeError, ValueError: as :meth:`NoiseClassifier.classify`; TypeError for bytes that are no HTML.
    """
    classifier = load() if classifier is None else classifier
    if html:
        require_html()
        return classifier.classify_html(page, drop=drop, favor=favor)
    return classifier.classify(_text(page), drop=drop, favor=favor, site=site)


def clean_page(
    classifier: NoiseClassifier | None,
    page: str | bytes,
    *,
    html: bool,
    drop: Collection[Label | str],
    favor: Favor = "balanced",
    site: Site | None = None,
) -> str:
    """Return the page without the lines whose label is in ``drop``; arguments and errors as for :func:`classify_page`."""
    classifier = load() if classifier is None else classifier
    if html:
        require_html()
        return classifier.clean_html(page, drop=drop, favor=favor)
    return classifier.clean(_text(page), drop=drop, favor=favor, site=site)


def _text(page: str | bytes) -> str:
    if isinstance(page, bytes):
        raise TypeError("a page of text must be a str, not bytes: decode it first, or say that it is HTML")
    return page
