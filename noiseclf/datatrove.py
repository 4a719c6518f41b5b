"""A pipeline step for datatrove; docs/datatrove.md shows how to use it."""

from __future__ import annotations

from collections.abc import Collection

from noiseclf.classifier import Favor, _labels
from noiseclf.extras import classify_page, needed, require_html
from noiseclf.labels import NOISE, Label

with needed("datatrove", "noiseclf.datatrove"):
    from datatrove.data import Document
    from datatrove.pipeline.filters.base_filter import BaseFilter
    from datatrove.pipeline.writers.disk_base import DiskWriter


class NoiseclfFilter(BaseFilter):  # type: ignore[misc]
    """Takes the noise out of each document's text, and drops documents that have no content.

    Statistics: ``line-total``, ``line-kept`` and ``line-dropped-<label>``, beside those of every filter. A document without
    content goes to the exclusion writer, as it was, with the reason ``no-content``.
    """

    name = "🧹 noiseclf"

    def __init__(
        self,
        *,
        html: bool = False,
        drop: Collection[Label | str] = NOISE,
        favor: Favor = "balanced",
        exclusion_writer: DiskWriter | None = None,
    ) -> None:
        """Make the step; the model is loaded where documents are worked on.

        Args:
            html: whether texts are HTML, as datatrove's WarcReader gives them; they become text.
            drop: labels of the lines to leave out.
            favor: see :meth:`noiseclf.NoiseClassifier.clean`.
            exclusion_writer: gets what is dropped.

        Raises:
            MissingExtraError: ``html`` is true and HTML cannot be read.
            ValueError: ``drop`` holds something else than labels.
        """
        super().__init__(exclusion_writer)
        if html:
            require_html()
        self._html, self._drop, self._favor = html, _labels(drop), favor

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        """Put the clean text into ``doc`` and return True, or leave it and return False with the reason.

        Raises:
            ValueError: the step's ``favor`` is unknown.
        """
        found = classify_page(None, doc.text, html=self._html, drop=self._drop, favor=self._favor)
        for label, count in found.counts().items():
            self.stat_update("line-total", value=count)
            self.stat_update(f"line-dropped-{label}" if label in self._drop else "line-kept", value=count)
        if not found.text.strip():
            return False, "no-content"
        doc.text = found.text
        return True
