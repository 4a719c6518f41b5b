"""The command line: arguments → items (pages or records) → work on each, in this process or others → output."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import tee
from typing import Any, TypeVar, get_args

import noiseclf
from noiseclf import compiled, records
from noiseclf.artefact import ModelError
from noiseclf.classifier import Favor, NoiseClassifier
from noiseclf.commands import add_inspect, add_label, load_model
from noiseclf.extras import MissingExtraError, classify_page, require_html
from noiseclf.files import LIMITS, Item, Kind, Limits, Problems, expand, is_html, kind_of, read, shown
from noiseclf.labels import LABELS, NOISE, Label
from noiseclf.page import Line, Page
from noiseclf.parallel import one_thread, ordered_map
from noiseclf.site import Site
from noiseclf.streams import StreamError, decode, open_input, whole_file

Result = TypeVar("Result")

_FORMATS = ("text", "tsv", "jsonl", "color")
_FIELD = "text"
_SITE_OF_HTML = "--site is for pages of text, in .txt, .jsonl, .parquet and .wet files, not for HTML"

_ABOUT = """\
Tell what each line of a scraped web page is (content, navigation, ad, comment_form), and drop the noise.

A page is HTML, or plain text, one line a block of the page, as HTML-to-text tools write it. Many pages come as records: JSON
objects (.jsonl, .jsonl.gz, .jsonl.zst), rows (.parquet) or a crawl's archive (.warc, .wet, or either with .gz). A folder stands
for all such files in it.
"""
_EXAMPLES = """\
examples:
  noiseclf clean page.txt                         the page without its noise
  curl -s URL | noiseclf clean                    the same of a page of HTML, in a pipe
  noiseclf classify page.txt                      what each line is, and how sure that is
  noiseclf clean crawl.jsonl -o clean.jsonl -j 4  a crawl of many pages, by four processes
  noiseclf clean crawl.warc.gz -o clean.parquet   a crawl's archive, into columns
  noiseclf clean --help                           more about one command

exit status: 0 all went well, 2 something could not be used (the rest was done), 130 stopped by Ctrl-C.
"""
_CLEAN_ABOUT = """\
Print pages without the lines that are noise.

Kept lines come out as they are, with the blank lines between them; where lines were dropped, one blank line of the
gap stays. Several FILEs come out one after the other, with a blank line between two pages. Records (all but .txt and
.html, or with --field, or where -o names .jsonl or .parquet) come out as records, the field cleaned, every other field as
it was. A record that is broken is named and left out. Those of archives have the fields id, url, date and text.

A run with records and -o that was interrupted goes on with --resume, and ends with the same result.
"""
_CLEAN_EXAMPLES = """\
examples:
  noiseclf clean page.txt > clean.txt
  noiseclf clean *.txt -o all.txt                 many pages into one file, written whole or not at all
  noiseclf clean --keep content,comment_form page.txt
  noiseclf clean --favor recall page.txt          rather keep some noise than lose content
  noiseclf clean crawl.jsonl --field body -j 4 -o clean.jsonl
  noiseclf clean crawl/ -o clean.parquet --resume  a folder of records, gone on with where it was interrupted
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

