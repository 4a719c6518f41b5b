import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import AD, COMMENT_FORM, CONTENT, NAVIGATION

import noiseclf
from noiseclf import cli, compiled

PAGE = f"{NAVIGATION}\n\n{CONTENT}\n{AD}\n"


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


@pytest.fixture
def command(tiny_model):
    """The arguments that run the command line in a process of its own."""
    return lambda *arguments: [sys.executable, "-m", "noiseclf", *arguments, "--model", str(tiny_model)]


@pytest.fixture
def pipe(command):
    """Run the command line in a process of its own, on ``data`` as its standard input."""

    def pipe(*arguments, data=b"", **environment):
        environment = {**os.environ, **environment}
        return subprocess.run(command(*arguments), input=data, capture_output=True, env=environment, timeout=60)

    return pipe


def write(name, *parts):
    """Write text, bytes or records (dicts) into the file ``name``."""
    encoded = [p if isinstance(p, bytes) else p.encode() if isinstance(p, str) else json.dumps(p).encode() + b"\n"
               for p in parts]  # fmt: skip
    Path(name).write_bytes(b"".join(encoded))
    return name


def records(text):
    return [json.loads(line) for line in text.splitlines()]


def names():
    return [path.name for path in Path().iterdir()]


def usage_error(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        cli.main(list(arguments))
    assert end.value.code == 2
    return capsys.readouterr().err


# Pages of text


def test_clean_prints_the_page_without_its_noise(run):
    assert run("clean", write("page.txt", PAGE)) == (0, f"{CONTENT}\n", "")


def test_classify_prints_label_confidence_and_line_in_columns(run):
    status, out, _ = run("classify", write("page.txt", PAGE))
    rows = out.split("\n")
    assert status == 0
    assert [(row[:14], row[20:]) for row in rows if row] == [
        ("navigation    ", NAVIGATION),
        ("content       ", CONTENT),
        ("ad            ", AD),
    ]
    assert all(0 < float(row[14:18]) <= 1 and row[18:20] == "  " for row in rows if row)
    assert rows[1] == ""  # the page's blank line


@pytest.mark.parametrize("ending", ["", "\n"])
def test_the_last_line_break_ends_the_last_line_and_output_always_ends_in_one(run, ending):
    page = write("page.txt", CONTENT + ending)
    assert run("clean", page)[1] == f"{CONTENT}\n"
    assert len(records(run("classify", "--format", "jsonl", page)[1])) == 1


def test_an_empty_page_has_no_lines(run):
    page = write("page.txt", "")
    assert run("clean", page) == run("classify", page) == (0, "", "")
    assert run("classify", "--format", "jsonl", page) == (0, "", "")


def test_a_page_of_noise_cleans_to_nothing(run):
    assert run("clean", write("page.txt", AD)) == (0, "", "")


def test_classify_as_tsv_has_a_header_and_escapes_what_would_break_a_row(run):
    status, out, _ = run("classify", "--format", "tsv", write("page.txt", f"a\tb\\c\rd {CONTENT}\r\n\nHome\n"))
    header, *rows = [row.split("\t") for row in out.removesuffix("\n").split("\n")]
    assert status == 0
    assert header == ["number", "label", "confidence", "text"]
    assert [row[0] for row in rows] == ["0", "1", "2"]
    assert rows[0][3] == f"a\\tb\\\\c\\rd {CONTENT}"
    assert rows[1][1:] == ["", "0.0000", ""]
    assert 0 < float(rows[2][2]) <= 1


def test_classify_as_jsonl_says_all_there_is_about_each_line(run, tiny):
    out = records(run("classify", "--format", "jsonl", write("page.txt", PAGE))[1])
    expected = [line.as_dict() for line in tiny.classify(PAGE.removesuffix("\n")).lines]
    assert [list(line) for line in out] == [["file", "number", "label", "confidence", "probabilities", "text"]] * 4
    for found, line in zip(out, expected, strict=True):
        assert found.pop("file") == "page.txt"
        assert found.pop("confidence") == pytest.approx(line.pop("confidence"), abs=5.1e-5)
        assert found.pop("probabilities") == pytest.approx(line.pop("probabilities"), abs=5.1e-5)
        assert found == line


def test_jsonl_keeps_every_character_of_a_line(run):
    lines = ["a\r", "\u2028b\u2029", "\x1b[31mred", "😀 \\ \" '", "\u202eabc"]
    out = run("classify", "--format", "jsonl", write("page.txt", "\n".join(lines)))[1]
    assert [json.loads(line)["text"] for line in out.removesuffix("\n").split("\n")] == lines


@pytest.mark.parametrize("layout", ["text", "color"])
def test_a_page_cannot_send_commands_to_the_terminal(run, layout):
    page = write("page.txt", f"\x1b]0;title\x07 {CONTENT}\x9b2J\u202e\u2028x\r\n")
    out = run("classify", "--format", layout, page)[1]
    assert out.count("\n") == 1
    assert "\ufffd]0;title\ufffd" in out
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\u2028", "\r"} & set(out)  # content gets no colour


def test_color_paints_each_kind_of_noise_its_own_way(run):
    out = run("classify", "--format", "color", write("page.txt", "\n".join([CONTENT, NAVIGATION, AD, COMMENT_FORM])))[1]
    content, *noise = out.splitlines()
    assert "\x1b" not in content
    assert len({row[:5] for row in noise}) == 3
    assert all(row.startswith("\x1b[3") and row.endswith("\x1b[0m") for row in noise)


# Which lines


def test_keep_and_drop_say_which_labels_clean_keeps(run):
    page = write("page.txt", PAGE)
    assert run("clean", "--keep", "ad,navigation", page)[1] == f"{NAVIGATION}\n\n{AD}\n"
    assert run("clean", "--drop", "content, ad", page)[1] == f"{NAVIGATION}\n"


def test_keep_and_drop_say_which_lines_classify_shows(run):
    page = write("page.txt", PAGE)
    for arguments in (("--keep", "ad,navigation"), ("--drop", "content,comment_form")):
        out = records(run("classify", "--format", "jsonl", *arguments, page)[1])
        assert [(line["number"], line["label"]) for line in out] == [(0, "navigation"), (3, "ad")]


def test_favor_is_passed_on(run, tiny):
    text = f"{AD} {CONTENT}\nlate {NAVIGATION}\nisland Home"
    page = write("page.txt", text)
    outputs = {favor: run("clean", "--favor", favor, page)[1] for favor in ("precision", "recall")}
    assert outputs == {favor: t + "\n" if (t := tiny.clean(text, favor=favor)) else "" for favor in outputs}
    assert outputs["precision"] != outputs["recall"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["clean", "--keep", "menu"], "'menu' is no comma-separated list of content, navigation, ad, comment_form"),
        (["clean", "--keep", ""], "is no comma-separated list"),
        (["clean", "--keep", "ad", "--drop", "ad"], "not allowed with"),
        (["clean", "--jobs", "0"], "'0' is not a number of processes; give 1 or more"),
        (["clean", "--jobs", "two"], "'two' is not a number of processes"),
        (["clean", "--favor", "speed"], "invalid choice"),
        (["clean", "a.txt", "b.jsonl"], "cannot go into one output; use two commands, or -o NAME.jsonl"),
        (["classify", "--format", "tsv", "b.jsonl"], "records come out as jsonl"),
        (["classify", "--keep", "ad", "b.jsonl"], "--keep and --drop are for pages of text, or for clean"),
        ([], "COMMAND"),
    ],
)
def test_faulty_arguments_are_refused_with_the_reason(capsys, arguments, message):
    assert message in usage_error(capsys, *arguments)


