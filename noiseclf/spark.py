"""Columns of Spark; docs/spark.md shows how to use them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from noiseclf.classifier import Favor, _labels
from noiseclf.extras import classify_page, clean_page, needed, require_html
from noiseclf.labels import NOISE, Label

with needed("spark", "noiseclf.spark"):
    import pandas as pd
    import pyarrow as pa  # noqa: F401 - Spark's Arrow batches need it
    from pyspark.sql import Column
    from pyspark.sql.pandas.functions import pandas_udf

_LINES = "array<struct<text: string, label: string, confidence: float>>"


def clean_column(
    column: Column | str, *, html: bool = False, drop: Collection[Label | str] = NOISE, favor: Favor = "balanced"
) -> Column:
    """Return the column of the clean text of the pages in ``column``; null where the page is null.

    Each of Spark's Python processes loads the model once. noiseclf must be installed where the executors run.

    Args:
        column: of pages, strings; where ``html`` is true, binary too.
        html: whether pages are HTML.
        drop: labels of the lines to leave out.
        favor: see :meth:`noiseclf.NoiseClassifier.clean`.

    Raises:
        MissingExtraError: ``html`` is true and HTML cannot be read.
        ValueError: ``drop`` holds something else than labels.
    """
    dropped = _checked(drop, html)

    def clean(page: str | bytes) -> str:
        return clean_page(None, page, html=html, drop=dropped, favor=favor)

    return _column(clean, "string", column)


def classify_column(column: Column | str, *, html: bool = False, favor: Favor = "balanced") -> Column:
    """Return the column of the pages' lines, blank ones too: ``array<struct<text, label, confidence>>``.

    Arguments and errors as for :func:`clean_column`.
    """
    _checked(NOISE, html)

    def classify(page: str | bytes) -> list[dict[str, Any]]:
        found = classify_page(None, page, html=html, drop=NOISE, favor=favor)
        return [
            {"text": line.text, "label": line.label and line.label.value, "confidence": line.confidence} for line in found.lines
        ]

    return _column(classify, _LINES, column)


def _checked(drop: Collection[Label | str], html: bool) -> frozenset[Label]:
    if html:
        require_html()
    return _labels(drop)


def _column(work: Callable[[Any], Any], kind: str, column: Column | str) -> Column:
    def batches(series: Any) -> Any:
        for pages in series:
            rows = zip(pages, pages.isna(), strict=True)
            yield pd.Series([None if missing else work(page) for page, missing in rows], dtype=object)

    # Spark reads the kind of function from these; as objects, since it cannot see this module's names.
    batches.__annotations__ = {"series": Iterator[pd.Series], "return": Iterator[pd.Series]}
    udf: Any = pandas_udf  # whose type hints leave this kind out
    made: Column = udf(batches, kind)(column)
    return made
