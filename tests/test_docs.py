"""What docs/ and the README show can be run: each example as it stands, beside files of the names it uses."""

import gzip
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import sites
from warcs import conversion

from noiseclf import cli

ROOT = Path(__file__).parents[1]
DOCS = sorted(path.name for path in (ROOT / "docs").glob("*.md"))
#: Pages whose code needs an extra, or files, and has a test of its own below.
OWN = ("dataframes.md", "datatrove.md", "scrapy.md", "spark.md")
PREPARED = 'noiseclf() { "$PYTHON" -m noiseclf "$@"; }\nset -e\n'


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.M | re.S)


CODE = [(name, code) for name in DOCS if name not in OWN for code in blocks(f"docs/{name}", "python")]
COMMANDS = [(name, row) for name in DOCS for block in blocks(f"docs/{name}", "") for row in block.splitlines()
            if row.startswith("noiseclf ")]  # fmt: skip


def test_every_block_has_its_test():
    assert {name for name in DOCS if blocks(f"docs/{name}", "sh")} == {"files.md"}
    assert {name for name in OWN if blocks(f"docs/{name}", "python")} == set(OWN)
    languages = {found for name in DOCS for found in re.findall(r"^```(\w+)$", (ROOT / "docs" / name).read_text("utf-8"), re.M)}
    assert languages == {"python", "sh"}


@pytest.mark.parametrize(("name", "code"), CODE)
def test_code_runs(name, code, monkeypatch):
    if "html(" in code:
        pytest.importorskip("selectolax", reason="needs noiseclf[html]")
    monkeypatch.chdir(ROOT)
    exec(compile(code, name, "exec"), {})


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_commands_are_understood_and_inspect_runs(name, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "examples", "examples")
    words = shlex.split(command)[1:]
    cli._parser().parse_args(words)
    if words[0] == "inspect":
        assert cli.main(words) == 0


def test_the_make_targets_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in ["README.md", *(f"docs/{name}" for name in DOCS)]:
        assert set(re.findall(r"(?:^|`)make ([a-z]+)", (ROOT / page).read_text(encoding="utf-8"), re.M)) <= targets


def test_the_readme_in_python():
    pytest.importorskip("selectolax", reason="needs noiseclf[html]")
    text, html = blocks("README.md", "python")
    text = text.replace('"own.noiseclf"', repr(str(ROOT / "noiseclf/model/lines.noiseclf"))).replace("jobs=4", "jobs=1")
    names = {"page": sites.page(0), "pages": [sites.page(i) for i in range(3)], "html": sites.html(0)}
    for code in (text, html):
        exec(compile(code, "README.md", "exec"), names)


@pytest.fixture
def folder(tmp_path):
    """A folder with the files that the examples name."""
    pa = pytest.importorskip("pyarrow", reason="needs noiseclf[parquet]")
    import pyarrow.parquet as pq

    texts = [sites.page(i) for i in range(20)]
    lines = b"".join(json.dumps({"id": str(i), "text": text}).encode() + b"\n" for i, text in enumerate(texts))
    archive = b"".join(gzip.compress(conversion(i, text)) for i, text in enumerate(texts))
    for name in ("crawl", "wet"):
        (tmp_path / name).mkdir()
    (tmp_path / "crawl.jsonl").write_bytes(lines)
    (tmp_path / "crawl" / "a.jsonl").write_bytes(lines)
    (tmp_path / "crawl.jsonl.gz").write_bytes(gzip.compress(lines))
    for name in ("crawl.warc.wet.gz", "crawl/b.wet.gz", "wet/a.warc.wet.gz", "wet/b.warc.wet.gz"):
        (tmp_path / name).write_bytes(archive)
    for name in ("crawl.parquet", "pages.parquet"):
        pq.write_table(pa.table({"id": list(range(20)), "text": texts}), tmp_path / name)
    (tmp_path / "page.html").write_text(sites.html(0).replace("</p><p>", " "), encoding="utf-8")
    return tmp_path