Numbers count from 0, as in Python. A blank line has no label. Records (see noiseclf clean --help) come out as records with
one more field, "noiseclf": {"labels": [...], "confidences": [...]}, one entry a line of the page.
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
    """A page to work on.

    Attributes:
        file: name of the file it is from, "-" for standard input.
        text: the page, bytes where it is HTML.
    """

    file: str
    text: str | bytes


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (that of the process unless given) and return its exit status.

    Raises:
        SystemExit: after ``--help``, ``--version``, or a fault in the arguments.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    if "run" in options:
        run: Callable[[argparse.Namespace], int] = options.run
    else:
        options.files = expand(options.files, without=options.output)
        run = partial(_run, _task(parser, options))
    try:
        with one_thread():  # so that --jobs tells how many cores are used
            return run(options)
    except (StreamError, ModelError, MissingExtraError) as error:
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
    add("files", metavar="FILE", nargs="*", default=["-"], help="pages or records, by suffix; a folder or pattern; - is stdin")
    kind = common.add_mutually_exclusive_group()
    html = "pages are HTML, those in records too (default: pages by name and look, archives by their kind)"
    kind.add_argument("--html", action="store_const", const=True, default=None, help=html)
    kind.add_argument("--text", action="store_const", const=False, dest="html", help="pages are text, however they look")
    add("--field", metavar="NAME", help=f"input is records, the page in this field (where the suffix says so: {_FIELD})")
    which = common.add_mutually_exclusive_group()
    which.add_argument("--keep", type=_labels, metavar="LABELS", help="labels of the lines to print, comma-separated")
    which.add_argument("--drop", type=_labels, metavar="LABELS", help="labels of the lines not to print")
    favor = "what to trade: precision keeps less noise, recall loses less content (default: balanced)"
    add("--site", action="store_true", help="all pages are from one site: lines that stand on several count as noise (text only)")
    add("--favor", choices=get_args(Favor), default="balanced", help=favor)
    add("--model", metavar="PATH", help="a model file of your own (default: the model in the package)")
    add("-j", "--jobs", type=_jobs, default=1, metavar="N", help="processes to use; order is kept (default: 1)")
    add("-o", "--output", metavar="FILE", help="write there, whole or not at all; .jsonl or .parquet (default: standard output)")
    record = "largest page or record, once decompressed; K, M or G may follow (default: 32M)"
    ratio = f"how many times its size a compressed file may have once decompressed (default: {LIMITS.ratio})"
    add("--max-record", type=_size, default=LIMITS.record, metavar="SIZE", help=record)
    add("--max-lines", type=_size, default=LIMITS.lines, metavar="N", help=f"most lines of a page (default: {LIMITS.lines})")
    add("--max-ratio", type=_size, default=LIMITS.ratio, metavar="N", help=ratio)
    add("--resume", action="store_true", help="go on where an interrupted run of the same command came to, if there was one")

    parser = argparse.ArgumentParser("noiseclf", **described(_ABOUT, _EXAMPLES))
    core = "compiled core" if compiled.IN_USE else "without compiled core"
    parser.add_argument("--version", action="version", version=f"noiseclf {noiseclf.__version__} ({core})")
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


def _size(text: str) -> int:
    found = re.fullmatch(r"(\d{1,15})([KMG]?)", text.upper(), re.ASCII)
    if found is None or int(found[1]) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; give 1 or more, such as 64M")
    return int(found[1]) << {"": 0, "K": 10, "M": 20, "G": 30}[found[2]]


def _limits(options: argparse.Namespace) -> Limits:
    return Limits(options.max_record, options.max_lines, options.max_ratio)


def _task(parser: argparse.ArgumentParser, options: argparse.Namespace) -> _Task:
    """Return what ``options`` ask for; ends the program, by ``parser``, where they contradict each other."""
    chosen = getattr(options, "format", None)
    records = _are_records(parser, options, chosen)
    kept = options.keep if options.drop is None else frozenset(LABELS) - options.drop
    if options.command == "clean":
        kept = frozenset(LABELS) - NOISE if kept is None else kept
    elif records and chosen not in (None, "jsonl"):
        parser.error(f"--format {chosen} is for pages of text; records come out as jsonl")
    elif records and kept is not None:
        parser.error("classify labels every line of a record; --keep and --drop are for pages of text, or for clean")
    if options.resume and (not records or options.output is None or "-" in options.files):
        parser.error("--resume is for records from files, written with -o")
    if options.site and options.html:
        parser.error(f"{_SITE_OF_HTML}, and --html")
    if records and options.output is not None and options.output.lower().endswith((".gz", ".zst")):
        parser.error(f"{options.output} would not be compressed; name a .jsonl or .parquet file")
    return _Task(
        options.command,
        options.favor,
        kept,
        (options.field or _FIELD) if records else None,
        chosen or ("color" if options.output is None and _colorful() else "text"),
        len(options.files) > 1,
    )


def _are_records(parser: argparse.ArgumentParser, options: argparse.Namespace, chosen: str | None) -> bool:
    """Return whether the run is on records; pages become records where the output is to be records."""
    output = None if options.output is None else kind_of(options.output)
    if options.field is not None or output is Kind.PARQUET or (output is Kind.JSONL and chosen is None):
        return True
    records = [kind is not None and kind.is_records for kind in map(kind_of, options.files)]
    if any(records) and not all(records):
        parser.error("pages of text and records (.jsonl) cannot go into one output; use two commands, or -o NAME.jsonl")
    return all(records)


def _colorful() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


# The run


def _run(task: _Task, options: argparse.Namespace) -> int:
    classifier: NoiseClassifier = load_model(options.model)
    problems = Problems()
    (_run_on_pages if task.field is None else _run_on_records)(task, options, classifier, problems)
    return 2 if problems.failed else 0


