"""What ``noiseclf/markup.py`` computes for each line, compiled: the same ways and the same features."""

from libc.math cimport log1p
from libc.stdint cimport int64_t

import numpy as np

from noiseclf import markup
from noiseclf.elements import FLAGS

cdef int ABOVE = markup._ABOVE, OWN = markup._OWN, SHAPE = markup._SHAPE
cdef int ALL_FLAGS = len(FLAGS), WIDTH = len(markup.NAMES), H1 = FLAGS.index("h1")
cdef int PARAGRAPH = markup._PARAGRAPH, PATH = markup._PATH, BEGINNING = markup._BEGINNING, TOLD = markup._TOLD
cdef double LITTLE = markup._LITTLE
cdef tuple LEVELS = markup._LEVELS


def ways(document):
    """Return the distinct ways in which lines are named, each as one text, and each line's; see ``noiseclf.markup.ways``."""
    cdef tuple starts = document.starts, names = document.names
    cdef const int64_t[::1] parents = document.parents, owners = document.owners
    cdef Py_ssize_t n = owners.shape[0], i
    numbers = np.empty(n, np.int64)
    cdef int64_t[::1] number = numbers
    cdef dict place = {}, own = {}, known = {}
    cdef int64_t e
    cdef int level
    cdef list parts, shape
    for i in range(n):
        found = known.get(owners[i])
        if found is None:
            shape, parts = [], [None]
            e = owners[i]
            for level in range(ABOVE):
                if e < 0:
                    break
                word = names[e]
                if level < SHAPE:
                    shape.append(starts[e][0])
                    if level < OWN:
                        marked = own.get(word)
                        if marked is None:
                            marked = own[word] = " ".join([f"q{part}" for part in (<str>word).split()])
                        word = marked
                parts.append(word)
                e = parents[e]
            parts[0] = "z".join(shape)
            way = " ".join(parts)
            found = place.get(way)
            if found is None:
                found = place[way] = len(place)
            known[owners[i]] = found
        number[i] = found
    return list(place), numbers


def features(document):
    """Return the features of a page's lines; see ``noiseclf.markup.features``."""
    cdef const int64_t[::1] parents = document.parents, ends = document.ends, depths = document.depths, flags = document.flags
    cdef const int64_t[::1] controls = document.controls, owners = document.owners, blocks = document.blocks
    cdef const int64_t[::1] sizes = document.sizes, linked = document.linked, rows = document.rows
    cdef Py_ssize_t n = rows.shape[0], size = parents.shape[0], i
    result = np.empty((n, WIDTH), np.float32)
    if n == 0:
        return result
    cdef float[:, ::1] out = result
    sums_array = np.zeros((size, 3))  # of each element: characters, those in links, lines
    cdef double[:, ::1] sums = sums_array
    score_array = np.zeros(size)
    cdef double[::1] score = score_array
    cdef double total = 0, prose = 0, place = 0, weight, share, depth = 0
    cdef int64_t e, block, above, owner, best = 0, over
    cdef int column, level, deepest = max(LEVELS)
    cdef Py_ssize_t first_heading = n, steps = 0, inside
    cdef int64_t path[60]
    levels_array = np.array([level in LEVELS for level in range(deepest + 1)], np.uint8)
    cdef const unsigned char[::1] levels = levels_array
    for i in range(n):
        block = blocks[i]
        sums[block, 0] += sizes[i]
        sums[block, 1] += linked[i]
        sums[block, 2] += 1
        total += sizes[i]
        depth += depths[block]
        if sizes[i] >= PARAGRAPH and <double>linked[i] / sizes[i] < LITTLE:
            weight = min(sizes[i], 1000)
            prose += weight
            place += weight * depths[block]
            above = max(parents[block], 0)
            score[above] += weight
            score[max(parents[above], 0)] += weight / 2
    for e in range(size - 1, 0, -1):
        above = parents[e]
        sums[above, 0] += sums[e, 0]
        sums[above, 1] += sums[e, 1]
        sums[above, 2] += sums[e, 2]
    if prose:
        place /= prose
        for e in range(1, size):
            if score[e] > score[best]:
                best = e
    else:
        place = depth / n
    over = max(parents[best], 0)
    e = best
    while e >= 0 and steps < PATH:
        path[steps] = e
        steps += 1
        e = parents[e]
    alike = alikes(document.names, parents, blocks, linked, sizes)
    cdef const int64_t[:, ::1] counts = alike[0]
    cdef const double[::1] links = alike[1]
    cdef const double[:, ::1] told = said(document)
    for i in range(n):
        owner, block = owners[i], blocks[i]
        for column in range(ALL_FLAGS):
            out[i, column] = flags[owner] >> column & 1
        if flags[owner] >> H1 & 1 and first_heading == n:
            first_heading = i
        column = ALL_FLAGS
        share = <double>linked[i] / sizes[i]
        out[i, column] = share
        out[i, column + 1] = share > 0.95
        column += 2
        e = block
        for level in range(deepest + 1):
            if levels[level]:
                out[i, column] = sums[e, 1] / sums[e, 0]
                out[i, column + 1] = log1p(sums[e, 0]) / 3
                out[i, column + 2] = sums[e, 0] / total
                out[i, column + 3] = log1p(sums[e, 2]) / 2
                column += 4
            e = max(parents[e], 0)
        out[i, column] = depths[owner] / 10.0
        out[i, column + 1] = (depths[owner] - place) / 5
        out[i, column + 2] = log1p(counts[i, 0]) / 2
        out[i, column + 3] = log1p(counts[i, 1]) / 2
        out[i, column + 4] = links[i]
        out[i, column + 5] = log1p(controls[owner]) / 2
        out[i, column + 6] = best <= owner <= ends[best]
        out[i, column + 7] = over <= owner <= ends[over]
        out[i, column + 8] = owner > ends[best]
        inside = 0
        for level in range(steps):
            inside += path[level] <= owner <= ends[path[level]]
        out[i, column + 9] = <double>inside / steps
        out[i, column + 10] = told[0, i]
        out[i, column + 11] = flags[owner] >> H1 & 1
        out[i, column + 12] = i >= first_heading
        out[i, column + 13] = told[1, i]
        out[i, column + 14] = told[2, i]
        out[i, column + 15] = i == 0 or block != blocks[i - 1]
        out[i, column + 16] = i == 0 or parents[block] != parents[blocks[i - 1]]
        out[i, column + 17] = i == 0 or rows[i] - rows[i - 1] > 1
    return result


