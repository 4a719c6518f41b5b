"""Bytes in and out for the command line: text whatever the locale, and output files that are whole or not there."""

from __future__ import annotations

import codecs
import hashlib
import io
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import IO

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows, where nothing of the kind is at hand
    fcntl = None

#: Bytes at a file's start that tell what it is.
HEAD = 8192
# What a decoder leaves where bytes are no text: a lone surrogate, which no codec used here gives otherwise.
_MARK = "\udcff"
_MARKING = "noiseclf.mark"
codecs.register_error(_MARKING, lambda error: (_MARK, error.end if isinstance(error, UnicodeDecodeError) else 0))


class StreamError(Exception):
    """A file cannot be read or written; the message says why, and what to do."""


def codec_of(head: bytes) -> str:
    """Return the codec for a file whose first :data:`HEAD` bytes are ``head``: UTF-16 by its mark, else UTF-8.

    Raises:
        StreamError: NUL bytes say that the file is no text.
    """
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in head[:HEAD]:
        raise StreamError("holds NUL bytes, so it is no text; give the page's text, in UTF-8")
    return "utf-8-sig"


def decode(data: bytes) -> tuple[str, int]:
    """Return the text of ``data``, and how many byte sequences were no text and are U+FFFD now; errors as above."""
    return _unmark(data.decode(codec_of(data[:HEAD]), _MARKING))


def decode_lines(stream: io.BufferedReader, limit: int) -> Iterator[tuple[str | None, int]]:
    r"""Yield each line of ``stream``, without its ``"\n"``, with its count as in :func:`decode`; reads on as needed.

    A line of more than ``limit`` characters is None; no more of it than that is held.
    """
    text = io.TextIOWrapper(stream, codec_of(stream.peek(HEAD)), _MARKING, newline="\n")
    try:
        while line := text.readline(limit + 1):
            if len(line) <= limit or line.endswith("\n"):
                yield _unmark(line.removesuffix("\n"))
                continue
            while (line := text.readline(limit)) and not line.endswith("\n"):
                pass
            yield None, 0
    finally:
        text.detach()  # or the wrapper would close the stream, which may be standard input


def _unmark(text: str) -> tuple[str, int]:
    count = text.count(_MARK)
    return (text.replace(_MARK, "\ufffd"), count) if count else (text, 0)


@contextmanager
def open_input(name: str) -> Iterator[io.BufferedReader]:
    """Open the file ``name``, or standard input where it is ``"-"``, for reading bytes.

    Raises:
        StreamError: it cannot be opened, or reading it fails.
    """
    try:
        with open(0 if name == "-" else name, "rb", closefd=name != "-") as stream:
            yield stream
    except FileNotFoundError:
        raise StreamError("no such file; check the name, or use - for standard input") from None
    except IsADirectoryError:
        raise StreamError(f"is a folder; name the files in it, such as {Path(name, '*.txt')}") from None
    except OSError as error:
        raise StreamError(f"cannot be read ({error.strerror or error}); check the file and its permissions") from None


@contextmanager
def whole_file(name: str) -> Iterator[IO[bytes]]:
    """Open a new file that takes the place of the file ``name`` when the block ends, and goes if the block raises.

    Raises:
        StreamError: ``name`` is no place for a file, or writing fails; what was there before is still there.
    """
    target = target_of(name)
    temporary = target
    try:
        with _beside(target) as file:
            temporary = Path(file.name)
            if target.exists():
                shutil.copymode(target, temporary)
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException as error:
        if temporary != target:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise unwritable(name, error) from None
        raise


def _beside(target: Path) -> IO[bytes]:
    """Open a new file beside ``target``, locked, and remove those that killed processes left there for the same target."""
    own = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:8]
    for left in target.parent.glob(f".noiseclf-{own}-*.tmp"):
        with suppress(FileNotFoundError, PermissionError), left.open("r+b") as old:
            if try_lock(old):
                left.unlink()
    while True:
        file = target.with_name(f".noiseclf-{own}-{secrets.token_hex(4)}.tmp").open("xb")
        if fcntl is None or (try_lock(file) and os.fstat(file.fileno()).st_nlink):
            return file
        file.close()  # another process took it for one that was left


def try_lock(file: IO[bytes]) -> bool:
    """Lock ``file`` until it is closed; return False where another process has it locked, or where nothing can be locked."""
    if fcntl is None:
        return False
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # not flock, which worker processes would inherit
    except (BlockingIOError, PermissionError):
        return False
    return True


def target_of(name: str) -> Path:
    """Return the file that ``name`` stands for; a link stays a link.

    Raises:
        StreamError: ``name`` is no place for a file.
    """
    target = Path(os.path.realpath(name))
    if target.exists() and not target.is_file():
        raise StreamError(f"{name}: is a folder or a device; name a file with -o, or leave -o out and use >")
    return target


def unwritable(name: str, error: OSError) -> StreamError:
    """Return the error that says why the file ``name`` cannot be written."""
    return StreamError(f"{name}: cannot be written ({error.strerror or error}); check its folder, permissions and free space")
