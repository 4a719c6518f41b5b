"""What is fuzzed, and the inputs that fuzzing begins with. An input that a target does not return from is a find."""

from __future__ import annotations

import io
import json
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, suppress
from pathlib import Path

import numpy as np

import noiseclf
from noiseclf import artefact, cli
from noiseclf.classifier import from_bytes

_EXAMPLES = Path(__file__).parents[1] / "examples"
_PAGE = "Home | News\n\nThe ferry to the island was late again on Monday.\nLeave a reply\n\u6e2f\u53e3\u5f88\u5b89\u9759\u3002"
_HTML = """<!doctype html><meta charset=utf-8><title>Ferry</title><nav><ul><li><a href=/>Home</a></ul></nav>
<main><h1>Ferry</h1><p>The ferry was <b>late</b> again<br>on Monday.<table><tr><th>Day<td>Mon</table><pre>a\n  b</pre></main>
<form><label>Name</label><input placeholder=Name><select><option>a<option>b</select><button>Send</button></form>
<script type=application/ld+json>{"articleBody": "The ferry was \\u0077as late"}</script><div style="display:none">no</div>"""


def text(data: bytes) -> None:
    """Each line gets one label, the same each time, and nothing is lost."""
    page = data.decode("utf-8", "surrogatepass" if data[:1] == b"s" else "replace") if _is_text(data) else data.decode("latin-1")
    found = noiseclf.classify(page)
    assert "\n".join(line.text for line in found.lines) == page
    assert noiseclf.clean(page) == found.text
    assert noiseclf.clean(page, drop=()) == page
    assert noiseclf.classify(page, favor="recall").lines[0].probabilities == found.lines[0].probabilities


def _is_text(data: bytes) -> bool:
    with suppress(UnicodeDecodeError):
        data.decode("utf-8", "surrogatepass" if data[:1] == b"s" else "replace")
        return True
    return False


def html(data: bytes) -> None:
    """Bytes and what they decode to are read; each line has an element, and probabilities where it has a label."""
    found = noiseclf.classify_html(data)
    assert noiseclf.clean_html(data) == found.text
    for line in found.lines:
        assert (line.label is None) == (line.text == "") == (not line.probabilities)
        assert np.isfinite(list(line.probabilities.values())).all()
    noiseclf.clean_html(data.decode("latin-1"), favor="precision")


def records(data: bytes) -> None:
    """Let the command line label records, or say what is wrong with them; it ends with its own exit status."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if sys.platform == "linux" else None) as folder:
        source, out = Path(folder, "in.jsonl"), Path(folder, "out.jsonl")
        source.write_bytes(data[1:])
        command = "classify" if data[:1] > b"m" else "clean"
        with redirect_stderr(io.StringIO()):
            status = cli.main([command, str(source), "-o", str(out)])
        assert status in (0, 2)
        if out.exists():
            for line in out.read_bytes().decode("utf-8").split("\n")[:-1]:
                assert isinstance(json.loads(line), dict)


_shipped = noiseclf.load()
_WITH_HTML = "html" in _shipped.metadata


def model(data: bytes) -> None:
    """Load a model that is the input, or holds it under a checksum that fits: it is refused, or labels pages."""
    kind, rest = data[:1], data[1:]
    small = _small()
    if kind in _PARTS:
        file = _signed({**small, _PARTS[kind]: rest})
    elif kind == b"n":  # an array's header and its numbers
        name, _, raw = rest.partition(b"\n")
        if name.decode("latin-1") not in small:
            return
        file = _signed({**small, name.decode("latin-1"): raw})
    else:
        file = rest
    with suppress(noiseclf.ModelError):
        classifier = from_bytes(file)
        classifier.classify(_PAGE)
        if _WITH_HTML:
            classifier.clean_html(_HTML)


_PARTS = {b"m": "metadata.json", b"s": "scorer.bin", b"h": "html.scorer.npy", b"w": "network.input.w.npy"}


def _signed(members: dict[str, bytes]) -> bytes:
    """Return a model file of ``members`` with the checksum that they have."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, value in members.items():
            archive.writestr(zipfile.ZipInfo(name), value)
        held = {info.filename: archive.read(info) for info in archive.infolist()}
        archive.comment = artefact._COMMENT + artefact._digest(held).encode()
    return out.getvalue()


def _small() -> dict[str, bytes]:
    """Return the members of a small model that labels text and HTML."""
    if not _SMALL:
        from fuzz.small import members

        _SMALL.update(members())
    return _SMALL


_SMALL: dict[str, bytes] = {}
TARGETS: dict[str, Callable[[bytes], None]] = {"text": text, "html": html, "records": records, "model": model}


def seeds(name: str) -> Iterator[bytes]:
    """Yield the inputs that the target ``name`` begins with, all written by us."""
    if name == "text":
        yield from (_PAGE.encode(), b"", b"\n\n", b"__label__ad </s>", b"s\xed\xa0\x80\n\xff")
        yield (_EXAMPLES / "news.txt").read_bytes()
    elif name == "html":
        yield from (_HTML.encode(), _HTML.encode("utf-16"), (_EXAMPLES / "forum.html").read_bytes(), b"<div>" * 500 + b"x")
    elif name == "records":
        for command in (b"a", b"z"):
            yield command + json.dumps({"text": _PAGE, "id": 1}).encode() + b'\n[1]\n{"text": 1}\n{"body": ""}\n\xff\n'
            yield command + json.dumps({"text": _PAGE}).encode("utf-16")
    else:
        small = _small()
        yield b"-" + _signed(small)
        for kind, member in _PARTS.items():
            yield kind + small[member]
        yield b"nnetwork.mean.npy\n" + small["network.mean.npy"]