# Several files


def test_several_cleaned_pages_have_a_blank_line_between_them(run):
    files = write("a", CONTENT), write("noise", AD), write("b", PAGE), write("empty", "")
    assert run("clean", *files) == (0, f"{CONTENT}\n\n{CONTENT}\n", "")


def test_several_classified_pages_have_a_heading_each(run):
    rows = run("classify", write("a", CONTENT), write("b", AD))[1].splitlines()
    assert [rows[0], rows[2], rows[3]] == ["==> a <==", "", "==> b <=="]


def test_several_pages_as_tsv_have_one_header_and_a_column_of_their_names(run):
    rows = run("classify", "--format", "tsv", write("a", CONTENT), write("b", AD))[1].splitlines()
    assert [row.split("\t")[0] for row in rows] == ["file", "a", "b"]
    assert [row.count("\t") for row in rows] == [4, 4, 4]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_files_that_cannot_be_used_are_named_and_the_others_are_done(run, jobs):
    Path("folder").mkdir()
    good, binary = write("good", CONTENT), write("binary", b"\x7fELF\0\0")
    status, out, err = run("clean", good, "none", "folder", binary, good, "--jobs", jobs)
    assert (status, out) == (2, f"{CONTENT}\n\n{CONTENT}\n")
    assert err.splitlines() == [
        "noiseclf: none: no such file; check the name, or use - for standard input",
        "noiseclf: folder: is a folder; name the files in it, such as folder/*.txt",
        "noiseclf: binary: holds NUL bytes, so it is no text; give the page's text, in UTF-8",
    ]


