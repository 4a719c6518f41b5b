"""Optional dependencies: where one is missing, a sentence says what to install."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from noiseclf.classifier import Favor, NoiseClassifier
from noiseclf.labels import Label
from noiseclf.page import Page


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
    """Do nothing where this noiseclf reads HTML.

    Raises:
        MissingExtraError: it does not, or what it needs for that is not installed.
    """
    import noiseclf

    classify_html = getattr(noiseclf, "classify_html", None)
    if classify_html is None:
        raise MissingExtraError("reading HTML needs a noiseclf with classify_html: pip install -U 'noiseclf[html]'")
    try:
        classify_html("")
    except ImportError as error:
        raise MissingExtraError(str(error)) from error


def classify_page(
    classifier: NoiseClassifier | None,
    page: str | bytes,
    *,
    html: bool,
    drop: Collection[Label | str],
    favor: Favor = "balanced",
) -> Page:
    """Return the classified text, or HTML, by ``classifier`` or where it is None by the shipped model.

    Raises:
        MissingExtraError: this noiseclf reads no HTML.
        TypeError, ValueError: as :meth:`NoiseClassifier.classify`; TypeError for bytes that are no HTML.
    """
    import noiseclf

    if html:
        require_html()
        source = noiseclf if classifier is None or not hasattr(classifier, "classify_html") else classifier
        found: Page = source.classify_html(page, drop=drop, favor=favor)
        return found
    if isinstance(page, bytes):
        raise TypeError("a page of text must be a str, not bytes: decode it first, or say that it is HTML")
    return (noiseclf.load() if classifier is None else classifier).classify(page, drop=drop, favor=favor)


def clean_page(
    classifier: NoiseClassifier | None,
    page: str | bytes,
    *,
    html: bool,
    drop: Collection[Label | str],
    favor: Favor = "balanced",
) -> str:
    """Return the page without the lines whose label is in ``drop``; arguments and errors as for :func:`classify_page`."""
    import noiseclf

    if html or isinstance(page, bytes):
        return classify_page(classifier, page, html=html, drop=drop, favor=favor).text
    return (noiseclf.load() if classifier is None else classifier).clean(page, drop=drop, favor=favor)
