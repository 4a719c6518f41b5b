"""Run a target: ``python -m fuzz TARGET SECONDS``; a crash, 2 s an input or 500 MB of memory end it with an error.

What it found stands in ``.cache/fuzz``: the corpus in ``TARGET/``, an input that ended it as ``TARGET-crash-…`` and the like.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["noiseclf"]):
    from fuzz import targets

_FOUND = Path(".cache/fuzz")
_DICTIONARY = Path(__file__).with_name("tokens.dict")


def main() -> None:
    name, seconds = sys.argv[1:]
    corpus = _FOUND / name
    corpus.mkdir(parents=True, exist_ok=True)
    for i, seed in enumerate(targets.seeds(name)):
        (corpus / f"seed-{i}").write_bytes(seed)
    limits = [f"-max_total_time={seconds}", "-timeout=2", "-rss_limit_mb=500", "-max_len=65536", "-print_final_stats=1"]
    limits += [f"-dict={_DICTIONARY}", f"-artifact_prefix={_FOUND}/{name}-"]
    atheris.Setup([name, str(corpus), *limits], targets.TARGETS[name])
    atheris.Fuzz()


main()
