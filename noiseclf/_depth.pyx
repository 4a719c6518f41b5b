"""What ``noiseclf/depth.py`` does, compiled: the same bytes are left."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint64_t
from libc.string cimport memchr, memcmp, memset

from noiseclf._tags cimport Text, after_comment, after_part, ends_name, is_letter, is_space, lower

from noiseclf import depth
from noiseclf.depth import without

cdef enum:
    ENDLESS = 1
    FORMATTING = 2
    SPECIAL = 4
    MARK = 8
    RAW = 16
    FOREIGN = 32
    FORM = 64
    DEEPEST = 400
    SLOTS = 512

cdef Py_ssize_t FORMATS = depth._FORMATS, LARGE = depth._LARGE, PARTS = depth._PARTS
if DEEPEST != depth.DEEPEST:
    raise ImportError("compiled for another depth")

cdef struct Name:
    unsigned char text[16]  # in lower case, then zeros; the first bytes of longer ones
    Text rest
    Py_ssize_t size
    int kind

cdef Name known[SLOTS]
cdef signed char steps[27 * 27 * 27]
cdef unsigned char formats[27 * 27 * 27]


cdef bint same(Name* a, Name* b) noexcept nogil:
    cdef Py_ssize_t i
    if a.size != b.size or memcmp(a.text, b.text, 16) != 0:
        return False
    for i in range(a.size - 16):
        if lower(a.rest[i]) != lower(b.rest[i]):
            return False
    return True


cdef int slot(Name* name) noexcept nogil:
    """Return the place of a name of at most 16 bytes among the known ones, or the free place for it."""
    cdef uint64_t mixed = 14695981039346656037ULL
    cdef int i
    for i in range(name.size):
        mixed = (mixed ^ name.text[i]) * 1099511628211ULL
    i = (mixed ^ mixed >> 32) % SLOTS
    while known[i].size and not same(&known[i], name):
        i = (i + 1) % SLOTS
    return i


cdef void read_name(Text p, Py_ssize_t size, Name* name) noexcept nogil:
    cdef Py_ssize_t i
    memset(name.text, 0, 16)
    if size == 2 and (p[0] | 32) == c"h" and c"1" <= p[1] <= c"6":
        size = 1
    for i in range(min(size, 16)):
        name.text[i] = lower(p[i])
    name.rest = p + 16
    name.size = size
    name.kind = known[slot(name)].kind if size <= 16 else 0


cdef void fill() except *:
    cdef Name name
    kinds = {}
    for kind, words in ((ENDLESS, depth._ENDLESS_NAMES), (FORMATTING, depth._FORMATTING_NAMES), (SPECIAL, depth._SPECIAL),
                        (MARK, depth._MARKS), (RAW, depth._RAW), (FOREIGN, (b"svg", b"math")), (FORM, (b"form",))):
        for word in words:
            kinds[word] = kinds.get(word, 0) | kind
    memset(known, 0, sizeof(known))
    for word, kind in kinds.items():
        if len(word) > 16 or len(kinds) > SLOTS // 2:
            raise ImportError("names that do not fit")
        read_name(<Text>PyBytes_AS_STRING(word), len(word), &name)
        name.kind = kind
        known[slot(&name)] = name
    for i in range(27 * 27 * 27):
        steps[i] = depth._COUNTS[i]
        formats[i] = depth._FORMATS_TEXT[i]


fill()


def shallow(bytes html):
    """Return ``html`` with no tags nested deeper than ``noiseclf.depth.DEEPEST``; see ``noiseclf.depth.shallow``."""
    cdef Text p = <Text>PyBytes_AS_STRING(html)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(html)
    return flat(html) if size > LARGE or too_deep(p, p + size) else html


cdef inline int letter(Text p, Text stop) noexcept nogil:
    return (p[0] | 32) - 96 if p < stop and is_letter(p[0]) else 0


cdef bint too_deep(Text p, Text stop) noexcept nogil:
    cdef const void* found
    cdef Py_ssize_t tags = 0, opened = 0, height = 0, least = 0, deepest = 0
    cdef int first, second, code
    cdef bint closes
    while p < stop:
        found = memchr(p, c"<", stop - p)
        if found == NULL:
            break
        p = <Text>found + 1
        tags += 1
        closes = p < stop and p[0] == c"/"
        first = letter(p + closes, stop)
        if not first:
            continue
        second = letter(p + closes + 1, stop)
        code = (first * 27 + second) * 27 + (letter(p + closes + 2, stop) if second else 0)
        if closes:
            height -= steps[code]
            least = min(least, height)
        else:
            height += steps[code]
            opened += formats[code]
            deepest = max(deepest, height - least)
    return tags > FORMATS and (opened > FORMATS or deepest > DEEPEST)


cdef Text raw_end(Text p, Text stop, Name* name) noexcept nogil:
    """Return where the end tag of the element of raw text begins, NULL where there is none."""
    cdef const void* found
    cdef Py_ssize_t i
    while p < stop:
        found = memchr(p, c"<", stop - p)
        if found == NULL:
            break
        p = <Text>found + 1
        if stop - p > name.size + 1 and p[0] == c"/" and ends_name(p[name.size + 1]):
            for i in range(name.size):
                if lower(p[i + 1]) != name.text[i]:
                    break
            else:
                return p - 1
    return NULL


cdef object flat(bytes html):
    """Return ``html`` with its tags followed as a parser would, and those that stand too deep cut out."""
    cdef Text text = <Text>PyBytes_AS_STRING(html)
    cdef Text stop = text + PyBytes_GET_SIZE(html)
    cdef Text p = text
    cdef Text start
    cdef Text more
    cdef const void* found
    cdef Name stack[DEEPEST]  # of size 0 for what has ended under something that has not
    cdef Name name
    cdef Py_ssize_t high = 0, open_formats = 0, foreign = 0, parts, place
    cdef bint closing
    cuts = []
    while p < stop:
        found = memchr(p, c"<", stop - p)
        if found == NULL:
            break
        start = <Text>found
        p = start + 1
        if p == stop:
            break
        if stop - p >= 3 and p[0] == c"!" and p[1] == c"-" and p[2] == c"-":
            p = after_comment(p + 3, stop)
            continue
        closing = p[0] == c"/"
        if p[0] == c"!" or p[0] == c"?" or (closing and (stop - p == 1 or not is_letter(p[1]))):
            found = memchr(p, c">", stop - p)
            p = <Text>found + 1 if found != NULL else stop
            if foreign and start[1] == c"!" and stop - start > 2 and start[2] == c"[":  # CDATA there, a comment elsewhere
                cuts.append((start - text, p - text, b""))
            continue
        p += closing
        if not is_letter(p[0]):
            continue
        more = p
        while p < stop and not ends_name(p[0]):
            p += 1
        read_name(more, p - more, &name)
        parts = 0
        while p < stop and p[0] != c">" and parts < PARTS:
            p = after_part(p, stop)
            parts += 1
        if p < stop and p[0] != c">":
            more = p
            while p < stop and p[0] != c">":
                p = after_part(p, stop)
            cuts.append((more - text, p - text, b""))
        p += 1
        if name.kind & ENDLESS:
            continue
        if not closing:
            if high >= DEEPEST or (name.kind & FORMATTING and open_formats >= FORMATS):
                if not name.kind & RAW:
                    cuts.append((start - text, p - text, b"<br>" if name.kind & SPECIAL else b""))
            elif not name.kind & RAW:
                stack[high] = name
                high += 1
                open_formats += (name.kind & FORMATTING) != 0
                foreign += (name.kind & FOREIGN) != 0
            if name.kind & RAW:
                more = raw_end(p, stop, &name) if p < stop else NULL
                if foreign and more != NULL and memchr(p, c"<", more - p) != NULL:  # is read as elements there
                    cuts.append((p - text, more - text, b""))
                p = more if more != NULL else stop
            continue
        place = high - 1
        while place >= 0 and not same(&stack[place], &name):
            if stack[place].kind & MARK:
                place = -1
            else:
                place -= 1
        if place < 0:
            continue
        if name.kind & (FORMATTING | FORM):
            open_formats -= (name.kind & FORMATTING) != 0
            stack[place].size = stack[place].kind = 0
            place = high
        elif not name.kind & SPECIAL:
            more = p
            for parts in range(place + 1, high):
                if stack[parts].kind & SPECIAL:
                    more = NULL
                    break
            if more == NULL:
                continue
        while high and (high > place or not stack[high - 1].size):
            high -= 1
            open_formats -= (stack[high].kind & FORMATTING) != 0
            foreign -= (stack[high].kind & FOREIGN) != 0
    return without(html, cuts) if cuts else html