cdef object alikes(tuple names, const int64_t[::1] parents, const int64_t[::1] blocks, const int64_t[::1] linked,
                   const int64_t[::1] sizes):
    """Return of each line how many have an element named alike, on the page and beside it, and how linked these are."""
    cdef Py_ssize_t n = blocks.shape[0], i
    cdef int64_t parent
    counts_array, links_array = np.empty((n, 2), np.int64), np.empty(n)
    numbers_array = np.empty((n, 2), np.int64)
    counted_array, shares_array = np.zeros((n, 2), np.int64), np.zeros(n)
    cdef int64_t[:, ::1] counts = counts_array, number = numbers_array, counted = counted_array
    cdef double[::1] links = links_array, shares = shares_array
    cdef dict shapes = {}, siblings = {}
    for i in range(n):
        parent = parents[blocks[i]]
        key = names[blocks[i]], names[parent] if parent >= 0 else ""
        found = shapes.get(key)
        if found is None:
            found = shapes[key] = len(shapes)
        key = found, parents[parent] if parent >= 0 else -1
        beside = siblings.get(key)
        if beside is None:
            beside = siblings[key] = len(siblings)
        number[i, 0], number[i, 1] = found, beside
        counted[number[i, 0], 0] += 1
        counted[number[i, 1], 1] += 1
        shares[number[i, 0]] += <double>linked[i] / sizes[i]
    for i in range(n):
        counts[i, 0], counts[i, 1] = counted[number[i, 0], 0], counted[number[i, 1], 1]
        links[i] = shares[number[i, 0]] / counts[i, 0]
    return counts_array, links_array


def said(document):
    """Return what the title and the metadata say of each line; see ``noiseclf.markup.said``."""
    cdef tuple lines = document.lines
    cdef const int64_t[::1] rows = document.rows, sizes = document.sizes
    cdef Py_ssize_t n = rows.shape[0], i, count, common
    cdef frozenset title = frozenset(document.title.lower().split()), known = document.told
    cdef int64_t limit = 2 * len(document.title) + 20 if title else -1
    cdef bint many = len(known) >= TOLD
    cdef list words
    cdef double told
    result = np.zeros((3, n))
    cdef double[:, ::1] out = result
    if not known and not title:
        return result
    for i in range(n):
        if not known and sizes[i] > limit:
            continue
        words = (<str>lines[rows[i]])[:BEGINNING].lower().split()
        count = len(words)
        if sizes[i] <= limit:
            out[0, i] = <double>len(title.intersection(words)) / max(len(title), count)
        if known and count:
            common = 0
            for word in words:
                common += word in known
            told = <double>common / count
            if many:
                out[1, i] = told
            out[2, i] = count > 4 and told > 0.9
    return result
