"""The commands beside clean and classify: ``inspect`` shows a page and why, ``label`` serves the labelling page."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import Any

from noiseclf.files import is_html
from noiseclf.streams import StreamError, decode, open_input, whole_file

_INSPECT_ABOUT = """\
Show a page as noiseclf reads it: each line with its label and probabilities, and why.

What speaks for a label, and what against it, is measured on the model itself: the log-odds of the line's label with
a word, the line's shape, its place or another line of the page, less the log-odds without it.

Of a page of HTML what its markup tells is a reason too: the elements that a line is in, their names, links.

With -o it writes one HTML file that needs nothing else, the cleaned text beside the page; without, it prints.
"""
_INSPECT_EXAMPLES = """\
examples:
  noiseclf inspect page.txt
  noiseclf inspect page.txt -o page.html
"""
_LABEL_ABOUT = """\
Label pages of your own in the browser.

Serves a page on 127.0.0.1, to this machine alone, at an address that it prints. The model's guesses are shown, the
pages it is least certain of first. Each change is saved at once in FOLDER: journal.jsonl, which only grows, and
train.jsonl, which 'make train CORPUS=FOLDER BASE=shipped' learns from. Go on later with the same FOLDER; Ctrl-C ends.
"""
_LABEL_EXAMPLES = """\
examples:
  noiseclf label pages/*.txt -o mine              text files, a page each
  noiseclf label crawl.jsonl -o mine              records, the page in 'text' or 'lines'
  noiseclf label -o mine --annotator Bea          go on, as a second annotator
"""


def add_inspect(commands: Any, described: Callable[[str, str], dict[str, Any]]) -> None:
    """Add ``inspect`` to the command line's ``commands``."""
    parser = commands.add_parser(
        "inspect", help="show what each line is, and why", **described(_INSPECT_ABOUT, _INSPECT_EXAMPLES)
    )
    parser.add_argument("file", metavar="FILE", nargs="?", default="-", help="page of text or HTML; - is standard input")
    parser.add_argument("--model", metavar="PATH", help="a model file of your own (default: the model in the package)")
    parser.add_argument("-o", "--output", metavar="FILE", help="write HTML there (default: print)")
    parser.set_defaults(run=_inspect)


def add_label(commands: Any, described: Callable[[str, str], dict[str, Any]]) -> None:
    """Add ``label`` to the command line's ``commands``."""
    parser = commands.add_parser(
        "label", help="label pages of your own, in the browser", **described(_LABEL_ABOUT, _LABEL_EXAMPLES)
    )
    parser.add_argument("files", metavar="PAGE", nargs="*", help="page of text or HTML, or records (.jsonl)")
    parser.add_argument("-o", "--output", metavar="FOLDER", default="labelled", help="where labels are kept (default: labelled)")
    parser.add_argument("--annotator", metavar="NAME", help="who labels (default: this machine's user)")
    parser.add_argument("--model", metavar="PATH", help="whose guesses are shown (default: the model in the package)")
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="port to serve on (default: any free one)")
    parser.add_argument("--no-browser", action="store_true", help="print the address, open nothing")
    parser.set_defaults(run=_label)


def _port(number: str) -> int:
    if not (number.isdecimal() and int(number) <= 65535):
        raise argparse.ArgumentTypeError(f"{number!r} is no port; give 0 to 65535")
    return int(number)


def load_model(model: str | None) -> Any:
    """Return the classifier of a file, or the shipped one.

    Raises:
        StreamError: the file cannot be read.
        ModelError: it is no model.
    """
    from noiseclf.classifier import load

    try:
        return load(model)
    except OSError as error:
        reason = error.strerror or error
        raise StreamError(f"{model}: is no model to be read ({reason}); name a .noiseclf file with --model") from None


def _inspect(options: argparse.Namespace) -> int:
    from noiseclf.explain import explain, explain_html
    from noiseclf.extras import require_html
    from noiseclf.inspection import html_page, terminal_page

    name = "standard input" if options.file == "-" else options.file
    try:
        with open_input(options.file) as stream:
            data = stream.read()
        html = is_html(options.file, data)
        text = "" if html else decode(data)[0]
    except StreamError as error:
        raise StreamError(f"{name}: {error}") from None
    classifier = load_model(options.model)
    if html:
        require_html()
        page, why = explain_html(classifier, data)
    else:
        page, why = explain(classifier, text.removesuffix("\n").split("\n") if text else [])
    if options.output is not None:
        with whole_file(options.output) as file:
            file.write(html_page(page, why, name).encode("utf-8", "replace"))
    else:
        color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        sys.stdout.buffer.write(terminal_page(page, why, color=color).encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
    return 0


def _label(options: argparse.Namespace) -> int:
    import webbrowser

    from noiseclf.label_server import Session, annotator_here, make_server
    from noiseclf.labelling import Journal, read_pages

    load_model(options.model)  # a model that cannot be read is said before anything is made
    pages = read_pages(options.files)
    journal = Journal(options.output)
    journal.add(pages)
    if not journal.pages:
        raise StreamError("there is no page to label; name text files or records (.jsonl), or a folder with labels by -o")
    server, address = make_server(Session(journal, options.model, options.annotator or annotator_here()), options.port)
    print(f"Label at {address}\nLabels are kept in {options.output}; Ctrl-C ends.", flush=True)  # noqa: T201
    if not options.no_browser:
        webbrowser.open(address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    finally:
        server.server_close()
        journal.close()
    return 0