@pytest.mark.parametrize("file", ["none.jsonl", "folder.jsonl", "binary.jsonl"])
def test_so_are_files_of_records(run, file):
    Path("folder.jsonl").mkdir()
    write("binary.jsonl", b"\0")
    status, out, err = run("clean", file, write("good.jsonl", {"text": CONTENT}))
    assert (status, records(out)) == (2, [{"text": CONTENT}])
    assert err.startswith(f"noiseclf: {file}: ")
    assert len(err.splitlines()) == 1


# Encodings


def test_bytes_that_are_no_text_are_replaced_and_counted_in_one_warning(run):
    page = write("page.txt", CONTENT, b" \xe9\xff", "\n", CONTENT, b" \xe9")
    status, out, err = run("clean", page)
    assert (status, out) == (0, f"{CONTENT} \ufffd\ufffd\n{CONTENT} \ufffd\n")
    assert err.startswith("noiseclf: page.txt: 3 byte sequences that are not UTF-8")
    assert len(err.splitlines()) == 1


def test_of_records_too(run):
    lines = [b'{"text": "' + CONTENT.encode() + b' \xe9"}\n'] * 3
    status, out, err = run("clean", write("a.jsonl", *lines))
    assert (status, records(out)) == (0, [{"text": f"{CONTENT} \ufffd"}] * 3)
    assert err.startswith("noiseclf: a.jsonl: 3 byte sequences")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marked_unicode_files_are_read_without_their_mark(run, encoding):
    assert run("clean", write("page.txt", f"{CONTENT} Ünï 中\n".encode(encoding)))[1] == f"{CONTENT} Ünï 中\n"
    record = json.dumps({"text": CONTENT}) + "\n"
    assert records(run("clean", write("a.jsonl", (record * 2).encode(encoding)))[1]) == [{"text": CONTENT}] * 2


@pytest.mark.parametrize("locale", ["C", "POSIX", "de_DE.ISO-8859-1"])
def test_text_is_utf8_whatever_the_locale(pipe, locale):
    environment = {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    line = f"{CONTENT} Ünï 中 😀\n".encode()
    result = pipe("clean", data=line, **environment)
    assert (result.returncode, result.stdout, result.stderr) == (0, line, b"")


# Records


def test_clean_gives_each_record_back_with_its_page_cleaned_and_all_else_as_it_was(run):
    first = {"id": 1, "text": PAGE, "nested": {"a": [1, 2.5, None, True]}, "ü": "中\u2028", "big": 12345678901234567890}
    second = {"text": CONTENT, "other": "\ud800"}
    status, out, _ = run("clean", write("a.jsonl", first, "\n", second))
    rows = out.removesuffix("\n").split("\n")
    assert status == 0
    assert [json.loads(row) for row in rows] == [{**first, "text": CONTENT}, second]
    assert list(json.loads(rows[0])) == list(first)
    assert "中" in rows[0]  # readable, as UTF-8
    assert "\\ud800" in rows[1]  # which UTF-8 cannot say


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=8,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.text(), JSON, max_size=4), max_size=4))
def test_every_other_field_survives(run, others):
    given_records = [{**other, "text": f"{CONTENT}\n{AD}"} for other in others]
    status, out, err = run("clean", write("a.jsonl", *given_records))
    assert (status, err) == (0, "")
    assert [json.loads(row) for row in out.split("\n")[:-1]] == [{**r, "text": CONTENT} for r in given_records]


