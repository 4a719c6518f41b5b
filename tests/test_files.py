import codecs
import gzip
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
import zlib
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from samples import AD, CONTENT, NAVIGATION
from warcs import conversion, response

from noiseclf import cli, files
from noiseclf import records as records_module
from noiseclf.files import Kind, Limits, Problems, expand, kind_of, read
from noiseclf.site import Site

pa = pytest.importorskip("pyarrow", reason="needs noiseclf[parquet]")
pq = pytest.importorskip("pyarrow.parquet", reason="needs noiseclf[parquet]")
zstd = pytest.importorskip("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd", reason="needs noiseclf[zstd]")
pytest.importorskip("fastwarc", reason="needs noiseclf[warc]")
pytest.importorskip("selectolax", reason="needs noiseclf[html]")

PAGE = f"{NAVIGATION}\n{CONTENT}\n{AD}"
HTML = f"<html><body><nav><a href=/>{NAVIGATION}</a></nav><article><p>{CONTENT}</p></article></body></html>"


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(tiny_model, capfdbinary):
    """Run the command line in this process: exit status, standard output, standard error."""

    def run(*arguments):
        status = cli.main([*arguments, "--model", str(tiny_model)])
        out, err = capfdbinary.readouterr()
        return status, out.decode(), err.decode()

    return run


def write(name, data):
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(data.encode() if isinstance(data, str) else data)
    return name


def names():
    return [path.name for path in Path().iterdir()]


def lines(*records):
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def records(text):
    return [json.loads(line) for line in text.splitlines()]


def items(name, field="text", **options):
    return list(read([name], field, [kind_of(name)], Problems(), **options))


def parquet(name, columns, **options):
    pq.write_table(pa.table(columns), name, **options)
    return name


# Names


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.txt", Kind.TEXT), ("a.HTML", Kind.HTML), ("a.htm", Kind.HTML), ("a.jsonl", Kind.JSONL), ("a.jsonl.gz", Kind.JSONL),
        ("b/a.jsonl.zst", Kind.JSONL), ("a.parquet", Kind.PARQUET), ("a.warc", Kind.WARC), ("a.warc.gz", Kind.WARC),
        ("a.warc.wet.gz", Kind.WARC), ("a.wet", Kind.WARC), ("a.pdf", None), ("jsonl", None), ("-", None), ("a.gz", None),
    ],
)  # fmt: skip
def test_a_suffix_tells_what_a_file_holds(name, kind):
    assert kind_of(name) is kind


def test_a_folder_and_a_pattern_stand_for_the_files_of_known_kinds_in_order_and_without_the_output():
    for name in ("f/b.txt", "f/a.jsonl", "f/sub/c.warc.gz", "f/x.pdf", "f/out.jsonl"):
        write(name, "")
    assert expand(["f"], without="f/out.jsonl") == ["f/a.jsonl", "f/b.txt", "f/sub/c.warc.gz"]
    assert expand(["f/*.jsonl", "f/**/*.gz"]) == ["f/a.jsonl", "f/out.jsonl", "f/sub/c.warc.gz"]
    assert expand(["-", "f/*.none", "none.txt"]) == ["-", "f/*.none", "none.txt"]
    assert expand([write("[a].txt", "")]) == ["[a].txt"]


def test_a_folder_with_nothing_to_read_is_told(run):
    Path("empty").mkdir()
    status, _, err = run("clean", "empty", "-o", "out.jsonl")
    assert status == 2
    assert err.startswith("noiseclf: empty: is a folder")
    assert names() == ["empty"]


# Kinds of input


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz", "jsonl.zst"])
def test_jsonl_plain_and_compressed(run, suffix):
    data = lines({"id": 1, "text": PAGE}, {"id": 2, "text": CONTENT, "deep": {"a": [1]}})
    data = {"jsonl": bytes, "jsonl.gz": gzip.compress, "jsonl.zst": zstd.compress}[suffix](data)
    status, out, err = run("clean", write(f"a.{suffix}", data))
    assert (status, err) == (0, "")
    assert records(out) == [{"id": 1, "text": CONTENT}, {"id": 2, "text": CONTENT, "deep": {"a": [1]}}]


@pytest.mark.parametrize("compress", [gzip.compress, zstd.compress])
def test_compressed_files_of_several_members_are_read_whole(compress):
    suffix = "gz" if compress is gzip.compress else "zst"
    name = write(f"a.jsonl.{suffix}", compress(lines({"text": "a"})) + compress(lines({"text": "b"})))
    assert [json.loads(item.page)["text"] for item in items(name)] == ["a", "b"]


