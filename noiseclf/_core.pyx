# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What costs most on a page of text, compiled; each does what its Python and NumPy twin in another module does.

The loops are unchecked. What they rely on is checked where a function begins, or holds because of how an index is made,
which is said beside it. Lines may hold any code point, NUL and lone surrogates too, and may be empty.
"""

from cpython.object cimport PyObject_GenericSetAttr
from libc.math cimport expf, log1p, log1pf, logf
from libc.string cimport memcmp, memcpy

import os

import numpy as np

cdef extern from "Python.h":
    int PyUnicode_KIND(object text)
    void *PyUnicode_DATA(object text)
    unsigned int PyUnicode_READ(int kind, void *data, Py_ssize_t index)
    Py_ssize_t PyUnicode_GET_LENGTH(object text)
    bint Py_UNICODE_ISDECIMAL(unsigned int point)


cdef extern from *:
    """
    #if defined(__GNUC__) || defined(__clang__)
    #define noiseclf_fetch(address) __builtin_prefetch(address)
    #else
    #define noiseclf_fetch(address) ((void)(address))
    #endif
    """
    void noiseclf_fetch(const void *address) noexcept nogil


cdef _check_texts(list texts):
    """Stop where an item is no str, as the loops read their memory."""
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"a line must be a str, not {type(text).__name__}")


# --- noiseclf.lines -------------------------------------------------------------------------------------------------

def odd_lines(list lines, const unsigned char[::1] odd, Py_ssize_t longest):
    """Return the indices of the lines that normalising may change: too long, with odd characters, or spaces to fold.

    ``odd`` says of each code point below 0x10000 whether normalising changes it or, as the space, may do so.
    """
    cdef Py_ssize_t i, j, size
    cdef int kind
    cdef void *data
    cdef unsigned int point, before
    cdef list found = []
    _check_texts(lines)
    if odd.shape[0] != 0x10000:
        raise ValueError("the table holds 65,536 characters")
    for i in range(len(lines)):
        text = lines[i]
        size = PyUnicode_GET_LENGTH(text)
        if size == 0:
            continue
        if size > longest:
            found.append(i)
            continue
        kind, data = PyUnicode_KIND(text), PyUnicode_DATA(text)
        before = 32  # so that a space at the beginning counts as the second of two
        for j in range(size):
            point = PyUnicode_READ(kind, data, j)
            if point < 0x10000 and odd[point] and (point != 32 or before == 32):
                before = 32
                break
            before = point
        if before == 32:
            found.append(i)
    return found


# --- noiseclf.features ----------------------------------------------------------------------------------------------

# Kinds of character, as numbered by features.KINDS.
cdef enum:
    SPACE = 1
    DIGIT = 2
    LOWER = 3
    UPPER = 4
    UNCASED = 5
    DENSE = 6
    STOP = 7
    COMMA = 8
    COLON = 9
    SEPARATOR = 11

# What a line holds, as bits.
cdef enum:
    AT = 1
    URL = 2
    COPYRIGHT = 4
    ARROW = 8
    BRACE = 16

# Columns, as features.NAMES names them.
cdef enum:
    LENGTH, WORDS, WORD_LENGTH, ONE_WORD, SHARE_DIGIT, SHARE_LOWER, SHARE_UPPER, SHARE_UNCASED, SHARE_DENSE,
    SHARE_STOP, SHARE_COMMA, SHARE_COLON, SHARE_QUOTE, SHARE_SEPARATOR, SHARE_BRACKET, SHARE_CURRENCY,
    SHARE_SYMBOL, SHARE_CODE, STOPS, COMMAS, SEPARATORS, DIGITS, ENDS_STOP, ENDS_COLON, ENDS_ELLIPSIS,
    ENDS_COMMA, ENDS_LETTER, ENDS_DIGIT, STARTS_UPPER, STARTS_LOWER, STARTS_DIGIT, STARTS_SIGN, CAPITAL_WORDS,
    HAS_AT, HAS_URL, HAS_COPYRIGHT, HAS_ARROW, HAS_BRACE, FOREIGN_SCRIPT, SCRIPT_LATIN, SCRIPT_DENSE, REPEATS,
    SAME_AS_FIRST, PROSE, FROM_TOP, FROM_END, PLACE, PAGE_LINES, PAGE_PROSE, PAGE_MEAN_LENGTH, PROSE_BEFORE,
    PROSE_SHARE_BEFORE, LENGTH_RANK, COUNT

#: How many they are.
COLUMNS = COUNT


cdef inline int _sign(unsigned int point) noexcept nogil:
    """Return the bit of a character that is looked for by itself, else 0."""
    if point < 128:
        if point == 64:
            return AT
        if point == 62:
            return ARROW
        if point == 123 or point == 125:
            return BRACE
        return 0
    if point < 0x2000:
        if point == 0xA9 or point == 0xAE:
            return COPYRIGHT
        return ARROW if point == 0xBB else 0
    if point == 0x2122:
        return COPYRIGHT
    if point == 0x203A or point == 0x2192 or point == 0x25B8 or point == 0x25BA:
        return ARROW
    return 0


def shape_features(list lines, const unsigned char[::1] table, float[:, ::1] out):
    """Write the features of :func:`noiseclf.features.shape_features` into ``out``, shape (len(lines), COLUMNS)."""
    cdef Py_ssize_t n = len(lines), i, j, length, times
    cdef int kind, here, last, first, code, held, capitals, script, main_script = 1
    cdef int counts[16]
    cdef void *data
    cdef unsigned int point, before
    cdef float size, words, dense, letters, sizes, share, prose, known, page_lines, page_prose, page_mean, last_index
    cdef double above = 0, size_of_all = 0
    cdef double page_scripts[16]
    cdef dict repeats = {}
    cdef set seen = set()
    cdef int[:, ::1] scripts
    cdef int[::1] doubled
    cdef const Py_ssize_t[::1] order
    cdef float *row
    _check_texts(lines)
    if table.shape[0] != 0x10000 or out.shape[0] != n or out.shape[1] != COUNT:
        raise ValueError("the table or the result has a wrong shape")
    if n == 0:
        return
    scripts = np.zeros((n, 16), np.intc)
    doubled_of = np.empty(n, np.intc)  # of each line twice its size, a whole number
    doubled = doubled_of
    for j in range(16):
        page_scripts[j] = 0
    for i in range(n):
        text = lines[i]
        repeats[text] = repeats.get(text, 0) + 1
        length = PyUnicode_GET_LENGTH(text)
        kind, data = PyUnicode_KIND(text), PyUnicode_DATA(text)
        for j in range(16):
            counts[j] = 0
        first = last = capitals = held = 0
        here = SPACE  # what stands before a line's beginning
        before = point = 10
        for j in range(length):
            point = PyUnicode_READ(kind, data, j)
            if 0xD800 <= point <= 0xDFFF:
                point = 63  # as str.encode replaces it
            code = table[point] if point < 0xFFFF else table[0xFFFF]
            last = code & 15  # below 16, as is code >> 4
            counts[last] += 1
            scripts[i, code >> 4] += 1
            if last == UPPER and here == SPACE:
                capitals += 1
            if point == before and (point == 47 or point == 119):
                held |= URL
            held |= _sign(point)
            if j == 0:
                first = last
            here = last
            before = point
        row = &out[i, 0]
        sizes = length
        dense = counts[DENSE]
        size = sizes + <float>1.5 * dense
        words = <float>counts[SPACE] + 1 + dense / <float>2.5
        letters = <float>counts[LOWER] + <float>counts[UPPER] + <float>counts[UNCASED] + dense
        row[LENGTH] = log1pf(size) / 2
        row[WORDS] = log1pf(words)
        row[WORD_LENGTH] = log1pf(size / words)
        row[ONE_WORD] = words < <float>1.5
        share = max(sizes, <float>1)
        for j in range(DIGIT, 16):
            row[SHARE_DIGIT + j - DIGIT] = counts[j] / share
        row[STOPS] = log1pf(counts[STOP]) if counts[STOP] else 0
        row[COMMAS] = log1pf(counts[COMMA]) if counts[COMMA] else 0
        row[SEPARATORS] = log1pf(counts[SEPARATOR]) if counts[SEPARATOR] else 0
        row[DIGITS] = log1pf(counts[DIGIT]) if counts[DIGIT] else 0
        row[ENDS_STOP] = last == STOP
        row[ENDS_COLON] = last == COLON
        row[ENDS_ELLIPSIS] = point == 0x2026
        row[ENDS_COMMA] = last == COMMA
        row[ENDS_LETTER] = LOWER <= last <= DENSE
        row[ENDS_DIGIT] = last == DIGIT
        row[STARTS_UPPER] = first == UPPER
        row[STARTS_LOWER] = first == LOWER
        row[STARTS_DIGIT] = first == DIGIT
        row[STARTS_SIGN] = first > DENSE
        row[CAPITAL_WORDS] = capitals / words
        row[HAS_AT] = (held & AT) != 0
        row[HAS_URL] = (held & URL) != 0
        row[HAS_COPYRIGHT] = (held & COPYRIGHT) != 0
        row[HAS_ARROW] = (held & ARROW) != 0
        row[HAS_BRACE] = (held & BRACE) != 0
        share = max(letters, <float>1)
        row[SCRIPT_LATIN] = scripts[i, 1] / share
        row[SCRIPT_DENSE] = dense / share
        prose = size if words >= 8 and counts[STOP] > 0 else 0
        if words >= 20:
            prose += size
        prose = min(prose, <float>1200)
        row[PROSE] = prose / 400
        row[PROSE_BEFORE] = log1pf(<float>above) / 5
        row[PROSE_SHARE_BEFORE] = above
        above += prose
        size_of_all += size
        doubled[i] = 2 * <int>length + 3 * counts[DENSE]
        share = min(sizes, <float>300)
        for j in range(1, 16):
            page_scripts[j] += scripts[i, j] * <double>share
    for script in range(2, 16):
        if page_scripts[script] > page_scripts[main_script]:
            main_script = script
    prose = above
    page_lines = log1p(<double>n) / 3
    page_prose = log1pf(prose) / 5
    page_mean = log1pf(size_of_all / n) / 2
    prose = max(prose, <float>1)
    last_index = max(n - 1, 1)
    head = {line for line in lines[:5] if len(line) >= 20}
    for i in range(n):
        row = &out[i, 0]
        known = 0
        for j in range(1, 16):
            known += scripts[i, j]
        row[FOREIGN_SCRIPT] = 1 - scripts[i, main_script] / known if known > 0 else 0
        text = lines[i]
        times = repeats[text]
        row[REPEATS] = logf(times) if times > 1 else 0
        row[SAME_AS_FIRST] = 0
        if times > 1 and text in head:
            row[SAME_AS_FIRST] = text in seen
            seen.add(text)
        row[FROM_TOP] = log1pf(i) / 3
        row[FROM_END] = log1pf(n - 1 - i) / 3
        row[PLACE] = <float>i / last_index
        row[PAGE_LINES] = page_lines
        row[PAGE_PROSE] = page_prose
        row[PAGE_MEAN_LENGTH] = page_mean
        row[PROSE_SHARE_BEFORE] /= prose
    order_of = np.argsort(doubled_of, kind="stable")  # each line once, so all below n
    order = order_of
    for i in range(n):
        out[order[i], LENGTH_RANK] = <float>i / last_index


# --- noiseclf.scorer ------------------------------------------------------------------------------------------------

# Classes of character, as in scorer.character_classes.
cdef enum:
    BLANK = 1
    NUMBER = 2
    ALONE = 3

cdef unsigned int _BASIS = 2166136261, _PRIME = 16777619
cdef unsigned long long _PAIR = 116049371
cdef enum:
    AHEAD = 128  # rows that are fetched from memory before the first of them is added

# Bytes of a word beyond which, on the average, remembered words are forgotten before there are too many of them.
cdef Py_ssize_t _LONG = 64


cdef inline unsigned int _hash_on(unsigned int hashed, unsigned char byte) noexcept nogil:
    """Return the FNV-1a hash with one more byte; fastText takes bytes as signed."""
    return (hashed ^ <unsigned int><signed char>byte) * _PRIME


cdef _longer(array, Py_ssize_t room):
    """Return a copy of an array with zeros after it, ``room`` long."""
    array = np.asarray(array)
    longer = np.zeros((room, *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer


cdef class WordSums:
    """The sums of fastText rows of words that were seen, and from them the mean row of a line.

    A hash table with open addressing. ``_slots`` holds the number of a word plus one; the bytes of word k are
    ``_text[_begins[k]:_begins[k + 1]]``: UTF-8, with lone surrogates as three bytes each. Which slot a word is sought at
    depends on a secret, so that nobody can make words that all collide.
    """

    cdef dict _words
    cdef const signed char[:, ::1] _small
    cdef const float[::1] _scale
    cdef const unsigned char[::1] _classes
    cdef int _minn, _maxn, _word_ngrams
    cdef unsigned long long _bucket, _known, _secret, _multiplier
    cdef Py_ssize_t _dimensions, _count, _most, _mask
    cdef int[::1] _slots
    cdef unsigned long long[::1] _keys  # the table's hash of each word
    cdef unsigned int[::1] _hashes  # fastText's
    cdef float[:, ::1] _sums  # with the number of rows last
    cdef Py_ssize_t[::1] _begins
    cdef unsigned char[::1] _text
    cdef unsigned long long[::1] _line  # the fastText hashes of the words of the line at hand
    cdef unsigned char[::1] _word  # the word at hand
    cdef float[::1] _total  # the sum of the line at hand

    def __init__(
        self, dict words, small, scale, classes, int minn, int maxn, int word_ngrams, Py_ssize_t bucket, Py_ssize_t most
    ):
        """Sum the rows of a model; arguments as of ``scorer._Model``, of which ``words`` are rows 0 to len(words) - 1.

        Args:
            words: the row of each word.
            small: int8, shape (len(words) + bucket, dimensions).
            scale: float32, of each row.
            classes: of the code points below 0x10000, see ``scorer.character_classes``.
            minn: the least characters of a word's parts.
            maxn: the most; 0 for none.
            word_ngrams: how many neighbouring words are taken together.
            bucket: rows that parts and neighbouring words share.
            most: words to remember at once.
        """
        self._words, self._small, self._scale, self._classes = words, small, scale, classes
        if bucket < 1 or self._small.shape[0] != len(words) + bucket or self._scale.shape[0] != self._small.shape[0]:
            raise ValueError("the matrix does not fit words and buckets")
        if self._classes.shape[0] != 0x10000:
            raise ValueError("the table of characters is wrong")
        if most < 1 or most > 1 << 24 or (maxn and not 1 <= minn <= maxn <= 64) or not 1 <= word_ngrams <= 64:
            raise ValueError("a setting is out of bounds")
        self._minn, self._maxn, self._word_ngrams = minn, maxn, word_ngrams
        self._bucket, self._known, self._most = bucket, len(words), most
        self._dimensions = self._small.shape[1]
        self._secret = int.from_bytes(os.urandom(8), "little")
        self._multiplier = int.from_bytes(os.urandom(8), "little") | 1
        self._line = np.zeros(256, np.uint64)
        self._word = np.zeros(1024, np.uint8)
        self._total = np.zeros(self._dimensions + 1, np.float32)
        self._forget()

    cdef _forget(self):
        self._count = 0
        self._mask = 4095
        self._slots = np.zeros(4096, np.intc)
        self._keys = np.zeros(2048, np.uint64)
        self._hashes = np.zeros(2048, np.uint32)
        self._sums = np.zeros((2048, self._dimensions + 1), np.float32)
        self._begins = np.zeros(2049, np.intp)
        self._text = np.zeros(16384, np.uint8)

    cdef _grow(self):
        """Double the room for words, and put their numbers into a table twice as large as that."""
        cdef Py_ssize_t k, at, room = 2 * self._keys.shape[0]
        cdef int[::1] slots = np.zeros(2 * room, np.intc)
        self._mask = 2 * room - 1
        for k in range(self._count):
            at = self._keys[k] & self._mask
            while slots[at]:
                at = (at + 1) & self._mask
            slots[at] = k + 1
        self._slots = slots
        self._keys = _longer(self._keys, room)
        self._hashes = _longer(self._hashes, room)
        self._sums = _longer(self._sums, room)
        self._begins = _longer(self._begins, room + 1)

    cdef Py_ssize_t _number(self, Py_ssize_t size, unsigned long long key, unsigned int hashed) except -1:
        """Return the number of the word in ``_word[:size]``, which is learnt if it is new."""
        cdef Py_ssize_t at = key & self._mask, k
        while self._slots[at]:  # half of them are empty, so this ends
            k = self._slots[at] - 1
            if self._keys[k] == key and self._begins[k + 1] - self._begins[k] == size:
                if memcmp(&self._text[self._begins[k]], &self._word[0], size) == 0:
                    return k
            at = (at + 1) & self._mask
        if self._count >= self._most or self._begins[self._count] > _LONG * self._most:
            self._forget()
        elif self._count == self._keys.shape[0]:
            self._grow()
        return self._learn(size, key, hashed)

    cdef Py_ssize_t _learn(self, Py_ssize_t size, unsigned long long key, unsigned int hashed) except -1:
        """Add the word in ``_word[:size]``, for which there is room among the words, and return its number."""
        cdef Py_ssize_t k = self._count, begin = self._begins[self._count], at
        cdef float *total
        word = bytes(self._word[:size]).decode("utf-8", "surrogatepass")
        row = self._words.get(word)
        if row is not None and not 0 <= row < self._known:
            raise ValueError("the row of a word is out of bounds")
        if begin + size > self._text.shape[0]:
            self._text = _longer(self._text, 2 * (begin + size))
        memcpy(&self._text[begin], &self._word[0], size)
        total = &self._sums[k, 0]
        for at in range(self._dimensions + 1):
            total[at] = 0
        if row is not None:
            self._add(row, total)
        if self._maxn and word != "</s>":
            self._add_parts(b"<" + word.encode("utf-8", "replace") + b">", total)
        self._begins[k + 1] = begin + size
        self._keys[k], self._hashes[k] = key, hashed
        at = key & self._mask
        while self._slots[at]:
            at = (at + 1) & self._mask
        self._slots[at] = k + 1
        self._count = k + 1
        return k

    cdef inline void _fetch(self, unsigned long long row) noexcept:
        """Have a row of the matrix brought near, which is far away as a rule: to wait for each in turn would take longest."""
        noiseclf_fetch(&self._small[row, 0])
        noiseclf_fetch(&self._scale[row])

    cdef inline void _add(self, unsigned long long row, float *total) noexcept:
        """Add a row of the matrix, and 1 to their number."""
        cdef const signed char *numbers = &self._small[row, 0]
        cdef float scale = self._scale[row]
        cdef Py_ssize_t j, dimensions = self._dimensions
        for j in range(dimensions):
            total[j] += numbers[j] * scale
        total[dimensions] += 1

    cdef void _add_all(self, const unsigned long long *rows, Py_ssize_t count, float *total) noexcept:
        cdef Py_ssize_t i
        for i in range(count):
            self._add(rows[i], total)

    cdef void _add_parts(self, bytes word, float *total):
        """Add the rows of a word's runs of ``minn`` to ``maxn`` characters."""
        cdef const unsigned char *data = word
        cdef Py_ssize_t size = len(word), begin, at, count = 0
        cdef int characters
        cdef unsigned int hashed
        cdef unsigned long long rows[AHEAD]
        for begin in range(size):
            if (data[begin] & 0xC0) == 0x80:  # no character begins here
                continue
            hashed, characters, at = _BASIS, 0, begin
            while at < size and characters < self._maxn:
                hashed = _hash_on(hashed, data[at])
                at += 1
                while at < size and (data[at] & 0xC0) == 0x80:
                    hashed = _hash_on(hashed, data[at])
                    at += 1
                characters += 1
                if characters >= self._minn:
                    if count == AHEAD:
                        self._add_all(rows, count, total)
                        count = 0
                    rows[count] = self._known + hashed % self._bucket
                    self._fetch(rows[count])
                    count += 1
        self._add_all(rows, count, total)

    def means(self, list texts, bint raw, float[:, ::1] out):
        """Write the mean row of each text into ``out``, shape (len(texts), dimensions).

        Args:
            texts: lines.
            raw: whether they are in lower case, but signs, digits and dense scripts are still to be told apart as
                ``scorer.words`` does; else words are what stands between white space.
            out: the result.
        """
        cdef Py_ssize_t i
        _check_texts(texts)
        if out.shape[0] != len(texts) or out.shape[1] != self._dimensions:
            raise ValueError("the result has a wrong shape")
        for i in range(len(texts)):
            self._mean(texts[i], raw, out, i)

    cdef _mean(self, text, bint raw, float[:, ::1] out, Py_ssize_t row):
        """Write the mean row of one text."""
        cdef Py_ssize_t length = PyUnicode_GET_LENGTH(text), i, j, n = 0, size = 0
        cdef int kind = PyUnicode_KIND(text), what, step
        cdef void *data = PyUnicode_DATA(text)
        cdef unsigned int point
        cdef unsigned int hashed = _BASIS
        cdef unsigned long long key = self._secret, together
        cdef float *total = &self._total[0]
        cdef unsigned char *word
        if length + 1 > self._line.shape[0]:  # a word has a character at least, and the line's end is one
            self._line = np.zeros(2 * (length + 1), np.uint64)
        if 4 * (length + 1) > self._word.shape[0]:  # a character has four bytes at most
            self._word = np.zeros(8 * (length + 1), np.uint8)
        word = &self._word[0]
        for j in range(self._dimensions + 1):
            total[j] = 0
        for i in range(length):
            point = PyUnicode_READ(kind, data, i)
            if point < 0x10000:
                what = self._classes[point]
            else:
                what = NUMBER if Py_UNICODE_ISDECIMAL(point) else 0
            if what:
                if not raw:
                    what = BLANK if what == BLANK else 0
                elif what == NUMBER:
                    point, what = 48, 0
                if what and size:
                    self._take(n, size, key, hashed)
                    n += 1
                    size, hashed, key = 0, _BASIS, self._secret
                if what == BLANK:
                    continue
            key = (key ^ point) * self._multiplier
            key ^= key >> 29
            if point < 0x80:
                word[size] = point
                hashed = _hash_on(hashed, point)
                size += 1
            else:
                hashed = _encode(point, hashed, word, &size)
            if what == ALONE:
                self._take(n, size, key, hashed)
                n += 1
                size, hashed, key = 0, _BASIS, self._secret
        if size:
            self._take(n, size, key, hashed)
            n += 1
        self._take_end(n)
        n += 1
        if self._word_ngrams > 1:
            for i in range(n - 1):
                together = self._line[i]
                for step in range(1, self._word_ngrams):
                    if i + step >= n:
                        break
                    together = together * _PAIR + self._line[i + step]
                    self._add(self._known + together % self._bucket, total)
        for j in range(self._dimensions):
            out[row, j] = total[j] / total[self._dimensions]

    cdef _take(self, Py_ssize_t n, Py_ssize_t size, unsigned long long key, unsigned int hashed):
        """Add the word in ``_word[:size]`` to the line's sum, as its word n."""
        cdef Py_ssize_t k = self._number(size, key, hashed), j
        cdef float *total = &self._total[0]
        cdef float *word = &self._sums[k, 0]
        for j in range(self._dimensions + 1):
            total[j] += word[j]
        self._line[n] = <unsigned long long><long long><int>hashed
        if n and self._word_ngrams > 1:
            self._fetch(self._known + (self._line[n - 1] * _PAIR + self._line[n]) % self._bucket)

    cdef _take_end(self, Py_ssize_t n):
        """Add fastText's word for the end of a line, as the line's word n."""
        cdef unsigned long long key = self._secret
        cdef unsigned int hashed = _BASIS
        cdef Py_ssize_t i
        for i in range(4):
            self._word[i] = _END[i]
            hashed = _hash_on(hashed, _END[i])
            key = (key ^ _END[i]) * self._multiplier
            key ^= key >> 29
        self._take(n, 4, key, hashed)


