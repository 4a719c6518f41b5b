"""Records: what becomes of each, in this process or others, and how the output is written and gone on with."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import astuple, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import noiseclf
from noiseclf.classifier import Favor, NoiseClassifier
from noiseclf.extras import classify_page, clean_page
from noiseclf.files import LIMITS, Item, Kind, Limits, Problems, kind_of, shown
from noiseclf.journal import ChunkedFile, Done, chunked_file
from noiseclf.labels import Label
from noiseclf.page import Line
from noiseclf.parallel import ordered_map
from noiseclf.site import Site
from noiseclf.streams import StreamError
from noiseclf.tables import Columns, RecordError, plain

_BATCH = 16  # records that a process gets at once
# A chunk is written after so many records or bytes: what an interruption costs.
_CHUNK = 500
_CHUNK_BYTES = 8 << 20


@dataclass(frozen=True)
class Task:
    """What to do with each record; sent to every worker process.

    Attributes:
        command: "clean" or "classify".
        favor: see :meth:`NoiseClassifier.clean`.
        drop: labels of the lines that ``clean`` leaves out.
        field: the one that holds the page.
        site: the site that all pages are from, where they are said to be from one; text only.
        limits: above which a record is broken.
    """

    command: str
    favor: Favor
    drop: frozenset[Label]
    field: str
    site: Site | None = None
    limits: Limits = LIMITS


@dataclass(frozen=True)
class Where:
    """Where records come from and go to.

    Attributes:
        inputs: names of files; "-" is standard input.
        output: the file to write, whole or not at all, Parquet by its suffix and else JSONL; None for standard output.
        resume: whether to go on where an interrupted run of the same kind came to.
        html: what was said of pages: whether they are HTML, None for nothing.
    """

    inputs: Sequence[str]
    output: str | None
    resume: bool
    html: bool | None = None

    @property
    def keep(self) -> bool:
        """Whether an interrupted run can be gone on with: what came from standard input will not come again."""
        return "-" not in self.inputs


@dataclass(frozen=True)
class _Sent:
    """What of an item a worker process needs; see :class:`Item`."""

    page: str | bytes
    html: bool
    whole: bool  # whether ``page`` is the record's JSON
    fault: str


@dataclass(frozen=True)
class _Outcome:
    """What became of a record: its JSON, or its new fields where the others are with the item, or why there is neither."""

    line: str = ""
    fields: dict[str, Any] | None = None
    fault: str = ""


Results = Iterator[tuple[Item, _Outcome]]


def run(
    task: Task,
    classifier: NoiseClassifier,
    items: Iterator[Item],
    where: Where,
    problems: Problems,
    *,
    jobs: int,
    write: Callable[[], AbstractContextManager[Callable[[str], None]]],
    progress: Callable[[Results], Results],
) -> None:
    """Do ``task`` on each of ``items`` and write the records.

    Args:
        task: what to do.
        classifier: by which.
        items: from :func:`noiseclf.files.read`.
        where: they come from and go to.
        problems: is told of each broken record and, at the end, of their number.
        jobs: processes to use.
        write: opens what takes JSONL where the output is no file.
        progress: is given the results as they come, to show that.

    Raises:
        StreamError: the output cannot be written, or nothing was there to write into it.
        MissingExtraError: the output is Parquet and pyarrow is not installed.
    """
    if where.output is None:
        with write() as to:
            done = _print(progress(_results(task, classifier, items, jobs)), to, problems)
    else:
        tabular = kind_of(where.output) is Kind.PARQUET
        if tabular:
            Columns()  # what is missing is told before work begins
        identity = _identity(task, classifier, where.output, where)
        with chunked_file(where.output, identity, keep=where.keep, resume=where.resume) as file:
            for _ in islice(items, file.done.items):
                pass
            try:
                done = _write(progress(_results(task, classifier, items, jobs)), file, problems, tabular=tabular)
            except KeyboardInterrupt:
                if where.keep:
                    message = f"stopped after {file.done.items} records; the same command with --resume goes on there"
                    problems.warn(where.output, message)
                raise
            if problems.failed and done.items == done.broken:
                file.discard = True
                raise StreamError(f"nothing could be used, so {where.output} was not written")
    if done.broken:
        problems.failed = True  # in an earlier run, perhaps
        problems.warn("records skipped", f"{done.broken} of {done.items}")


def _print(results: Results, write: Callable[[str], None], problems: Problems) -> Done:
    items = broken = 0
    for item, outcome in results:
        items += 1
        fault = outcome.fault
        if not fault:
            try:
                write(_line(item, outcome))
            except RecordError as error:
                fault = str(error)
        if fault:
            broken += 1
            _skip(item, fault, problems)
    return Done(items, broken)


def _write(results: Results, file: ChunkedFile, problems: Problems, *, tabular: bool) -> Done:
    chunk = _Rows(Columns(file.done.schema)) if tabular else _Lines()
    file.finish = chunk.finish if isinstance(chunk, _Rows) else None
    done = file.done
    size = 0
    for item, outcome in results:
        fault = outcome.fault or chunk.add(item, outcome)
        if fault:
            _skip(item, fault, problems)
        size += len(item.page)
        done = replace(done, items=done.items + 1, broken=done.broken + bool(fault))
        if done.items - file.done.items >= _CHUNK or size >= _CHUNK_BYTES:
            file.write(chunk.take(), replace(done, schema=chunk.schema))
            size = 0
    if done.items > file.done.items:
        file.write(chunk.take(), replace(done, schema=chunk.schema))
    return done


class _Lines:
    """A chunk of JSONL."""

    schema = ""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, item: Item, outcome: _Outcome) -> str:
        """Add the record and return "", or why that cannot be."""
        try:
            self._lines.append(_line(item, outcome))
        except RecordError as error:
            return str(error)
        return ""

    def take(self) -> bytes:
        """Return what was added since the last call."""
        data = "".join(self._lines).encode("utf-8", "replace")
        self._lines = []
        return data


class _Rows:
    """The same of rows."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self.take, self.finish = columns.take, columns.finish

    @property
    def schema(self) -> str:
        return self._columns.schema

    def add(self, item: Item, outcome: _Outcome) -> str:
        try:
            self._columns.add(json.loads(outcome.line) if item.row is None else item.row, outcome.fields or {})
        except RecordError as error:
            return str(error)
        return ""


