"""Labels of our own for pages of the corpus that came without: codes alone, never the pages' text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from training.corpus import CorpusError, LabelledPage

_RANGE = re.compile(r"(\d+)(?:-(\d+))?([CNAFMU])")


def read_labels(data: Path) -> dict[str, str]:
    """Return codes by page id from ``data/labels/*.txt``: rows of ``id: 1-14N 15C 16M``, every line once, in order.

    Raises:
        CorpusError: a row is not of that form, or an id stands twice.
    """
    found: dict[str, str] = {}
    for path in sorted(data.glob("labels/*.txt")):
        for number, row in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            if not row.strip() or row.startswith("#"):
                continue
            name, _, ranges = row.partition(":")
            codes = ""
            for item in ranges.split():
                match = _RANGE.fullmatch(item)
                if not match or int(match[1]) != len(codes) + 1 or int(match[2] or match[1]) < int(match[1]):
                    place = f"{path}:{number}: {item!r}"
                    raise CorpusError(f"{place} does not go on after line {len(codes)}; mend the range")
                codes += match[3] * (int(match[2] or match[1]) - len(codes))
            if name in found:
                raise CorpusError(f"{path}:{number}: page {name} is labelled twice; take one row out")
            found[name] = codes
    return found


def apply_labels(pages: Sequence[LabelledPage], labels: Mapping[str, str]) -> list[LabelledPage]:
    """Return ``pages`` with ``labels`` where a page has none of its own.

    Raises:
        CorpusError: a page has another number of lines than its labels.
    """
    result = []
    for page in pages:
        codes = labels.get(page.id, "")
        if codes and not page.labels:
            if len(codes) != len(page.lines):
                raise CorpusError(f"page {page.id} has {len(page.lines)} lines, its labels are for {len(codes)}")
            page = replace(page, labels=codes, sample="own")
        result.append(page)
    return result