cdef const unsigned char *_END = b"</s>"


cdef inline unsigned int _encode(unsigned int point, unsigned int hashed, unsigned char *word, Py_ssize_t *size) noexcept nogil:
    """Append a character that is not ASCII to a word as UTF-8, and return the word's hash with it."""
    cdef unsigned char *to = word + size[0]
    cdef int width, i
    if point < 0x800:
        width = 2
        to[0] = 0xC0 | (point >> 6)
    elif point < 0x10000:
        width = 3
        to[0] = 0xE0 | (point >> 12)
    else:
        width = 4
        to[0] = 0xF0 | (point >> 18)
    for i in range(1, width):
        to[i] = 0x80 | ((point >> (6 * (width - 1 - i))) & 0x3F)
    size[0] += width
    if 0xD800 <= point <= 0xDFFF:
        return _hash_on(hashed, 63)  # as str.encode replaces it
    for i in range(width):
        hashed = _hash_on(hashed, to[i])
    return hashed


def log_shares(
    const float[:, ::1] hidden, const float[:, ::1] output, const Py_ssize_t[::1] columns, float floor, float extra, float[:, ::1] out
):
    """Write the log-probabilities of the output layer over mean rows into ``out``, shape (len(hidden), labels)."""
    cdef Py_ssize_t n = hidden.shape[0], d = hidden.shape[1], found = output.shape[0], i, j, k, width = out.shape[1]
    cdef float most, sum_of_all, share, logit, none
    cdef const float *row
    cdef float *shares
    cdef float[::1] shares_of = np.empty(found, np.float32)
    if output.shape[1] != d or columns.shape[0] != found or out.shape[0] != n or found < 1 or d < 1:
        raise ValueError("the arrays do not fit each other")
    for k in range(found):
        if not 0 <= columns[k] < width:
            raise ValueError("a column is out of bounds")
    shares = &shares_of[0]
    none = logf(floor)
    for i in range(n):
        row = &hidden[i, 0]
        for k in range(found):
            logit = 0
            for j in range(d):
                logit += row[j] * output[k, j]
            shares[k] = logit
        most = shares[0]
        for k in range(1, found):
            if shares[k] > most:
                most = shares[k]
        sum_of_all = 0
        for k in range(found):
            shares[k] = expf(shares[k] - most)
            sum_of_all += shares[k]
        for k in range(width):
            out[i, k] = none
        for k in range(found):
            share = shares[k] / sum_of_all + extra
            if share < floor:
                share = floor
            elif share > 1:
                share = 1
            out[i, columns[k]] = logf(share)