def test_parquet_rows_keep_their_other_columns_and_types(run):
    table = {
        "id": pa.array([1, 2], pa.int16()),
        "text": pa.array([PAGE, CONTENT], pa.large_string()),
        "when": pa.array([1, 2], pa.timestamp("ns")),
        "price": pa.array([None, Decimal(3)], pa.decimal128(20, 2)),
        "raw": pa.array([b"\xff", None]),
        "tags": [["a"], []],
    }
    parquet("a.parquet", table)
    assert run("clean", "a.parquet", "-o", "out.parquet") == (0, "", "")
    found, given = pq.read_table("out.parquet"), pq.read_table("a.parquet")
    assert found.schema == given.schema
    assert found.column("text").to_pylist() == [CONTENT, CONTENT]
    assert found.drop_columns("text") == given.drop_columns("text")
    rows = records(run("clean", "a.parquet")[1])
    assert rows[0] == {
        "id": 1, "text": CONTENT, "when": "1970-01-01 00:00:00.000000001", "price": None, "raw": "/w==", "tags": ["a"]
    }  # fmt: skip
    assert (rows[1]["price"], rows[1]["raw"]) == ("3.00", None)


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_conversions_of_archives_are_records_with_id_url_and_date(run, compress):
    data = b"".join(
        compress(record) for record in (conversion(1, PAGE), response(9, b"", kind=b"image/png"), conversion(2, CONTENT))
    )
    name = write("a.wet.gz" if compress is gzip.compress else "a.wet", data)
    assert [list(record) for record in records(run("clean", name)[1])] == [["id", "url", "date", "text"]] * 2
    assert records(run("clean", name)[1])[0] == {
        "id": "<urn:uuid:1>", "url": "http://site.example/1", "date": "2026-11-25T00:00:00Z", "text": CONTENT
    }  # fmt: skip
    assert records(run("clean", name, "--field", "body")[1])[1]["body"] == CONTENT


def test_pages_of_text_become_records_where_the_output_is_records(run):
    write("f/a.txt", PAGE + "\n")
    write("f/b.jsonl", lines({"id": 1, "text": CONTENT}))
    assert run("clean", "f", "-o", "out.jsonl") == (0, "", "")
    assert records(Path("out.jsonl").read_text()) == [{"file": "f/a.txt", "text": CONTENT}, {"id": 1, "text": CONTENT}]
    assert run("classify", "f/a.txt", "-o", "out.jsonl")[0] == 0
    assert records(Path("out.jsonl").read_text())[0]["noiseclf"]["labels"] == ["navigation", "content", "ad", None]
    assert run("classify", "f/a.txt", "--format", "jsonl", "-o", "out.jsonl")[0] == 0
    assert len(records(Path("out.jsonl").read_text())) == 3  # lines, as asked


def test_classify_into_parquet_adds_labels(run):
    assert run("classify", write("a.jsonl", lines({"text": PAGE})), "-o", "out.parquet")[0] == 0
    (row,) = pq.read_table("out.parquet").to_pylist()
    assert row["noiseclf"]["labels"] == ["navigation", "content", "ad"]
    assert len(row["noiseclf"]["confidences"]) == 3


def test_all_kinds_go_into_one_parquet_file_with_the_columns_of_all(run):
    write("f/a.jsonl", lines({"n": 1, "text": PAGE}, {"n": 2.5, "x": None, "text": CONTENT}, {"x": {"k": 1}, "text": AD}))
    write("f/b.wet", conversion(1, PAGE))
    write("f/c.txt", CONTENT)
    parquet("f/d.parquet", {"text": [PAGE], "id": ["d"]})
    assert run("clean", "f", "-o", "out.parquet", "-j", "2") == (0, "", "")
    rows = pq.read_table("out.parquet").to_pylist()
    assert [row["text"] for row in rows] == [CONTENT, CONTENT, "", CONTENT, CONTENT, CONTENT]
    assert [row["n"] for row in rows] == [1, 2.5, None, None, None, None]
    assert [row["x"] for row in rows][:3] == [None, None, {"k": 1}]
    assert [row["id"] for row in rows] == [None, None, None, "<urn:uuid:1>", None, "d"]


def test_no_records_make_an_empty_output(run):
    for out in ("out.jsonl", "out.parquet"):
        assert run("clean", write("a.jsonl", ""), "-o", out) == (0, "", "")
    assert Path("out.jsonl").read_bytes() == b""
    assert pq.read_table("out.parquet").num_rows == 0


# HTML


def test_responses_of_archives_are_read_as_html_in_the_encoding_that_the_header_names():
    data = b"".join([
        response(1, HTML.encode()),
        response(2, "<p>één</p>".encode("latin-1"), kind=b"text/html; charset=ISO-8859-1"),
        response(3, b"x", kind=b"image/png"),
        response(4, b"moved", status=b"301 Moved"),
        response(5, codecs.BOM_UTF8 + b"<p>bom</p>", kind=b"text/html; charset=latin-1"),
        response(6, b"<p>none</p>", kind=b"text/html; charset=klingon"),
        response(7, b"<p>x</p>", kind=b"application/xhtml+xml"),
    ])  # fmt: skip
    found = items(write("a.warc", data))
    assert [item.row["id"] for item in found] == [f"<urn:uuid:{i}>" for i in (1, 2, 5, 6, 7)]
    assert [item.page for item in found][1:4] == ["<p>één</p>", codecs.BOM_UTF8 + b"<p>bom</p>", b"<p>none</p>"]
    assert all(item.html and not item.fault for item in found)


