"""The pass of ``noiseclf/walk.py``, compiled: the same lines and elements, read from the page's UTF-8."""

from cpython cimport array
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.string cimport memchr, memcmp, memcpy

from noiseclf._tags cimport Text, all_white, is_space, white

import array

from noiseclf import elements
from noiseclf.elements import FLAGS, Start, named, shown, start
from noiseclf.walk import _LONG, _REMEMBERED, NAMED_ABOVE, VISIBLE, Walked

ctypedef long long Int

cdef Int BLOCK = elements.BLOCK, PRE = elements.PRE, SKIPPED = elements.SKIPPED, VOID = elements.VOID, RAW = elements.RAW
cdef Int JSON = elements.JSON, HIDDEN = elements.HIDDEN, STYLED = elements.STYLED, FORM = elements.FORM
cdef Int BREAK = elements.BREAK, LINK = elements.LINK, CELL = elements.CELL, FIELD = elements.FIELD
cdef Int OPTION = elements.OPTION, TEMPLATE = elements.TEMPLATE, SCRIPT = elements.SCRIPT, PLAINTEXT = elements.PLAINTEXT
cdef int GROUP = elements.GROUP
cdef Int LINKED = 1 << FLAGS.index("link")
cdef Py_ssize_t LONG = _LONG, REMEMBERED = _REMEMBERED
cdef Int ABOVE = NAMED_ABOVE
# What stands for an element whose text is not shown; whose own style hides it; whose text is no part of the page.
cdef enum:
    UNSEEN = -1
    COVERED = -2
    NONE = -3

cdef object ROOT = Start("root", 0, 0)
cdef array.array EMPTY = array.array("q")
# From the text of start tags, less the attributes that do not tell, to what they say.
cdef dict remembered = {}
cdef dict called = {}  # likewise to names

cdef struct Open:  # an element that is open
    Int number
    Text tag
    Py_ssize_t size


cdef Py_ssize_t characters(Text p, Py_ssize_t size) noexcept nogil:
    cdef Py_ssize_t i, count = 0
    for i in range(size):
        count += (p[i] & 0xC0) != 0x80
    return count


cdef Py_ssize_t signs(Text p, Py_ssize_t size) noexcept nogil:
    """Return how many tags there are at most."""
    cdef Py_ssize_t i, count = 0
    for i in range(size):
        count += p[i] == c"<"
    return count


cdef Py_ssize_t unescape(Text p, Py_ssize_t size, unsigned char* out) noexcept nogil:
    """Write serialised text as a reader sees it to ``out``, and return its size, which is never larger."""
    cdef Py_ssize_t i = 0, n = 0, run
    cdef const void* found
    while i < size:
        found = memchr(p + i, c"&", size - i)
        run = (<Text>found - p if found != NULL else size) - i
        memcpy(out + n, p + i, run)
        n += run
        i += run
        if i == size:
            break
        if size - i >= 6 and memcmp(p + i, b"&nbsp;", 6) == 0:
            out[n], out[n + 1] = 0xC2, 0xA0
            n, i = n + 2, i + 6
        elif size - i >= 6 and memcmp(p + i, b"&quot;", 6) == 0:
            out[n] = c'"'
            n, i = n + 1, i + 6
        elif size - i >= 5 and memcmp(p + i, b"&amp;", 5) == 0:
            out[n] = c"&"
            n, i = n + 1, i + 5
        elif size - i >= 4 and memcmp(p + i, b"&lt;", 4) == 0:
            out[n] = c"<"
            n, i = n + 1, i + 4
        elif size - i >= 4 and memcmp(p + i, b"&gt;", 4) == 0:
            out[n] = c">"
            n, i = n + 1, i + 4
        else:
            out[n] = c"&"
            n, i = n + 1, i + 1
    return n


cdef bint tells(Text name, Py_ssize_t size) noexcept nogil:
    """Return whether an attribute is one of ``noiseclf.elements.TELLING``."""
    if size == 4:
        return memcmp(name, b"role", 4) == 0 or memcmp(name, b"type", 4) == 0 or memcmp(name, b"open", 4) == 0
    if size == 5:
        return memcmp(name, b"style", 5) == 0
    if size == 6:
        return memcmp(name, b"hidden", 6) == 0
    if size == 8:
        return memcmp(name, b"itemprop", 8) == 0 or memcmp(name, b"itemtype", 8) == 0
    return size == 11 and memcmp(name, b"aria-hidden", 11) == 0