# --- noiseclf.context -----------------------------------------------------------------------------------------------

def add_taps(float[:, ::1] hidden, const float[:, ::1] wide, Py_ssize_t first, const float[::1] bias, Py_ssize_t dilation):
    """Add the convolution to ``hidden`` in place, see ``noiseclf.context``.

    Args:
        hidden: shape (m, c).
        wide: each line times the three taps side by side, shape (lines, 3 * c).
        first: the line of ``wide`` that is ``hidden[0]``.
        bias: shape (c,).
        dilation: lines between taps.
    """
    cdef Py_ssize_t m = hidden.shape[0], c = hidden.shape[1], lines = wide.shape[0], i, j, at
    cdef const float *middle
    cdef const float *above
    cdef const float *below
    cdef const float *b
    cdef float *row
    cdef float z
    if wide.shape[1] != 3 * c or bias.shape[0] != c or first < 0 or first + m > lines or dilation < 1 or c < 1:
        raise ValueError("the arrays do not fit each other")
    if m == 0:
        return
    b = &bias[0]
    for i in range(m):
        at = first + i
        row = &hidden[i, 0]
        middle = &wide[at, c]
        above = &wide[at - dilation, 0] if at >= dilation else NULL
        below = &wide[at + dilation, 2 * c] if at < lines - dilation else NULL
        if above != NULL and below != NULL:
            for j in range(c):
                z = middle[j] + b[j] + above[j] + below[j]
                row[j] += z if z > 0 else 0
        else:
            for j in range(c):
                z = middle[j] + b[j]
                if above != NULL:
                    z += above[j]
                if below != NULL:
                    z += below[j]
                row[j] += z if z > 0 else 0


