"""Tags and white space of HTML, for the compiled parts that follow them byte by byte (html.spec.whatwg.org, 13.2.5)."""

from libc.string cimport memchr

ctypedef const unsigned char* Text


cdef inline unsigned char lower(unsigned char c) noexcept nogil:
    return c | 32 if c"A" <= c <= c"Z" else c


cdef inline bint is_letter(unsigned char c) noexcept nogil:
    return c"a" <= (c | 32) <= c"z"


cdef inline bint is_space(unsigned char c) noexcept nogil:
    return c == 32 or c == 9 or c == 10 or c == 12 or c == 13


cdef inline bint ends_name(unsigned char c) noexcept nogil:
    return is_space(c) or c == c"/" or c == c">"


cdef inline bint is_white(unsigned char c) noexcept nogil:
    return c == 32 or 9 <= c <= 13 or 28 <= c <= 31


cdef inline Py_ssize_t white(Text p, Text stop) noexcept nogil:
    """Return the bytes of the white space character at ``p``, as str.split takes it, 0 where there is none."""
    cdef unsigned char c = p[0]
    if c < 128:
        return is_white(c)
    if c == 0xC2:
        return 2 if stop - p > 1 and (p[1] == 0x85 or p[1] == 0xA0) else 0
    if stop - p < 3:
        return 0
    if c == 0xE2:
        if p[1] == 0x80:
            return 3 if p[2] <= 0x8A or p[2] == 0xA8 or p[2] == 0xA9 or p[2] == 0xAF else 0
        return 3 if p[1] == 0x81 and p[2] == 0x9F else 0
    if c == 0xE1:
        return 3 if p[1] == 0x9A and p[2] == 0x80 else 0
    return 3 if c == 0xE3 and p[1] == 0x80 and p[2] == 0x80 else 0


cdef inline bint all_white(Text p, Py_ssize_t size) noexcept nogil:
    cdef Text stop = p + size
    cdef Py_ssize_t step
    while p < stop:
        step = white(p, stop)
        if not step:
            return False
        p += step
    return True


cdef inline Text after_comment(Text p, Text stop) noexcept nogil:
    """Return where the comment ends whose text begins at ``p``."""
    cdef Text start = p
    cdef const void* found
    if p < stop and p[0] == c">":
        return p + 1
    if stop - p > 1 and p[0] == c"-" and p[1] == c">":
        return p + 2
    while p < stop:
        found = memchr(p, c">", stop - p)
        if found == NULL:
            break
        p = <Text>found
        if p - start >= 2 and p[-1] == c"-" and p[-2] == c"-":
            return p + 1
        if p - start >= 3 and p[-1] == c"!" and p[-2] == c"-" and p[-3] == c"-":
            return p + 1
        p += 1
    return stop


cdef inline Text after_part(Text p, Text stop) noexcept nogil:
    """Return where the attribute or white space at ``p`` ends, which is no ">"."""
    cdef Text q
    cdef const void* found
    if is_space(p[0]) or p[0] == c"/":
        while p < stop and (is_space(p[0]) or p[0] == c"/"):
            p += 1
        return p
    p += 1
    while p < stop and not ends_name(p[0]) and p[0] != c"=":
        p += 1
    q = p
    while q < stop and is_space(q[0]):
        q += 1
    if q == stop or q[0] != c"=":
        return p
    q += 1
    while q < stop and is_space(q[0]):
        q += 1
    if q == stop or q[0] == c">":
        return q
    if q[0] == c'"' or q[0] == c"'":
        found = memchr(q + 1, q[0], stop - q - 1)
        return <Text>found + 1 if found != NULL else stop
    while q < stop and not is_space(q[0]) and q[0] != c">":
        q += 1
    return q