cdef bint names(Text name, Py_ssize_t size) noexcept nogil:
    """Return whether an attribute is one that ``noiseclf.elements.name`` reads."""
    if size == 2:
        return memcmp(name, b"id", 2) == 0
    if size == 5:
        return memcmp(name, b"class", 5) == 0
    if size == 3:
        return memcmp(name, b"rel", 3) == 0
    if size == 4:
        return memcmp(name, b"role", 4) == 0 or memcmp(name, b"type", 4) == 0 or memcmp(name, b"name", 4) == 0
    return size == 8 and (memcmp(name, b"itemprop", 8) == 0 or memcmp(name, b"itemtype", 8) == 0)


cdef struct Attribute:
    Text name
    Py_ssize_t size
    Text value
    Py_ssize_t length


cdef Text attribute(Text p, Text stop, Attribute* found) noexcept nogil:
    """Read the attribute that begins with the space at ``p``, and return where it ends; NULL where there is none."""
    cdef const void* at
    if stop - p < 5 or p[0] != c" ":
        return NULL
    found.name = p + 1
    at = memchr(p + 2, c"=", stop - p - 2)
    if at == NULL or stop - <Text>at < 3 or (<Text>at)[1] != c'"':
        return NULL
    found.size = <Text>at - found.name
    found.value = <Text>at + 2
    at = memchr(found.value, c'"', stop - found.value)
    if at == NULL:
        return NULL
    found.length = <Text>at - found.value
    return <Text>at + 1


cdef bint may_hide(Text style, Py_ssize_t size) noexcept nogil:
    """Return whether a style holds the letters "non" or "hid"."""
    cdef Py_ssize_t i
    cdef unsigned char a, b, c
    for i in range(size - 2):
        a, b, c = style[i] | 32, style[i + 1] | 32, style[i + 2] | 32
        if (a == c"n" and b == c"o" and c == c"n") or (a == c"h" and b == c"i" and c == c"d"):
            return True
    return False


cdef Py_ssize_t telling(Text tag, Py_ssize_t size, Text stop, unsigned char* out, bint naming) noexcept nogil:
    """Write to ``out`` the tag and those of the attributes up to ``stop`` that tell what it is, or name it; return the size."""
    cdef Attribute a
    cdef Text p = tag + size
    cdef Text after = attribute(p, stop, &a)
    cdef Py_ssize_t n = size
    memcpy(out, tag, size)
    while after != NULL:
        if names(a.name, a.size) if naming else tells(a.name, a.size) and (a.size != 5 or may_hide(a.value, a.length)):
            memcpy(out + n, p, after - p)
            n += after - p
        p = after
        after = attribute(p, stop, &a)
    return n


cdef struct Words:  # of a name
    unsigned char text[1200]
    Py_ssize_t size
    Py_ssize_t starts[12]
    Py_ssize_t count


cdef void add_word(Words* words, Text p, Py_ssize_t size) noexcept nogil:
    cdef Py_ssize_t i, n, start = words.size + 1
    if size < 2 or words.count == 12:
        return
    words.text[words.size] = c" "
    for i in range(size):
        words.text[start + i] = p[i] | 32
    for i in range(words.count):
        n = (words.starts[i + 1] - 1 if i + 1 < words.count else words.size) - words.starts[i]
        if n == size and memcmp(words.text + words.starts[i], words.text + start, size) == 0:
            return
    words.starts[words.count] = start
    words.count += 1
    words.size = start + size


cdef void add_words(Words* words, Text p, Py_ssize_t size) noexcept nogil:
    """Add the words of an attribute of plain ASCII: lower case after at most one capital, or capitals."""
    cdef Py_ssize_t i = 0, start
    while i < size:
        start = i
        while i < size and c"A" <= p[i] <= c"Z":
            i += 1
        if i < size and c"a" <= p[i] <= c"z":
            if i - start > 1:
                add_word(words, p + start, i - 1 - start)
                start = i - 1
            while i < size and c"a" <= p[i] <= c"z":
                i += 1
        if i > start:
            add_word(words, p + start, i - start)
        else:
            i += 1


cdef bint is_plain(Text p, Py_ssize_t size) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(size):
        if p[i] >= 128 or p[i] == c"&":
            return False
    return True


