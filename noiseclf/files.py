"""Files of pages and records → items, one at a time, with what is broken in them; folders and globs of such files."""

from __future__ import annotations

import glob
import gzip
import io
import os
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import IO, Any

from noiseclf.encoding import looks_like_html
from noiseclf.extras import MissingExtraError, needed, require_html
from noiseclf.streams import StreamError, decode, decode_lines, open_input

_ROWS = 64  # of a Parquet file, read at once


@dataclass(frozen=True)
class Limits:
    """What is refused before it fills the memory; pages that people read are far below.

    Attributes:
        record: bytes or characters of a page or record, once decompressed.
        lines: of a page; one of HTML may have four times as many tags.
        ratio: how many times its compressed size a .gz or .zst file, or a column of Parquet, may have once decompressed;
            of no account below the size of one record.
    """

    record: int = 32 << 20
    lines: int = 200_000
    ratio: int = 200

    def fault(self, page: str | bytes, *, html: bool) -> str:
        """Return why ``page`` is too large, "" where it is not."""
        if len(page) > self.record:
            return self.too_large
        if html:
            tags = page.count(b"<") if isinstance(page, bytes) else page.count("<")
            return f"more than {4 * self.lines:,} tags; {_RAISE} --max-lines" if tags > 4 * self.lines else ""
        assert isinstance(page, str)
        return f"more than {self.lines:,} lines; {_RAISE} --max-lines" if page.count("\n") > self.lines else ""

    @property
    def too_large(self) -> str:
        """What is said of a record over the limit."""
        size = f"{self.record >> 20} MiB" if self.record >= 1 << 20 else f"{self.record:,} bytes"
        return f"larger than {size}; {_RAISE} --max-record"

    @property
    def bomb(self) -> str:
        """What is said of data over the ratio."""
        return f"decompresses to more than {self.ratio:,} times its size, as bombs do; {_RAISE} --max-ratio"


_RAISE = "if that is right, raise"
#: The limits unless others are given.
LIMITS = Limits()


class Kind(Enum):
    """What a file holds."""

    TEXT = "a page of text"
    HTML = "a page of HTML"
    JSONL = "records, one JSON object a line"
    PARQUET = "records, in columns"
    WARC = "a crawl's archive: responses with HTML, or conversions with text"

    @property
    def is_records(self) -> bool:
        """Whether the file holds many pages with fields beside them."""
        return self not in (Kind.TEXT, Kind.HTML)


#: What the end of a file's name says of it.
SUFFIXES = {
    ".txt": Kind.TEXT,
    ".html": Kind.HTML,
    ".htm": Kind.HTML,
    ".jsonl": Kind.JSONL,
    ".jsonl.gz": Kind.JSONL,
    ".jsonl.zst": Kind.JSONL,
    ".parquet": Kind.PARQUET,
    ".warc": Kind.WARC,
    ".warc.gz": Kind.WARC,
    ".wet": Kind.WARC,
    ".wet.gz": Kind.WARC,
}


@dataclass(frozen=True)
class Item:
    """A record, or why there is none.

    Attributes:
        file: name of the file it is from, "-" for standard input.
        place: where in the file, such as "line 3"; "" where the file is one page.
        page: the page; where ``row`` is None, the whole record as JSON.
        html: whether the page is HTML.
        row: the record's other fields: a dict, or a RecordBatch of one row in which the page stands too.
        fault: what is broken, "" where nothing is.
    """

    file: str
    place: str
    page: str | bytes = ""
    html: bool = False
    row: Any = None
    fault: str = ""


class Problems:
    """Says on standard error what went wrong, and remembers that something did."""

    def __init__(self, *, quiet: bool = False) -> None:
        """Begin without any; where ``quiet``, nothing is said."""
        self.failed = False
        self._quiet = quiet

    def warn(self, place: str, message: str) -> None:
        """Say ``message`` of ``place``, a file or a record."""
        if not self._quiet:
            print(f"noiseclf: {place}: {message}", file=sys.stderr)  # noqa: T201 - a command line talks

    def fail(self, place: str, message: str) -> None:
        """Say ``message``, for which the run's exit status will be 2."""
        self.failed = True
        self.warn(place, message)

    def replaced(self, file: str, count: int) -> None:
        """Warn of ``count`` byte sequences that were no text, if there are any."""
        if count:
            message = f"{count} byte sequences that are not UTF-8 became U+FFFD; convert the file first (iconv)"
            self.warn(shown(file), message)


