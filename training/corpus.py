"""Read and check labelled pages and phrases."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class CorpusError(ValueError):
    """A record cannot be trained or scored on."""


@dataclass(frozen=True)
class LabelledPage:
    id: str
    domain: str
    lang: str
    source: str
    lines: tuple[str, ...]
    labels: str = ""
    silver: str = ""
    url: str = ""
    sample: str = ""
    gold: str = ""


@dataclass(frozen=True)
class Phrase:
    lang: str
    label: str
    kind: str
    text: str


def _page(r: dict[str, Any]) -> LabelledPage:
    return LabelledPage(r["id"], r.get("domain") or r["id"], r.get("lang", ""), r.get("source", ""), tuple(r["lines"]),
                        r.get("labels") or "", r.get("silver") or "", r.get("url", ""), r.get("sample") or "", r.get("gold") or "")


def read(path: Path) -> list[LabelledPage]:
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as file:
        return [_page(json.loads(row)) for row in file]


def read_split(corpus: Path, split: str) -> list[LabelledPage]:
    return read(Path(corpus) / f"{split}.jsonl.gz")


def read_own(data: Path) -> list[LabelledPage]:
    pages = []
    for path in sorted(Path(data).glob("pages/*/*.tsv")):
        rows = [row.split("\t", 1) for row in path.read_text(encoding="utf-8").rstrip("\n").split("\n")]
        name = f"own/{path.parent.name}/{path.stem}"
        pages.append(LabelledPage(name, name, path.parent.name, "own", tuple(t for _, t in rows), "".join(c for c, _ in rows)))
    return pages


def read_phrases(data: Path) -> list[Phrase]:
    phrases = []
    for path in sorted(Path(data).glob("phrases/*.tsv")):
        for row in path.read_text(encoding="utf-8").rstrip("\n").split("\n")[1:]:
            label, kind, text = row.split("\t")
            phrases.append(Phrase(path.stem, label, kind, text))
    return phrases


def held_out(text: str) -> bool:
    return hashlib.sha1(text.encode()).digest()[0] < 51


def fold(domain: str, folds: int) -> int:
    return int(hashlib.sha1(domain.encode()).hexdigest(), 16) % folds


def fingerprint(pages: list[LabelledPage]) -> str:
    rows = sorted(json.dumps([p.id, p.lines, p.labels, p.silver]) for p in pages)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()
