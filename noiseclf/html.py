"""From HTML to lines as a reader sees them, and the tree that they came from.

The parser is lexbor, by selectolax: it reads broken HTML as browsers do. Its tree is walked once, without recursion;
elements are numbered in the order of the page, so that a parent's number is always below its children's.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from noiseclf.encoding import to_utf8

Ints = npt.NDArray[np.int64]

#: What an element or one of its ancestors is, by bit, in the order of :attr:`Document.flags`.
FLAGS = (
    "nav", "aside", "header", "footer", "form", "article", "main", "figure", "table", "pre", "quote", "item", "h1", "h2",
    "heading", "p", "control", "dialog", "link", "strong", "section", "fact", "search", "body", "product", "comment",
    "aria_hidden", "details",
)  # fmt: skip
_BIT = {name: 1 << i for i, name in enumerate(FLAGS)}
_TAG_FLAGS = {
    tag: _BIT[flag]
    for flag, tags in {
        "nav": "nav menu", "aside": "aside", "header": "header", "footer": "footer", "form": "form", "article": "article",
        "main": "main", "figure": "figure figcaption", "table": "table", "pre": "pre code samp kbd textarea listing",
        "quote": "blockquote q", "item": "li dt dd", "h1": "h1", "h2": "h2", "heading": "h3 h4 h5 h6", "p": "p",
        "control": "button label input select option fieldset legend textarea", "dialog": "dialog", "link": "a",
        "strong": "strong b em i", "section": "section", "fact": "time address", "search": "search",
        "details": "details summary",
    }.items()
    for tag in tags.split()
}  # fmt: skip
_ROLE_FLAGS = {
    role: _BIT[flag]
    for flag, roles in {
        "nav": "navigation menu menubar menuitem tablist tab", "header": "banner", "footer": "contentinfo",
        "aside": "complementary", "main": "main", "article": "article", "search": "search", "form": "form",
        "dialog": "dialog alertdialog", "control": "button", "heading": "heading",
    }.items()
    for role in roles.split()
}  # fmt: skip
_PROP_FLAGS = {
    prop: _BIT[flag]
    for flag, props in {
        "body": "articlebody text description recipeinstructions recipeingredient ingredients headline name",
        "comment": "comment review reviewbody", "fact": "author datepublished datemodified",
    }.items()
    for prop in props.split()
}  # fmt: skip
_TYPE_FLAGS = (("product", "product"), ("comment", "comment"), ("review", "comment"), ("wpfooter", "footer"),
               ("wpheader", "header"), ("wpsidebar", "aside"), ("sitenavigation", "nav"))  # fmt: skip


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_BLOCKS = _set(
    "html body address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure footer "
    "form frameset h1 h2 h3 h4 h5 h6 header hgroup hr legend li listing main menu nav ol optgroup p pre search section "
    "summary table caption tbody thead tfoot tr ul xmp"
)
_SKIPPED = _set(
    "head script style noscript template iframe object embed applet audio video canvas svg map noframes noembed datalist "
    "frame rp"
)
_PRE = _set("pre listing xmp")
# What does something to the line that it stands in.
_INLINE = _set("br td th a input button select textarea option")
_BUTTONS = _set("submit button reset")
# Blocks of one group stand on lines of their own with no blank line between.
_GROUPS = {"li": 1, "dt": 2, "dd": 2, "tr": 3, "caption": 3, "pre": 4, "listing": 4, "xmp": 4}
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BODY = re.compile(r'"(?:articleBody|text|description|recipeInstructions)"\s*:\s*"((?:[^"\\]|\\.){20,})"')
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")

#: How deep elements may stand in each other; deeper ones, which no reader sees apart, are taken out beforehand.
DEEPEST = 400


#: Characters of attributes that are read for names, and names that are remembered from page to page.
_NAMED, _REMEMBERED = 300, 20_000
_NAMING = _set("role itemprop itemtype rel type name")
_WORDS = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])")


@lru_cache(maxsize=_REMEMBERED)
def _plain(tag: str, text: str) -> str:
    found = _WORDS.findall(text)
    return " ".join([tag, *list(dict.fromkeys([word.lower() for word in found if len(word) > 1]))[:12]])


def name(tag: str, attributes: Mapping[str, str | None]) -> str:
    """Return the words by which an element's author names it, in lower case: its tag, and those of some attributes."""
    if not attributes:
        return tag
    plain = _plain_name(tag, attributes.get("class"), attributes.get("id"))
    if _NAMING.isdisjoint(attributes):
        return plain
    kind = (attributes.get("itemtype") or "").rpartition("/")[2]
    values = [attributes.get("role"), attributes.get("itemprop"), kind]
    values += [(attributes.get(key) or "")[:30] for key in ("rel", "type", "name")]
    return " ".join([plain, *_described(" ".join([value for value in values if value])[:_NAMED])])