def shown(file: str) -> str:
    """Return the name of a file for a message."""
    return "standard input" if file == "-" else file


def kind_of(name: str) -> Kind | None:
    """Return what the end of ``name`` says that the file holds, None where it says nothing."""
    lower = Path(name).name.lower()
    return next((SUFFIXES[suffix] for suffix in sorted(SUFFIXES, key=len, reverse=True) if lower.endswith(suffix)), None)


def expand(names: Sequence[str], without: str | None = None) -> list[str]:
    """Return the files that ``names`` stand for, in order.

    A folder stands for the files in it, at any depth, whose suffix is known; a pattern such as ``crawl/*.warc.gz`` for the
    files that match it. Both are sorted. What stands for nothing stays as it is, to be missed when it is read.

    Args:
        names: files, folders and patterns; "-" is standard input.
        without: a file not to find in folders and by patterns: the output.
    """
    found: list[str] = []
    for name in names:
        if Path(name).is_dir():
            matches = [str(path) for path in Path(name).rglob("*") if path.is_file() and kind_of(path.name)]
        elif name != "-" and not Path(name).exists() and glob.has_magic(name):
            matches = [match for match in glob.glob(name, recursive=True) if Path(match).is_file()]  # noqa: PTH207
        else:
            found.append(name)
            continue
        found += sorted(match for match in matches if without is None or not _same(match, without)) or [name]
    return found


def _same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def read(
    files: Sequence[str],
    field: str,
    kinds: Sequence[Kind],
    problems: Problems,
    *,
    html: bool | None = None,
    limits: Limits = LIMITS,
) -> Iterator[Item]:
    """Yield the records of ``files``, lazily, broken ones too; a file that cannot be used is named to ``problems``.

    Args:
        files: their names.
        field: the records' field that holds the page.
        kinds: what each file holds.
        problems: is told of files, not of records.
        html: whether pages are HTML, except in archives; None for those that :func:`is_html` takes for it.
        limits: above which a record, or the rest of a file, is broken.
    """
    readers: dict[Kind, Callable[[str, str, bool, Problems, Limits], Iterator[Item]]] = {
        Kind.JSONL: _json_lines,
        Kind.PARQUET: _parquet,
        Kind.WARC: _warc,
    }
    for file, kind in zip(files, kinds, strict=True):
        try:
            if html:
                require_html()
            if kind.is_records:
                yield from readers[kind](file, field, bool(html), problems, limits)
            else:
                yield from _page(file, html, problems, limits)
        except (StreamError, MissingExtraError) as error:
            problems.fail(shown(file), str(error))


def is_html(file: str, data: bytes, said: bool | None = None) -> bool:
    """Return whether the page ``data`` is HTML: as ``said``, else by the end of the file's name or how the page begins."""
    return kind_of(file) is Kind.HTML or looks_like_html(data) if said is None else said


def _page(file: str, said: bool | None, problems: Problems, limits: Limits) -> Iterator[Item]:
    with open_input(file) as stream:
        data = stream.read(limits.record + 1)
    if len(data) > limits.record:
        yield Item(file, "", fault=limits.too_large)
    elif is_html(file, data, said):
        require_html()
        yield Item(file, "", data, True, {"file": file})
    else:
        text, replaced = decode(data)
        problems.replaced(file, replaced)
        yield Item(file, "", text, False, {"file": file})


def _json_lines(file: str, field: str, html: bool, problems: Problems, limits: Limits) -> Iterator[Item]:
    broken = _broken_compression()
    number = count = 0
    with open_input(file) as raw, _decompressed(file, raw, limits) as stream:
        try:
            for number, (line, replaced) in enumerate(decode_lines(stream, limits.record), 1):
                count += replaced
                if line is None:
                    yield Item(file, f"line {number}", fault=limits.too_large)
                elif line.strip():
                    yield Item(file, f"line {number}", line, html)
        except broken as error:
            fault = f"the compressed file is cut off or damaged here ({error}), and what follows cannot be read"
            yield Item(file, f"line {number + 1}", fault=fault)
        except BombError:
            yield Item(file, f"line {number + 1}", fault=f"the file {limits.bomb}; what follows is not read")
    problems.replaced(file, count)


class BombError(Exception):
    """Data grows as much when decompressed as only bombs do."""


