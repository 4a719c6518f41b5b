"""Cuts from HTML what no reader of it here looks at, before it is parsed: the parser then has a quarter of it to do.

Left out are the text of scripts (JSON-LD apart) and styles, what is drawn in SVG, comments, and attributes that neither
``noiseclf.elements`` nor the parser asks for. Tags are followed as browsers follow them (html.spec.whatwg.org, 13.2.5);
from where that depends on more than the tags, the rest of the page is left as it is.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport uint64_t
from libc.string cimport memchr, memcpy

from noiseclf._tags cimport Text, after_comment, after_part, all_white, ends_name, is_letter, is_space, lower

cdef struct Word:  # the first eight bytes in lower case, and how many there are in all
    uint64_t text
    Py_ssize_t size

cdef enum:
    MOST = 64

cdef Word kept[MOST]
cdef Word raw[MOST]
cdef Word breaking[MOST]
cdef Word formatting[MOST]


cdef inline Word word(Text p, Py_ssize_t size) noexcept nogil:
    cdef Word made
    cdef Py_ssize_t i
    made.text = 0
    made.size = size
    for i in range(min(size, 8)):
        made.text = made.text << 8 | lower(p[i])
    return made


cdef inline bint same(Word a, Word b) noexcept nogil:
    return a.text == b.text and a.size == b.size


cdef bint among(Word a, Word* words) noexcept nogil:
    cdef Py_ssize_t i = 0
    while words[i].size:
        if same(a, words[i]):
            return True
        i += 1
    return False


cdef Word of(bytes text):
    return word(<Text>PyBytes_AS_STRING(text), len(text))


cdef void fill(Word* words, bytes texts) except *:
    found = texts.split()
    if len(found) >= MOST:
        raise ImportError("too many words")
    for i, text in enumerate(found):
        words[i] = of(text)
    words[len(found)].size = 0


fill(kept, b"class id role itemprop itemtype type hidden aria-hidden open rel name placeholder value content property "
           b"encoding color face size")  # the last four tell the parser something in MathML and SVG
fill(raw, b"script style textarea title xmp iframe noembed noframes plaintext noscript")
# Of these the parser compares all attributes (13.2.4.3, the "Noah's Ark clause"); links are as well, but never many at once.
fill(formatting, b"b big code em font i nobr s small strike strong tt u")
# What ends SVG where it stands in it, or begins HTML there, or is read by rules of its own.
fill(breaking, b"b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu "
               b"meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var font foreignobject script "
               b"textarea xmp iframe noembed noframes plaintext noscript math select")
cdef Word SCRIPT = of(b"script"), NOSCRIPT = of(b"noscript"), STYLE = of(b"style"), SVG = of(b"svg"), MATH = of(b"math")
cdef Word PRE = of(b"pre"), LISTING = of(b"listing"), TITLE = of(b"title"), DESC = of(b"desc")
cdef Word SELECT = of(b"select"), FRAMESET = of(b"frameset"), PLAINTEXT = of(b"plaintext"), TYPE = of(b"type")


cdef bint holds(Text p, Text stop, const char* low, Py_ssize_t size) noexcept nogil:
    """Return whether the ``size`` bytes ``low``, in lower case, stand between ``p`` and ``stop`` in any case."""
    cdef Py_ssize_t i
    while stop - p >= size:
        i = 0
        while i < size and lower(p[i]) == <unsigned char>low[i]:
            i += 1
        if i == size:
            return True
        p += 1
    return False


cdef Text after_tag(Text p, Text stop, bint* empty) noexcept nogil:
    """Return where the tag ends in whose attributes ``p`` is, ``stop`` where it does not; ``empty`` is whether by "/>"."""
    cdef Text part = p
    while p < stop and p[0] != c">":
        part = p
        p = after_part(p, stop)
    empty[0] = p < stop and p > part and p[-1] == c"/" and (is_space(part[0]) or part[0] == c"/")
    return p + 1 if p < stop else stop


cdef bint is_needed(Word name, Text p, Text stop) noexcept nogil:
    """Return whether the attribute from ``p`` to ``stop`` is read by anyone; a style is where it may hide something."""
    if same(name, STYLE):
        return memchr(p, c"&", stop - p) != NULL or holds(p, stop, b"non", 3) or holds(p, stop, b"hid", 3)
    return among(name, kept)


cdef Text raw_end(Text p, Text stop, Text tag, Py_ssize_t size) noexcept nogil:
    """Return where the end tag begins of the element of raw text called ``tag``, NULL where there is none."""
    cdef const void* found
    cdef Py_ssize_t i
    while p < stop:
        found = memchr(p, c"<", stop - p)
        if found == NULL:
            break
        p = <Text>found + 1
        if stop - p > size + 1 and p[0] == c"/" and ends_name(p[size + 1]):
            i = 0
            while i < size and lower(p[i + 1]) == lower(tag[i]):
                i += 1
            if i == size:
                return p - 1
    return NULL


cdef bint may_go_on(Text p, Text stop) noexcept nogil:
    """Return whether the script from ``p`` to ``stop``, an end tag, holds a comment with a script in it, and so may go on."""
    cdef const void* found
    while stop - p > 4:
        found = memchr(p, c"<", stop - p - 3)
        if found == NULL:
            break
        p = <Text>found + 1
        if p[0] == c"!" and p[1] == c"-" and p[2] == c"-":
            return holds(p, stop, b"<script", 7)
    return False


cdef bint shows(Text p, Text stop) noexcept nogil:
    while p < stop and not 32 < p[0] < 127:
        p += 1
    return p < stop


cdef bint stands_apart(Text last, Text start, Text end, Text stop) noexcept nogil:
    """Return whether there is but white space from ``last``, where a tag ended, to ``start``, and from ``end`` to a tag."""
    while start > last and is_space(start[-1]):
        start -= 1
    while end < stop and is_space(end[0]):
        end += 1
    if start > last or end == stop:
        return start == last
    return end[0] == c"<" and stop - end > 1 and (is_letter(end[1]) or end[1] == c"/" or end[1] == c"!" or end[1] == c"?")


cdef Text drawing_end(Text p, Text stop, bint* spaced) noexcept nogil:
    """Return where the end tag begins of the SVG that ``p`` is in; NULL where that is not sure.

    ``spaced`` is set where white space stands between two tags.
    """
    cdef const void* found
    cdef Text last = p
    cdef Text start
    cdef Word name
    cdef Word stack[MOST]  # the elements that are open in it
    cdef Py_ssize_t high = 0, place
    cdef bint closing, empty = False
    while p < stop:
        found = memchr(p, c"<", stop - p)
        if found == NULL:
            break
        start = <Text>found
        p = start + 1
        if memchr(last, c"&", start - last) != NULL:  # may stand for white space
            return NULL
        spaced[0] = spaced[0] or (start > last and all_white(last, start - last))
        if stop - p >= 3 and p[0] == c"!" and p[1] == c"-" and p[2] == c"-":
            last = p = after_comment(p + 3, stop)
            continue
        closing = p < stop and p[0] == c"/"
        p += closing
        if p >= stop or not is_letter(p[0]):
            return NULL
        found = p
        while p < stop and not ends_name(p[0]):
            p += 1
        name = word(<Text>found, p - <Text>found)
        if among(name, breaking):
            return NULL
        last = p = after_tag(p, stop, &empty)
        if not closing:
            # what stands in a title or a description is HTML
            if high == MOST or (high and (same(stack[high - 1], TITLE) or same(stack[high - 1], DESC))):
                return NULL
            if not empty:
                stack[high] = name
                high += 1
            continue
        place = high - 1
        while place >= 0 and not same(stack[place], name) and not same(stack[place], SVG):
            place -= 1
        if place >= 0 and same(stack[place], name):
            high = place
        else:  # the end of the SVG, or of something around it, which then ends too
            return start if place < 0 and same(name, SVG) else NULL
    return NULL


cdef Text formula_end(Text p, Text stop) noexcept nogil:
    """Return where the end tag begins of the MathML that ``p`` is in; NULL where that is not sure."""
    cdef const void* found
    cdef Text start
    cdef Word name
    cdef bint closing, empty = False
    while p < stop:
        found = memchr(p, c"<", stop - p)
        if found == NULL:
            break
        start = <Text>found
        p = start + 1
        closing = p < stop and p[0] == c"/"
        p += closing
        if p >= stop or not is_letter(p[0]):
            return NULL
        found = p
        while p < stop and not ends_name(p[0]):
            p += 1
        name = word(<Text>found, p - <Text>found)
        if among(name, raw) or same(name, SVG):
            return NULL
        p = after_tag(p, stop, &empty)
        if closing and same(name, MATH):
            return start
    return NULL


def lean(bytes html):
    """Return ``html`` without what no reader of it here looks at."""
    cdef Text text = <Text>PyBytes_AS_STRING(html)
    cdef Text stop = text + PyBytes_GET_SIZE(html)
    cdef unsigned char* out = <unsigned char*>PyMem_Malloc(2 * (stop - text) + 8)
    cdef Py_ssize_t size
    if out == NULL:
        raise MemoryError
    try:
        with nogil:
            size = cut(text, stop, out)
        if size < 0:
            return html
        return PyBytes_FromStringAndSize(<const char*>out, size)
    finally:
        PyMem_Free(out)


cdef Py_ssize_t cut(Text done, Text stop, unsigned char* out) noexcept nogil:
    """Write what is left of the page to ``out``, and return its size: at most twice that of the page and eight bytes.

    All before ``done`` is written; where a case is not sure, the rest is written as it is. -1 where all has to stay.
    """
    cdef Text p = done
    cdef Text start
    cdef Text tag
    cdef Text part
    cdef Text end
    cdef const void* found
    cdef Word name, attribute
    cdef Text last = done  # where the last tag or comment ended
    cdef Text fresh = NULL  # where a start tag ended after which the parser drops a line break
    cdef bint closing, choosing = False, told, styled, spaced, empty = False
    cdef Py_ssize_t n = 0, length
    while p < stop:
        found = memchr(p, c"<", stop - p)
        if found == NULL:
            break
        start = <Text>found
        p = start + 1
        if stop - p >= 3 and p[0] == c"!" and p[1] == c"-" and p[2] == c"-":
            p = after_comment(p + 3, stop)
            memcpy(out + n, done, start - done)
            n += start - done
            done = p
            if start == fresh or not stands_apart(last, start, p, stop):  # then it keeps two texts apart
                memcpy(out + n, <const char*>b"<!---->", 7)
                n += 7
            last = p
            continue
        if p == stop:
            break
        closing = p[0] == c"/"
        if p[0] == c"!" or p[0] == c"?" or (closing and (stop - p == 1 or not is_letter(p[1]))):
            found = memchr(p, c">", stop - p)
            last = p = <Text>found + 1 if found != NULL else stop
            continue
        p += closing
        if not is_letter(p[0]):
            continue
        tag = p
        while p < stop and not ends_name(p[0]):
            p += 1
        if p == stop:
            break
        length = p - tag
        name = word(tag, length)
        told = styled = False
        if closing or same(name, SVG) or same(name, MATH) or among(name, formatting):
            p = after_tag(p, stop, &empty)
        elif p[0] != c">":
            memcpy(out + n, done, p - done)
            n += p - done
            done = p  # up to here the tag is written; what is needed of the rest follows
            while p < stop and p[0] != c">":
                part = p
                p = after_part(p, stop)
                if is_space(part[0]) or part[0] == c"/":
                    continue
                end = part + 1
                while end < p and not ends_name(end[0]) and end[0] != c"=":
                    end += 1
                attribute = word(part, end - part)
                if same(attribute, STYLE) and styled:
                    continue  # an element's second style is nothing to the parser
                styled = styled or same(attribute, STYLE)
                if is_needed(attribute, part, p):
                    out[n] = c" "
                    memcpy(out + n + 1, part, p - part)
                    n += 1 + p - part
                    told = told or (same(attribute, TYPE)
                                    and (memchr(part, c"&", p - part) != NULL or holds(part, p, b"ld+json", 7)))
            if p == stop:  # the page ends within the tag, which browsers then leave out
                done = stop
                break
            done = p
            p += 1
        else:
            p += 1
        last = p
        if same(name, SELECT):
            choosing = not closing
            continue
        if closing:
            continue
        if same(name, FRAMESET):  # counts only where nothing that shows stands before it, and what is drawn does show
            return -1
        if same(name, PLAINTEXT):
            break
        if same(name, PRE) or same(name, LISTING):
            fresh = p
        if same(name, SVG) or same(name, MATH):
            if empty:
                continue
            spaced = False
            end = drawing_end(p, stop, &spaced) if same(name, SVG) else formula_end(p, stop)
            if end == NULL or choosing:
                break
            if same(name, SVG):
                memcpy(out + n, done, p - done)
                n += p - done
                done = end
                if spaced:  # as white space is read wherever it stands
                    out[n] = c" "
                    n += 1
            p = end
        elif among(name, raw) and not same(name, NOSCRIPT):  # whose tags are read
            if choosing and not same(name, SCRIPT):
                break
            end = raw_end(p, stop, tag, length)
            if end == NULL or (same(name, SCRIPT) and may_go_on(p, end)):
                break
            if ((same(name, SCRIPT) and not told) or same(name, STYLE)) and shows(p, end):
                memcpy(out + n, done, p - done)
                n += p - done
                done = end
            p = end
    memcpy(out + n, done, stop - done)
    return n + stop - done
