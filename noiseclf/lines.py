"""From a page to its lines: the one place that decides what a line is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from noiseclf import compiled

#: Characters of a line that are looked at. What a line is shows in its first words; a cap keeps megabyte lines cheap.
MAX_CHARS = 1000

# Nothing visible: white space (without the line break), controls, zero-width and bidi marks, BOM, soft hyphen.
_INVISIBLE = re.compile("[^\\S\n]|[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_LEADING = re.compile(f"(?:\n|{_INVISIBLE.pattern})*")
# Joiners, soft hyphens and direction marks stand inside words: without them the word stays whole.
_INSIDE = re.compile("[\u00ad\u200c-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SPACES = re.compile(" {2,}")
_EDGES = re.compile("^ | $", re.MULTILINE)
_SURROGATES = re.compile("[\ud800-\udfff]")
# The characters that any of the above would change, the space left out, in one class: most pages hold none of them.
_ODD = re.compile("[\x00-\x09\x0b-\x1f\x7f-\xa0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2069\u3000\ud800-\udfff\ufeff]")


def split(page: str | Sequence[str]) -> list[str]:
    r"""Return the lines of ``page``: a str is split at ``"\n"`` and nothing else, a sequence is taken as it is.

    Raises:
        TypeError: ``page`` is neither a str nor a sequence of str.
    """
    if isinstance(page, str):
        return page.split("\n")
    if isinstance(page, (bytes, bytearray, memoryview)):
        raise TypeError("a page must be a str or a sequence of str, not bytes: use page.decode('utf-8', 'replace')")
    lines = list(page) if isinstance(page, Sequence) else None
    if lines is None or not all(isinstance(line, str) for line in lines):
        raise TypeError(f"a page must be a str or a sequence of str, not {type(page).__name__}")
    return lines


def normalise(lines: Sequence[str]) -> list[str]:
    """Return each line as the model sees it: cut to :data:`MAX_CHARS`, white space folded, invisible characters gone.

    A line with nothing visible becomes ``""``. Length and order are kept.
    """
    if not lines:
        return []
    if not compiled.IN_USE:
        return _normalise(lines)
    result = list(lines)
    odd = compiled.core.odd_lines(result, _odd_characters(), MAX_CHARS)
    if odd:
        for i, line in zip(odd, _normalise([result[i] for i in odd]), strict=True):
            result[i] = line
    return result


@lru_cache(maxsize=1)
def _odd_characters() -> bytes:
    """Return of each code point below 0x10000 whether :func:`normalise` changes it, or may do so where spaces meet."""
    return compiled.character_classes({1: re.compile(f"[ \n]|{_ODD.pattern}")})


def _normalise(lines: Sequence[str]) -> list[str]:
    """Do :func:`normalise` for one line or more."""
    text = "\n".join([line if len(line) <= MAX_CHARS else _cut(line) for line in lines])
    if text.count("\n") >= len(lines):
        text = "\n".join([_cut(line).replace("\n", " ") for line in lines])
    if not _ODD.search(text):
        if not ("  " in text or "\n " in text or " \n" in text or text.startswith(" ") or text.endswith(" ")):
            return text.split("\n")
        return _EDGES.sub("", _SPACES.sub(" ", text)).split("\n")
    text = _SURROGATES.sub("\ufffd", text)
    text = _EDGES.sub("", _SPACES.sub(" ", _INVISIBLE.sub(" ", _INSIDE.sub("", text))))
    return text.split("\n")


def _cut(line: str) -> str:
    """Return at most :data:`MAX_CHARS` characters of ``line``, the first of them visible where the cap bites."""
    if len(line) <= MAX_CHARS:
        return line
    blank = _LEADING.match(line)
    start = blank.end() if blank else 0
    return line[start : start + MAX_CHARS]
