"""From HTML to lines as a reader sees them, and the tree that they came from.

The parser is lexbor, by selectolax: it reads broken HTML as browsers do. What it writes of its tree is read in one pass;
elements are numbered in the order of the page, so that a parent's number is always below its children's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from noiseclf.elements import Start
from noiseclf.encoding import to_utf8

try:
    from noiseclf._depth import shallow
    from noiseclf._walk import walk
except ImportError:  # where they could not be compiled
    from noiseclf.depth import shallow
    from noiseclf.walk import walk

try:
    from noiseclf._lean import lean
except ImportError:  # the parser then has more to read, and the lines are the same

    def lean(html: bytes) -> bytes:
        """Return ``html`` as it is."""
        return html


Ints = npt.NDArray[np.int64]

_BODY = re.compile(r'"(?:articleBody|text|description|recipeInstructions)"\s*:\s*"((?:[^"\\]|\\.){20,})"')
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_JSON = 'script[type="application/ld+json"]'
#: Characters of the metadata's text that are looked at, and texts.
_TOLD, _TEXTS = 100_000, 20
#: A page that shows fewer characters than this, and covers some times as many, is one that a script uncovers.
_SHOWN, _COVERED = 2000, 2


@dataclass(frozen=True)
class Document:
    """A page of HTML as lines, and as much of its tree as lines came from.

    Attributes:
        lines: what a reader sees, top to bottom; ``""`` where paragraphs are apart.
        title: of the head, or "".
        told: what the head's metadata gives as the page's body or description, in words of lower case.
        starts: what each element's start tag says, in page order.
        names: of the elements that lines stand in, see :func:`noiseclf.elements.name`; of others "".
        parents: number of each element's parent, shape (elements,); -1 for the first, which stands for the page.
        ends: number of each element's last descendant, or its own, shape (elements,).
        depths: elements above each element, shape (elements,).
        flags: of each element, bits in the order of :data:`noiseclf.elements.FLAGS`, shape (elements,).
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
    starts: tuple[Start, ...]
    names: tuple[str, ...]
    parents: Ints
    ends: Ints
    depths: Ints
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
                tags = [self.starts[e].tag for e in self.path(owner, 12)]
                known[owner] = "/".join(reversed([tag for tag in tags if tag not in _ROOTS]))
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
    root = tree.body if tree.body is not None else tree.root
    written = root.html or "" if root is not None else ""
    walked = walk(written, styles=True)
    seen = sum(walked.sizes)
    if seen < _SHOWN and walked.covered > _COVERED * seen:
        walked = walk(written, styles=False)
    title, told = _head(tree.head, walked.scripts)
    arrays = (walked.rows, walked.owners, walked.blocks, walked.sizes, walked.linked)
    above = (walked.parents, walked.ends, walked.depths, walked.flags, walked.controls)
    return Document(
        tuple(walked.lines), title, told, tuple(walked.starts), tuple(walked.names),
        *(np.array(a, np.int64) for a in above),
        *(np.array(a, np.int64) for a in arrays),
    )  # fmt: skip


def _head(head: Any, scripts: list[str]) -> tuple[str, frozenset[str]]:
    """Return the title, and the words that the head's metadata and the page's ``scripts`` of JSON-LD give as the body."""
    title, told = "", []
    if head is not None:
        found = head.css_first("title")
        title = " ".join(found.text(deep=True).split()) if found is not None else ""
        for meta in head.css("meta[content]"):
            attributes = meta.attributes
            if (attributes.get("property") or attributes.get("name")) in ("og:description", "description"):
                told.append(attributes["content"] or "")
        scripts = [node.text(deep=True) for node in head.css(_JSON)] + scripts
    for script in scripts:
        if len(told) >= _TEXTS:
            break
        told += [_ESCAPE.sub(_unescaped, text) for text in _BODY.findall(script)]
    return title, frozenset(" ".join(told)[:_TOLD].lower().split())


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
    return LexborHTMLParser(shallow(lean(text)))
