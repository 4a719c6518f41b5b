"""An item pipeline for Scrapy; docs/scrapy.md shows how to use it."""

from __future__ import annotations

from typing import Any

from noiseclf.classifier import _labels
from noiseclf.extras import classify_page, needed, require_html
from noiseclf.labels import NOISE, Label

with needed("scrapy", "noiseclf.scrapy"):
    from itemadapter import ItemAdapter
    from scrapy.crawler import Crawler
    from scrapy.exceptions import NotConfigured

_STATS = "noiseclf"


class NoiseclfPipeline:
    """Cleans a field of each item.

    Settings:
        NOISECLF_ENABLED: False switches it off.
        NOISECLF_FIELD: the field that holds the page; ``"text"`` unless set.
        NOISECLF_OUTPUT_FIELD: the field that gets the clean text; the same field unless set.
        NOISECLF_HTML: whether the page is HTML, a str or ``response.body``; False unless set.
        NOISECLF_DROP: labels of the lines to leave out; all but content unless set.
        NOISECLF_LABELS_FIELD: the field that gets the lines as dicts with text, label and confidence; none unless set.

    Stats: ``noiseclf/pages``, ``noiseclf/lines_kept``, ``noiseclf/lines_dropped`` and the same ``/<label>``, and
    ``noiseclf/items_without_page`` for items whose field is missing or holds no page, which pass unchanged.
    """

    def __init__(self, crawler: Crawler) -> None:
        """Read the settings of ``crawler``.

        Raises:
            NotConfigured: NOISECLF_ENABLED is false.
            MissingExtraError: NOISECLF_HTML is true and HTML cannot be read.
            ValueError: NOISECLF_DROP holds something else than labels.
        """
        settings = crawler.settings
        if not settings.getbool("NOISECLF_ENABLED", True):
            raise NotConfigured("NOISECLF_ENABLED is false")
        self._field: str = settings.get("NOISECLF_FIELD") or "text"
        self._output: str = settings.get("NOISECLF_OUTPUT_FIELD") or self._field
        self._labels: str | None = settings.get("NOISECLF_LABELS_FIELD") or None
        self._html: bool = settings.getbool("NOISECLF_HTML", False)
        try:
            self._drop: frozenset[Label] = _labels(settings.getlist("NOISECLF_DROP", sorted(NOISE)))
        except ValueError as error:
            raise ValueError(f"the setting NOISECLF_DROP is wrong: {error}") from None
        if self._html:
            require_html()
        self._stats = crawler.stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> NoiseclfPipeline:
        """Return the pipeline of ``crawler``; errors as for the class."""
        return cls(crawler)

    def process_item(self, item: Any, spider: Any = None) -> Any:
        """Return ``item`` with the clean text in it.

        Raises:
            KeyError: the item has no field for the output or the labels.
        """
        fields = ItemAdapter(item)
        page = fields.get(self._field)
        if not isinstance(page, (str, bytes) if self._html else str):
            self._count("items_without_page", 1)
            return item
        found = classify_page(None, page, html=self._html, drop=self._drop)
        fields[self._output] = found.text
        if self._labels is not None:
            fields[self._labels] = [
                {"text": line.text, "label": str(line.label), "confidence": line.confidence}
                for line in found.lines
                if line.label is not None
            ]
        counts = found.counts()
        self._count("pages", 1)
        self._count("lines_kept", sum(count for label, count in counts.items() if label not in self._drop))
        for label in self._drop:
            self._count("lines_dropped", counts[label])
            self._count(f"lines_dropped/{label}", counts[label])
        return item

    def _count(self, what: str, number: int) -> None:
        if self._stats is not None:
            self._stats.inc_value(f"{_STATS}/{what}", number)
