"""Labels that people give the lines of their own pages: a journal that only grows, and the training file made from it.

A folder holds both. ``journal.jsonl`` takes each page once and then each change, flushed to the disk before it counts as
saved; ``train.jsonl``, in the format that ``make train CORPUS=folder`` reads, is written anew, whole, after each change.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from noiseclf.extras import MissingExtraError, require_html
from noiseclf.files import is_html
from noiseclf.lines import normalise, split
from noiseclf.streams import StreamError, decode, open_input, whole_file

#: Codes of the four labels, in the order of ``noiseclf.LABELS``, and of the two kinds of line that are not scored.
CODES = "CNAFMU"
#: A line that nobody has labelled, that is blank, or on which annotators differ.
UNLABELLED = "?"
#: In a change: a line that it leaves alone.
KEEP = "."
_JOURNAL, _TRAINING = "journal.jsonl", "train.jsonl"
_LONGEST_NAME = 60


@dataclass(frozen=True)
class OwnPage:
    """A page to be labelled.

    Attributes:
        id: what it is known by in the journal; the same text under the same name has the same id.
        name: what people know it by.
        domain: its site, by which pages are split in training.
        lines: its lines, in order.
        html: the page as HTML, where it was that; guesses are made from it.
    """

    id: str
    name: str
    domain: str
    lines: tuple[str, ...]
    html: str = ""


@dataclass(frozen=True)
class Change:
    """Labels given to some lines of a page.

    Attributes:
        number: of the change, from 1.
        page: the page's id.
        annotator: who gave them.
        start: the first line they are for, from 0.
        codes: a code a line from there on: of :data:`CODES`, :data:`UNLABELLED` or :data:`KEEP`.
        before: what the lines had before.
        at: when, in UTC.
        undoes: number of the change that this one takes back, 0 for none.
    """

    number: int
    page: str
    annotator: str
    start: int
    codes: str
    before: str
    at: str
    undoes: int = 0


@dataclass(frozen=True)
class Agreement:
    """How far two annotators agree on the lines that both have labelled; ``kappa`` is None where it is undefined."""

    first: str
    second: str
    lines: int
    same: int
    kappa: float | None


def read_pages(files: Sequence[str]) -> list[OwnPage]:
    """Return the pages of text or HTML files, one each, and of records (``.jsonl``, the page in ``text`` or ``lines``).

    Raises:
        StreamError: a file cannot be read, or a record is no page.
    """
    pages: dict[str, OwnPage] = {}
    for file in files:
        try:
            with open_input(file) as stream:
                data = stream.read()
            if file.lower().endswith(".jsonl"):
                found = _records(decode(data)[0])
            else:
                found = [_html_page(file, data) if is_html(file, data) else _page(file, _text_lines(data))]
        except (StreamError, MissingExtraError) as error:
            raise StreamError(f"{file}: {error}") from None
        pages.update((page.id, page) for page in found)
    return list(pages.values())


def _text_lines(data: bytes) -> tuple[str, ...]:
    return tuple(decode(data)[0].removesuffix("\n").split("\n"))


def _html_page(file: str, data: bytes) -> OwnPage:
    from noiseclf.encoding import to_utf8
    from noiseclf.html import read

    require_html()
    html = to_utf8(data).decode("utf-8", "replace")
    return _page(file, tuple(read(html).lines), html)


def _page(file: str, lines: tuple[str, ...], html: str = "") -> OwnPage:
    name = _readable(Path(file).name)
    return OwnPage(_identity(name, lines), name, _identity(name, lines), lines, html)


def _records(text: str) -> list[OwnPage]:
    pages = []
    for number, row in enumerate(text.split("\n"), 1):
        if not row.strip():
            continue
        try:
            record = json.loads(row)
            lines = tuple(split(record["lines"] if "lines" in record else record["text"]))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise StreamError(f"line {number} is no record with a page in 'text' or 'lines' ({error})") from None
        url = record.get("url") if isinstance(record.get("url"), str) else ""
        name = _readable(next((str(record[key]) for key in ("id", "url", "title") if record.get(key)), f"record {number}"))
        identity = _identity(name, lines)
        pages.append(OwnPage(identity, name, str(record.get("domain") or _host(url) or identity), lines))
    return pages


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _readable(name: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in name)[-_LONGEST_NAME:]


def _identity(name: str, lines: Sequence[str]) -> str:
    digest = hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{name}#{digest[:12]}"


class Journal:
    """The labels of a folder. One process holds it; its threads may share it."""

    def __init__(self, folder: str | Path) -> None:
        """Open the folder's journal, making both where they are missing.

        What was cut off in the middle of being written (the machine went down) was never reported as saved, and is dropped.

        Raises:
            StreamError: the folder cannot be used, another process holds it, or the journal is damaged.
        """
        self.folder = Path(folder)
        self._lock = threading.RLock()
        self.pages: dict[str, OwnPage] = {}
        self.changes: list[Change] = []
        self._labels: dict[tuple[str, str], list[str]] = {}  # by page and annotator
        self._undone: set[int] = set()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._file = (self.folder / _JOURNAL).open("a+b")
            _hold(self._file.fileno(), self.folder)
            self._read()
            for leftover in self.folder.glob(".noiseclf-*.tmp"):  # of a process that was killed
                leftover.unlink()
            if self.changes:
                self._write_training()  # the last change may not have come there
        except OSError as error:
            raise StreamError(f"{self.folder}: labels cannot be kept there ({error.strerror or error})") from None

    def _read(self) -> None:
        self._file.seek(0)
        data = self._file.read()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            self._file.truncate(whole)
        for number, row in enumerate(data[:whole].split(b"\n")[:-1], 1):
            try:
                record = json.loads(row)
                if "lines" in record:
                    lines, html = tuple(record["lines"]), record.get("html", "")
                    page = OwnPage(record["page"], record["name"], record["domain"], lines, html)
                    self.pages.setdefault(page.id, page)
                else:
                    self._apply(Change(**record))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                where = f"{self.folder / _JOURNAL}:{number}"
                raise StreamError(f"{where}: is no change of labels ({error}); mend or remove the line") from None

    def close(self) -> None:
        """Let others open the folder."""
        self._file.close()

    def add(self, pages: Sequence[OwnPage]) -> None:
        """Take ``pages`` in, those that are not there yet.

        Raises:
            StreamError: the journal cannot be written.
        """
        with self._lock:
            new = [page for page in pages if page.id not in self.pages]
            rows = [{"page": p.id, "name": p.name, "domain": p.domain, "lines": p.lines, "html": p.html} for p in new]
            self._append([{key: value for key, value in row.items() if value or key != "html"} for row in rows])
            self.pages.update((page.id, page) for page in new)

    def labels(self, page: str, annotator: str) -> str:
        """Return the annotator's code of each line of the page with the id ``page``."""
        with self._lock:
            return "".join(self._labels.get((page, annotator)) or UNLABELLED * len(self.pages[page].lines))

    def annotators(self) -> list[str]:
        """Return the names of all who labelled a line, sorted."""
        with self._lock:
            return sorted({name for (_, name), codes in self._labels.items() if set(codes) != {UNLABELLED}})

    def change(self, page: str, annotator: str, start: int, codes: str) -> Change:
        """Label the page's lines from ``start`` on; the change is on the disk when this returns.

        Blank lines stay unlabelled.

        Raises:
            ValueError: there is no such page or line, or a code is unknown, or the annotator has no name.
            StreamError: the journal cannot be written; nothing has changed then.
        """
        with self._lock:
            if page not in self.pages:
                raise ValueError(f"there is no page {page!r}; reload")
            lines = self.pages[page].lines
            if not 0 <= start < start + len(codes) <= len(lines):
                raise ValueError(f"the page has no lines {start} to {start + len(codes) - 1}; reload")
            if not set(codes) <= {*CODES, UNLABELLED, KEEP}:
                raise ValueError(f"codes are of {CODES}{UNLABELLED}{KEEP}, not {codes!r}")
            if not annotator.strip() or not annotator.isprintable() or len(annotator) > _LONGEST_NAME:
                raise ValueError("the annotator needs a name of up to 60 printable characters")
            seen = normalise(lines[start : start + len(codes)])
            codes = "".join(code if text else KEEP for code, text in zip(codes, seen, strict=True))
            return self._save(page, annotator, start, codes)

    def undo(self, annotator: str) -> Change | None:
        """Take the annotator's last change back, and the one before it the next time; None where there is none left.

        Lines that were labelled again since then keep what they got.

        Raises:
            StreamError: as for :meth:`change`.
        """
        with self._lock:
            for last in reversed(self.changes):
                if last.annotator == annotator and not last.undoes and last.number not in self._undone:
                    now = self.labels(last.page, annotator)[last.start :]
                    codes = "".join(
                        old if given not in (KEEP, old) and given == code else KEEP
                        for given, old, code in zip(last.codes, last.before, now, strict=False)
                    )
                    return self._save(last.page, annotator, last.start, codes, last.number)
        return None

    def _save(self, page: str, annotator: str, start: int, codes: str, undoes: int = 0) -> Change:
        before = self.labels(page, annotator)[start : start + len(codes)]
        at = datetime.now(timezone.utc).isoformat(timespec="seconds")
        change = Change(len(self.changes) + 1, page, annotator, start, codes, before, at, undoes)
        self._append([asdict(change)])
        self._apply(change)
        self._write_training()
        return change

    def _apply(self, change: Change) -> None:
        lines = len(self.pages[change.page].lines)
        codes = self._labels.setdefault((change.page, change.annotator), [UNLABELLED] * lines)
        for i, code in enumerate(change.codes, change.start):
            if code != KEEP:
                codes[i] = code
        if change.undoes:
            self._undone.add(change.undoes)
        self.changes.append(change)

    def _append(self, records: Sequence[Mapping[str, Any]]) -> None:
        if not records:
            return
        end = self._file.seek(0, os.SEEK_END)
        data = b"".join(json.dumps(record).encode() + b"\n" for record in records)
        try:
            self._file.write(data)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(end)
            reason = error.strerror or error
            raise StreamError(f"{self.folder / _JOURNAL}: cannot be written ({reason}); the change was not saved") from None

    def _write_training(self) -> None:
        with whole_file(str(self.folder / _TRAINING)) as file:
            for record in self.training_records():
                file.write(json.dumps(record).encode() + b"\n")

    def training_records(self) -> list[dict[str, Any]]:
        """Return a record a page that has a label, in the format of ``data/README.md``; where annotators differ, ``?``."""
        with self._lock:
            records = []
            for page in self.pages.values():
                given = [codes for (name, _), codes in self._labels.items() if name == page.id]
                merged = "".join(_merged(codes) for codes in zip(*given, strict=True))
                if merged.strip(UNLABELLED):
                    records.append({
                        "id": page.id, "domain": page.domain, "source": "own", "lines": page.lines, "labels": merged,
                    })  # fmt: skip
            return records

    def agreement(self, first: str, second: str) -> Agreement:
        """Compare two annotators on the lines that both have labelled."""
        with self._lock:
            pairs: list[tuple[str, str]] = []
            for page in self.pages:
                both = zip(self.labels(page, first), self.labels(page, second), strict=True)
                pairs += [pair for pair in both if UNLABELLED not in pair]
        return Agreement(first, second, len(pairs), sum(a == b for a, b in pairs), cohens_kappa(pairs))


def _merged(codes: Sequence[str]) -> str:
    given = {code for code in codes if code != UNLABELLED}
    return given.pop() if len(given) == 1 else UNLABELLED


def cohens_kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Return Cohen's kappa of two annotators' labels: 1 full agreement, 0 what chance gives.

    None where it is undefined: no pairs, or both gave one and the same label to all.
    """
    n = len(pairs)
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(count * second[code] for code, count in first.items()) / (n * n) if n else 1.0
    if chance == 1:
        return None
    return (sum(a == b for a, b in pairs) / n - chance) / (1 - chance)


def _hold(descriptor: int, folder: Path) -> None:
    """Keep other processes from writing the same journal, where the system can; a killed process lets go."""
    if sys.platform == "win32":
        return
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StreamError(f"{folder}: another 'noiseclf label' is using it; use its page, or end it first") from None
