"""HTML flattened before it is parsed: parsers need a time that grows with the square of the depth of elements."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from noiseclf.elements import BLOCKS

#: How deep elements may stand in each other; deeper ones, which no reader sees apart, are taken out beforehand.
DEEPEST = 400

_FORMATTING = ("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u")
#: Formatting elements open at once: parsers open them again in each paragraph.
_FORMATS = 60
# Elements without an end tag, or that end without one.
_ENDLESS = (
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "param",
    "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "option", "optgroup", "html", "body", "path",
    "rect", "circle", "line", "use", "polygon",
)  # fmt: skip
#: Larger files are always walked tag by tag; in smaller ones the parser's squares are small.
_LARGE = 1 << 17
#: Parts of a tag (attributes, and the white space between) that are kept; parsers compare each attribute with all before.
_PARTS = 2000
_PART = rb"""(?:[\t\n\f\r /]+|[^\t\n\f\r />][^\t\n\f\r />=]*(?:[\t\n\f\r ]*=[\t\n\f\r ]*
    (?:"[^"]*(?:"|\Z)|'[^']*(?:'|\Z)|[^\t\n\f\r >"'][^\t\n\f\r >]*)?)?)"""
_PART = b"".join(part.strip(b" ") for part in _PART.split(b"\n"))
# Each always matches from a sign that begins it, so that no text is looked at more than a few times.
_TOKEN = re.compile(
    rb"<!--(?:-?>|.*?(?:--!?>|\Z))|<(?:[!?]|/(?![a-zA-Z]))[^>]*>?|<(/?)([a-zA-Z][^\t\n\f\r />]*)" + _PART + rb"{0,%d}" % _PARTS,
    re.DOTALL,
)
_MORE = re.compile(_PART + rb"{1,%d}" % _PARTS)
# Elements whose content holds no elements, and where that ends.
_RAW = {name.encode(): re.compile(rb"</%s(?=[\t\n\f\r />])" % name.encode(), re.IGNORECASE)
        for name in ("script", "style", "xmp", "iframe", "noembed", "noframes", "textarea", "title")}  # fmt: skip
# Elements that end tags outside do not reach into, and those that end tags of other elements do not reach over.
_MARKS = frozenset(b"table object applet marquee template foreignobject desc annotation-xml mi mo mn ms mtext".split())
_SPECIAL = _MARKS | {name.encode() for name in (*BLOCKS, "button", "select", "h")}
_HEADING = re.compile(rb"h[1-6]\Z")


def _code(a: Any, b: Any, c: Any) -> Any:
    return (a * 27 + b) * 27 + c


#: Number of a letter by its byte, 0 for other bytes.
_LETTERS = np.zeros(256, np.int32)
_LETTERS[97:123] = _LETTERS[65:91] = np.arange(1, 27)
#: By the code of a name's first three letters: whether such an element counts for depth, and whether it formats.
_COUNTS, _FORMATS_TEXT = np.ones(27**3, np.int8), np.zeros(27**3, np.int8)
for _names, _table, _value in ((_ENDLESS, _COUNTS, 0), (_FORMATTING, _FORMATS_TEXT, 1)):
    for _name in _names:
        _table[_code(*_LETTERS[list((_name + "  ")[:3].encode())])] = _value


def shallow(html: bytes) -> bytes:
    """Return ``html`` with no tags nested deeper than :data:`DEEPEST`, and few formatting ones; mostly ``html`` itself."""
    return _Flat(html).result() if len(html) > _LARGE or _too_deep(html) else html


def _too_deep(html: bytes) -> bool:
    points = np.frombuffer(html + b"\0\0\0\0", np.uint8)
    at = np.flatnonzero(points == 60) + 1  # <
    if len(at) <= _FORMATS:
        return False
    closes = points[at] == 47  # /
    at += closes
    first, second = _LETTERS[points[at]], _LETTERS[points[at + 1]]
    third = _LETTERS[points[np.minimum(at + 2, len(points) - 1)]]
    code = _code(first, second, np.where(second, third, 0))
    step = np.where(first, 1 - 2 * closes.astype(np.int8), 0)
    opened = int((_FORMATS_TEXT[code] * (first > 0) * ~closes).sum())  # whichever end tags there are may end nothing
    return opened > _FORMATS or _deepest(step * _COUNTS[code]) > DEEPEST


def _deepest(steps: npt.NDArray[Any]) -> int:
    height = np.cumsum(steps, dtype=np.int32)
    return int((height - np.minimum(np.minimum.accumulate(height), 0)).max())


def without(html: bytes, cuts: list[tuple[int, int, bytes]]) -> bytes:
    """Return ``html`` with something else in the place of each of ``cuts``: where it starts, where it stops, what instead."""
    parts, at = [], 0
    for start, end, instead in cuts:
        parts += [html[at : max(start, at)], instead]
        at = max(at, end)
    return b"".join([*parts, html[at:]])


class _Flat:
    """A page's tags, followed as a parser would; those that stand too deep are cut out.

    Where parsers differ by what they read before, an end tag counts for less: the depth is never below the parser's by much.
    """

    def __init__(self, html: bytes) -> None:
        self.html = html
        self.cuts: list[tuple[int, int, bytes]] = []
        self.stack: list[bytes] = []  # b"" for what has ended under something that has not
        self.places: dict[bytes, list[int]] = {}  # in the stack, by name
        self.marks: list[int] = []
        self.special: list[int] = []
        self.formats = 0

    def result(self) -> bytes:
        html, at = self.html, 0
        while match := _TOKEN.search(html, at):
            at = match.end()
            if match[2] is None:
                if match[0].startswith(b"<![") and self.foreign():  # CDATA there, a comment elsewhere
                    self.cuts.append((match.start(), at, b""))
                continue
            if html[at : at + 1] not in (b">", b""):
                start = at
                while more := _MORE.match(html, at):
                    at = more.end()
                self.cuts.append((start, at, b""))
            at += 1
            name = match[2].lower()
            if _HEADING.match(name):
                name = b"h"
            if match[1]:
                self.close(name, match.start(), at)
            else:
                self.open(name, match.start(), at)
                if name in _RAW:
                    end = _RAW[name].search(html, at)
                    if self.foreign() and end and b"<" in html[at : end.start()]:  # is read as elements there
                        self.cuts.append((at, end.start(), b""))
                    at = end.start() if end else len(html)
        return without(html, self.cuts) if self.cuts else html

    def foreign(self) -> bool:
        return bool(self.places.get(b"svg") or self.places.get(b"math"))

    def open(self, name: bytes, start: int, end: int) -> None:
        if name in _ENDLESS_NAMES:
            return
        formatting = name in _FORMATTING_NAMES
        if len(self.stack) >= DEEPEST or (formatting and self.formats >= _FORMATS):
            if name in _RAW:
                return
            self.cuts.append((start, end, b"<br>" if name in _SPECIAL else b""))
            return
        if name in _RAW:
            return
        place = len(self.stack)
        self.stack.append(name)
        self.places.setdefault(name, []).append(place)
        self.formats += formatting
        if name in _SPECIAL:
            self.special.append(place)
        if name in _MARKS:
            self.marks.append(place)

    def close(self, name: bytes, start: int, end: int) -> None:
        if name in _ENDLESS_NAMES:
            return
        places = self.places.get(name)
        if not places or (self.marks and places[-1] < self.marks[-1]):
            return
        place = places[-1]
        if name in _FORMATTING_NAMES or name == b"form":
            places.pop()
            self.formats -= name != b"form"
            if name == b"form":
                self.special.remove(place)
            self.stack[place] = b""
            self.pop(len(self.stack))
        elif name in _SPECIAL or not self.special or self.special[-1] < place:
            self.pop(place)

    def pop(self, place: int) -> None:
        """Take from the stack what stands at ``place`` and above, and what had ended under it."""
        stack = self.stack
        while stack and (len(stack) > place or not stack[-1]):
            name = stack.pop()
            if name:
                self.places[name].pop()
                self.formats -= name in _FORMATTING_NAMES
        for kept in (self.special, self.marks):
            while kept and kept[-1] >= len(stack):
                kept.pop()


_ENDLESS_NAMES, _FORMATTING_NAMES = (frozenset(name.encode() for name in names) for names in (_ENDLESS, _FORMATTING))
