"""What the bytes of a file say of themselves: whether it is HTML, and in which encoding, by the signs browsers go by."""

from __future__ import annotations

import codecs
import re

#: Bytes at a file's start in which browsers look for its encoding, and some more, as pages do not keep to it.
_HEAD = 8192
#: Bytes that a guess looks at where nothing says what they are.
_GUESSED = 1 << 16
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_META = re.compile(rb"<(?:meta|\?xml)\b[^>]*?(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)
# What browsers take a name for, where Python takes it for a smaller set of characters (encoding.spec.whatwg.org).
_WIDER = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs",
}  # fmt: skip
_ALIASES = {"x-sjis": "cp932", "windows-31j": "cp932", "windows-874": "cp874", "x-gbk": "gb18030", "ks_c_5601-1987": "cp949",
            "x-euc-jp": "euc_jp", "x-x-big5": "big5hkscs", "x-mac-cyrillic": "mac_cyrillic", "x-cp1251": "cp1251",
            "x-cp1252": "cp1252", "x-cp1250": "cp1250", "unicode": "utf-16-le"}  # fmt: skip
#: How a file of HTML begins (mimesniff.spec.whatwg.org), white space and comments apart.
_START = re.compile(
    rb"\s*(?:(?:<!--.*?-->|<\?xml[^>]*>)\s*)*<(?:!doctype\s+html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body"
    rb"|br|p|meta|link|section|article|main|header|nav|span|ul)[\s>/]",
    re.IGNORECASE | re.DOTALL,
)


def looks_like_html(data: bytes) -> bool:
    """Return whether a file that holds ``data``, or begins so, is HTML rather than lines of text."""
    for mark, codec in _BOMS:
        if data.startswith(mark):
            data = data[len(mark) : _GUESSED].decode(codec, "ignore").encode("utf-8", "ignore")
    return _START.match(data[:_GUESSED]) is not None


def to_utf8(data: bytes) -> bytes:
    """Return an HTML file in UTF-8; bytes that are no text become U+FFFD.

    A byte order mark decides; then that the bytes are UTF-8 (what is valid is hardly ever something else, whatever the
    page says); then what the page says of itself; then a guess.
    """
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(codec, "replace").encode("utf-8", "replace")
    declared = _declared(data[:_HEAD])
    if declared is None or not declared.startswith(("iso2022", "hz", "utf-7")):
        try:
            data.decode("utf-8")
            return data
        except UnicodeDecodeError:
            pass
    return data.decode(declared or _guess(data), "replace").encode("utf-8", "replace")


def _declared(head: bytes) -> str | None:
    """Return the Python codec that the page names in its head, None where it names none that there is."""
    match = _META.search(head)
    return _codec(match[1].decode("ascii")) if match else None


def _codec(name: str) -> str | None:
    name = _ALIASES.get(name.lower(), name)
    try:
        found = codecs.lookup(name)
        b"a".decode(found.name)  # some codecs are not from bytes to text
    except (LookupError, UnicodeError, TypeError):
        return None
    # A page whose head could be read byte by byte is not in UTF-16, whatever it says.
    return "utf-8" if found.name.startswith(("utf-16", "utf-32", "utf-7")) else _WIDER.get(found.name, found.name)


def _guess(data: bytes) -> str:
    """Return the codec that resiliparse's detector (uchardet) takes the bytes to be in, else what browsers fall back to."""
    try:
        from resiliparse.parse.encoding import detect_encoding
    except ImportError:
        return "cp1252"
    return _codec(str(detect_encoding(data[:_GUESSED]) or "")) or "cp1252"
