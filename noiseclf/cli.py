"""The command line: arguments → items (pages or records) → work on each, in this process or others → output."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, get_args

import noiseclf
from noiseclf.artefact import ModelError
from noiseclf.classifier import Favor, NoiseClassifier, load
from noiseclf.commands import add_inspect, add_label
from noiseclf.encoding import looks_like_html, to_utf8
from noiseclf.labels import LABELS, NOISE, Label
from noiseclf.page import Line, Page
from noiseclf.parallel import ordered_map
from noiseclf.site import Site
from noiseclf.streams import StreamError, decode, decode_lines, open_input, whole_file

_FORMATS = ("text", "tsv", "jsonl", "color")
_RECORDS = ".jsonl"
_FIELD = "text"

_ABOUT = """\
Tell what each line of a scraped web page is (content, navigation, ad, comment_form), and drop the noise.

A page is HTML, or plain text, one line a block of the page, as HTML-to-text tools write it. Many pages can come as
records: one JSON object a line (.jsonl), the page in one of its fields.
"""
_EXAMPLES = """\
examples:
  noiseclf clean page.txt                         the page without its noise
  curl -s URL | noiseclf clean                    the same of a page of HTML, in a pipe
  noiseclf classify page.txt                      what each line is, and how sure that is
  noiseclf clean crawl.jsonl -o clean.jsonl -j 4  a crawl of many pages, by four processes
  noiseclf clean --help                           more about one command

exit status: 0 all went well, 2 something could not be used (the rest was done), 130 stopped by Ctrl-C.
"""
_CLEAN_ABOUT = """\
Print pages without the lines that are noise.

Kept lines come out as they are, with the blank lines between them; where lines were dropped, one blank line of the
gap stays. Several FILEs come out one after the other, with a blank line between two pages. Records (.jsonl, or with
--field) come out as records, the field cleaned, every other field as it was.
"""
_CLEAN_EXAMPLES = """\
examples:
  noiseclf clean page.txt > clean.txt
  noiseclf clean *.txt -o all.txt                 many pages into one file, written whole or not at all
  noiseclf clean --keep content,comment_form page.txt
  noiseclf clean --favor recall page.txt          rather keep some noise than lose content
  noiseclf clean crawl.jsonl --field body -j 4 -o clean.jsonl
  zcat crawl.jsonl.gz | noiseclf clean --field body | gzip > clean.jsonl.gz
"""
_CLASSIFY_ABOUT = """\
Print what each line of the pages is.

--format says how:
  text   label, confidence and line, in columns; blank lines stay blank. Several FILEs get a heading each.
             content       0.99  The ferry was late again on Monday.
             navigation    0.97  Home | News | Sport
  color  the same in colours, each label its own; what a terminal gets, unless NO_COLOR is set
  tsv    number, label, confidence, text, under a header; tab, CR and backslash in a line come as \\t, \\r, \\\\.
         Several FILEs add a first column, file.
             0	content	0.9912	The ferry was late again on Monday.
  jsonl  one JSON object a line of the page
             {"file": "page.txt", "number": 0, "label": "content", "confidence": 0.9912,
              "probabilities": {"content": 0.9912, ...}, "text": "The ferry was late again on Monday."}

Numbers count from 0, as in Python. A blank line has no label. Records (.jsonl, or with --field) come out as records
with one more field, "noiseclf": {"labels": [...], "confidences": [...]}, one entry a line of the page.
"""
_CLASSIFY_EXAMPLES = """\
examples:
  noiseclf classify page.txt
  noiseclf classify --drop content page.txt       only the noise
  noiseclf classify --format tsv *.txt > lines.tsv
  noiseclf classify --format jsonl page.txt | jq 'select(.label == "ad").text'
  noiseclf classify crawl.jsonl -j 4 -o labelled.jsonl