cdef object name_of(Text tag, Text stop, unsigned char* scratch):
    """Return ``noiseclf.elements.named`` of the start tag from ``tag`` to ``stop``; here where it is short and plain."""
    cdef Attribute a, kind, own
    cdef Words words
    cdef const void* space = memchr(tag, c" ", stop - tag)
    cdef Text p = <Text>space if space != NULL else stop
    cdef Text after
    cdef bytes key
    cdef bint plain = p - tag <= 100 and is_plain(tag, p - tag)
    kind.value = own.value = tag
    kind.length = own.length = words.count = 0
    if plain:
        words.size = p - tag
        memcpy(words.text, tag, words.size)
        after = attribute(p, stop, &a)
        while after != NULL:
            if a.size == 5 and memcmp(a.name, b"class", 5) == 0:
                kind = a
            elif a.size == 2 and memcmp(a.name, b"id", 2) == 0:
                own = a
            elif names(a.name, a.size):
                plain = False
                break
            p = after
            after = attribute(p, stop, &a)
        plain = plain and kind.length + own.length < 300
    if not plain or not is_plain(kind.value, kind.length) or not is_plain(own.value, own.length):
        space = memchr(tag, c" ", stop - tag)
        if space == NULL:
            return named(PyUnicode_DecodeUTF8(<const char*>tag, stop - tag, "replace"))
        words.size = telling(tag, <Text>space - tag, stop, scratch, True)
        key = PyBytes_FromStringAndSize(<const char*>scratch, words.size)
        found = called.get(key)
        if found is None:
            found = named(key.decode("utf-8", "replace"))
            if words.size <= LONG:
                if len(called) >= REMEMBERED:
                    called.clear()
                called[key] = found
        return found
    add_words(&words, kind.value, kind.length)
    add_words(&words, own.value, own.length)
    return PyUnicode_DecodeUTF8(<const char*>words.text, words.size, "replace")


cdef Text raw_end(Text p, Text stop, Text tag, Py_ssize_t size, bint script) noexcept nogil:
    """Return where the end tag begins of an element of raw text; in a script's comments "<script>" and its end may be text."""
    cdef bint escaped = False, double = False, closing
    cdef const void* found
    cdef Text dash = p  # up to which ends of comments have been sought
    cdef Text after
    while p < stop:
        found = memchr(p, c"<", stop - p)
        if found == NULL:
            break
        p = <Text>found
        if escaped and comment_end(dash, p) != NULL:
            escaped = double = False
        closing = stop - p > 1 and p[1] == c"/"
        after = p + 1 + closing
        if script and escaped:
            if stop - after > 6 and is_script(after) and (after[6] == c">" or after[6] == c"/" or is_space(after[6])):
                if closing and not double:
                    return p
                double = not closing
        elif closing and stop - after > size and after[size] == c">" and memcmp(after, tag, size) == 0:
            return p
        elif script and stop - p >= 4 and p[1] == c"!" and p[2] == c"-" and p[3] == c"-":
            escaped = True
            p += 1
        p += 1
        dash = p
    return stop


cdef Text comment_end(Text p, Text stop) noexcept nogil:
    """Return where the first "-->" ends from ``p`` on, NULL where there is none."""
    cdef const void* found
    while stop - p > 2:
        found = memchr(p + 2, c">", stop - p - 2)
        if found == NULL:
            break
        p = <Text>found - 1
        if p[0] == c"-" and p[-1] == c"-":
            return p + 2
    return NULL


cdef inline bint is_script(Text p) noexcept nogil:
    return ((p[0] | 32) == c"s" and (p[1] | 32) == c"c" and (p[2] | 32) == c"r" and (p[3] | 32) == c"i"
            and (p[4] | 32) == c"p" and (p[5] | 32) == c"t")


cdef object said_by(Text tag, Py_ssize_t size, Text stop, unsigned char* scratch):
    """Return what the start tag says that goes from ``tag``, whose name has ``size`` bytes, to ``stop``."""
    cdef Py_ssize_t n = size
    if tag + size < stop:
        n = telling(tag, size, stop, scratch, False)
        tag = scratch
    cdef bytes key = PyBytes_FromStringAndSize(<const char*>tag, n)
    found = remembered.get(key)
    if found is None:
        found = start(key.decode("utf-8", "replace"))
        if n <= LONG:
            if len(remembered) >= REMEMBERED:
                remembered.clear()
            remembered[key] = found
    return found