def _run_on_pages(task: _Task, options: argparse.Namespace, classifier: NoiseClassifier, problems: Problems) -> None:
    worked = printed = 0
    with _output(options.output) as write:
        write(task.header)
        pages = _pages(options, problems)
        if options.site:
            known = list(pages)  # read once to know the site, once to work
            pages, task = iter(known), replace(task, site=Site.of(_site_lines(item.file, item.text) for item in known))
        results = ordered_map(_work, (classifier, task), pages, jobs=options.jobs, batch=1)
        for _, output in _progress(results, task, options):
            worked += 1
            if output:
                write(task.between + output if printed else output)
                printed += 1
        if problems.failed and not worked and options.output is not None:
            raise StreamError(f"nothing could be used, so {options.output} was not written")


def _run_on_records(task: _Task, options: argparse.Namespace, classifier: NoiseClassifier, problems: Problems) -> None:
    assert task.field is not None
    other = Kind.TEXT if options.field is None else Kind.JSONL
    kinds = [kind_of(file) or other for file in options.files]
    if options.field is not None:
        kinds = [Kind.JSONL if kind is Kind.TEXT else kind for kind in kinds]
    items = read(options.files, task.field, kinds, problems, html=options.html, limits=_limits(options))
    site = None
    if options.site:  # all is read once to know the site, and once to work
        if "-" in options.files:
            items, first = tee(items)  # held, as it will not come again
        else:
            first = read(options.files, task.field, kinds, Problems(quiet=True), html=options.html, limits=_limits(options))
        site = Site.of(_record_lines(item, task.field) for item in first if not item.fault)
    records.run(
        records.Task(task.command, task.favor, _dropped(task), task.field, site, _limits(options)),
        classifier,
        items,
        records.Where(options.files, options.output, options.resume, options.html),
        problems,
        jobs=options.jobs,
        write=lambda: _output(None),
        progress=lambda results: _progress(results, task, options),
    )


def _site_lines(file: str, page: str | bytes) -> list[str]:
    """Return the lines of a page of a site.

    Raises:
        StreamError: it is HTML.
    """
    if isinstance(page, bytes):
        raise StreamError(f"{shown(file)}: {_SITE_OF_HTML}, and this is one; leave out either")
    return _lines(page)


def _record_lines(item: Item, field: str) -> list[str]:
    if item.html:
        return _site_lines(item.file, b"")
    page = records.text_of(item, field)
    return [] if page is None else page.split("\n")


def _pages(options: argparse.Namespace, problems: Problems) -> Iterator[_Item]:
    limits = _limits(options)
    for file in options.files:
        try:
            with open_input(file) as stream:
                data = stream.read(limits.record + 1)
            html = is_html(file, data, options.html)
            if html:
                require_html()
            if len(data) > limits.record:
                raise StreamError(limits.too_large)
            text, replaced = (data, 0) if html else decode(data)
            if fault := limits.fault(text, html=html):
                raise StreamError(fault)
        except StreamError as error:
            problems.fail(shown(file), str(error))
            continue
        except MissingExtraError as error:
            problems.fail(shown(file), f"{error}; or use --text for a page of text")
            continue
        problems.replaced(file, replaced)
        yield _Item(file, text)


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


def _progress(results: Iterator[Result], task: _Task, options: argparse.Namespace) -> Iterator[Result]:
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


# The work on one page; in worker processes too


def _work(context: tuple[NoiseClassifier, _Task], item: _Item) -> str:
    classifier, task = context
    found = _classified(classifier, task, item.text)
    if task.command == "clean":
        return found.text + "\n" if found.text else ""
    shown = [line for line in found.lines if task.kept is None or line.label in task.kept]
    if task.format == "tsv":
        return _tsv(shown, item.file if task.several else None)
    if task.format == "jsonl":
        return "".join(records.as_json({"file": item.file, **records.rounded(line)}) + "\n" for line in shown)
    heading = f"==> {_visible(item.file)} <==\n" if task.several else ""
    return heading + _columns(shown, color=task.format == "color")


def _classified(classifier: NoiseClassifier, task: _Task, page: str | bytes) -> Page:
    if isinstance(page, bytes):
        return classify_page(classifier, page, html=True, drop=_dropped(task), favor=task.favor)
    return classifier.classify(_lines(page), drop=_dropped(task), favor=task.favor, site=task.site)


def _lines(page: str) -> list[str]:
    # The last line break ends the last line; an empty file has no line.
    return page.removesuffix("\n").split("\n") if page else []


def _dropped(task: _Task) -> frozenset[Label]:
    return frozenset(LABELS) - (task.kept or frozenset())


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