"""


@dataclass(frozen=True)
class _Task:
    """What to do with each item; sent to every worker process.

    Attributes:
        command: "clean" or "classify".
        favor: see :meth:`NoiseClassifier.clean`.
        kept: labels of the lines to print; None for all, blank ones too.
        field: of the records that holds the page; None where items are pages.
        format: how ``classify`` prints a page.
        several: whether the pages come from several files.
        site: the site that all pages are from, where the user says that they are from one.
    """

    command: str
    favor: Favor
    kept: frozenset[Label] | None
    field: str | None
    format: str
    several: bool
    site: Site | None = None

    @property
    def header(self) -> str:
        """What stands once above all output."""
        if self.command == "clean" or self.format != "tsv" or self.field is not None:
            return ""
        return ("file\t" if self.several else "") + "number\tlabel\tconfidence\ttext\n"

    @property
    def between(self) -> str:
        """What stands between the outputs of two items."""
        return "\n" if self.field is None and (self.command == "clean" or self.format in ("text", "color")) else ""


@dataclass(frozen=True)
class _Item:
    """A page or a record to work on.

    Attributes:
        file: name of the file it is from, "-" for standard input.
        number: the record's line in its file, from 1; 0 for a page.
        text: the page, or the record's JSON.
        html: whether the page is HTML.
    """

    file: str
    number: int
    text: str
    html: bool = False


@dataclass(frozen=True)
class _Result:
    """What became of an item: its output, or why there is none."""

    output: str = ""
    fault: str = ""


class _Problems:
    """Says on standard error what went wrong, and remembers that something did."""

    def __init__(self) -> None:
        self.failed = False
        self.broken = 0  # records

    def warn(self, place: str, message: str) -> None:
        print(f"noiseclf: {place}: {message}", file=sys.stderr)  # noqa: T201 - a command line talks

    def fail(self, place: str, message: str) -> None:
        self.failed = True
        self.warn(place, message)

    def skip(self, item: _Item, fault: str) -> None:
        self.broken += 1
        self.fail(f"{_shown(item.file)}, line {item.number}", f"{fault}; record skipped")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (that of the process unless given) and return its exit status.

    Raises:
        SystemExit: after ``--help``, ``--version``, or a fault in the arguments.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    run = options.run if "run" in options else partial(_run, _task(parser, options))
    try:
        return int(run(options))
    except (StreamError, ModelError) as error:
        print(f"noiseclf: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except BrokenExecutor:
        print("noiseclf: a worker process died, out of memory perhaps; use fewer --jobs", file=sys.stderr)  # noqa: T201
        return 2
    except BrokenPipeError:  # the reader has gone, which is its right
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered has a place to go
        return 141
    except KeyboardInterrupt:
        return 130


# Arguments


def _parser() -> argparse.ArgumentParser:
    def described(about: str, examples: str) -> dict[str, Any]:
        raw = argparse.RawDescriptionHelpFormatter
        return {"description": about.replace("%", "%%"), "epilog": examples.replace("%", "%%"), "formatter_class": raw}

    common = argparse.ArgumentParser(add_help=False)
    add = common.add_argument
    add("files", metavar="FILE", nargs="*", default=["-"], help="page of text or records (.jsonl); - is standard input")
    kind = common.add_mutually_exclusive_group()
    kind.add_argument("--html", action="store_const", const=True, default=None, help="pages are HTML (default: by their look)")
    kind.add_argument("--text", action="store_const", const=False, dest="html", help="pages are text, however they look")
    add("--field", metavar="NAME", help=f"input is records, the page in this field (for .jsonl files: {_FIELD})")
    which = common.add_mutually_exclusive_group()
    which.add_argument("--keep", type=_labels, metavar="LABELS", help="labels of the lines to print, comma-separated")
    which.add_argument("--drop", type=_labels, metavar="LABELS", help="labels of the lines not to print")
    favor = "what to trade: precision keeps less noise, recall loses less content (default: balanced)"
    add("--site", action="store_true", help="all pages are from one site: lines that stand on several count as noise")
    add("--favor", choices=get_args(Favor), default="balanced", help=favor)
    add("--model", metavar="PATH", help="a model file of your own (default: the model in the package)")
    add("-j", "--jobs", type=_jobs, default=1, metavar="N", help="processes to use; order is kept (default: 1)")
    add("-o", "--output", metavar="FILE", help="write there, whole or not at all (default: standard output)")

    parser = argparse.ArgumentParser("noiseclf", **described(_ABOUT, _EXAMPLES))
    parser.add_argument("--version", action="version", version=f"noiseclf {noiseclf.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser(
        "clean", parents=[common], help="print pages without their noise", **described(_CLEAN_ABOUT, _CLEAN_EXAMPLES)
    )
    classify = commands.add_parser(
        "classify", parents=[common], help="print what each line is", **described(_CLASSIFY_ABOUT, _CLASSIFY_EXAMPLES)
    )
    classify.add_argument("--format", choices=_FORMATS, help="see above (default: color at a terminal, else text)")
    add_inspect(commands, described)
    add_label(commands, described)
    return parser


def _labels(names: str) -> frozenset[Label]:
    try:
        return frozenset(Label(name.strip()) for name in names.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{names!r} is no comma-separated list of {', '.join(LABELS)}") from None


def _jobs(number: str) -> int:
    if not (number.isdecimal() and int(number) >= 1):
        raise argparse.ArgumentTypeError(f"{number!r} is not a number of processes; give 1 or more")
    return int(number)


def _task(parser: argparse.ArgumentParser, options: argparse.Namespace) -> _Task:
    """Return what ``options`` ask for; ends the program, by ``parser``, where they contradict each other."""
    records = options.field is not None or _all_records(parser, options.files)
    chosen = getattr(options, "format", None)
    kept = options.keep if options.drop is None else frozenset(LABELS) - options.drop
    if options.command == "clean":
        kept = frozenset(LABELS) - NOISE if kept is None else kept
    elif records and chosen not in (None, "jsonl"):
        parser.error(f"--format {chosen} is for pages of text; records come out as jsonl")
    elif records and kept is not None:
        parser.error("classify labels every line of a record; --keep and --drop are for pages of text, or for clean")
    return _Task(
        options.command,
        options.favor,
        kept,
        (options.field or _FIELD) if records else None,
        chosen or ("color" if options.output is None and _colorful() else "text"),
        len(options.files) > 1,
    )


def _all_records(parser: argparse.ArgumentParser, files: Sequence[str]) -> bool:
    records = [file.lower().endswith(_RECORDS) for file in files]
    if any(records) and not all(records):
        parser.error(f"pages of text and records ({_RECORDS}) cannot go into one output; use two commands")
    return all(records)


def _colorful() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


# The run


def _run(task: _Task, options: argparse.Namespace) -> int:
    classifier = _load(options.model)
    problems = _Problems()
    items = _pages(options.files, problems, options.html) if task.field is None else _records(options.files, problems)
    if options.site:
        known = list(items)  # read once to know the site, once to work
        items, task = iter(known), replace(task, site=Site.of(_page_lines(item, task.field) for item in known))
    batch = 1 if task.field is None else 16
    worked = printed = 0
    with _output(options.output) as write:
        write(task.header)
        results = ordered_map(_work, (classifier, task), items, jobs=options.jobs, batch=batch)
        for item, result in _progress(results, task, options):
            if result.fault:
                problems.skip(item, result.fault)
                continue
            worked += 1
            if result.output:
                write(task.between + result.output if printed else result.output)
                printed += 1
        if problems.failed and not worked and options.output is not None:
            raise StreamError(f"nothing could be used, so {options.output} was not written")
    if problems.broken:
        problems.warn("records skipped", f"{problems.broken} of {problems.broken + worked}")
    return 2 if problems.failed else 0


def _load(model: str | None) -> NoiseClassifier:
    try:
        return load(model)
    except OSError as error:
        reason = error.strerror or error
        raise StreamError(f"{model}: is no model to be read ({reason}); name a .noiseclf file with --model") from None


def _pages(files: Sequence[str], problems: _Problems, html: bool | None) -> Iterator[_Item]:
    for file in files:
        try:
            with open_input(file) as stream:
                data = stream.read()
            if looks_like_html(data) if html is None else html:
                yield _Item(file, 0, to_utf8(data).decode("utf-8", "replace"), html=True)
                continue
            text, replaced = decode(data)
        except StreamError as error:
            problems.fail(_shown(file), str(error))
            continue
        _warn_replaced(file, replaced, problems)
        yield _Item(file, 0, text)


def _records(files: Sequence[str], problems: _Problems) -> Iterator[_Item]:
    for file in files:
        replaced = 0
        try:
            with open_input(file) as stream:
                for number, (line, bad) in enumerate(decode_lines(stream), 1):
                    replaced += bad
                    if line.strip():
                        yield _Item(file, number, line)
        except StreamError as error:
            problems.fail(_shown(file), str(error))
        _warn_replaced(file, replaced, problems)


def _warn_replaced(file: str, replaced: int, problems: _Problems) -> None:
    if replaced:
        message = f"{replaced} byte sequences that are not UTF-8 became U+FFFD; convert the file first (iconv)"
        problems.warn(_shown(file), message)


def _shown(file: str) -> str:
    return "standard input" if file == "-" else file


@contextmanager
def _output(name: str | None) -> Iterator[Callable[[str], None]]:
    """Open the file ``name``, or standard output, and yield what writes text there in UTF-8."""
    if name is not None:
        with whole_file(name) as file:
            yield lambda text: _write(file.write, text)
        return

    def write(text: str) -> None:
        try:
            _write(sys.stdout.buffer.write, text)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            reason = error.strerror or error
            raise StreamError(f"standard output cannot be written ({reason}); give it room, or use -o") from None

    yield write


def _write(write: Callable[[bytes], Any], text: str) -> None:
    write(text.encode("utf-8", "replace"))


def _progress(
    results: Iterator[tuple[_Item, _Result]], task: _Task, options: argparse.Namespace
) -> Iterator[tuple[_Item, _Result]]:
    """Pass ``results`` on, with a bar on standard error for work of some seconds whose output goes elsewhere."""
    if not sys.stderr.isatty() or (options.output is None and sys.stdout.isatty()):
        return results
    try:
        from tqdm import tqdm
    except ImportError:  # it is a nicety
        return results
    pages = task.field is None
    total, unit = (len(options.files), " pages") if pages else (None, " records")
    return iter(tqdm(results, total=total, unit=unit, delay=2))


# The work on one item; in worker processes too


def _work(context: tuple[NoiseClassifier, _Task], item: _Item) -> _Result:
    classifier, task = context
    if task.field is not None:
        try:
            return _work_on_record(classifier, task, task.field, item.text)
        except RecursionError:
            return _Result(fault="JSON nested too deeply")
    if item.html:
        return _work_on_html(classifier, task, item)
    lines = _page_lines(item, None)
    if task.command == "clean":
        text = classifier.clean(lines, drop=_dropped(task), favor=task.favor, site=task.site)
        return _Result(text + "\n" if text else "")
    return _shown_page(classifier.classify(lines, favor=task.favor, site=task.site), task, item)


def _work_on_html(classifier: NoiseClassifier, task: _Task, item: _Item) -> _Result:
    try:
        page = classifier.classify_html(item.text, drop=_dropped(task), favor=task.favor)
    except ImportError as error:
        raise StreamError(f"{_shown(item.file)}: {error}; or use --text for a page of text") from None
    if task.command == "clean":
        return _Result(page.text + "\n" if page.text else "")
    return _shown_page(page, task, item)


def _shown_page(page: Page, task: _Task, item: _Item) -> _Result:
    """Return what ``classify`` prints of a page."""
    shown = [line for line in page.lines if task.kept is None or line.label in task.kept]
    if task.format == "tsv":
        return _Result(_tsv(shown, item.file if task.several else None))
    if task.format == "jsonl":
        return _Result("".join(_json({"file": item.file, **_rounded(line)}) + "\n" for line in shown))
    heading = f"==> {_visible(item.file)} <==\n" if task.several else ""
    return _Result(heading + _columns(shown, color=task.format == "color"))


def _page_lines(item: _Item, field: str | None) -> list[str]:
    """Return the lines of an item's page; none for a record that holds no page."""
    text: Any = item.text
    if field is not None:
        try:
            text = json.loads(text)[field]
        except (ValueError, LookupError, TypeError, RecursionError):
            text = None
        return text.split("\n") if isinstance(text, str) else []
    # The last line break ends the last line; an empty file has no line.
    return text.removesuffix("\n").split("\n") if text else []