def test_classify_adds_a_field_with_an_entry_for_each_line_of_the_page(run):
    record = {"text": PAGE, "id": 7}
    (found,) = records(run("classify", write("a.jsonl", record))[1])
    added = found.pop("noiseclf")
    assert found == record
    assert added["labels"] == ["navigation", None, "content", "ad", None]
    assert len(added["confidences"]) == PAGE.count("\n") + 1
    assert added["confidences"][1] == 0
    assert 0 < added["confidences"][0] <= 1


def test_keep_drop_and_field_hold_for_records(run):
    file = write("a.jsonl", {"body": PAGE, "text": AD})
    assert records(run("clean", file, "--field", "body", "--keep", "ad")[1]) == [{"body": f"{AD}\n", "text": AD}]


def test_field_makes_any_input_records(pipe):
    result = pipe("clean", "--field", "body", data=json.dumps({"body": PAGE}).encode())
    assert (result.returncode, records(result.stdout.decode())) == (0, [{"body": CONTENT}])


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_broken_records_are_named_counted_and_skipped(run, jobs):
    good = {"text": CONTENT}
    deep = "[" * 100_000
    file = write("a.jsonl", good, "{oops\n", "[1]\n", {"body": "x"}, {"text": None}, "\n", deep + "\n", good)
    status, out, err = run("clean", file, "--jobs", jobs)
    assert (status, records(out)) == (2, [good, good])
    *faults, count = err.splitlines()
    assert [fault.split(":")[1:3] for fault in faults[:4]] == [
        [" a.jsonl, line 2", " not JSON (Expecting property name enclosed in double quotes"],
        [" a.jsonl, line 3", " not a JSON object but a list; record skipped"],
        [" a.jsonl, line 4", " no field 'text' among ['body']; name the page's field with --field; record skipped"],
        [" a.jsonl, line 5", " field 'text' is not text but a NoneType; record skipped"],
    ]
    assert faults[4].startswith("noiseclf: a.jsonl, line 7: ")
    assert len(faults) == 5
    assert count == "noiseclf: records skipped: 5 of 7"