@pytest.mark.parametrize("codings", [["gzip"], ["deflate"], ["gzip", "chunked"], ["identity"]])
def test_http_codings_are_undone(codings):
    body = HTML.encode()
    headers = b""
    for coding in codings:
        if coding == "chunked":
            body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:9], body[9:])) + b"0\r\n\r\n"
            headers += b"Transfer-Encoding: chunked\r\n"
        else:
            body = {"gzip": gzip.compress, "deflate": zlib.compress, "identity": bytes}[coding](body)
            headers += b"Content-Encoding: " + coding.encode() + b"\r\n"
    (item,) = items(write("a.warc", response(1, body, headers=headers)))
    assert (item.page, item.fault) == (HTML.encode(), "")


def test_a_bomb_in_an_http_body_is_not_unpacked():
    bomb = gzip.compress(bytes(10_000_000))
    data = response(1, bomb, headers=b"Content-Encoding: gzip\r\n") + response(2, HTML.encode())
    bad, good = items(write("a.warc", data), limits=Limits(record=100_000))
    assert bad.fault == "larger than 100,000 bytes; if that is right, raise --max-record"
    assert good.page == HTML.encode()


def test_the_html_option_reads_html_from_a_field():
    (item,) = items(write("a.jsonl", lines({"text": HTML})), html=True)
    assert item.html
    (item,) = items(parquet("a.parquet", {"text": [HTML.encode()]}), html=True)
    assert (item.html, item.page) == (True, HTML.encode())
    (item,) = items(write("a.html", HTML))
    assert (item.html, item.page, item.row) == (True, HTML.encode(), {"file": "a.html"})


def test_html_of_every_kind_of_file_comes_out_as_clean_text(capfdbinary):
    write("f/a.html", HTML)
    write("f/b.warc", response(1, HTML.encode()))
    assert cli.main(["clean", "f", "-o", "out.jsonl"]) == 0
    assert cli.main(["clean", write("c.jsonl", lines({"id": 1, "text": HTML})), "--html", "-o", "c.out.jsonl"]) == 0
    found = records(Path("out.jsonl").read_text()) + records(Path("c.out.jsonl").read_text())
    assert [record["text"] for record in found] == [CONTENT] * 3
    assert cli.main(["classify", "c.jsonl", "--html", "-o", "c.out.jsonl"]) == 0
    (record,) = records(Path("c.out.jsonl").read_text())
    assert len(record["text"].split("\n")) == len(record["noiseclf"]["labels"])


def test_responses_of_an_archive_are_cleaned_as_html_and_keep_their_fields(html_model, capfdbinary):
    answers = [
        response(1, gzip.compress(HTML.encode()), headers=b"Content-Encoding: gzip\r\n"),
        response(2, HTML.replace(CONTENT, "Één: " + CONTENT).encode("cp1252"), kind=b"text/html; charset=iso-8859-1"),
        response(3, HTML.encode("utf-16")),
        response(4, b"GIF89a", kind=b"image/gif"),
        response(5, b"<p>gone</p>", status=b"404 Not Found"),
    ]
    write("a.warc.gz", b"".join(map(gzip.compress, answers)))
    for output in ("out.jsonl", "out.parquet"):
        assert cli.main(["clean", "a.warc.gz", "-o", output, "--model", str(html_model), "-j", "2"]) == 0
    found = records(Path("out.jsonl").read_text())
    assert [record["text"] for record in found] == [CONTENT, "Één: " + CONTENT, CONTENT]
    assert [record["id"] for record in found] == [f"<urn:uuid:{i}>" for i in (1, 2, 3)]
    assert {tuple(record) for record in found} == {("id", "url", "date", "text")}
    assert pq.read_table("out.parquet").to_pylist() == found
    assert cli.main(["classify", "a.warc.gz", "--model", str(html_model)]) == 0
    labelled = records(capfdbinary.readouterr().out.decode())
    labels = {text: label for r in labelled for text, label in zip(r["text"].split("\n"), r["noiseclf"]["labels"], strict=True)}
    assert (labels[CONTENT], labels[NAVIGATION]) == ("content", "navigation")


def test_a_model_without_html_is_told_in_a_sentence(run):
    status, _, err = run("clean", write("a.warc", response(1, HTML.encode())), "-o", "out.jsonl")
    assert (status, err.count("\n")) == (2, 1)
    assert err.startswith("noiseclf: this model was trained without HTML")
    assert names() == ["a.warc"]