cdef class _Page:
    """What is known of a page while it is read."""

    cdef list starts, scripts, lines, rows, owners, blocks, sizes, linked
    cdef array.array parents, ends, depths, flags, controls, fields, block, form, kinds, tags, stops
    cdef Int* parent_of
    cdef Int* end_of
    cdef Int* depth_of
    cdef Int* flags_of
    cdef Int* fields_of  # controls by form
    cdef Int* block_of  # of each element the nearest block above it, or itself
    cdef Int* form_of  # of each element the nearest form above it, or itself
    cdef Int* kind_of
    cdef Int* tag_of  # where its start tag begins in the page, and ends
    cdef Int* stop_of
    cdef Text page
    cdef Int count
    cdef bint any_pre
    cdef Int covered
    # the line that is being read
    cdef unsigned char* line
    cdef Py_ssize_t size, room
    cdef Int owner, home, last, own_linked
    cdef bint begun, broken, cells

    def __cinit__(self, bytes page, Py_ssize_t most):
        self.room = 4096
        self.line = <unsigned char*>PyMem_Malloc(self.room)
        if self.line == NULL:
            raise MemoryError
        self.starts, self.scripts, self.lines, self.rows = [ROOT], [], [], []
        self.owners, self.blocks, self.sizes, self.linked = [], [], [], []
        self.parents, self.ends, self.depths, self.flags, self.controls, self.fields, self.block, self.form, self.kinds, self.tags, \
            self.stops = [array.clone(EMPTY, most + 1, True) for _ in range(11)]
        self.parent_of, self.end_of = self.parents.data.as_longlongs, self.ends.data.as_longlongs
        self.depth_of, self.flags_of = self.depths.data.as_longlongs, self.flags.data.as_longlongs
        self.fields_of, self.block_of = self.fields.data.as_longlongs, self.block.data.as_longlongs
        self.form_of, self.kind_of = self.form.data.as_longlongs, self.kinds.data.as_longlongs
        self.tag_of, self.stop_of = self.tags.data.as_longlongs, self.stops.data.as_longlongs
        self.parent_of[0] = self.form_of[0] = -1
        self.page = <Text>PyBytes_AS_STRING(page)  # which the caller holds
        self.count = 1

    def __dealloc__(self):
        PyMem_Free(self.line)

    cdef Int open(self, object said, Int kind, Text tag, Text stop, Int parent, Int depth) except -1:
        """Note an element, do to the line what its start does to it, and return its number."""
        cdef Int e = self.count
        self.count += 1
        self.starts.append(said)
        self.parent_of[e] = parent
        self.tag_of[e] = tag - self.page
        self.stop_of[e] = stop - self.page
        self.end_of[e] = e
        self.depth_of[e] = depth
        self.flags_of[e] = <Int>said[1] | self.flags_of[parent]
        self.kind_of[e] = kind
        self.form_of[e] = e if kind & FORM else self.form_of[parent]
        self.block_of[e] = e if kind & BLOCK else self.block_of[parent]
        if kind & BLOCK:
            self.broken = True
            self.any_pre = self.any_pre or kind & PRE
        elif kind & BREAK:
            self.broken = True
        elif kind & CELL:
            if self.begun:
                self.add(b"\x1f", 1)
                self.cells = True
        elif self.begun and (kind & (FIELD | OPTION) or (kind & LINK and self.flags_of[self.last] & LINKED)):
            self.add(b" ", 1)  # two links side by side are two things
        if kind & FIELD and self.form_of[e] >= 0:
            self.fields_of[self.form_of[e]] += 1
        return e

    cdef int add(self, Text text, Py_ssize_t size) except -1:
        cdef Py_ssize_t room
        cdef void* larger
        if size > self.room - self.size:
            room = 2 * (self.size + size)
            larger = PyMem_Realloc(self.line, room)
            if larger == NULL:
                raise MemoryError
            self.line, self.room = <unsigned char*>larger, room
        memcpy(self.line + self.size, text, size)
        self.size += size
        self.begun = True
        return 0

    cdef int piece(self, Text text, Py_ssize_t size, Int e) except -1:
        """Read a text that stands right in the element ``e``."""
        if e == NONE:
            return 0
        if e == COVERED:
            self.covered += characters(text, size)
        if not self.any_pre and all_white(text, size):
            if self.begun and not self.broken:
                self.add(b" ", 1)  # where the line goes on in another block, it is folded away
        elif e >= 0:
            self.text(text, size, e)
        return 0

    cdef int text(self, Text text, Py_ssize_t size, Int e) except -1:
        cdef Int block = self.block_of[e]
        if self.kind_of[block] & PRE:
            return self.preformatted(text, size, e, block)
        if self.broken or block != self.home:
            if self.any_pre and all_white(text, size):
                return 0
            self.end()
            self.home = block
            self.owner = e
        elif not self.begun:
            self.owner = e
        self.add(text, size)
        self.last = e
        if self.flags_of[e] & LINKED:
            self.own_linked += characters(text, size)
        return 0

    cdef int preformatted(self, Text text, Py_ssize_t size, Int e, Int block) except -1:
        cdef const void* found
        cdef Py_ssize_t length
        if self.broken or block != self.home:
            self.end()
            self.home = block
        if not self.begun:
            self.owner = e
        self.last = e
        while True:
            found = memchr(text, c"\n", size)
            length = <Text>found - text if found != NULL else size
            self.add(text, length)
            if found == NULL:
                break
            text += length + 1
            size -= length + 1
            self.end()
            self.home = block
            self.owner = e
        if self.flags_of[e] & LINKED:
            self.own_linked += characters(text, size)
        return 0

    cdef int end(self) except -1:
        """Write down the line that has been read, and begin the next."""
        cdef Int home = self.home, linked = self.own_linked, size, group
        cdef Text p = self.line
        cdef Text stop = self.line + self.size
        cdef unsigned char* out = self.line
        cdef Py_ssize_t step
        cdef bint gap = False
        cdef str text = None
        self.broken = False
        if not self.begun:
            return 0
        self.begun = False
        self.own_linked = 0
        if self.kind_of[home] & PRE:
            text = PyUnicode_DecodeUTF8(<const char*>p, self.size, "replace").rstrip()
            if not text and self.lines and self.lines[-1] and self.blocks[-1] == home:
                self.lines.append("")
        elif self.cells:
            text = PyUnicode_DecodeUTF8(<const char*>p, self.size, "replace")
            text = "\t".join([" ".join(cell.split()) for cell in text.split("\x1f")]).strip()
            self.cells = False
        else:
            while p < stop:
                step = white(p, stop)
                if step:
                    gap = out > self.line
                    p += step
                else:
                    if gap:
                        out[0] = 32
                        out += 1
                        gap = False
                    out[0] = p[0]
                    out += 1
                    p += 1
            text = PyUnicode_DecodeUTF8(<const char*>self.line, out - self.line, "replace")
        self.size = 0
        if text and (text[0].isalnum() or VISIBLE.search(text)):
            if self.lines and self.lines[-1]:
                group = self.kind_of[home] >> GROUP
                if self.blocks[-1] != home and (not group or group != self.kind_of[<Int>self.blocks[-1]] >> GROUP):
                    self.lines.append("")
            size = len(text)
            self.rows.append(len(self.lines))
            self.lines.append(text)
            self.owners.append(self.owner)
            self.blocks.append(home)
            self.sizes.append(size)
            self.linked.append(linked if linked < size else size)
        return 0

    cdef list names(self, unsigned char* scratch):
        cdef list result = [""] * self.count
        cdef Py_ssize_t i
        for i in range(len(self.rows)):
            self.name_upwards(self.owners[i], ABOVE, result, scratch)
            self.name_upwards(self.blocks[i], 2, result, scratch)
        return result

    cdef int name_upwards(self, Int e, Int above, list names, unsigned char* scratch) except -1:
        while e >= 0 and above:
            if not names[e]:
                names[e] = name_of(self.page + self.tag_of[e], self.page + self.stop_of[e], scratch) if e else "root"
            e = self.parent_of[e]
            above -= 1
        return 0

    cdef object walked(self, unsigned char* scratch):
        cdef Int e
        self.end()
        while self.lines and not self.lines[-1]:
            self.lines.pop()
        for e in range(self.count):
            self.controls.data.as_longlongs[e] = self.fields_of[self.form_of[e]] if self.form_of[e] >= 0 else 0
        cdef list names = self.names(scratch)
        for whole in (self.parents, self.ends, self.depths, self.flags, self.controls):  # after this no pointer holds
            array.resize(whole, self.count)
        return Walked(
            self.starts, names, self.parents, self.ends, self.depths, self.flags, self.controls, self.lines, self.rows, self.owners,
            self.blocks, self.sizes, self.linked, self.scripts, self.covered,
        )