class _Counted:
    """What a decompressor reads from, and how much that was."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.count += len(data)
        return data


class _Bounded(io.RawIOBase):
    """What a decompressor gives, as long as that is in proportion to what it read."""

    def __init__(self, compressed: _Counted, decompressed: IO[bytes], limits: Limits) -> None:
        self._compressed, self._decompressed, self._limits = compressed, decompressed, limits
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data: bytes = self._decompressed.read1(len(buffer))  # type: ignore[attr-defined] # not read(): what precedes damage is kept
        self._count += len(data)
        if self._count > max(self._limits.record, self._limits.ratio * self._compressed.count):
            raise BombError
        buffer[: len(data)] = data
        return len(data)


def _decompressed(file: str, raw: io.BufferedReader, limits: Limits) -> io.BufferedReader:
    """Return ``raw``, or what decompresses it, gives all that is before damage, and raises BombError over the limit."""
    counted = _Counted(raw)
    if file.lower().endswith(".gz"):
        return io.BufferedReader(_Bounded(counted, gzip.GzipFile(fileobj=counted), limits), 1 << 16)  # type: ignore[call-overload]
    if file.lower().endswith(".zst"):
        return io.BufferedReader(_Bounded(counted, _zstd().ZstdFile(counted), limits), 1 << 16)
    return raw


def _broken_compression() -> tuple[type[Exception], ...]:
    try:
        return (EOFError, zlib.error, gzip.BadGzipFile, _zstd().ZstdError)
    except MissingExtraError:
        return (EOFError, zlib.error, gzip.BadGzipFile)


def _zstd() -> Any:
    with needed("zstd", "reading .zst files"):
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    return zstd


def _parquet(file: str, field: str, html: bool, problems: Problems, limits: Limits) -> Iterator[Item]:
    with needed("parquet", "reading Parquet files"):
        import pyarrow as pa
        import pyarrow.parquet as pq

    number = 0
    with open_input(file) as stream:
        try:
            source = pq.ParquetFile(stream)
        except (pa.ArrowException, OSError) as error:
            raise StreamError(f"is no Parquet file, or is damaged ({_first_line(error)}); check or copy it again") from None
        if _is_bomb(source.metadata, limits):
            raise StreamError(f"a column {limits.bomb}")
        if field not in source.schema_arrow.names:
            names = sorted(source.schema_arrow.names)[:9]
            raise StreamError(f"no column {field!r} among {names}; name the page's column with --field")
        try:
            for batch in source.iter_batches(batch_size=_ROWS):
                for row in range(batch.num_rows):
                    number += 1
                    yield _row(Item(file, f"row {number}", html=html), batch.slice(row, 1), field, limits)
        except (pa.ArrowException, OSError) as error:
            fault = f"the file is damaged here ({_first_line(error)}), and what follows cannot be read"
            yield Item(file, f"row {number + 1}", fault=fault)


def _is_bomb(metadata: Any, limits: Limits) -> bool:
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    columns = [group.column(i) for group in groups for i in range(group.num_columns)]
    sizes = [(column.total_uncompressed_size, column.total_compressed_size) for column in columns]
    return any(full > max(limits.record, limits.ratio * small) for full, small in sizes)


def _row(item: Item, row: Any, field: str, limits: Limits) -> Item:
    try:
        page = row.column(field)[0].as_py()
    except UnicodeDecodeError as error:
        return Item(item.file, item.place, fault=f"column {field!r} is not UTF-8 ({error.reason})")
    if not (isinstance(page, str) or (item.html and isinstance(page, bytes))):
        return Item(item.file, item.place, fault=f"column {field!r} is not text but a {type(page).__name__}")
    if len(page) > limits.record:
        return Item(item.file, item.place, fault=limits.too_large)
    return Item(item.file, item.place, page, item.html, row)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")


# WARC


def _warc(file: str, field: str, html: bool, problems: Problems, limits: Limits) -> Iterator[Item]:
    """Yield an item for each page, and one for each stretch of the file that is no record.

    After such a stretch, reading goes on where the next record may begin: in a compressed file, at what looks like the start of
    a gzip member, which all tools begin a record with; in a plain one, at a version line after an empty line.
    """
    with needed("warc", "reading WARC files"):
        from fastwarc.warc import ArchiveIterator, WarcRecordType

    wanted = WarcRecordType.response | WarcRecordType.conversion
    with open_input(file) as stream:
        start: bytes = b"\x1f\x8b\x08" if stream.peek(2)[:2] == b"\x1f\x8b" else b"WARC/1."
        if stream.peek(1) == b"":
            return
        number = 0
        broken = False  # whether the last item told of a fault that is perhaps of the same stretch
        at: int | None = 0
        while at is not None:
            stream.seek(at)
            try:
                for record in ArchiveIterator(stream, parse_http=False, record_types=WarcRecordType.any_type):
                    at = record.stream_pos
                    number += 1
                    item = _archived(Item(file, f"record {number}"), record, limits) if record.record_type & wanted else None
                    broken = item is not None and bool(item.fault)
                    if item is not None:
                        yield item
                return
            except (OSError, ValueError) as error:
                if not broken:
                    number += 1
                    yield Item(file, f"record {number}", fault=f"no WARC record, or a damaged one ({_first_line(error)})")
                    broken = True
                at = _find(stream, start, at + 1)


def _find(stream: IO[bytes], what: bytes, at: int) -> int | None:
    """Return where ``what`` next begins in ``stream``, from the position ``at`` on."""
    stream.seek(at)
    tail = b""
    while block := stream.read(1 << 20):
        found = (tail + block).find(what)
        if found >= 0:
            return at - len(tail) + found
        at += len(block)
        tail = (tail + block)[1 - len(what) :]
    return None


def _archived(item: Item, record: Any, limits: Limits) -> Item | None:
    """Return the page of a record, None where it holds something else than a page."""
    headers = record.headers
    row = {"id": headers.get("WARC-Record-ID"), "url": headers.get("WARC-Target-URI"), "date": headers.get("WARC-Date")}
    if headers.get("Content-Length") is None or not headers.get("Content-Length").strip().isdecimal():
        return Item(item.file, item.place, fault="a WARC record without a length")
    if headers.get("WARC-Type") == "conversion":
        fault, data = _payload(record, limits)
        return Item(item.file, item.place, data.decode("utf-8", "replace"), False, row, fault)
    if not record.is_http:
        return None
    record.parse_http()
    answer = record.http_headers
    if answer is None or answer.status_code is None:
        return Item(item.file, item.place, fault="a response without an HTTP header, or with a damaged one")
    if not 200 <= answer.status_code < 300 or (record.http_content_type or "") not in ("text/html", "application/xhtml+xml"):
        return None
    require_html()
    fault, data = _payload(record, limits)
    if not fault:
        fault, data = _decoded(data, answer, limits)
    return Item(item.file, item.place, _in_charset(data, record.http_charset), True, row, fault)


def _payload(record: Any, limits: Limits) -> tuple[str, bytes]:
    """Return what is wrong with the record's payload, "" for nothing, and the payload."""
    length = record.content_length
    if length > limits.record:
        return limits.too_large, b""
    data: bytes = record.reader.read(length) if length else b""
    if len(data) < length:
        return f"cut off after {len(data):,} of {length:,} bytes", b""
    return "", data


