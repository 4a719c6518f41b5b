"""From the HTML that lexbor writes to lines and the elements that they stand in, in one pass.

What lexbor writes is well nested: each start tag has its end tag but for void elements, values stand in double quotes
without ``<`` or ``>``, and text holds neither sign but in elements of raw text. This is the same in Python as what
``_walk.pyx`` does compiled.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from noiseclf.elements import (
    ATTRIBUTE,
    BLOCK,
    BREAK,
    CELL,
    FIELD,
    FLAGS,
    FORM,
    GROUP,
    HIDDEN,
    JSON,
    LINK,
    OPTION,
    PLAINTEXT,
    PRE,
    RAW,
    SCRIPT,
    SKIPPED,
    STYLED,
    TELLING,
    TEMPLATE,
    VOID,
    Start,
    named,
    shown,
    start,
    unescaped,
)

_TAG = re.compile(r"<(/?)([^ >]*)([^>]*)>([^<]*)")
_SCRIPT = re.compile(r"<!(?=--)|-->|<(/?)script(?=[\t\n\f\r />])", re.IGNORECASE)
# The opposite of what noiseclf.lines takes for invisible.
VISIBLE = re.compile("[^\\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_LINKED = 1 << FLAGS.index("link")
_CELL = "\x1f"
#: What stands for an element whose text is not shown; whose own style hides it; whose text is no part of the page.
_UNSEEN, _COVERED, _NONE = -1, -2, -3
#: Start tags remembered, and the longest of those.
_REMEMBERED, _LONG = 20_000, 400

#: Elements above a line whose names are read.
NAMED_ABOVE = 9

_start = lru_cache(maxsize=_REMEMBERED)(start)
_named = lru_cache(maxsize=_REMEMBERED)(named)


class Walked(NamedTuple):
    """What a page holds; see :class:`noiseclf.html.Document`, whose attributes of the same names are arrays.

    Attributes:
        names: of the elements that lines stand in, see :func:`noiseclf.elements.name`; of others "".
        scripts: the JSON-LD in it.
        covered: characters that elements' own styles hide.
    """

    starts: list[Start]
    names: list[str]
    parents: Sequence[int]
    ends: Sequence[int]
    depths: Sequence[int]
    flags: Sequence[int]
    controls: Sequence[int]
    lines: list[str]
    rows: list[int]
    owners: list[int]
    blocks: list[int]
    sizes: list[int]
    linked: list[int]
    scripts: list[str]
    covered: int


def walk(html: str, *, styles: bool) -> Walked:  # noqa: C901  (once a tag: calls would cost more than the work)
    """Return what is in a page as lexbor wrote it; ``styles`` says whether what its elements' styles hide is left out."""
    page = _Page()
    above: list[tuple[int, str]] = [(0, "")]  # the elements that are open, and their tags
    at = html.find("<")
    while match := _TAG.match(html, at):
        closing, tag, rest, text = match.groups()
        at = match.end()
        parent = above[-1][0]
        if closing:
            if above[-1][1] == tag and len(above) > 1:
                above.pop()
                if parent > 0:
                    page.ends[parent] = len(page.starts) - 1
        elif tag.startswith("!--"):
            end = html.find("-->", match.start() + 4)
            end = len(html) if end < 0 else end + 3
            at = html.find("<", end)
            text = html[end : at if at >= 0 else len(html)]
            at = at if at >= 0 else len(html)
        elif not tag.startswith(("!", "?")):
            said = _said(tag, rest) if rest and (parent >= 0 or tag == "script") else _start(tag)
            kind = said.kind
            if parent >= 0 and not kind & SKIPPED and not kind & (HIDDEN | STYLED * styles):
                e = page.open(said, tag + rest, parent, len(above))
                if kind & FIELD:
                    page.text(shown(tag + rest), e)
            elif kind & TEMPLATE or parent == _NONE:
                e = _NONE
            elif not kind & SKIPPED and (parent == _COVERED or (parent >= 0 and kind & STYLED and styles)):
                e = _COVERED
            else:
                e = _UNSEEN
            if not kind & VOID:
                above.append((e, tag))
            if kind & RAW:
                end = _raw_end(html, match.start(4), tag, kind)
                raw = html[match.start(4) : end]
                if raw:
                    page.piece(raw, e)
                if kind & JSON and e != _NONE:
                    page.scripts.append(raw)
                at = end
                continue
        if text:
            page.piece(unescaped(text), above[-1][0])
    for e, _ in above:
        if e >= 0:
            page.ends[e] = len(page.starts) - 1
    return page.walked()


def _said(tag: str, rest: str) -> Start:
    told = [f' {key}="{value}"' for key, value in ATTRIBUTE.findall(rest) if key in TELLING]
    text = tag + "".join(told)
    return _start(text) if len(text) <= _LONG else start(text)


def _raw_end(html: str, at: int, tag: str, kind: int) -> int:
    """Return where the text ends that stands as it is from ``at`` on."""
    end = html.rfind("</plaintext>", at) if kind & PLAINTEXT else html.find(f"</{tag}>", at)
    if end < 0:
        return len(html)
    if kind & SCRIPT and html.find("<!--", at, end) >= 0:  # where "<script>" and its end tag may be text
        escaped = double = False
        for match in _SCRIPT.finditer(html, at):
            if match[0] == "-->":
                escaped = double = False
            elif match[0] == "<!":
                escaped = True
            elif escaped:
                if match[1] and not double:
                    return match.start()
                double = not match[1]
            elif html.startswith("</script>", match.start()):
                return match.start()
        return len(html)
    return end