def walk(str html, *, bint styles):
    """Return what is in a page as lexbor wrote it; ``styles`` says whether what its elements' styles hide is left out."""
    cdef bytes data = html.encode("utf-8", "replace")
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
    cdef Py_ssize_t most = signs(<Text>PyBytes_AS_STRING(data), size)
    cdef _Page page = _Page(data, most)
    cdef unsigned char* scratch = <unsigned char*>PyMem_Malloc(size + 1)
    cdef Open* above = <Open*>PyMem_Malloc((most + 1) * sizeof(Open))
    try:
        if scratch == NULL or above == NULL:
            raise MemoryError
        read(page, data, size, scratch, above, styles)
        return page.walked(scratch)
    finally:
        PyMem_Free(scratch)
        PyMem_Free(above)


cdef int read(_Page page, bytes data, Py_ssize_t size, unsigned char* scratch, Open* above, bint styles) except -1:
    cdef Text text = <Text>PyBytes_AS_STRING(data)
    cdef Text stop = text + size
    cdef Text p = text
    cdef Text tag
    cdef Text close  # of the tag
    cdef Py_ssize_t length, end, top = 0
    cdef const void* found
    cdef Int kind, e, parent
    above[0].number, above[0].tag, above[0].size = 0, text, 0
    while p < stop:
        found = memchr(p, c"<", stop - p)
        if found == NULL:
            break
        tag = <Text>found + 1
        found = memchr(tag, c">", stop - tag)
        if found == NULL:
            break
        close = <Text>found
        p = close + 1
        parent = above[top].number
        if tag[0] == c"/":
            tag += 1
            length = close - tag
            if top and length == above[top].size and memcmp(tag, above[top].tag, length) == 0:
                top -= 1
                if parent > 0:
                    page.end_of[parent] = page.count - 1
        elif tag[0] == c"!" and stop - tag > 2 and tag[1] == c"-" and tag[2] == c"-":
            p = comment_end(tag + 3, stop)
            if p == NULL:
                break
        elif tag[0] != c"!" and tag[0] != c"?":
            found = memchr(tag, c" ", close - tag)
            length = (<Text>found if found != NULL else close) - tag
            if parent < 0 and not (length == 6 and is_script(tag)):
                said = said_by(tag, length, tag + length, scratch)
            else:
                said = said_by(tag, length, close, scratch)
            kind = said[2]
            if parent >= 0 and not kind & (SKIPPED | HIDDEN) and not (styles and kind & STYLED):
                e = page.open(said, kind, tag, close, parent, top + 1)
                if kind & FIELD:
                    words = shown(PyUnicode_DecodeUTF8(<const char*>tag, close - tag, "replace")).encode("utf-8", "replace")
                    if words:
                        page.text(<Text>PyBytes_AS_STRING(words), PyBytes_GET_SIZE(words), e)
            elif kind & TEMPLATE or parent == NONE:
                e = NONE
            elif not kind & SKIPPED and (parent == COVERED or (parent >= 0 and styles and kind & STYLED)):
                e = COVERED
            else:
                e = UNSEEN
            if not kind & VOID:
                top += 1
                above[top].number, above[top].tag, above[top].size = e, tag, length
            if kind & RAW:
                if kind & PLAINTEXT:
                    end = data.rfind(b"</plaintext>", p - text)
                    end = end if end >= 0 else size
                else:
                    end = raw_end(p, stop, tag, length, kind & SCRIPT) - text
                length = text + end - p
                if length:
                    page.piece(p, length, e)
                if kind & JSON and e != NONE:
                    page.scripts.append(PyUnicode_DecodeUTF8(<const char*>p, length, "replace"))
                p = text + end
                continue
        found = memchr(p, c"<", stop - p)
        length = (<Text>found if found != NULL else stop) - p
        if length:
            if memchr(p, c"&", length) != NULL:
                end = unescape(p, length, scratch)
                page.piece(scratch, end, above[top].number)
            else:
                page.piece(p, length, above[top].number)
            p += length
    while top >= 0:
        if above[top].number >= 0:
            page.end_of[above[top].number] = page.count - 1
        top -= 1
    return 0