def _plain_name(tag: str, kind: str | None, own: str | None) -> str:
    # Cut before it is remembered, or a site's attributes would fill the memory.
    return _plain(tag[:_NAMED], f"{(kind or '')[:_NAMED]} {(own or '')[:_NAMED]}"[:_NAMED])


@lru_cache(maxsize=_REMEMBERED)
def _described(text: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORDS.findall(text))


@dataclass(frozen=True)
class Document:
    """A page of HTML as lines, and as much of its tree as lines came from.

    Attributes:
        lines: what a reader sees, top to bottom; ``""`` where paragraphs are apart.
        title: of the head, or "".
        told: what the head's metadata gives as the page's body or description, in words of lower case.
        tags: the tag of each element, in page order.
        names: of each element, see :func:`name`.
        parents: number of each element's parent, shape (elements,); -1 for the first, which stands for the page.
        flags: of each element, bits in the order of :data:`FLAGS`, shape (elements,).
        controls: form controls in each element's form, shape (elements,); 0 outside forms.
        rows: of each line that is not empty its place in ``lines``, shape (n,); as for all below.
        owners: number of the element that its first words are in.
        blocks: number of the block element that it is a line of.
        sizes: its characters.
        linked: those of them that are in links.
    """

    lines: tuple[str, ...]
    title: str
    told: frozenset[str]
    tags: tuple[str, ...]
    names: tuple[str, ...]
    parents: Ints
    flags: Ints
    controls: Ints
    rows: Ints
    owners: Ints
    blocks: Ints
    sizes: Ints
    linked: Ints

    def elements(self) -> list[str]:
        """Return for each of ``lines`` the tags that it stands in, as ``"article/ul/li/a"``; "" where it is empty."""
        result = [""] * len(self.lines)
        known: dict[int, str] = {}
        for row, owner in zip(self.rows.tolist(), self.owners.tolist(), strict=True):
            if owner not in known:
                known[owner] = "/".join(reversed([self.tags[e] for e in self.path(owner, 12) if self.tags[e] not in _ROOTS]))
            result[row] = known[owner]
        return result

    def path(self, element: int, limit: int) -> list[int]:
        """Return the numbers of at most ``limit`` elements from ``element`` upwards."""
        found: list[int] = []
        while element >= 0 and len(found) < limit:
            found.append(element)
            element = int(self.parents[element])
        return found


_ROOTS = ("root", "html", "body")


def read(html: str | bytes) -> Document:
    """Return the lines of a page of HTML with what its markup tells of them.

    Raises:
        TypeError: ``html`` is neither a str nor bytes.
        ImportError: selectolax is not installed.
    """
    tree = _parse(html)
    walk = _Walk()
    walk.run(tree, styles=True)
    if walk.hidden and walk.seen < 2000:
        hidden = sum(len(node.text_content or "") if node.is_text_node else len(node.text(deep=True)) for node in walk.hidden)
        if hidden > 2 * walk.seen:  # a page that a script uncovers
            walk = _Walk()
            walk.run(tree, styles=False)
    return walk.document()