def softmax(float[:, ::1] scores):
    """Turn rows of scores into probabilities, in place."""
    cdef Py_ssize_t n = scores.shape[0], k = scores.shape[1], i, j
    cdef float most, total
    cdef float *row
    if k < 1:
        raise ValueError("there are no labels")
    for i in range(n):
        row = &scores[i, 0]
        most = row[0]
        for j in range(1, k):
            if row[j] > most:
                most = row[j]
        total = 0
        for j in range(k):
            row[j] = expf(row[j] - most)
            total += row[j]
        for j in range(k):
            row[j] /= total


# --- noiseclf.classifier --------------------------------------------------------------------------------------------

def likeliest(const float[:, ::1] probabilities, float odds, tuple names):
    """Return the name of the greatest number of each row, the first of which is multiplied by ``odds``."""
    cdef Py_ssize_t n = probabilities.shape[0], width = probabilities.shape[1], i, j, best
    cdef float most, share
    cdef list found = []
    if width < 1 or width != len(names):
        raise ValueError("there are more or fewer labels than columns")
    for i in range(n):
        best, most = 0, probabilities[i, 0] * odds
        for j in range(1, width):
            share = probabilities[i, j]
            if share > most or (share != share and most == most):  # NaN is the greatest, as in NumPy
                best, most = j, share
        found.append(names[best])
    return found


