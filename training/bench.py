"""Speed, start and memory of the classifier, peers as ratios in the same run: ``python -m training.bench``.

Speed is that of one core: times are those that the processor spent, with NumPy kept to one thread.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

import noiseclf
from noiseclf import compiled
from noiseclf.lines import normalise
from training import charts
from training.corpus import CorpusError, read_own, read_split

_ROUNDS = 5
#: Lines of a page whose time a line is compared: it should hardly grow.
_SIZES = (50, 200, 500, 5_000, 50_000)
_START = (
    "import time; t = time.perf_counter(); import noiseclf; noiseclf.clean('Home\\nA short page.\\n'); "
    "print(time.perf_counter() - t)"
)
_MEMORY = (
    "import resource, sys, noiseclf; lines = [f'{i} {line}' for i, line in enumerate(sys.stdin.read().split(chr(10)))]; "
    "pages = (lines[i % 50:i % 50 + 200] for i in range(500)); n = sum(len(p.lines) for p in noiseclf.classify_many(pages)); "
    "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
)


def seconds(work: Callable[[], Any], rounds: int = _ROUNDS) -> float:
    """Return the median processor time of ``rounds`` runs of ``work``, in seconds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def pages_of(lines: Sequence[str], size: int) -> list[list[str]]:
    """Return ``lines`` cut into pages of ``size`` lines, the rest left out."""
    return [list(lines[i : i + size]) for i in range(0, len(lines) - size + 1, size)]


def measure(pages: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return the classifier's own figures on ``pages``: lines a second, start in seconds, peak memory in MB."""
    lines = [line for page in pages for line in page]
    blocks = pages_of(lines, 200)
    noiseclf.classify(blocks[0])
    figures = {"lines a second, pages of 200": 200 * len(blocks) / seconds(lambda: list(noiseclf.classify_many(blocks)))}
    figures["pages a second, as they are"] = len(pages) / seconds(lambda: list(noiseclf.classify_many(pages)))
    starts = [float(_python(_START)) for _ in range(_ROUNDS)]
    figures["import and first page, seconds"] = statistics.median(starts)
    figures["peak memory, MB"] = float(_python(_MEMORY, "\n".join(lines[:2000])))
    return figures


def by_size(lines: Sequence[str], sizes: Sequence[int]) -> dict[str, float]:
    """Return the microseconds a line takes on pages of each of ``sizes`` lines, all made of the same ``lines``."""
    total = max(sizes)
    lines = list(islice(cycle(lines), total))
    figures = {}
    for size in sizes:
        work = partial(_label, pages_of(lines, size))
        figures[f"{size:,}"] = 1e6 * seconds(work) / (total // size * size)
    return figures


def _label(pages: Sequence[Sequence[str]]) -> None:
    deque(noiseclf.classify_many(pages), maxlen=0)  # none is kept


def by_part(lines: Sequence[str], size: int = 200) -> dict[str, float]:
    """Return the microseconds a line that each part of the work takes on pages of ``size`` lines."""
    classifier = noiseclf.load()
    pages = pages_of(lines, size)
    seen = [[line for line in normalise(page) if line] for page in pages]
    features = [classifier.features(page) for page in seen]
    parts: dict[str, Callable[[], Any]] = {
        "normalise": lambda: [normalise(page) for page in pages],
        "shape": lambda: [classifier.shape(page) for page in seen],
        "scorer": lambda: [classifier.vectors(page) for page in seen],
        "context network": lambda: [classifier.network(rows) for rows in features],
        "all": lambda: _label(pages),
    }
    figures = {name: 1e6 * seconds(work) / (size * len(pages)) for name, work in parts.items()}
    everything = figures.pop("all")
    return {**figures, "labels, lines and the rest": everything - sum(figures.values())}


def _python(code: str, text: str = "") -> str:
    done = subprocess.run([sys.executable, "-c", code], input=text.encode("utf-8", "replace"), capture_output=True, check=True)
    return done.stdout.decode()


def compare(corpus: Path, limit: int, own: float) -> dict[str, dict[str, float]]:
    """Return pages a second on ``limit`` dev pages' HTML, of noiseclf and of each peer, and how many times as fast it is.

    ``own`` is what noiseclf does on the pages' lines.
    """
    from training.peers import PEERS, Peer, decode, read_html

    html = read_html(corpus, "dev")
    pages = [page for page in read_split(corpus, "dev") if page.id in html][:limit]
    figures = {}
    from_html = 0.0
    if "html" in noiseclf.load().metadata:
        # Warm, but on other pages: what it remembers of the names in a page's markup must not count.
        for page in [page for page in read_split(corpus, "dev") if page.id in html][limit : limit + 20]:
            noiseclf.clean_html(html[page.id])
        from_html = len(pages) / seconds(lambda: [noiseclf.clean_html(html[page.id]) for page in pages], 1)
        figures["noiseclf, from HTML"] = {"pages a second": from_html, "noiseclf is faster by": own / from_html}
    for peer in PEERS:

        def run(peer: Peer = peer) -> None:
            for page in pages:
                peer.run(decode(html[page.id]), page.lang)

        rate = len(pages) / seconds(run, 1)
        figures[peer.name] = {"pages a second": rate, "noiseclf is faster by": own / rate}
        if from_html:
            figures[peer.name]["noiseclf from HTML is faster by"] = from_html / rate
    return figures


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print and write ``bench.json``; return the exit code."""
    parser = argparse.ArgumentParser(description="Measure speed, start and memory.")
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpus"), help="dev pages, and their HTML for peers")
    parser.add_argument("--out", type=Path, default=Path("reports"))
    parser.add_argument("--pages", type=int, default=80, help="pages that the peers are timed on")
    arguments = parser.parse_args(argv)
    try:
        pages = [page.lines for page in read_split(arguments.corpus, "dev") if page.labels]
    except (CorpusError, OSError) as error:
        print(f"bench: our own pages instead of dev pages: {error}", file=sys.stderr)
        pages = [page.lines for page in read_own(Path("data"))]
    lines = [line for page in pages for line in page]
    with threadpool_limits(1):
        figures = measure(pages)
        sizes, parts = by_size(lines, _SIZES), by_part(lines)
    peers: dict[str, dict[str, float]] = {}
    try:
        peers = compare(arguments.corpus, arguments.pages, figures["pages a second, as they are"])
    except (CorpusError, OSError, ImportError) as error:
        print(f"bench: without peers: {error}", file=sys.stderr)
    for name, value in figures.items():
        print(f"{name:34} {value:12,.2f}")
    print(f"compiled core: {'used' if compiled.IN_USE else 'not there'}")
    for name, value in [*((f"pages of {size} lines", value) for size, value in sizes.items()), *parts.items()]:
        print(f"{name:34} {value:12,.2f} µs a line")
    for name, row in peers.items():
        html = row.get("noiseclf from HTML is faster by")
        times = f"{row['noiseclf is faster by']:.1f} times as fast" + (f", from HTML {html:.1f} times" if html else "")
        print(f"{name:34} {row['pages a second']:12,.1f} pages/s; noiseclf {times}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    report = {
        "compiled core": compiled.IN_USE, "noiseclf": figures, "microseconds a line by lines of the page": sizes,
        "microseconds a line by part": parts, "peers": peers,
    }  # fmt: skip
    (arguments.out / "bench.json").write_text(json.dumps(report, indent=1) + "\n")
    (arguments.out / "speed-by-size.svg").write_text(charts.time_by_size(sizes), encoding="utf-8")
    (arguments.out / "speed-by-part.svg").write_text(charts.time_by_part(parts), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