def _identity(task: Task, classifier: NoiseClassifier, output: str, where: Where) -> str:
    """Return what is the same for two runs if, and as far as one can tell, their results are."""
    found = []
    for name in where.inputs:
        try:
            status = Path(name).stat()
            found.append([str(Path(name).absolute()), status.st_size, status.st_mtime_ns])
        except OSError:  # it will be missed when it is read
            found.append([str(Path(name).absolute())])
    how = [task.command, task.favor, sorted(task.drop), task.field, str(kind_of(output)), task.site is not None, where.html]
    how.append(astuple(task.limits))
    which = json.dumps([noiseclf.__version__, classifier.digest, how, found])
    return hashlib.sha256(which.encode("utf-8", "surrogateescape")).hexdigest()


def _skip(item: Item, fault: str, problems: Problems) -> None:
    where = f"{shown(item.file)}, {item.place}" if item.place else shown(item.file)
    problems.fail(where, f"{fault}; record skipped")


def _line(item: Item, outcome: _Outcome) -> str:
    if item.row is None:
        return outcome.line
    row = item.row if isinstance(item.row, dict) else plain(item.row)
    return as_json({**row, **(outcome.fields or {})}) + "\n"


# The work on one record; in worker processes too


def _results(task: Task, classifier: NoiseClassifier, items: Iterable[Item], jobs: int) -> Results:
    """Yield each of ``items`` with what became of it; workers get what they need of it only."""
    sent: deque[Item] = deque()

    def send() -> Iterator[_Sent]:
        for item in items:
            sent.append(item)
            yield _Sent(item.page, item.html, item.row is None, item.fault)

    for _, outcome in ordered_map(_work, (classifier, task), send(), jobs=jobs, batch=_BATCH):
        yield sent.popleft(), outcome


def _work(context: tuple[NoiseClassifier, Task], sent: _Sent) -> _Outcome:
    classifier, task = context
    if sent.fault:
        return _Outcome(fault=sent.fault)
    try:
        if sent.whole:
            return _work_on_json(classifier, task, sent)
        if fault := task.limits.fault(sent.page, html=sent.html):
            return _Outcome(fault=fault)
        return _Outcome(fields=_fields(classifier, task, sent.page, sent.html))
    except RecursionError:
        return _Outcome(fault="JSON nested too deeply" if sent.whole else "nested too deeply")


def _work_on_json(classifier: NoiseClassifier, task: Task, sent: _Sent) -> _Outcome:
    try:
        record = json.loads(sent.page)
    except ValueError as error:
        return _Outcome(fault=f"not JSON ({error})")
    if not isinstance(record, dict):
        return _Outcome(fault=f"not a JSON object but a {type(record).__name__}")
    if task.field not in record:
        return _Outcome(fault=f"no field {task.field!r} among {sorted(record)[:9]}; name the page's field with --field")
    page = record[task.field]
    if not isinstance(page, str):
        return _Outcome(fault=f"field {task.field!r} is not text but a {type(page).__name__}")
    if fault := task.limits.fault(page, html=sent.html):
        return _Outcome(fault=fault)
    record |= _fields(classifier, task, page, sent.html)
    return _Outcome(as_json(record) + "\n")


def _fields(classifier: NoiseClassifier, task: Task, page: str | bytes, html: bool) -> dict[str, Any]:
    """Return the fields that ``task`` sets in the record of ``page``."""
    if task.command == "clean":
        return {task.field: clean_page(classifier, page, html=html, drop=task.drop, favor=task.favor, site=task.site)}
    found = classify_page(classifier, page, html=html, drop=task.drop, favor=task.favor, site=task.site)
    lines = [rounded(line) for line in found.lines]
    added = {"labels": [line["label"] for line in lines], "confidences": [line["confidence"] for line in lines]}
    return {task.field: "\n".join(line.text for line in found.lines), "noiseclf": added}


def text_of(item: Item, field: str) -> str | None:
    """Return the text in the record of ``item``, None where there is none."""
    page: Any = item.page
    if item.row is None:
        try:
            page = json.loads(item.page)[field]
        except (ValueError, LookupError, TypeError, RecursionError):
            return None
    return page if isinstance(page, str) else None


def rounded(line: Line) -> dict[str, Any]:
    """Return ``line.as_dict()`` with four decimals, which is more than the model knows."""
    probabilities = {label.value: round(p, 4) for label, p in line.probabilities.items()}
    return {**line.as_dict(), "confidence": round(line.confidence, 4), "probabilities": probabilities}


def as_json(value: Any) -> str:
    """Return ``value`` as JSON that UTF-8 can carry; bytes as Base64, what else JSON does not know as text."""
    text = json.dumps(value, ensure_ascii=False, default=_default)
    try:
        text.encode()
    except UnicodeEncodeError:  # lone surrogates, which JSON can carry as escapes and UTF-8 cannot
        return json.dumps(value, default=_default)
    return text


def _default(value: Any) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
