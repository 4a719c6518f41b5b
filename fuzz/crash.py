"""Kill ``noiseclf clean -o`` at random moments: ``python -m fuzz.crash``, or ``make crash``.

Each time, by SIGKILL: the command's process alone or its workers too, with and without ``--jobs``, into JSONL, Parquet and text,
over nothing or over an older output. After each kill the output is that of an uninterrupted run, or what stood there before;
after a few kills the command runs to its end, with ``--resume`` where it takes that, and the output is the same byte for byte
and nothing else is left.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_LINES = ["Home | News | Sport", "The ferry was late again on Monday.", "Leave a reply", "Buy one, get one free"]
_OLD = b"what stood there before\n"


@dataclass(frozen=True)
class Case:
    """A command to kill.

    Attributes:
        arguments: of the command line.
        output: the file it writes.
        expected: the output of an uninterrupted run.
        seconds: that such a run takes.
    """

    arguments: tuple[str, ...]
    output: Path
    expected: bytes
    seconds: float


def make_inputs(folder: Path, count: int) -> None:
    """Write ``count`` records, some broken, into ``folder``, and pages of text beside them."""
    rows = []
    for i in range(count):
        page = "\n".join(f"{line} {i}" for line in _LINES)
        rows.append(json.dumps({"n": i, "text": page} if i % 700 != 50 else {"n": i}) + "\n")
    (folder / "pages.jsonl.gz").write_bytes(gzip.compress("".join(rows).encode(), mtime=0))
    (folder / "pages").mkdir()
    for i in range(count // 10):
        (folder / "pages" / f"{i:04}.txt").write_text("\n".join(_LINES * 5) + f"\n{i}\n", encoding="utf-8")


def cases(folder: Path, model: str | None, outputs: Sequence[str]) -> list[Case]:
    """Return the commands over the inputs in ``folder``, each run once to its end, into ``outputs``."""
    found = []
    for output in outputs:
        source = ["pages.jsonl.gz"] if Path(output).suffix != ".txt" else [f"pages/{p.name}" for p in _pages(folder)]
        for jobs in ("1", "2"):
            arguments = ["clean", *source, "-o", output, "-j", jobs] + (["--model", model] if model else [])
            start = time.monotonic()
            _start(folder, arguments).wait()
            seconds = time.monotonic() - start
            path = folder / output
            found.append(Case(tuple(arguments), path, path.read_bytes(), seconds))
            path.unlink()
    return found


def _pages(folder: Path) -> list[Path]:
    return sorted((folder / "pages").iterdir())


def _start(folder: Path, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "noiseclf", *arguments]
    return subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)


def kill_and_finish(case: Case, kills: int, source: random.Random) -> Counter[str]:
    """Kill ``case`` so many times, then let it end; return how often it was killed in which state.

    Raises:
        AssertionError: an output is neither whole nor absent, or something else is left at the end.
    """
    counts: Counter[str] = Counter()
    before = source.choice([None, _OLD])
    if before is not None:
        case.output.write_bytes(before)
    resume = ["--resume"] if case.output.suffix != ".txt" else []
    while counts.total() < kills:
        process = _start(case.output.parent, [*case.arguments, *source.choice([resume, resume, []])])
        time.sleep(source.uniform(0, case.seconds))
        alive = process.poll() is None
        try:
            source.choice([os.kill, os.killpg])(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            alive = False
        ended = process.wait() != -signal.SIGKILL
        found = case.output.read_bytes() if case.output.exists() else None
        assert found in (before, case.expected), f"{case.output} is neither whole nor absent after a kill: {case.arguments}"
        if ended or not alive:  # it was too quick
            case.output.unlink()
            before = None
            continue
        counts[_state(case, found)] += 1
        before = found
    _start(case.output.parent, [*case.arguments, *resume]).wait()
    assert case.output.read_bytes() == case.expected, f"{case.output} differs after {kills} kills: {case.arguments}"
    left = [path.name for path in case.output.parent.iterdir() if path not in (case.output, case.output.parent / "pages")]
    assert left == ["pages.jsonl.gz"], f"left behind: {left}, after {case.arguments}"
    case.output.unlink()
    return counts


def _state(case: Case, found: bytes | None) -> str:
    journal = case.output.with_name(case.output.name + ".journal")
    if found == case.expected:
        return "the output was in its place"
    if journal.exists() and (chunks := journal.read_bytes().count(b"\n") - 1) > 0:
        return f"{chunks} chunks were written"
    return "nothing was written yet"


def run(folder: Path, kills: int, seed: int, model: str | None, *, records: int, outputs: Sequence[str]) -> Counter[str]:
    """Kill the commands in turn until there were ``kills``; return how often in which state.

    Raises:
        AssertionError: as :func:`kill_and_finish`.
    """
    source = random.Random(seed)
    make_inputs(folder, records)
    found = cases(folder, model, outputs)
    counts: Counter[str] = Counter()
    turn = 0
    while counts.total() < kills:
        counts += kill_and_finish(found[turn % len(found)], min(source.randint(1, 4), kills - counts.total()), source)
        turn += 1
    return counts


def main() -> None:
    """Kill as the arguments say, and print what was found."""
    parser = argparse.ArgumentParser("python -m fuzz.crash", description="Kill noiseclf clean -o at random moments.")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--records", type=int, default=1600)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outputs = ["out.jsonl", "out.parquet", "out.txt"]
        counts = run(Path(folder), options.kills, options.seed, None, records=options.records, outputs=outputs)
    print(f"{counts.total()} kills, seed {options.seed}; each output whole or absent, each finished run the same:")  # noqa: T201
    for state, count in sorted(counts.items()):
        print(f"{count:5}  {state}")  # noqa: T201


if __name__ == "__main__":
    main()
