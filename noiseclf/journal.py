"""Output files written chunk by chunk, whole or absent, that an interrupted run can go on with.

Chunks go to the end of ``NAME.partial``. After each, a line of ``NAME.journal`` says how much of the input is done and how long
the partial file is then; what an interruption left behind that is cut off. When all is done the partial file takes NAME's place.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

from noiseclf.streams import StreamError, fcntl, target_of, try_lock, unwritable, whole_file


@dataclass(frozen=True)
class Done:
    """How far a run has come.

    Attributes:
        items: of the input, whatever became of them.
        broken: those of them that could not be used.
        size: bytes of the partial file.
        schema: of the records written, where the output has one.
    """

    items: int = 0
    broken: int = 0
    size: int = 0
    schema: str = ""


@dataclass
class ChunkedFile:
    """A file being written; see :func:`chunked_file`.

    Attributes:
        done: what stands in the partial file.
        finish: makes the output, the second file, of the chunks, the first; None where they are the output.
        discard: whether to leave nothing behind, neither output nor what a later run could go on with.
    """

    done: Done
    _partial: IO[bytes]
    _journal: IO[bytes] | None
    finish: Callable[[IO[bytes], IO[bytes]], None] | None = None
    discard: bool = False

    def write(self, data: bytes, done: Done) -> None:
        """Append ``data``, with which the run has come as far as ``done`` (but for ``done.size``, which is set here)."""
        self._partial.write(data)
        self._partial.flush()
        self.done = replace(done, size=self.done.size + len(data))
        if self._journal is not None:
            os.fsync(self._partial.fileno())
            self._journal.write(json.dumps(asdict(self.done)).encode() + b"\n")
            self._journal.flush()
            os.fsync(self._journal.fileno())


@contextmanager
def chunked_file(name: str, run: str, *, keep: bool, resume: bool) -> Iterator[ChunkedFile]:
    """Open a file that takes the place of the file ``name`` when the block ends.

    Args:
        name: of the output.
        run: tells runs that have the same result from others: input, options, model.
        keep: whether to keep what is written, for a later run to go on with, where the block raises.
        resume: whether to go on where an earlier run kept something; without that, begin anew.

    Raises:
        StreamError: ``name`` is no place for a file, writing fails, another process is writing there, or what was kept is of
            another run; what stood in ``name`` before is still there.
    """
    target = target_of(name)
    partial, journal = (target.with_name(target.name + suffix) for suffix in (".partial", ".journal"))
    owned = False
    kept = keep
    try:
        done = _kept(name, run, partial, journal) if resume else None
        with partial.open("r+b" if partial.exists() else "w+b") as file:
            _lock(name, file)
            owned = True
            file.truncate(done.size if done else 0)
            file.seek(0, os.SEEK_END)
            with _opened_journal(journal, run, new=done is None) if keep else nullcontext() as lines:
                chunked = ChunkedFile(done or Done(), file, lines)
                try:
                    yield chunked
                finally:
                    kept = keep and not chunked.discard and chunked.done.items > 0
            if chunked.discard:
                return
            if chunked.finish is not None:
                file.seek(0)
                with whole_file(name) as output:
                    chunked.finish(file, output)
            os.fsync(file.fileno())
        if chunked.finish is None:
            if target.exists():
                shutil.copymode(target, partial)
            partial.replace(target)
        kept = False
    except OSError as error:
        raise unwritable(name, error) from None
    finally:
        if owned and not kept:
            partial.unlink(missing_ok=True)
            journal.unlink(missing_ok=True)


def _kept(name: str, run: str, partial: Path, journal: Path) -> Done | None:
    """Return how far an earlier run came, None where it left nothing to go on with."""
    if not (partial.exists() and journal.exists()):
        return None
    first, *lines = journal.read_bytes().split(b"\n")
    if not lines:  # killed before its first line was whole
        return None
    if first != run.encode():
        raise StreamError(
            f"{name}: {partial.name} beside it is from other input, options or model; "
            "repeat that run's command, or leave --resume out to begin anew"
        )
    size = partial.stat().st_size
    found = [Done(**json.loads(line)) for line in lines[:-1]]  # after the last line break there is nothing, or half a line
    return next((done for done in reversed(found) if done.size <= size), None)


@contextmanager
def _opened_journal(journal: Path, run: str, *, new: bool) -> Iterator[IO[bytes]]:
    if new:
        journal.write_bytes(run.encode() + b"\n")
    else:
        data = journal.read_bytes()
        with journal.open("r+b") as file:
            file.truncate(data.rfind(b"\n") + 1)
    with journal.open("ab") as file:
        yield file


def _lock(name: str, file: IO[bytes]) -> None:
    if fcntl is not None and not try_lock(file):
        raise StreamError(f"{name}: another process is writing it; wait for it, or name another file with -o")