def _work_on_record(classifier: NoiseClassifier, task: _Task, field: str, text: str) -> _Result:
    try:
        record = json.loads(text)
    except ValueError as error:
        return _Result(fault=f"not JSON ({error})")
    if not isinstance(record, dict):
        return _Result(fault=f"not a JSON object but a {type(record).__name__}")
    if field not in record:
        return _Result(fault=f"no field {field!r} among {sorted(record)[:9]}; name the page's field with --field")
    page = record[field]
    if not isinstance(page, str):
        return _Result(fault=f"field {field!r} is not text but a {type(page).__name__}")
    if task.command == "clean":
        record[field] = classifier.clean(page, drop=_dropped(task), favor=task.favor, site=task.site)
    else:
        lines = [_rounded(line) for line in classifier.classify(page, favor=task.favor, site=task.site).lines]
        record["noiseclf"] = {
            "labels": [line["label"] for line in lines],
            "confidences": [line["confidence"] for line in lines],
        }
    return _Result(_json(record) + "\n")


def _dropped(task: _Task) -> frozenset[Label]:
    return frozenset(LABELS) - (task.kept or frozenset())


def _rounded(line: Line) -> dict[str, Any]:
    """Return ``line.as_dict()`` with four decimals, which is more than the model knows."""
    probabilities = {label.value: round(p, 4) for label, p in line.probabilities.items()}
    return {**line.as_dict(), "confidence": round(line.confidence, 4), "probabilities": probabilities}


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # lone surrogates, which JSON can carry as escapes and UTF-8 cannot
        return json.dumps(value)
    return text


