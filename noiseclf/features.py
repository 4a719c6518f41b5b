"""Numbers that describe each line without reading it: its shape, its place and its likeness to the page's other lines.

Everything is computed from one array of the page's code points, without a Python loop over characters; the compiled core
does the same line by line. Sums over a page are sums of halves in double precision, so exact in whatever order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from noiseclf import compiled

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

#: Kinds of character, by their number in :func:`character_table`.
KINDS = (
    "other", "space", "digit", "lower", "upper", "uncased", "dense", "stop", "comma", "colon",
    "quote", "separator", "bracket", "currency", "symbol", "code",
)  # fmt: skip
_EXPLICIT = {
    "stop": ".!?。！？।۔…؟՞։።｡",
    "comma": ",;、،，；؛",
    "colon": ":：",
    "quote": "\"'«»“”„‘’‚「」『』《》",
    "separator": "|•·›>/\\–—→▸►‹<*+▪●■‣",
    "bracket": "()[]（）【】",
    "currency": "$€£¥₹₽%₺₴฿₩",
    "code": "{}=_#@&~^`",
}
# Scripts written without spaces: one of their letters says about as much as two or three of another script.
_DENSE = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF))
_SCRIPTS = (
    (0x0041, 0x024F), (0x0370, 0x03FF), (0x0400, 0x052F), (0x0530, 0x058F), (0x0590, 0x05FF), (0x0600, 0x077F),
    (0x0900, 0x0DFF), (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x10A0, 0x10FF), (0x1200, 0x139F), (0x1780, 0x17FF),
    (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7AF),
)  # fmt: skip
_TABLE = 0x10000


def character_table() -> npt.NDArray[np.uint8]:
    """Return the kind (low four bits) and script (high four bits) of each code point below 0x10000, shape (65536,).

    Training stores it in the artefact, so that a later Unicode version cannot change an answer.
    """
    import unicodedata

    number = {kind: i for i, kind in enumerate(KINDS)}
    kinds = np.zeros(_TABLE, np.uint8)
    for point in range(_TABLE):
        category = unicodedata.category(chr(point))
        kinds[point] = number[
            {"Lu": "upper", "Lt": "upper", "Ll": "lower", "Lo": "uncased", "Lm": "uncased", "Nd": "digit",
             "Zs": "space", "Sc": "currency", "So": "symbol", "Sm": "symbol", "Ps": "bracket", "Pe": "bracket",
             "Pi": "quote", "Pf": "quote", "Pd": "separator"}.get(category, "other")
        ]  # fmt: skip
    for first, last in _DENSE:
        block = kinds[first : last + 1]
        block[(block == number["uncased"]) | (block == number["other"])] = number["dense"]
    for kind, characters in _EXPLICIT.items():
        for character in characters:
            kinds[ord(character)] = number[kind]
    scripts = np.zeros(_TABLE, np.uint8)
    for i, (first, last) in enumerate(_SCRIPTS, 1):
        scripts[first : last + 1] = i
    letters = np.isin(kinds, [number[k] for k in ("lower", "upper", "uncased", "dense")])
    return np.asarray(kinds | (np.where(letters, scripts, 0).astype(np.uint8) << 4), np.uint8)


NAMES: tuple[str, ...] = (
    "length", "words", "word_length", "one_word",
    *(f"share_{kind}" for kind in KINDS[2:]),
    "stops", "commas", "separators", "digits",
    "ends_stop", "ends_colon", "ends_ellipsis", "ends_comma", "ends_letter", "ends_digit",
    "starts_upper", "starts_lower", "starts_digit", "starts_sign",
    "capital_words", "has_at", "has_url", "has_copyright", "has_arrow", "has_brace",
    "foreign_script", "script_latin", "script_dense",
    "repeats", "same_as_first", "prose",
    "from_top", "from_end", "place", "page_lines", "page_prose", "page_mean_length",
    "prose_before", "prose_share_before", "length_rank",
)  # fmt: skip


def shape_features(lines: Sequence[str], table: npt.NDArray[np.uint8]) -> Floats:
    """Return the features of a page's lines, shape (len(lines), len(NAMES)), each roughly between -1 and 4.

    ``lines`` are normalised and none is empty; ``table`` comes from :func:`character_table`.
    """
    n = len(lines)
    if n == 0:
        return np.zeros((0, len(NAMES)), np.float32)
    if compiled.IN_USE:
        out = np.empty((n, len(NAMES)), np.float32)
        compiled.core.shape_features(list(lines), table, out)
        return out
    points = np.frombuffer("\n".join(lines).encode("utf-32-le", "replace"), np.uint32)
    breaks = np.flatnonzero(points == 10)
    starts = np.concatenate(([0], breaks + 1))
    ends = np.concatenate((breaks, [len(points)]))
    sizes = (ends - starts).astype(np.float32)
    clipped = np.minimum(points, _TABLE - 1).astype(np.uint16)
    codes = table[clipped]
    kinds = codes & 15
    owner = np.repeat(np.arange(n), np.diff(np.concatenate((starts, [len(points)]))))
    counts = np.bincount(owner * 16 + kinds, minlength=n * 16).reshape(n, 16).astype(np.float32)
    scripts = np.bincount(owner * 16 + (codes >> 4), minlength=n * 16).reshape(n, 16).astype(np.float32)
    k = {kind: i for i, kind in enumerate(KINDS)}

    def has(*characters: str) -> Floats:
        hit = np.zeros(_TABLE, bool)
        hit[[ord(c) for c in characters]] = True
        return (np.bincount(owner[hit[clipped]], minlength=n) > 0).astype(np.float32)

    dense = counts[:, k["dense"]]
    size = sizes + 1.5 * dense  # in letters of a spaced script
    words = counts[:, k["space"]] + 1 + dense / 2.5
    letters = counts[:, k["lower"]] + counts[:, k["upper"]] + counts[:, k["uncased"]] + dense
    # a word's first letter: an upper-case letter after a space or at a line's start
    after_space = np.concatenate(([True], (kinds[:-1] == k["space"]) | (points[:-1] == 10)))
    capitals = np.bincount(owner[after_space & (kinds == k["upper"])], minlength=n)
    slash = (points[:-1] == 47) & (points[1:] == 47)
    www = (points[:-1] == 119) & (points[1:] == 119)
    urls = (np.bincount(owner[:-1][slash | www], minlength=n) > 0).astype(np.float32)
    first, last = kinds[starts], kinds[np.maximum(ends - 1, starts)]
    last_point = points[np.maximum(ends - 1, starts)]
    repeats = Counter(lines)
    repeat = np.fromiter((repeats[line] for line in lines), np.float32, n)
    page_scripts = (scripts * np.minimum(sizes, 300)[:, None])[:, 1:].sum(0, dtype=np.float64)
    main_script = int(page_scripts.argmax()) + 1
    known = scripts[:, 1:].sum(1)
    foreign = np.where(known > 0, 1 - scripts[:, main_script] / np.maximum(known, 1), 0)
    prose = np.where((words >= 8) & (counts[:, k["stop"]] > 0), size, 0) + np.where(words >= 20, size, 0)
    prose = np.minimum(prose, 1200)
    before = (np.cumsum(prose, dtype=np.float64) - prose).astype(np.float32)
    total = np.float32(prose.sum(dtype=np.float64))
    index = np.arange(n, dtype=np.float32)
    order = np.empty(n, np.float32)
    order[np.argsort(size, kind="stable")] = index
    share = counts / np.maximum(sizes, 1)[:, None]
    full = np.ones(n, np.float32)
    columns = [
        np.log1p(size) / 2, np.log1p(words), np.log1p(size / words), words < 1.5,
        *(share[:, i] for i in range(2, 16)),
        np.log1p(counts[:, k["stop"]]), np.log1p(counts[:, k["comma"]]),
        np.log1p(counts[:, k["separator"]]), np.log1p(counts[:, k["digit"]]),
        last == k["stop"], last == k["colon"], last_point == 0x2026, last == k["comma"],
        (last >= k["lower"]) & (last <= k["dense"]), last == k["digit"],
        first == k["upper"], first == k["lower"], first == k["digit"], first > k["dense"],
        capitals / words, has("@"), urls, has("©", "®", "™"), has("»", "›", ">", "→", "▸", "►"), has("{", "}"),
        foreign, scripts[:, 1] / np.maximum(letters, 1), dense / np.maximum(letters, 1),
        np.log(repeat), full * 0, prose / 400,
        np.log1p(index) / 3, np.log1p(n - 1 - index) / 3, index / max(n - 1, 1),
        full * np.log1p(n) / 3, full * np.log1p(total) / 5, full * np.log1p(np.float32(size.mean(dtype=np.float64))) / 2,
        np.log1p(before) / 5, before / max(total, 1), order / max(n - 1, 1),
    ]  # fmt: skip
    columns[NAMES.index("same_as_first")] = _same_as_longest_heading(lines)
    return np.stack([np.asarray(c, np.float32) for c in columns], axis=1)


def _same_as_longest_heading(lines: Sequence[str]) -> Floats:
    """1 where a line stands among the page's first five lines too, else 0: a title said again above its body."""
    head = {line for line in lines[:5] if len(line) >= 20}
    seen: Counter[str] = Counter()
    result = np.zeros(len(lines), np.float32)
    if head:
        for i, line in enumerate(lines):
            if line in head:
                seen[line] += 1
                result[i] = seen[line] > 1
    return result