def make_lines(type made, texts, labels, const float[:, :] probabilities, tuple names, elements):
    """Return a list of ``noiseclf.page.Line``, which is ``made``; the others are arguments of ``classifier._page``.

    Attributes are set as ``object.__setattr__`` does, which the class, being frozen, calls itself.
    """
    cdef Py_ssize_t n = len(texts), i, j, width = len(names)
    cdef dict shares
    cdef list found = []
    if len(labels) != n or probabilities.shape[0] != n or probabilities.shape[1] != width or (elements and len(elements) != n):
        raise ValueError("there are more or fewer labels than lines")
    for i in range(n):
        label = labels[i]
        shares = {}
        confidence = 0.0
        if label is not None:
            for j in range(width):
                name = names[j]
                share = <double>probabilities[i, j]
                shares[name] = share
                if name is label:
                    confidence = share
        line = made.__new__(made)
        PyObject_GenericSetAttr(line, "text", texts[i])
        PyObject_GenericSetAttr(line, "label", label)
        PyObject_GenericSetAttr(line, "confidence", confidence)
        PyObject_GenericSetAttr(line, "probabilities", shares)
        PyObject_GenericSetAttr(line, "number", i)
        PyObject_GenericSetAttr(line, "element", elements[i] if elements else "")
        found.append(line)
    return found