_TSV_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\r": "\\r", "\n": "\\n"})


def _tsv(lines: Sequence[Line], file: str | None) -> str:
    first = "" if file is None else file.translate(_TSV_ESCAPES) + "\t"
    return "".join(
        f"{first}{line.number}\t{line.label or ''}\t{line.confidence:.4f}\t{_ended(line).translate(_TSV_ESCAPES)}\n"
        for line in lines
    )


_COLORS = {Label.CONTENT: "", Label.NAVIGATION: "\x1b[34m", Label.AD: "\x1b[33m", Label.COMMENT_FORM: "\x1b[35m"}
# What would move the cursor, break the line or turn its direction.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def _columns(lines: Sequence[Line], *, color: bool) -> str:
    rows = []
    for line in lines:
        if line.label is None:
            rows.append("\n")
            continue
        row = f"{line.label.value:<12}  {line.confidence:.2f}  {_visible(_ended(line))}"
        paint = _COLORS[line.label] if color else ""
        rows.append(f"{paint}{row}\x1b[0m\n" if paint else f"{row}\n")
    return "".join(rows)


def _ended(line: Line) -> str:
    r"""Return the line's text without the ``"\r"`` of a Windows line end."""
    return line.text.removesuffix("\r")


def _visible(text: str) -> str:
    return _CONTROLS.sub("\ufffd", text.replace("\t", " "))
