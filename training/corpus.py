"""Read and check labelled pages and phrases; ``data/README.md`` describes the formats."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

#: Codes of a page's lines. The first four are trained and scored, in the order of ``noiseclf.LABELS``.
CODES = "CNAFMU"
#: In a page's labels: a line that nobody has labelled yet. Like M and U it is neither trained nor scored.
UNLABELLED = "?"
#: Marks of a silver page's lines: content, not content, unknown.
SILVER = "10?"
#: Kinds of phrases by code.
KINDS: dict[str, frozenset[str]] = {
    "C": frozenset({"heading"}),
    "N": frozenset({
        "menu", "search", "login", "share", "pagination", "language", "related", "consent", "footer", "widget", "skip",
        "shop",
    }),
    "A": frozenset({"ad_label", "sponsored", "newsletter", "paywall", "donation", "app", "promotion", "coupon"}),
    "F": frozenset({
        "form_heading", "form_field", "form_button", "form_rule", "comment_count", "comment_action", "comment_sort",
        "captcha", "comment_plugin", "review",
    }),
}  # fmt: skip
#: What may vary in a phrase.
SLOTS = frozenset({"n", "date", "time", "year", "name", "site", "title", "price", "city", "email"})

#: A phrase is held out when the first byte of its SHA-1 is below this: one in five.
_HELD_OUT = 51
_HEADER = "label\tkind\tphrase"
#: A slot in a phrase, as ``{n}``.
SLOT = re.compile(r"\{(\w+)\}")
_TEXTS = ("domain", "lang", "source", "labels", "silver", "url", "sample", "gold")


class CorpusError(ValueError):
    """Labelled pages or phrases cannot be used; the message names the file, the line and the fault."""


@dataclass(frozen=True)
class LabelledPage:
    """A page with what is known of its lines.

    Attributes:
        id: unique in its file.
        domain: the registered domain, by which pages are split; the id where none is given.
        lang, source: for break-downs; "" where not given.
        lines: the page's lines, in order.
        labels: one of :data:`CODES` or :data:`UNLABELLED` a line, or "".
        silver: one of :data:`SILVER` a line, or "".
        url, sample, gold: "" where not given.
    """

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
    """What furniture says in a language: one of the codes C N A F, the kind, and words with ``{slots}``."""

    lang: str
    label: str
    kind: str
    text: str


def read(path: str | Path) -> list[LabelledPage]:
    """Return the pages of a ``.jsonl`` or ``.jsonl.gz`` file, in order; those without labels or silver marks too.

    Raises:
        CorpusError: the file cannot be read as text, or a record is bad.
    """
    path = Path(path)
    pages: list[LabelledPage] = []
    first: dict[str, int] = {}
    for number, row in _rows(path):
        if not row.strip():
            continue
        try:
            page = _page(row)
        except CorpusError as error:
            raise CorpusError(f"{path}:{number}: {error}") from None
        if page.id in first:
            raise CorpusError(f"{path}:{number}: the id {page.id!r} is on line {first[page.id]} too; make it unique")
        first[page.id] = number
        pages.append(page)
    return pages


def read_split(corpus_dir: str | Path, split: Literal["train", "dev"]) -> list[LabelledPage]:
    """Return the pages of ``train.jsonl[.gz]`` or ``dev.jsonl[.gz]`` in ``corpus_dir``; errors as for :func:`read`.

    Raises:
        CorpusError: there is no such file, or both, or it holds no page.
    """
    corpus_dir = Path(corpus_dir)
    if not corpus_dir.is_dir():
        raise CorpusError(f"{corpus_dir} is not a folder: name the one that holds {split}.jsonl.gz or {split}.jsonl")
    names = (f"{split}.jsonl.gz", f"{split}.jsonl")
    found = [corpus_dir / name for name in names if (corpus_dir / name).is_file()]
    if not found:
        raise CorpusError(f"{corpus_dir} has neither {names[0]} nor {names[1]}: see data/README.md for their format")
    if len(found) > 1:
        raise CorpusError(f"{corpus_dir} has both {names[0]} and {names[1]}: take one away")
    pages = read(found[0])
    if not pages:
        raise CorpusError(f"{found[0]} holds no page: write one JSON object a line")
    return pages


def read_own(data_dir: str | Path) -> list[LabelledPage]:
    """Return the project's own pages, ``data_dir/pages/<lang>/<name>.tsv``, sorted by path.

    Raises:
        CorpusError: there are none, or a row is bad.
    """
    pages = []
    for path in _files(Path(data_dir), "pages/*/*.tsv"):
        rows = [_own_row(path, number, row) for number, row in _rows(path)]
        if not rows:
            raise CorpusError(f"{path} is empty: write a code, a tab and the text for each line of the page")
        name = f"own/{path.parent.name}/{path.stem}"
        lines, labels = tuple(text for _, text in rows), "".join(code for code, _ in rows)
        pages.append(LabelledPage(name, name, path.parent.name, "own", lines, labels))
    return pages


def read_phrases(data_dir: str | Path) -> list[Phrase]:
    """Return the project's own phrases, ``data_dir/phrases/<lang>.tsv``, sorted by file.

    Raises:
        CorpusError: there are none, or a row is bad.
    """
    phrases: list[Phrase] = []
    for path in _files(Path(data_dir), "phrases/*.tsv"):
        phrases.extend(_phrases(path))
    return phrases


def _phrases(path: Path) -> list[Phrase]:
    rows = list(_rows(path))
    if not rows or rows[0][1] != _HEADER:
        raise CorpusError(f"{path}:1: the header is missing; write 'label', 'kind' and 'phrase' with tabs between")
    return [_phrase(path, number, row) for number, row in rows[1:]]


def read_catalogues(data_dir: str | Path, own: Sequence[Phrase]) -> list[Phrase]:
    """Return the strings of ``make catalogues``, ``data_dir/catalogues/<lang>.tsv``, for training; none if it was not run.

    ``own`` are the project's own phrases. A string that equals a held-out one of them, in whatever language, or that
    they have under another code in its language, is left out; case, punctuation and slots make no difference.

    Raises:
        CorpusError: a row is bad.
    """
    hidden = {_bare(phrase.text) for phrase in own if held_out(phrase.text)}
    known: dict[tuple[str, str], set[str]] = {}
    for phrase in own:
        known.setdefault((phrase.lang, _bare(phrase.text)), set()).add(phrase.label)
    strings = []
    for path in sorted((Path(data_dir) / "catalogues").glob("*.tsv")):
        if path.stem != "SOURCES":
            strings.extend(_phrases(path))
    return [
        phrase
        for phrase in strings
        if (bare := _bare(phrase.text)) not in hidden and phrase.label in known.get((phrase.lang, bare), phrase.label)
    ]


def _bare(text: str) -> str:
    """Return the words alone, in lower case, by which two phrases are the same; the text itself where it has none."""
    kept = (" " if unicodedata.category(c)[0] in "PSZ" else c for c in SLOT.sub(" ", text).casefold())
    return " ".join("".join(kept).split()) or text


def held_out(phrase_text: str) -> bool:
    """Return whether the phrase, slots unfilled, is kept for the foreign-debris test and never trained on."""
    return hashlib.sha1(phrase_text.encode()).digest()[0] < _HELD_OUT


def fingerprint(pages: Iterable[LabelledPage]) -> str:
    """Return a SHA-256 over the pages' ids, lines, labels and silver marks; their order does not matter."""
    rows = sorted(json.dumps([page.id, page.lines, page.labels, page.silver]) for page in pages)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def fold(domain: str, folds: int) -> int:
    """Return the domain's fold, from 0 to ``folds - 1``; the same on every machine."""
    return int(hashlib.sha1(domain.encode("utf-8", "surrogatepass")).hexdigest(), 16) % folds