class _Page:
    """What is known of a page while it is read."""

    def __init__(self) -> None:
        self.starts, self.texts = [Start("root", 0, 0)], ["root"]
        self.parents, self.ends, self.depths, self.flags = [-1], [0], [0], [0]
        self.block = [0]  # of each element the nearest block above it, or itself
        self.form = [-1]  # of each element the nearest form above it, or itself
        self.fields: dict[int, int] = {}  # controls by form
        self.any_pre = False
        self.scripts: list[str] = []
        self.covered = 0
        # the line that is being read
        self.parts: list[str] = []
        self.owner = self.home = self.last = 0
        self.own_linked = 0
        self.broken = False  # something ended the line
        self.cells = False
        # the lines so far
        self.lines: list[str] = []
        self.rows: list[int] = []
        self.owners: list[int] = []
        self.blocks: list[int] = []
        self.sizes: list[int] = []
        self.linked: list[int] = []

    def open(self, said: Start, text: str, parent: int, depth: int) -> int:
        """Note an element, do to the line what its start does to it, and return its number."""
        e, kind = len(self.starts), said.kind
        self.starts.append(said)
        self.texts.append(text)
        self.parents.append(parent)
        self.ends.append(e)
        self.depths.append(depth)
        self.flags.append(said.flags | self.flags[parent])
        self.form.append(e if kind & FORM else self.form[parent])
        self.block.append(e if kind & BLOCK else self.block[parent])
        if kind & BLOCK:
            self.broken = True
            self.any_pre = self.any_pre or kind & PRE > 0
        elif kind & BREAK:
            self.broken = True
        elif kind & CELL:
            if self.parts:
                self.parts.append(_CELL)
                self.cells = True
        elif self.parts and (kind & (FIELD | OPTION) or (kind & LINK and self.flags[self.last] & _LINKED)):
            self.parts.append(" ")  # two links side by side are two things
        if kind & FIELD and self.form[e] >= 0:
            self.fields[self.form[e]] = self.fields.get(self.form[e], 0) + 1
        return e

    def piece(self, text: str, e: int) -> None:
        """Read a text that stands right in the element ``e``."""
        if e == _NONE:
            return
        if e == _COVERED:
            self.covered += len(text)
        if text.isspace() and not self.any_pre:
            if self.parts and not self.broken:
                self.parts.append(" ")  # where the line goes on in another block, it is folded away
        elif e >= 0:
            self.text(text, e)

    def text(self, text: str, e: int) -> None:
        if not text:
            return
        block = self.block[e]
        if self.starts[block].kind & PRE:
            self.preformatted(text, e, block)
            return
        if self.broken or block != self.home:
            if self.any_pre and text.isspace():
                return
            self.end()
            self.home, self.owner = block, e
        elif not self.parts:
            self.owner = e
        self.parts.append(text)
        self.last = e
        if self.flags[e] & _LINKED:
            self.own_linked += len(text)

    def preformatted(self, text: str, e: int, block: int) -> None:
        if self.broken or block != self.home:
            self.end()
            self.home = block
        first, *rest = text.split("\n")
        if not self.parts:
            self.owner = e
        self.parts.append(first)
        self.last = e
        for line in rest:
            self.end()
            self.home, self.owner = block, e
            self.parts.append(line)
        if self.flags[e] & _LINKED:
            self.own_linked += len(self.parts[-1])

    def end(self) -> None:
        """Write down the line that has been read, and begin the next."""
        parts, self.broken = self.parts, False
        if not parts:
            return
        self.parts = []
        home, linked, self.own_linked = self.home, self.own_linked, 0
        text = "".join(parts)
        lines = self.lines
        if self.starts[home].kind & PRE:
            text = text.rstrip()
            if not text and lines and lines[-1] and self.blocks[-1] == home:
                lines.append("")
        elif self.cells:
            text = "\t".join([" ".join(cell.split()) for cell in text.split(_CELL)]).strip()
            self.cells = False
        else:
            text = " ".join(text.split())
        if text and (text[0].isalnum() or VISIBLE.search(text)):
            if lines and lines[-1] and self.apart(home):
                lines.append("")
            size = len(text)
            self.rows.append(len(lines))
            lines.append(text)
            self.owners.append(self.owner)
            self.blocks.append(home)
            self.sizes.append(size)
            self.linked.append(min(linked, size))

    def apart(self, block: int) -> bool:
        """Return whether a line of ``block`` begins a paragraph after the last line."""
        last = self.blocks[-1]
        group = self.starts[block].kind >> GROUP
        return last != block and (not group or group != self.starts[last].kind >> GROUP)

    def names(self) -> list[str]:
        names = [""] * len(self.starts)
        for owner, block in zip(self.owners, self.blocks, strict=True):
            for e, above in ((owner, NAMED_ABOVE), (block, 2)):
                while e >= 0 and above:
                    if not names[e]:
                        text = self.texts[e]
                        names[e] = _named(text) if len(text) <= _LONG else named(text)
                    e, above = self.parents[e], above - 1
        return names

    def walked(self) -> Walked:
        self.end()
        while self.lines and not self.lines[-1]:
            self.lines.pop()
        controls = [self.fields.get(form, 0) for form in self.form]
        return Walked(
            self.starts, self.names(), self.parents, self.ends, self.depths, self.flags, controls, self.lines, self.rows,
            self.owners, self.blocks, self.sizes, self.linked, self.scripts, self.covered,
        )  # fmt: skip
