"""How tags of HTML are read, for the compiled parts that follow them byte by byte (html.spec.whatwg.org, 13.2.5)."""

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