def _files(data_dir: Path, pattern: str) -> list[Path]:
    files = sorted(data_dir.glob(pattern))
    if not files:
        raise CorpusError(f"{data_dir} has no {pattern}: name the project's data folder")
    return files


def _rows(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the file's rows with their numbers, from 1; rows end at a line feed alone, and a carriage return goes."""
    number = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for number, row in enumerate(file, 1):
                yield number, row.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}:{number}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise CorpusError(f"{path} cannot be unpacked after line {number} ({error}): copy or pack it again") from None


def _page(row: str) -> LabelledPage:
    """Return the page of a JSON object; a :class:`CorpusError` says what is wrong with it, but not where."""
    try:
        record = json.loads(row)
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"not JSON ({error}); write one object a line") from None
    if not isinstance(record, dict):
        raise CorpusError(f'a {_kind(record)}, not a JSON object; write {{"id": …, "lines": […], "labels": …}}')
    name, lines = record.get("id"), record.get("lines")
    if not isinstance(name, str) or not name:
        raise CorpusError("'id' is missing or not a string; give each page a unique one")
    if not isinstance(lines, list):
        raise CorpusError(f"'lines' of page {name!r} is missing or not a list; give its lines in order")
    for position, line in enumerate(lines, 1):
        if not isinstance(line, str):
            raise CorpusError(f"line {position} of page {name!r} is a {_kind(line)}, not a string; quote it")
    texts = {key: _text(record, key, name) for key in _TEXTS}
    _check_codes(texts["labels"], CODES + UNLABELLED, "labels", name, len(lines))
    _check_codes(texts["silver"], SILVER, "silver", name, len(lines))
    return LabelledPage(id=name, lines=tuple(lines), **{**texts, "domain": texts["domain"] or name})