class _Walk:
    """What is known of a page while its tree is walked."""

    def __init__(self) -> None:
        self.tags, self.names, self.parents, self.flags = ["root"], ["root"], [-1], [0]
        self.block = [0]  # of each element the nearest block above it, or itself
        self.form = [-1]  # of each element the nearest form above it, or itself
        self.fields: dict[int, int] = {}  # controls by form
        self.number: dict[int, int] = {}  # by the parser's own identity of an element
        self.pre: set[int] = set()  # blocks that are shown as they are
        self.hidden: list[Any] = []
        self.told: list[str] = []
        self.title = ""
        self.seen = 0
        # the line that is being read
        self.parts: list[str] = []
        self.owner = self.home = self.last = 0
        self.linked = 0
        self.broken = False  # something ended the line
        self.cells = False
        # the lines so far
        self.lines: list[str] = []
        self.rows, self.owners, self.blocks, self.sizes, self.links = (array("q") for _ in range(5))

    def run(self, tree: Any, *, styles: bool) -> None:  # noqa: C901  (once a node: calls would cost more than the work)
        """Read the page; ``styles`` says whether what its elements' own styles hide is left out."""
        number, tags, parents, flags, block, form = (
            self.number, self.tags, self.parents, self.flags, self.block, self.form,
        )  # fmt: skip
        names, tag_flags, text, pre = self.names, _TAG_FLAGS, self.text, self.pre
        if tree.head is not None:
            self.head(tree.head)
        root = tree.body if tree.body is not None else tree.root
        above: int | None = 0
        for node in root.traverse(include_text=True):
            tag = node.tag
            if tag == "-text":
                words = node.text_content
                if words.isspace() and not pre:
                    if self.parts and not self.broken:
                        self.parts.append(" ")  # where the line goes on in another block, it is folded away
                    continue
                parent = number.get(node.parent.mem_id, above)
                if parent is not None:
                    text(words, parent)
                continue
            parent = number.get(node.parent.mem_id, above)
            above = None  # what is not in the tree that was kept
            if parent is None or tag in _SKIPPED:
                if tag == "script":
                    self.script(node)
                continue
            if not tag or tag[0] == "-":
                continue
            own = tag_flags.get(tag, 0) | flags[parent]
            attributes = node.attributes
            called = tag
            if attributes:
                called = _plain_name(tag, attributes.get("class"), attributes.get("id"))
                if not _NOTED.isdisjoint(attributes):
                    if _is_hidden(tag, attributes, styles=styles):
                        if "style" in attributes and "hidden" not in attributes:
                            self.hidden.append(node)
                        continue
                    own |= _attribute_flags(attributes)
                    called = name(tag, attributes)
            if tag == "dialog" and "open" not in attributes:
                continue
            e = len(tags)
            number[node.mem_id] = e
            tags.append(tag)
            names.append(called)
            parents.append(parent)
            flags.append(own)
            form.append(e if tag == "form" else form[parent])
            if tag in _BLOCKS:
                self.broken = True
                block.append(e)
                if tag in _PRE:
                    pre.add(e)
            else:
                block.append(block[parent])
                if tag in _INLINE:
                    self.inline(tag, attributes, e)
        self.end()

    def head(self, node: Any) -> None:
        """Note what the head says of the page."""
        title = node.css_first("title")
        self.title = " ".join(title.text(deep=True).split()) if title is not None else ""
        for meta in node.css("meta[content]"):
            attributes = meta.attributes
            name = attributes.get("property") or attributes.get("name")
            if name in ("og:description", "description"):
                self.told.append(attributes["content"] or "")
        for script in node.css('script[type="application/ld+json"]'):
            self.script(script)

    def script(self, node: Any) -> None:
        if node.attributes.get("type") == "application/ld+json" and len(self.told) < 20:
            self.told += [_ESCAPE.sub(_unescaped, found) for found in _BODY.findall(node.text(deep=True))]

    def inline(self, tag: str, attributes: Mapping[str, str | None], e: int) -> None:
        """Do to the line what an element of :data:`_INLINE` does to it."""
        if tag == "br":
            self.broken = True
        elif tag == "a":
            if self.parts and self.flags[self.last] & _LINK:
                self.parts.append(" ")  # two links side by side are two things
        elif tag in ("td", "th"):
            if self.parts:
                self.parts.append(_CELL)
                self.cells = True
        else:
            if self.parts:
                self.parts.append(" ")
            if tag != "option":
                self.control(tag, attributes, e)

    def control(self, tag: str, attributes: Mapping[str, str | None], e: int) -> None:
        """Count a form control and write down what it shows."""
        form = self.form[e]
        if form >= 0:
            self.fields[form] = self.fields.get(form, 0) + 1
        shown = attributes.get("placeholder")
        if tag == "input":
            kind = (attributes.get("type") or "text").lower()
            if kind in _BUTTONS or (kind in _FIELDS and not shown):
                shown = attributes.get("value")
        if shown and not shown.isspace():
            self.text(f" [ {shown} ] ", e)

    def text(self, text: str, e: int) -> None:
        block = self.block[e]
        if block in self.pre:
            self.preformatted(text, e, block)
            return
        if self.broken or block != self.home:
            if self.pre and text.isspace():
                return
            self.end()
            self.home, self.owner = block, e
        elif not self.parts:
            self.owner = e
        self.parts.append(text)
        self.last = e
        if self.flags[e] & _LINK:
            self.linked += len(text)

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
        if self.flags[e] & _LINK:
            self.linked += len(self.parts[-1])

    def end(self) -> None:
        """Write down the line that has been read, and begin the next."""
        parts, self.broken = self.parts, False
        if not parts:
            return
        self.parts = []
        home, linked, self.linked = self.home, self.linked, 0
        text = "".join(parts)
        lines = self.lines
        if home in self.pre:
            text = text.rstrip()
            if not text and lines and lines[-1] and self.blocks[-1] == home:
                lines.append("")
        elif self.cells:
            text = "\t".join([" ".join(cell.split()) for cell in text.split(_CELL)]).strip()
            self.cells = False
        else:
            text = " ".join(text.split())
        if text and (text[0].isalnum() or _VISIBLE.search(text)):
            if lines and lines[-1] and self.apart(home):
                lines.append("")
            size = len(text)
            self.rows.append(len(lines))
            lines.append(text)
            self.owners.append(self.owner)
            self.blocks.append(home)
            self.sizes.append(size)
            self.links.append(linked if linked < size else size)
            self.seen += size

    def apart(self, block: int) -> bool:
        """Return whether a line of ``block`` begins a paragraph after the last line."""
        last = self.blocks[-1]
        if last == block:
            return False
        group = _GROUPS.get(self.tags[block])
        return group is None or group != _GROUPS.get(self.tags[last])

    def document(self) -> Document:
        while self.lines and not self.lines[-1]:
            self.lines.pop()
        told = " ".join(self.told)[:_TOLD].lower()
        fields = self.fields
        controls = [fields.get(form, 0) for form in self.form] if fields else [0] * len(self.form)
        arrays = (np.asarray(a, np.int64) for a in (self.rows, self.owners, self.blocks, self.sizes, self.links))
        parents, flags, counts = (np.array(a, np.int64) for a in (self.parents, self.flags, controls))
        return Document(
            tuple(self.lines), self.title, frozenset(told.split()), tuple(self.tags), tuple(self.names),
            parents, flags, counts, *arrays,
        )  # fmt: skip