def _decoded(data: bytes, headers: Any, limits: Limits) -> tuple[str, bytes]:
    """Undo the codings of an HTTP message; results as of :func:`_payload`."""
    from fastwarc import stream_io

    readers: dict[str, Callable[[IO[bytes]], Any]] = {
        "chunked": stream_io.ChunkedReader,
        "gzip": stream_io.GzipReader,
        "x-gzip": stream_io.GzipReader,
        "deflate": lambda stream: stream_io.GzipReader(stream, zlib=True),
        "br": stream_io.BrotliReader,
        "zstd": stream_io.ZstdReader,
    }
    names = ",".join(headers.get(name) or "" for name in ("Content-Encoding", "Transfer-Encoding")).lower()
    for coding in reversed([name.strip() for name in names.split(",") if name.strip() not in ("", "identity")]):
        if coding not in readers:
            return f"unknown HTTP coding {coding!r}", b""
        try:
            data = readers[coding](io.BytesIO(data)).read(limits.record + 1)
        except (OSError, ValueError) as error:
            return f"its {coding} coding is damaged ({_first_line(error)})", b""
        if len(data) > limits.record:
            return limits.too_large, b""
    return "", data


def _in_charset(data: bytes, charset: str | None) -> str | bytes:
    """Return the text of ``data`` where the HTTP header names its encoding; a byte order mark knows better."""
    if charset is None or data.startswith((b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe")):
        return data
    charset = charset.strip("\"' ").lower()
    try:
        return data.decode("cp1252" if charset in ("iso-8859-1", "latin1", "us-ascii", "ascii") else charset, "replace")
    except (LookupError, ValueError):
        return data
