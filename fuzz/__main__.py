"""Run a target: ``python -m fuzz TARGET SECONDS``; a crash, 2 s an input or 500 MB of memory end it with an error.

The fuzzer is started anew after some thousand inputs, since its own records of comparisons grow by 30 KB an input and would
count as memory; what it has learnt stands in the corpus. The 2 s are of the process's own time, so that a busy machine makes
no find; an input that never ends is one after a minute.
What it found stands in ``.cache/fuzz``: the corpus in ``TARGET/``, an input that ended it as ``TARGET-crash-…`` and the like.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

_FOUND = Path(".cache/fuzz")
_DICTIONARY = Path(__file__).with_name("tokens.dict")
_RUNS = 4000  # inputs a process
_LIMIT = 2.0  # seconds of processor time an input may take


class SlowError(Exception):
    """An input took too long."""


def timed(target: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Return ``target`` as one that raises SlowError where an input takes more than the limit."""

    def run(data: bytes) -> None:
        start = time.process_time()
        target(data)
        taken = time.process_time() - start
        if taken > _LIMIT:
            raise SlowError(f"{taken:.1f} s for {len(data)} bytes")

    return run


def main(name: str, seconds: float) -> int:
    """Fuzz the target ``name`` by one process after another; return the exit status of the last."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        status = subprocess.run([sys.executable, "-m", "fuzz", name, str(int(left) + 1), "once"], check=False).returncode
        if status:
            return status
    return 0


def once(name: str, seconds: str) -> None:
    """Fuzz the target ``name`` in this process, which that ends."""
    import atheris

    with atheris.instrument_imports(include=["noiseclf"]):
        from fuzz import targets
    corpus = _FOUND / name
    corpus.mkdir(parents=True, exist_ok=True)
    for i, seed in enumerate(targets.seeds(name)):
        (corpus / f"seed-{i}").write_bytes(seed)
        targets.TARGETS[name](seed)  # what is loaded once is no input's time
    limits = [f"-max_total_time={seconds}", f"-runs={_RUNS}", "-timeout=60", "-rss_limit_mb=500", "-max_len=65536"]
    limits += ["-print_final_stats=1", f"-dict={_DICTIONARY}", f"-artifact_prefix={_FOUND}/{name}-"]
    atheris.Setup([name, str(corpus), *limits], timed(targets.TARGETS[name]))
    atheris.Fuzz()


if sys.argv[3:]:
    once(*sys.argv[1:3])
else:
    sys.exit(main(sys.argv[1], float(sys.argv[2])))