# The opposite of what noiseclf.lines takes for invisible.
_VISIBLE = re.compile("[^\\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_LINK = _BIT["link"]
_CELL = "\x1f"
#: Characters of the metadata's text that are looked at.
_TOLD = 100_000
_FIELDS = _set("text email url tel number search")
# Attributes that hide an element, flag it or name it; class and id apart.
_NOTED = _NAMING | _set("hidden style aria-hidden")


def _attribute_flags(attributes: Mapping[str, str | None]) -> int:
    role, prop, kind = ((attributes.get(name) or "").lower() for name in ("role", "itemprop", "itemtype"))
    flags = _ROLE_FLAGS.get(role, 0) | _PROP_FLAGS.get(prop, 0)
    if kind:
        for name, flag in _TYPE_FLAGS:
            if name in kind:
                flags |= _BIT[flag]
    return flags | (_BIT["aria_hidden"] if attributes.get("aria-hidden") == "true" else 0)


def _is_hidden(tag: str, attributes: Mapping[str, str | None], *, styles: bool) -> bool:
    if "hidden" in attributes and attributes["hidden"] != "until-found":
        return True
    if styles and "style" in attributes and tag not in _ROOTS and _HIDING.search(attributes["style"] or ""):
        return True
    return tag == "input" and (attributes.get("type") or "").lower() == "hidden"


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else {"n": "\n", "t": "\t", "r": "\r"}.get(match[2], match[2])


def _parse(html: str | bytes) -> Any:
    if not isinstance(html, (str, bytes)):
        raise TypeError(f"html must be a str or bytes, not {type(html).__name__}")
    try:
        from selectolax.lexbor import LexborHTMLParser
    except ImportError:
        raise ImportError("reading HTML needs one more package: pip install 'noiseclf[html]'") from None
    text = to_utf8(html) if isinstance(html, bytes) else html.encode("utf-8", "replace")
    return LexborHTMLParser(shallow(text))


# Depth, counted on the bytes: parsers need a time that grows with the square of the depth.

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
_SPECIAL = _MARKS | {name.encode() for name in (*_BLOCKS, "button", "select", "h")}
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
        return self.cut() if self.cuts else html

    def foreign(self) -> bool:
        return bool(self.places.get(b"svg") or self.places.get(b"math"))

    def cut(self) -> bytes:
        parts, at = [], 0
        for start, end, instead in self.cuts:
            parts += [self.html[at : max(start, at)], instead]
            at = max(at, end)
        return b"".join([*parts, self.html[at:]])

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