def test_pages_of_html_are_told_by_name_or_look_where_records_are_made_of_them():
    for name, data, options, html in [
        ("a.txt", HTML, {}, True),
        ("a.html", "Just a line", {}, True),
        ("a.txt", "Just a line", {}, False),
        ("a.txt", "Just a line", {"html": True}, True),
        ("a.html", HTML, {"html": False}, False),
    ]:
        (item,) = items(write(name, data), **options)
        assert item.html is html
        assert isinstance(item.page, bytes) is html


def test_resuming_is_not_on_what_was_begun_with_other_options(tiny, tiny_html):
    task = records_module.Task("clean", "balanced", frozenset(), "text")
    where = records_module.Where(["a"], "o.jsonl", False)
    ways = [
        (task, where), (replace(task, site=Site.of([])), where),
        (task, replace(where, html=True)), (task, replace(where, html=False)),
    ]  # fmt: skip
    assert len({records_module._identity(t, tiny, "o.jsonl", w) for t, w in ways}) == len(ways)
    assert records_module._identity(task, tiny, "o.jsonl", where) != records_module._identity(task, tiny_html, "o.jsonl", where)


def test_without_html_support_one_sentence_says_so(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "selectolax.lexbor", None)
    data = response(1, HTML.encode()) + response(2, HTML.encode())
    for name in (write("a.html", HTML), write("a.warc", data)):
        status, out, err = run("clean", name)
        assert (status, out) == (2, "")
        assert err.startswith(f"noiseclf: {name}: reading HTML needs one more package: pip install 'noiseclf[html]'")
        assert len(err.splitlines()) == 1


# Sites

SITE = [f"{NAVIGATION}\nThe harbour board asks the island for patience, again.\nThe ferry number {n} was late.\n{AD}"
        for n in ("one", "two", "three")]  # fmt: skip


def confidences(model, site):
    return [[round(line.confidence, 4) for line in model.classify(page, site=site).lines] for page in SITE]


def test_a_site_can_be_records_of_every_kind_of_text(run, tiny):
    expected = confidences(tiny, Site.of(SITE))
    assert expected != confidences(tiny, None)
    write("a.jsonl", lines(*({"text": page} for page in SITE)) + b"{\n")
    write("b.wet.gz", b"".join(gzip.compress(conversion(i, page)) for i, page in enumerate(SITE)))
    parquet("c.parquet", {"text": SITE})
    for i, page in enumerate(SITE):
        write(f"d/{i}.txt", page)
    for name in ("a.jsonl", "b.wet.gz", "c.parquet", "d"):
        status, out, err = run("classify", "--site", name, "-j", "2", "-o", "out.jsonl")
        assert (status, out, len(err.splitlines())) == ((2, "", 2) if name == "a.jsonl" else (0, "", 0))  # said once
        assert [record["noiseclf"]["confidences"] for record in records(Path("out.jsonl").read_text())] == expected