def test_records_are_worked_on_as_they_arrive(command, monkeypatch):
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    process = subprocess.Popen(command("clean", "--field", "text"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for _ in range(2):
        process.stdin.write(b'{"text": ""}\n')
        process.stdin.flush()
        assert select.select([process.stdout], [], [], 60)[0]
        assert os.read(process.stdout.fileno(), 1000) == b'{"text": ""}\n'
    process.stdin.close()
    assert process.wait(60) == 0


@pytest.mark.parametrize("name", ["clean", "classify"])
def test_several_processes_give_the_same_output_in_the_same_order(run, name):
    file = write("a.jsonl", *[{"n": i, "text": f"{PAGE}{i}\n{CONTENT} {i}"} for i in range(120)])
    assert run(name, file, "--jobs", "2") == run(name, file)
    pages = [write(f"{i}.txt", f"{CONTENT} {i}\n{AD}") for i in range(10)]
    assert run(name, *pages, "--jobs", "2") == run(name, *pages)


# Output files


def test_output_goes_into_the_file_and_not_to_standard_output(run):
    assert run("clean", write("page.txt", PAGE), "-o", "out.txt") == (0, "", "")
    assert Path("out.txt").read_text() == f"{CONTENT}\n"
    assert sorted(names()) == ["out.txt", "page.txt"]


def test_a_page_can_be_cleaned_into_its_own_file(run):
    assert run("clean", write("page.txt", PAGE), "-o", "page.txt")[0] == 0
    assert Path("page.txt").read_text() == f"{CONTENT}\n"


def test_an_output_that_cannot_be_written_is_told_in_a_sentence(run):
    status, out, err = run("clean", write("page.txt", PAGE), "-o", "none/out.txt")
    assert (status, out) == (2, "")
    assert err.startswith("noiseclf: none/out.txt: cannot be written (No such file or directory); check its folder")
    assert len(err.splitlines()) == 1


def test_the_old_output_stays_where_nothing_could_be_used(run):
    write("out.txt", "old")
    status, _, err = run("clean", "none.txt", "-o", "out.txt")
    assert status == 2
    assert err.splitlines()[-1] == "noiseclf: nothing could be used, so out.txt was not written"
    assert Path("out.txt").read_text() == "old"
    assert names() == ["out.txt"]


def test_an_all_noise_page_beside_a_missing_one_still_gives_its_empty_output(run):
    assert run("clean", write("page.txt", AD), "none.txt", "-o", "out.txt")[0] == 2
    assert Path("out.txt").read_text() == ""


def test_the_old_output_stays_on_ctrl_c(command):
    write("out.txt", "old")
    process = subprocess.Popen(
        command("clean", "--field", "text", "-o", "out.txt"), stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdin.write(b'{"text": "a"}\n' * 1000)
    process.stdin.flush()
    wait_for(lambda: len(names()) == 2)  # its temporary file
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, b"")
    assert Path("out.txt").read_text() == "old"
    assert names() == ["out.txt"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told_in_a_sentence(command):
    clean = command("clean", write("page.txt", PAGE))
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(clean, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert result.returncode == 2
    assert result.stderr.startswith(b"noiseclf: standard output cannot be written (No space left on device)")
    assert result.stderr.count(b"\n") == 1


# Pipes, signals, terminals


def wait_for(condition):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen within 30 s")


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_standard_input_is_read_where_no_file_is_named(pipe, arguments):
    assert pipe("clean", *arguments, data=PAGE.encode()).stdout.decode() == f"{CONTENT}\n"
    assert records(pipe("classify", *arguments, "--format", "jsonl", data=b"x").stdout.decode())[0]["file"] == "-"


def test_messages_call_it_standard_input(pipe):
    assert pipe("clean", data=b"\0").stderr.startswith(b"noiseclf: standard input: holds NUL bytes")
    assert pipe("clean", "--field", "a", data=b"[]").stderr.startswith(b"noiseclf: standard input, line 1: not a JSON")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_reader_that_leaves_ends_it_quietly(command, jobs):
    file = write("a.jsonl", *[{"text": CONTENT, "pad": "x" * 1000}] * 3000)
    process = subprocess.Popen(command("clean", file, "-j", jobs), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == 141


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_ends_it_quietly(command, jobs):
    process = subprocess.Popen(
        command("clean", "--field", "text", "-j", jobs),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    process.stdin.write(b'{"text": "a"}\n' * 1000)
    process.stdin.flush()
    assert select.select([process.stdout], [], [], 60)[0]
    while select.select([process.stdout], [], [], 1)[0]:  # until its workers wait for work
        os.read(process.stdout.fileno(), 1 << 20)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to it and to its workers
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, b"")


def at_a_terminal(command, **environment):
    """Run ``command`` with a terminal as its standard output and return what it showed."""
    controller, terminal = pty.openpty()
    environment = {**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, **environment}
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal, env=environment)
    os.close(terminal)
    shown = b""
    try:
        while data := os.read(controller, 4096):
            shown += data
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(controller)
    assert process.wait(60) == 0
    return shown.decode()


def test_a_terminal_gets_colors_unless_no_color_is_set(command):
    classify = command("classify", write("page.txt", PAGE))
    assert f"\x1b[34mnavigation    1.00  {NAVIGATION}\x1b[0m" in at_a_terminal(classify)
    assert "\x1b" not in at_a_terminal(classify, NO_COLOR="1")
    assert "\x1b" in at_a_terminal(classify, NO_COLOR="")  # as no-color.org has it
    assert "\x1b" not in at_a_terminal([*classify, "--format", "text"])


def test_a_bar_shows_only_where_standard_error_is_a_terminal_and_output_is_elsewhere(monkeypatch):
    options = cli.argparse.Namespace(output=None, files=["a"])
    task = cli._Task("clean", "balanced", None, None, "text", False)
    shown = {}
    for err in (True, False):
        for out in (True, False):
            monkeypatch.setattr(sys.stderr, "isatty", lambda err=err: err)
            monkeypatch.setattr(sys.stdout, "isatty", lambda out=out: out)
            results = iter([])
            shown[err, out] = cli._progress(results, task, options) is not results
    assert shown == {(True, True): False, (True, False): True, (False, True): False, (False, False): False}


# Models, help


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none", "none: is no model to be read (No such file or directory); name a .noiseclf file with --model"),
        ("folder", "folder is a folder, not a model file: name the .noiseclf file in it"),
        ("text", "text is no noiseclf model, or is cut off (File is not a zip file): copy or train it again"),
    ],
)
def test_a_model_that_is_none_is_told_in_a_sentence(capsys, name, message):
    Path("folder").mkdir()
    write("text", "text")
    write("out.txt", "old")
    assert cli.main(["clean", write("page.txt", PAGE), "--model", name, "-o", "out.txt"]) == 2
    assert capsys.readouterr() == ("", f"noiseclf: {message}\n")
    assert Path("out.txt").read_text() == "old"


@pytest.mark.parametrize(("core", "said"), [(True, "compiled core"), (False, "without compiled core")])
def test_version_and_whether_the_core_is_compiled(capsys, monkeypatch, core, said):
    monkeypatch.setattr(compiled, "IN_USE", core)
    with pytest.raises(SystemExit) as end:
        cli.main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"noiseclf {noiseclf.__version__} ({said})\n"


@pytest.mark.parametrize("arguments", [["--help"], ["clean", "--help"], ["classify", "--help"]])
def test_help_teaches_by_examples_that_can_be_parsed(capsys, arguments):
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == 0
    examples = capsys.readouterr().out.split("examples:\n")[1].split("\n\n")[0].splitlines()
    assert 4 <= len(examples) <= 6
    for example in examples:
        call = example.split("noiseclf ", 1)[1].split("  ")[0].split(" | ")[0].split(" > ")[0]
        if call.strip() == "clean --help":
            continue
        options = cli._parser().parse_args(call.split())
        endings = (".txt", ".jsonl", ".warc.gz", "/")
        named = [word for word in call.split() if word.endswith(endings) and word != options.output]
        assert options.files == (named or ["-"])
        cli._task(cli._parser(), options)  # nothing in it contradicts the rest


# HTML

HTML = f"<!doctype html><nav>{NAVIGATION}</nav><p>{CONTENT}</p><p>{AD}</p>"


@pytest.fixture
def run_html(html_model, capfdbinary):
    """As ``run``, with a model that has a part for HTML."""
    pytest.importorskip("selectolax")

    def run(*arguments):
        status = cli.main([*arguments, "--model", str(html_model)])
        out, err = capfdbinary.readouterr()
        return status, out.decode(), err.decode()

    return run


def test_html_is_told_apart_by_its_look(run_html):
    write("page.html", HTML)
    write("page.txt", PAGE)
    assert run_html("clean", "page.html") == (0, f"{CONTENT}\n", "")
    assert run_html("clean", "page.txt", "page.html") == (0, f"{CONTENT}\n\n{CONTENT}\n", "")


def test_html_and_text_can_be_forced(run_html):
    write("page", f"{CONTENT} <b>x</b>")
    assert run_html("clean", "--html", "page")[1] == f"{CONTENT} x\n"
    write("page.html", HTML)
    assert "<nav>" in run_html("classify", "--text", "page.html")[1]


def test_lines_of_html_name_their_element(run_html):
    write("page.html", HTML.encode("utf-16"))
    status, out, _ = run_html("classify", "--format", "jsonl", "--keep", "content", "page.html")
    (line,) = [json.loads(row) for row in out.splitlines()]
    assert (status, line["text"], line["element"]) == (0, CONTENT, "p")


def test_html_without_the_extra_is_one_sentence(run_html, monkeypatch):
    monkeypatch.setitem(sys.modules, "selectolax.lexbor", None)
    write("page.html", HTML)
    status, out, err = run_html("clean", "page.html")
    assert (status, out) == (2, "")
    assert err.startswith("noiseclf: page.html: reading HTML needs one more package: pip install 'noiseclf[html]'")
    assert err.count("\n") == 1
