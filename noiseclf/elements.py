"""What the start tag of an element says: its names, what it is to a reader, and what it does to lines.

Start tags are read as lexbor writes them: ``div class="a" id="b"``, with ``&amp; &lt; &gt; &quot; &nbsp;`` in values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

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


#: Elements that stand on lines of their own.
BLOCKS = _set(
    "html body address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure footer "
    "form frameset h1 h2 h3 h4 h5 h6 header hgroup hr legend li listing main menu nav ol optgroup p pre search section "
    "summary table caption tbody thead tfoot tr ul xmp"
)
_SKIPPED = _set(
    "head script style noscript template iframe object embed applet audio video canvas svg map noframes noembed datalist frame rp"
)
_PRE = _set("pre listing xmp")
# Inputs that show their value.
_BUTTONS = _set("submit button reset")
_TEXTS = _set("text email url tel number search")
# Blocks of one group stand on lines of their own with no blank line between.
_GROUPS = {"li": 1, "dt": 2, "dd": 2, "tr": 3, "caption": 3, "pre": 4, "listing": 4, "xmp": 4}
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_ROOTS = ("html", "body")
# Serialised without an end tag, and with their text as it is.
_VOID = _set("area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr")
_RAW = _set("script style xmp iframe noembed noframes plaintext")

#: What an element does to lines, by bit, in :attr:`Start.kind`; from :data:`GROUP` on the number of its group.
BLOCK, PRE, SKIPPED, VOID, RAW, JSON, HIDDEN, STYLED, FORM, BREAK, LINK, CELL, FIELD, OPTION, TEMPLATE, SCRIPT, PLAINTEXT = (
    1 << i for i in range(17)
)
GROUP = 17
_KINDS = (
    (BLOCK, BLOCKS), (PRE, _PRE), (SKIPPED, _SKIPPED), (VOID, _VOID), (RAW, _RAW), (FORM, {"form"}), (BREAK, {"br"}),
    (LINK, {"a"}), (CELL, {"td", "th"}), (FIELD, _set("input button select textarea")), (OPTION, {"option"}),
    (TEMPLATE, {"template"}), (SCRIPT, {"script"}), (PLAINTEXT, {"plaintext"}),
)  # fmt: skip

#: Attributes that :func:`start` reads.
TELLING = _set("role itemprop itemtype type hidden style aria-hidden open")
_NAMING = _set("role itemprop itemtype rel type name")
#: Characters of attributes that are read for names.
_NAMED = 300
_WORDS = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])")
#: An attribute: its name holds no ">", "/" or white space, and "=" only at its beginning; a value no quote.
ATTRIBUTE = re.compile(r' (.[^=]*)="([^"]*)"', re.DOTALL)
_ENTITY = re.compile("&(amp|lt|gt|quot|nbsp);")
_CHARACTERS = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "nbsp": "\xa0"}


class Start(NamedTuple):
    """What a start tag says.

    Attributes:
        tag: its name.
        flags: what it is to a reader, bits in the order of :data:`FLAGS`.
        kind: what it does to lines: :data:`BLOCK` and so on.
    """

    tag: str
    flags: int
    kind: int


def start(text: str) -> Start:
    """Return what a start tag says: its ``text`` between the signs, of its attributes those in :data:`TELLING` at least."""
    tag = text.partition(" ")[0]
    values = attributes(text)
    kind = sum(bit for bit, tags in _KINDS if tag in tags) | _GROUPS.get(tag, 0) << GROUP
    if "hidden" in values:
        kind |= HIDDEN * (values["hidden"] != "until-found")
    elif tag not in _ROOTS and _HIDING.search(values.get("style", "")):
        kind |= STYLED
    if (tag == "dialog" and "open" not in values) or (tag == "input" and values.get("type", "").lower() == "hidden"):
        kind |= HIDDEN
    if tag == "script" and values.get("type") == "application/ld+json":
        kind |= JSON
    return Start(tag, _TAG_FLAGS.get(tag, 0) | _attribute_flags(values), kind)


def attributes(text: str) -> dict[str, str]:
    """Return the attributes in the ``text`` of a start tag."""
    tag, space, _ = text.partition(" ")
    return {key: unescaped(value) for key, value in ATTRIBUTE.findall(text, len(tag))} if space else {}


def unescaped(text: str) -> str:
    """Return serialised text or an attribute's value as a reader sees it."""
    return _ENTITY.sub(lambda match: _CHARACTERS[match[1]], text) if "&" in text else text


def named(text: str) -> str:
    """Return the :func:`name` of the element whose start tag's ``text`` this is."""
    return name(text.partition(" ")[0], attributes(text))


def name(tag: str, attributes: Mapping[str, str]) -> str:
    """Return the words by which an element's author names it, in lower case: its tag, and those of some attributes."""
    tag = tag[:_NAMED]
    if not attributes:
        return tag
    text = f"{attributes.get('class', '')[:_NAMED]} {attributes.get('id', '')[:_NAMED]}"[:_NAMED]
    words = [tag, *list(dict.fromkeys([word.lower() for word in _WORDS.findall(text) if len(word) > 1]))[:12]]
    if not _NAMING.isdisjoint(attributes):
        kind = attributes.get("itemtype", "").rpartition("/")[2]
        values = [attributes.get("role"), attributes.get("itemprop"), kind]
        values += [attributes.get(key, "")[:30] for key in ("rel", "type", "name")]
        words += [word.lower() for word in _WORDS.findall(" ".join([value for value in values if value])[:_NAMED])]
    return " ".join(words)


def _attribute_flags(attributes: Mapping[str, str]) -> int:
    role, prop, kind = (attributes.get(name, "").lower() for name in ("role", "itemprop", "itemtype"))
    flags = _ROLE_FLAGS.get(role, 0) | _PROP_FLAGS.get(prop, 0)
    if kind:
        for name, flag in _TYPE_FLAGS:
            if name in kind:
                flags |= _BIT[flag]
    return flags | (_BIT["aria_hidden"] if attributes.get("aria-hidden") == "true" else 0)


def shown(text: str) -> str:
    """Return what the form control shows whose start tag's ``text`` this is."""
    values = attributes(text)
    found = values.get("placeholder", "")
    if text.startswith("input"):
        kind = (values.get("type") or "text").lower()
        if kind in _BUTTONS or (kind in _TEXTS and not found):
            found = values.get("value", "")
    return f" [ {found} ] " if found and not found.isspace() else ""