def test_a_site_comes_from_standard_input_too(tiny, tiny_model):
    data = lines(*({"text": page} for page in SITE))
    command = [sys.executable, "-m", "noiseclf", "classify", "--site", "--field", "text", "--model", str(tiny_model)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    found = subprocess.run(command, input=data, stdout=subprocess.PIPE, env=environment, check=True).stdout.decode()
    assert [record["noiseclf"]["confidences"] for record in records(found)] == confidences(tiny, Site.of(SITE))


def test_a_site_of_html_is_refused_in_a_sentence(run, capfdbinary):
    message = "--site is for pages of text, in .txt, .jsonl, .parquet and .wet files, not for HTML"
    write("a.html", HTML)
    write("b.warc", response(1, HTML.encode()))
    for arguments in (["a.html"], ["b.warc"], ["a.html", "-o", "out.jsonl"]):
        status, out, err = run("clean", "--site", *arguments)
        assert (status, out, err) == (2, "", f"noiseclf: {arguments[0]}: {message}, and this is one; leave out either\n")
    with pytest.raises(SystemExit) as end:
        run("clean", "--site", "--html", "a.txt")
    assert end.value.code == 2
    assert message in capfdbinary.readouterr().err.decode()
    assert sorted(names()) == ["a.html", "b.warc"]


# What is broken


GOOD = {"text": CONTENT}


def broken(run, name, place, fault, total="1 of 2"):
    """Clean ``name``, which holds a good record and a broken one, into both formats, and look at what is said."""
    for jobs in ("1", "2"):
        status, out, err = run("clean", name, "-j", jobs)
        assert status == 2
        assert [record["text"] for record in records(out)] == [CONTENT] * (int(total[-1]) - int(total[0]))
        *faults, summary = err.splitlines()
        assert faults[0].startswith(f"noiseclf: {name}, {place}: {fault}")
        assert faults[0].endswith("; record skipped")
        assert summary == f"noiseclf: records skipped: {total}"


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_a_compressed_file_that_is_cut_off_gives_what_is_before_that(run, suffix):
    compress = gzip.compress if suffix == "gz" else zstd.compress
    data = compress(lines(GOOD)) + compress(lines({"text": random.Random(0).randbytes(5000).hex()}))[:-1000]
    broken(run, write(f"a.jsonl.{suffix}", data), "line 2", "the compressed file is cut off or damaged here")


def test_a_file_that_is_not_compressed_at_all_is_told(run):
    for name in ("a.jsonl.gz", "a.jsonl.zst"):
        status, _, err = run("clean", write(name, lines(GOOD)))
        assert status == 2
        assert err.startswith(f"noiseclf: {name}, line 1: the compressed file is cut off or damaged here")


def test_records_over_the_limit_are_skipped_without_being_held(run):
    def limited(*arguments):
        return run(*arguments, "--max-record", "1000")

    big = {"text": "x" * 2000}
    broken(limited, write("a.jsonl.gz", gzip.compress(lines(big, GOOD))), "line 1", "larger than")
    broken(limited, parquet("a.parquet", {"text": [big["text"], CONTENT]}), "row 1", "larger than")
    broken(
        limited,
        write("a.wet.gz", gzip.compress(conversion(1, big["text"])) + gzip.compress(conversion(2, CONTENT))),
        "record 1",
        "larger than",
    )
    status, _, err = limited("clean", write("big.txt", "x" * 2000), "-o", "out.jsonl")
    assert (status, err.splitlines()[0][:27]) == (2, "noiseclf: big.txt: larger t")


# Bombs, lying lengths and lines without an end

GOOD_RECORD = gzip.compress(conversion(9, CONTENT))


def bomb(head, unit, megabytes, suffix="gz"):
    """``head`` and then ``unit`` for so many megabytes, compressed piece by piece."""
    if suffix == "gz":
        compressor = zlib.compressobj(1, zlib.DEFLATED, 31)
        end = compressor.flush
    else:
        compressor = zstd.ZstdCompressor()
        end = compressor.flush
    block = unit * ((1 << 20) // len(unit))
    return b"".join([compressor.compress(head), *(compressor.compress(block) for _ in range(megabytes)), end()])


def peak(*arguments):
    """Run the command line in a process of its own: exit status, peak memory in MB, standard error."""
    measure = (
        "import re, sys; from noiseclf import cli; status = cli.main(sys.argv[1:]);"
        "print(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1]); sys.exit(status)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    found = subprocess.run([sys.executable, "-c", measure, *arguments], env=environment, capture_output=True, timeout=300)
    return found.returncode, int(found.stdout) // 1024, found.stderr.decode()


HOSTILE = {
    "a line of a gigabyte": ("a.jsonl.gz", lambda: bomb(b'{"text": "', b"a", 1024), "line 1: the file decompresses"),
    "the same in Zstandard": ("a.jsonl.zst", lambda: bomb(b'{"text": "', b"a", 1024, "zst"), "line 1: the file decompresses"),
    "a gigabyte of blank lines": ("a.jsonl.gz", lambda: bomb(b"", b" " * 99_999 + b"\n", 1024), "the file decompresses"),
    "a line of 50 MB": ("a.jsonl", lambda: b'{"text": "' + b"a b " * 13_000_000 + b'"}\n', "line 1: larger than 32 MiB"),
    "lines without number": ("a.jsonl", lambda: b'{"text": "' + b"\\n" * 5_000_000 + b'"}\n', "line 1: more than 200,000 lines"),
    "tags without number": ("a.html", lambda: b"<p>a" * 1_000_000, "more than 800,000 tags"),
    "a page of 50 MB": ("a.txt", lambda: b"word " * 10_000_000, "larger than 32 MiB"),
    "an archive's head without end": ("a.wet.gz", lambda: bomb(b"WARC/1.0\r\nX: ", b"y", 300), "record 1: no WARC record"),
    "a length of 300 MB": (
        "a.wet.gz", lambda: bomb(conversion(1, "x").replace(b"Length: 1", b"Length: 314572800")[:-5], b"x", 300),
        "record 1: larger than 32 MiB",
    ),
    "more than the length says": (
        "a.wet.gz", lambda: bomb(conversion(1, CONTENT), b"x", 300), "record 2: no WARC record",
    ),
    "less than the length says": (
        "a.wet.gz", lambda: gzip.compress(conversion(1, "x").replace(b"Length: 1", b"Length: 30000000")), "record 1: cut off",
    ),
}  # fmt: skip


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("case", HOSTILE)
def test_a_bomb_is_told_in_little_memory_and_the_next_file_is_read(html_model, case):
    name, make, fault = HOSTILE[case]
    write(f"f/{name}", make())
    write("f/z.jsonl", lines(GOOD))
    status, megabytes, err = peak("clean", "f", "-o", "out.jsonl", "--model", str(html_model))
    assert status == 2
    assert fault in err
    assert records(Path("out.jsonl").read_text())[-1] == GOOD
    assert megabytes < 450


@pytest.mark.parametrize("make", [lambda unit: bomb(unit, unit, 40), lambda unit: bomb(unit, unit, 40, "zst")])
def test_the_ratio_is_a_setting(make):
    unit = lines({"text": "a" * 100_000})
    data = make(unit)
    name = write("a.jsonl.gz" if data[:2] == b"\x1f\x8b" else "a.jsonl.zst", data)
    found = items(name)
    assert found[-1].fault.startswith(
        "the file decompresses to more than 200 times its size, as bombs do; if that is right, raise"
    )
    assert not any(item.fault for item in found[:-1])
    whole = items(name, limits=Limits(ratio=100_000))
    assert not any(item.fault for item in whole)
    assert len(whole) > len(found) > 300


def test_a_bomb_in_a_column_is_told(run):
    parquet("a.parquet", {"text": ["a" * 1_000_000] * 50}, use_dictionary=False, compression="zstd")
    status, _, err = run("clean", "a.parquet")
    assert (status, err[:69]) == (2, "noiseclf: a.parquet: a column decompresses to more than 200 times its")
    assert run("clean", "a.parquet", "--max-ratio", "1M")[0] == 0


def test_pages_of_text_have_the_limits_too(run):
    write("a.txt", PAGE)
    for limit in (("--max-record", "10"), ("--max-lines", "1")):
        status, out, err = run("clean", "a.txt", write("b.txt", CONTENT[:9]), *limit)
        assert (status, out) == (2, CONTENT[:9] + "\n")
        assert err.endswith(f"; if that is right, raise {limit[0]}\n")
    assert run("clean", "a.txt", "--max-record", "1K")[:2] == (0, CONTENT + "\n")


def test_a_size_is_a_number(capsys):
    for size in ("0", "x", "-1", "1.5M", ""):
        assert "is no size; give 1 or more, such as 64M" in usage_error(capsys, "clean", "a.txt", "--max-record", size)


def test_parquet_rows_that_are_no_text_are_skipped(run):
    broken(run, parquet("a.parquet", {"text": [None, CONTENT]}), "row 1", "column 'text' is not text but a NoneType")
    status, _, err = run("clean", parquet("b.parquet", {"text": [1]}))
    assert (status, err.splitlines()[0]) == (2, "noiseclf: b.parquet, row 1: column 'text' is not text but a int; record skipped")


def test_parquet_files_that_cannot_be_used_are_told(run):
    status, _, err = run("clean", write("a.parquet", b"PAR1 no"))
    assert status == 2
    assert err.startswith("noiseclf: a.parquet: is no Parquet file, or is damaged (")
    status, _, err = run("clean", parquet("b.parquet", {"body": [CONTENT]}))
    assert err == "noiseclf: b.parquet: no column 'text' among ['body']; name the page's column with --field\n"


def test_a_parquet_file_damaged_inside_gives_what_is_before_that(run):
    texts = [f"{CONTENT} {random.Random(i).randbytes(300).hex()}" for i in range(40)]
    parquet("a.parquet", {"text": texts}, row_group_size=10, use_dictionary=False, compression="gzip")
    at = pq.ParquetFile("a.parquet").metadata.row_group(2).column(0).data_page_offset
    data = bytearray(Path("a.parquet").read_bytes())
    data[at + 2500 : at + 2800] = bytes(300)
    status, out, err = run("clean", write("a.parquet", bytes(data)))
    assert status == 2
    assert len(records(out)) % 10 == 0
    assert "the file is damaged here" in err


DAMAGES = {
    "a byte that is no gzip": lambda record: gzip.compress(record)[:30] + b"\xff" * 20 + gzip.compress(record)[50:],
    "no version line": lambda record: gzip.compress(record.replace(b"WARC/1.0", b"CRAW/1.0")),
    "no length": lambda record: gzip.compress(record.replace(b"Content-Length", b"Content-Weight")),
    "a length in words": lambda record: gzip.compress(record.replace(b"Content-Length: ", b"Content-Length: some ")),
    "half of it": lambda record: gzip.compress(record)[: len(gzip.compress(record)) // 2],
    "not compressed": lambda record: record,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_records_around_a_broken_one_of_an_archive_are_read(run, damage):
    bad = DAMAGES[damage](conversion(2, CONTENT + random.Random(3).randbytes(200).hex()))
    data = gzip.compress(conversion(1, CONTENT)) + bad + b"".join(gzip.compress(conversion(i, CONTENT)) for i in (3, 4))
    if damage == "not compressed":  # the reader does not see the difference
        bad = b""
    broken(run, write("a.wet.gz", data), "record 2", "", "1 of 4")


def test_so_are_those_of_a_plain_archive(run):
    good = conversion(1, CONTENT), conversion(3, CONTENT)
    broken(run, write("a.wet", good[0] + b"no record at all\r\n\r\n" + good[1]), "record 2", "no WARC record", "1 of 3")
    broken(run, write("b.wet", b"".join(good)[:-40]), "record 2", "cut off after", "1 of 2")


def test_an_archive_that_is_none_is_told(run):
    status, out, err = run("clean", write("a.warc", "no archive at all\n" * 9))
    assert (status, out) == (2, "")
    assert err.splitlines()[0].startswith("noiseclf: a.warc, record 1: no WARC record")
    assert run("clean", write("b.warc", "")) == (0, "", "")


def test_a_response_without_an_http_header_is_skipped(run):
    broken(run, write("a.warc", response(1, b"", raw=b"garbage") + conversion(2, CONTENT)), "record 1", "a response without")


def test_a_record_that_does_not_fit_the_columns_is_skipped(run):
    data = lines(
        {"n": 1, "text": CONTENT}, {"n": "one", "text": CONTENT}, {"n": 10**30, "text": CONTENT}, {"n": 2, "text": CONTENT}
    )
    status, _, err = run("clean", write("a.jsonl", data), "-o", "out.parquet")
    assert status == 2
    assert [row["n"] for row in pq.read_table("out.parquet").to_pylist()] == [1, 2]
    assert err.splitlines()[0].startswith("noiseclf: a.jsonl, line 2: does not fit the columns of the records before it (")
    assert err.splitlines()[-1] == "noiseclf: records skipped: 2 of 4"


# Extras


@pytest.mark.parametrize(
    ("package", "name", "extra"),
    [("fastwarc", "a.warc", "warc"), ("pyarrow", "a.parquet", "parquet"), ("backports", "a.jsonl.zst", "zstd")],
)
def test_a_missing_extra_is_told_in_a_sentence(run, monkeypatch, package, name, extra):
    if package == "backports" and sys.version_info >= (3, 14):
        pytest.skip("this Python has Zstandard")
    for module in [package, *(name for name in sys.modules if name.startswith(package + "."))]:
        monkeypatch.setitem(sys.modules, module, None)
    status, out, err = run("clean", write(name, "x"))
    assert (status, out) == (2, "")
    assert err.endswith(f"needs {package}, which is not installed: pip install 'noiseclf[{extra}]'\n")
    assert len(err.splitlines()) == 1


def test_missing_pyarrow_is_told_before_work_on_a_parquet_output(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    status, _, err = run("clean", write("a.jsonl", lines(GOOD)), "-o", "out.parquet")
    assert (status, names()) == (2, ["a.jsonl"])
    assert err == "noiseclf: writing Parquet files needs pyarrow, which is not installed: pip install 'noiseclf[parquet]'\n"


# Output, whole or absent, and gone on with


def usage_error(capsys, *arguments):
    with pytest.raises(SystemExit):
        cli.main(list(arguments))
    return capsys.readouterr().err


def test_arguments_that_make_no_sense_together_are_refused(capsys):
    assert "--resume is for records from files" in usage_error(capsys, "clean", "a.jsonl", "--resume")
    assert "--resume is for records from files" in usage_error(capsys, "clean", "--field", "a", "-o", "b.jsonl", "--resume")
    assert "would not be compressed" in usage_error(capsys, "clean", "a.jsonl", "-o", "b.jsonl.gz")


def test_parquet_is_written_from_standard_input(tiny_model):
    command = [sys.executable, "-m", "noiseclf", "clean", "--field", "text", "-o", "out.parquet", "--model", str(tiny_model)]
    subprocess.run(command, input=lines({"id": 1, "text": PAGE}), check=True, timeout=60)
    assert pq.read_table("out.parquet").to_pylist() == [{"id": 1, "text": CONTENT}]
    assert names() == ["out.parquet"]


def many(count=3000):
    return [{"n": i, "text": f"{CONTENT} {i}\n{NAVIGATION}"} if i % 700 != 50 else {"n": i} for i in range(count)]


def wait_for_lines(process, journal, count):
    while process.poll() is None and (not journal.exists() or journal.read_bytes().count(b"\n") < count):
        time.sleep(0.002)


@pytest.mark.parametrize("out", ["out.jsonl", "out.parquet"])
def test_a_killed_run_resumes_to_the_output_of_an_uninterrupted_one(run, tiny_model, out):
    write("f/a.jsonl.gz", gzip.compress(lines(*many())))
    parquet("f/b.parquet", {"text": [PAGE] * 300, "kind": ["row"] * 300})
    expected = run("clean", "f", "-o", f"whole-{out}")
    whole = Path(f"whole-{out}").read_bytes()
    command = [sys.executable, "-m", "noiseclf", "clean", "f", "-j", "2", "-o", out, "--resume", "--model", str(tiny_model)]
    journal = Path(out + ".journal")
    kills = 0
    for lines_done in (1, 2, 4, 5):  # killed when so many lines stand in the journal
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
        wait_for_lines(process, journal, lines_done)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            kills += 1
        process.wait()
        if journal.exists():
            assert not Path(out).exists()
            with journal.open("ab") as file:  # what was being written when the power failed
                file.write(b'{"items": 9')
            with Path(out + ".partial").open("ab") as file:
                file.write(b"half a rec")
    assert kills >= 3
    status, _, err = run("clean", "f", "-o", out, "--resume")
    assert (status, err.splitlines()[-1]) == (2, expected[2].splitlines()[-1])
    assert Path(out).read_bytes() == whole
    assert sorted(names()) == ["f", out, f"whole-{out}"]


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(tiny_model):
    write("a.jsonl", lines(*many(20_000)))
    command = [sys.executable, "-m", "noiseclf", "clean", "a.jsonl", "-o", "out.jsonl", "--model", str(tiny_model)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    wait_for_lines(process, Path("out.jsonl.journal"), 2)
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 130
    assert "records; the same command with --resume goes on there\n" in err
    assert sorted(names()) == ["a.jsonl", "out.jsonl.journal", "out.jsonl.partial"]


@pytest.fixture
def interrupted(run, monkeypatch):
    """An output that was interrupted after a chunk."""
    from noiseclf import records as module

    write("a.jsonl", lines(*[GOOD] * 1200))
    work = module._work

    def stop(context, sent):
        stop.calls += 1
        if stop.calls == 700:
            raise KeyboardInterrupt
        return work(context, sent)

    stop.calls = 0
    monkeypatch.setattr(module, "_work", stop)
    assert run("clean", "a.jsonl", "-o", "out.jsonl")[0] == 130
    return run


def test_only_a_run_of_the_same_kind_goes_on(interrupted):
    status, _, err = interrupted("clean", "a.jsonl", "-o", "out.jsonl", "--resume", "--keep", "ad")
    assert status == 2
    assert "out.jsonl.partial beside it is from other input, options or model; repeat" in err
    write("a.jsonl", lines(GOOD))
    assert interrupted("clean", "a.jsonl", "-o", "out.jsonl", "--resume")[0] == 2
    assert interrupted("clean", "a.jsonl", "-o", "out.jsonl") == (0, "", "")  # anew
    assert records(Path("out.jsonl").read_text()) == [GOOD]
    assert sorted(names()) == ["a.jsonl", "out.jsonl"]


def test_what_is_done_is_not_done_again(interrupted, monkeypatch):
    from noiseclf import records as module

    work, calls = module._work, []
    monkeypatch.setattr(module, "_work", lambda context, sent: calls.append(1) or work(context, sent))
    assert interrupted("clean", "a.jsonl", "-o", "out.jsonl", "--resume") == (0, "", "")
    assert len(calls) == 700
    assert len(records(Path("out.jsonl").read_text())) == 1200


def test_resume_with_nothing_to_go_on_with_begins(run):
    assert run("clean", write("a.jsonl", lines(GOOD)), "-o", "out.jsonl", "--resume") == (0, "", "")
    assert records(Path("out.jsonl").read_text()) == [GOOD]


def test_two_runs_do_not_write_one_output(run):
    pytest.importorskip("fcntl", reason="locks need fcntl")
    hold = "import fcntl, sys; f = open('out.jsonl.partial', 'wb'); fcntl.lockf(f, fcntl.LOCK_EX); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        status, _, err = run("clean", write("a.jsonl", lines(GOOD)), "-o", "out.jsonl")
    assert status == 2
    assert err == "noiseclf: out.jsonl: another process is writing it; wait for it, or name another file with -o\n"
    assert Path("out.jsonl.partial").exists()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_memory_does_not_grow_with_the_file(tiny_model):
    peaks = {}
    for count in (500, 4000):
        with gzip.open("a.jsonl.gz", "wb", compresslevel=1) as file:
            for i in range(count):
                file.write(lines({"text": CONTENT, "pad": str(i) * 5000}))
        for out in ("out.jsonl", "out.parquet"):
            status, peaks[count, out], _ = peak("clean", "a.jsonl.gz", "-o", out, "--model", str(tiny_model))
            assert status == 0
    for out in ("out.jsonl", "out.parquet"):  # the long one is 75 MB of JSON
        assert peaks[4000, out] - peaks[500, out] < 50, peaks


def test_reading_an_archive_is_lazy():
    stream = read([write("a.wet", conversion(1, "x" * 100) * 50_000)], "text", [Kind.WARC], Problems())
    assert next(stream).page == "x" * 100
    stream.close()


def test_positions_are_found_across_blocks(monkeypatch):
    class Short(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 5))

    data = b"abcWARC/1.defWARC/1."
    assert [files._find(Short(data), b"WARC/1.", at) for at in (0, 3, 4, 14)] == [3, 3, 13, None]