def run(folder, command, code):
    environment = {
        **os.environ,
        "PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYSPARK_PYTHON": sys.executable,
    }
    environment |= {"HF_HOME": str(folder / "hf"), "SPARK_LOCAL_IP": "127.0.0.1", "HF_HUB_OFFLINE": "1"}
    (folder / "example").write_text(code, encoding="utf-8")
    result = subprocess.run([*command, "example"], cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return result.stdout


def texts(path):
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        return pq.read_table(path).column("text").to_pylist()
    files = sorted(path.glob("*")) if path.is_dir() else [path]
    data = (gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes() for file in files)
    return [json.loads(line)["text"] for lines in data for line in lines.splitlines()]


def check(path, count):
    found = texts(path)
    assert len(found) == count
    assert all(sites.CONTENT[0] in text and "Contact us" not in text for text in found)


def test_files(folder):
    pytest.importorskip("fastwarc", reason="needs noiseclf[warc]")
    (code,) = blocks("docs/files.md", "sh")
    run(folder, ["bash"], PREPARED + code)
    check(folder / "clean.parquet", 20)
    check(folder / "all.parquet", 40)
    check(folder / "clean.jsonl", 20)
    assert len(texts(folder / "labelled.parquet")) == 20


def test_the_readme_on_files(folder):
    pytest.importorskip("fastwarc", reason="needs noiseclf[warc]")
    (code,) = blocks("README.md", "sh")
    run(folder, ["bash"], PREPARED + code)
    check(folder / "clean.parquet", 20)
    check(folder / "clean.jsonl", 40)


def test_scrapy(folder):
    pytest.importorskip("scrapy", reason="needs noiseclf[scrapy]")

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    (code,) = blocks("docs/scrapy.md", "python")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        run(folder, [sys.executable], f"URL = 'http://127.0.0.1:{server.server_port}/page.html'\n" + code)
        server.shutdown()
    check(folder / "news.jsonl", 1)


def test_datatrove(folder):
    pytest.importorskip("datatrove", reason="needs noiseclf[datatrove]")
    pytest.importorskip("magic", reason="datatrove's WarcReader needs libmagic", exc_type=ImportError)
    (code,) = blocks("docs/datatrove.md", "python")
    run(folder, [sys.executable], code)
    check(folder / "clean", 40)


def test_spark(folder):
    pytest.importorskip("pyspark", reason="needs noiseclf[spark]")
    (code,) = blocks("docs/spark.md", "python")
    run(folder, [sys.executable], code)
    check(folder / "clean.parquet", 20)


def test_dataframes_and_second_passes(folder):
    for package in ("datasets", "pandas", "trafilatura", "justext"):
        pytest.importorskip(package, reason="needs noiseclf[dataframes,peers]")
    dataset, pandas, trafilatura, justext = blocks("docs/dataframes.md", "python")
    run(folder, [sys.executable], dataset)
    check(folder / "clean.jsonl", 20)
    run(folder, [sys.executable], pandas)
    check(folder / "clean.parquet", 20)
    for code in (trafilatura, justext):
        out = run(folder, [sys.executable], code)
        assert sites.CONTENT[0] in out
        assert "Contact us" not in out


@pytest.mark.parametrize("extra", ["scrapy", "datatrove", "spark"])
def test_a_missing_extra_is_told_in_a_sentence(extra):
    package = {"scrapy": "itemadapter", "datatrove": "datatrove", "spark": "pandas"}[extra]
    code = f"import sys; sys.modules[{package!r}] = None; import noiseclf.{extra}"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    last = result.stderr.splitlines()[-1]
    message = f"noiseclf.{extra} needs {package}, which is not installed: pip install 'noiseclf[{extra}]'"
    assert last == f"noiseclf.extras.MissingExtraError: {message}"