def _text(record: dict[str, Any], key: str, name: str) -> str:
    value = record.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise CorpusError(f"{key!r} of page {name!r} is a {_kind(value)}, not a string; quote it or leave it out")
    return value


def _check_codes(codes: str, known: str, key: str, name: str, lines: int) -> None:
    if not codes:
        return
    if len(codes) != lines:
        raise CorpusError(f"{key!r} of page {name!r} has {len(codes)} codes for {lines} lines; give one a line")
    for position, code in enumerate(codes, 1):
        if code not in known:
            raise CorpusError(f"{key!r} of page {name!r} has {code!r} at line {position}; use {' '.join(known)}")


def _kind(value: object) -> str:
    names = {dict: "object", list: "list", str: "string", bool: "truth value", type(None): "null"}
    return names.get(type(value), "number")


def _own_row(path: Path, number: int, row: str) -> tuple[str, str]:
    code, *texts = row.split("\t")
    if len(texts) != 1 or not texts[0].strip():
        raise CorpusError(f"{path}:{number}: {row!r} is not a code, one tab and a text; mend the row")
    if len(code) != 1 or code not in CODES:
        raise CorpusError(f"{path}:{number}: the code {code!r} is unknown; use {' '.join(CODES)}")
    return code, texts[0]


def _phrase(path: Path, number: int, row: str) -> Phrase:
    where = f"{path}:{number}"
    label, kind, text = row.split("\t") if row.count("\t") == 2 else ("", "", "")
    if not text.strip():
        raise CorpusError(f"{where}: {row!r} is not a code, a kind and a phrase with tabs between; mend the row")
    if label not in KINDS:
        raise CorpusError(f"{where}: the code {label!r} is unknown; use {' '.join(KINDS)}")
    if kind not in KINDS[label]:
        raise CorpusError(f"{where}: {label} has no kind {kind!r}; use one of {', '.join(sorted(KINDS[label]))}")
    unknown = sorted(set(SLOT.findall(text)) - SLOTS)
    if unknown or re.search(r"[{}]", SLOT.sub("", text)):
        raise CorpusError(f"{where}: {text!r} has a slot that is unknown or open; use {{{'}, {'.join(sorted(SLOTS))}}}")
    return Phrase(path.stem, label, kind, text)
