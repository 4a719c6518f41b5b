"""The same labels on every Python and NumPy: ``python -m fuzz.matrix``, or ``make matrix``.

For each Python that is found, and for the oldest and the newest NumPy that pyproject.toml allows on it, noiseclf is installed by
uv as users install it (in another system's folder without its compiled parts), and labels pages written by this project: one
after the other, by two processes, backwards, and again in a process with another hash seed. The labels must be those of all
others; how far probabilities are apart is said.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
_VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
_RESOLUTIONS = ("lowest-direct", "highest")
# Taken as wheels alone, so that the oldest is the oldest that is built for a Python.
_BINARY = ("numpy", "selectolax", "resiliparse")

_EACH = 10
#: Run in each environment, away from the sources: labels and probabilities of the pages in a file, as JSON.
_LABEL = """
import json, platform, sys
from pathlib import Path
import numpy, noiseclf
pages = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))

def found(results):
    return [[[line.label and line.label.value, {k.value: p for k, p in line.probabilities.items()}] for line in page.lines]
            for page in results]

if __name__ == "__main__":
    once = found(noiseclf.classify(page) for page in pages["text"])
    assert once == found(noiseclf.load().classify_many(pages["text"], jobs=2)), "two jobs differ from one"
    backwards = found(noiseclf.classify(page) for page in reversed(pages["text"]))
    assert once == backwards[::-1], "the pages' order matters"
    html = found(noiseclf.classify_html(page) for page in pages["html"])
    assert html == found(noiseclf.load().classify_html_many(pages["html"], jobs=2)), "two jobs differ from one, of HTML"
    where = {"python": platform.python_version(), "numpy": numpy.__version__, "file": noiseclf.__file__}
    print(json.dumps({**where, "pages": once + html}))
"""


def interpreters(roots: Sequence[Path]) -> dict[str, Path]:
    """Return the Pythons that are found, by version: in pyenv's folder, on the path, in ``roots`` (such as a Debian's)."""
    found: dict[str, Path] = {}
    for version in _VERSIONS:
        candidates = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))
        candidates += [root / "usr/bin" / f"python{version}" for root in roots]
        candidates += [Path(path) for path in [shutil.which(f"python{version}")] if path]
        for path in candidates:
            command = [*_within(path), "-c", "import venv, sys; print(sys.version_info[:2])"]
            if path.exists() and subprocess.run(command, capture_output=True, check=False).returncode == 0:
                found[version] = path
                break
    return found


def _within(python: Path) -> list[str]:
    """Return the command that starts ``python``, within the system that it stands in where that is another."""
    root = python.parents[2] if len(python.parents) > 3 and (python.parents[2] / "etc/debian_version").exists() else None
    return [str(python)] if root is None else ["chroot", str(root), "/" + str(python.relative_to(root))]


def labels(python: Path, resolution: str, wheel: Path | None, pages: Path, folder: Path, uv: str) -> list[dict[str, Any]]:
    """Install ``wheel`` for ``python`` and return what it says of ``pages``, in two processes.

    Without a wheel it is what an install without a C compiler has: the package's Python alone.
    """
    within = _within(python)
    home = folder if len(within) == 1 else Path(within[1], "tmp/matrix")
    home.mkdir(parents=True, exist_ok=True)
    target = home / f"{python.name}-{resolution}"
    version = python.name.removeprefix("python")
    command = [uv, "pip", "install", "--quiet", "--python-version", version, "--target", str(target), "--resolution", resolution]
    command += [part for name in _BINARY for part in ("--only-binary", name)] + [
        "-r",
        str(_ROOT / "pyproject.toml"),
        "--extra",
        "html",
        *([str(wheel)] if wheel else []),
    ]
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(command, check=True)
    if wheel is None:
        shutil.copytree(_ROOT / "noiseclf", target / "noiseclf", ignore=shutil.ignore_patterns("*.so", "*.c", "__pycache__"))
    (home / "label.py").write_text(_LABEL, encoding="utf-8")
    shutil.copy(pages, home / "in.json")
    inside = Path("/", home.relative_to(within[1])) if len(within) > 1 else home
    found = []
    for seed in ("0", "1"):
        environment = {**os.environ, "PYTHONPATH": str(inside / target.name), "PYTHONHASHSEED": seed}
        ran = [*within, str(inside / "label.py"), str(inside / "in.json")]
        found.append(json.loads(subprocess.run(ran, check=True, env=environment, cwd="/", stdout=subprocess.PIPE).stdout))
    return found


def built(python: Path, folder: Path, uv: str) -> Path:
    """Return the wheel that ``python`` builds into ``folder``."""
    shutil.rmtree(folder, ignore_errors=True)
    command = [uv, "build", "--quiet", "--wheel", "--out-dir", str(folder), "--python", str(python), str(_ROOT)]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def pages_here() -> dict[str, list[str]]:
    """Return the pages: the examples, the tests' own, the fuzzers' first one, and every tenth of data/pages."""
    sys.path.insert(0, str(_ROOT / "tests"))
    import sites

    from fuzz import targets

    text = [(_ROOT / "examples/news.txt").read_text(encoding="utf-8"), *(sites.page(i) for i in range(20))]
    html = [(_ROOT / "examples/forum.html").read_text(encoding="utf-8"), *(sites.html(i) for i in range(20))]
    for path in sorted((_ROOT / "data/pages").rglob("*.tsv"))[::_EACH]:
        rows = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        text.append("\n".join(row.partition("\t")[2] for row in rows))
    return {"text": text, "html": [*html, targets._HTML]}


def differences(one: list[Any], other: list[Any]) -> tuple[int, float]:
    """Return how many labels differ between two results, and the most that a probability does."""
    count, most = 0, 0.0
    for page, same in zip(one, other, strict=True):
        for (label, shares), (second, others) in zip(page, same, strict=True):
            count += label != second
            most = max([most, *(abs(shares[name] - others[name]) for name in shares)])
    return count, most


def main() -> None:
    """Build the environments, compare what they say, and print it; exit status 1 where labels differ."""
    parser = argparse.ArgumentParser("python -m fuzz.matrix", description="The same labels on every Python and NumPy.")
    parser.add_argument("--root", type=Path, action="append", default=[], help="folder of another Debian, for its Pythons")
    parser.add_argument("--folder", type=Path, default=Path(".cache/matrix"))
    parser.add_argument("--uv", default=shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH')}"))
    options = parser.parse_args()
    folder = options.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    pages = folder / "pages.json"
    pages.write_text(json.dumps(pages_here()), encoding="utf-8")
    found = interpreters(options.root)
    missing = sorted(set(_VERSIONS) - set(found))
    print(f"not to be had here: {', '.join(missing) or 'none'}")  # noqa: T201
    first: list[Any] | None = None
    differ = 0
    for version, python in found.items():
        wheel = built(python, folder / f"wheel-{version}", options.uv) if len(_within(python)) == 1 else None
        how = "" if wheel else ", not compiled"
        for resolution in _RESOLUTIONS:
            for result in labels(python, resolution, wheel, pages, folder, options.uv):
                first = result["pages"] if first is None else first
                count, most = differences(first, result["pages"])
                differ += count
                lines = sum(map(len, result["pages"]))
                print(  # noqa: T201
                    f"Python {result['python']}, NumPy {result['numpy']} ({resolution}{how}): {lines:,} lines, "
                    f"{count} labels differ, probabilities by {most:.1e} at most",
                    flush=True,
                )
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main()
