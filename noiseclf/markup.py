"""Numbers and words that describe each line of an HTML page by its place in the tree: what the markup tells.

Sums over subtrees are computed once for all elements, from the last to the first, as parents stand before children.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from noiseclf.elements import FLAGS
from noiseclf.html import Document
from noiseclf.walk import NAMED_ABOVE

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

#: Elements above a line whose names are read, and how many of them count as its own.
_ABOVE, _OWN = NAMED_ABOVE, 2
#: Elements above a line whose tags make one word.
_SHAPE = 4
#: Levels above a line's block whose text is weighed.
_LEVELS = (0, 1, 2, 4)
#: Characters of a line that are compared with the title and the metadata.
_BEGINNING = 300
#: Words of the metadata from which on they are text.
_TOLD = 61
#: Characters of a line from which on it may be a paragraph.
_PARAGRAPH = 60
#: Share of a paragraph's characters that may be linked.
_LITTLE = 0.35
#: Elements above the main one that lines may share with it.
_PATH = 60

NAMES: tuple[str, ...] = (
    *(f"in_{flag}" for flag in FLAGS),
    "linked", "all_linked",
    *(f"{figure}_{level}" for level in _LEVELS for figure in ("linked", "chars", "share", "lines")),
    "depth", "depth_to_prose", "alike", "alike_beside", "alike_linked", "controls",
    "in_main", "in_main_parent", "after_main", "common_depth",
    "title", "is_h1", "after_h1", "told", "tells",
    "begins_block", "begins_container", "apart",
)  # fmt: skip


def ways(document: Document) -> tuple[list[str], Ints]:
    """Return the distinct ways in which lines are named, each as one text, and the number of each line's, shape (n,).

    A way is the names of the line's elements, nearest first, the first :data:`_OWN` of them with ``q`` before each word;
    and first of all one word of the nearest tags.
    """
    starts, names, parents = document.starts, document.names, document.parents.tolist()
    place: dict[str, int] = {}
    number: dict[int, int] = {}
    own: dict[str, str] = {}
    owners = document.owners.tolist()
    for owner in owners:
        if owner in number:
            continue
        path: list[int] = []
        e = owner
        while e >= 0 and len(path) < _ABOVE:
            path.append(e)
            e = parents[e]
        for e in path[:_OWN]:
            if names[e] not in own:
                own[names[e]] = " ".join([f"q{part}" for part in names[e].split()])
        parts = [own[names[e]] for e in path[:_OWN]] + [names[e] for e in path[_OWN:]]
        way = " ".join(["z".join([starts[e].tag for e in path[:_SHAPE]]), *parts])
        number[owner] = place.setdefault(way, len(place))
    return list(place), np.array([number[owner] for owner in owners], np.int64)


def words(document: Document) -> list[str]:
    """Return each line's way (see :func:`ways`) as one text, which the markup's scorer is trained on."""
    texts, numbers = ways(document)
    return [texts[number] for number in numbers.tolist()]


def features(document: Document) -> Floats:
    """Return the markup's features of a page's lines, shape (n, len(NAMES)), each roughly between -1 and 4."""
    n = len(document.rows)
    if n == 0:
        return np.zeros((0, len(NAMES)), np.float32)
    owners, blocks, parents = document.owners, document.blocks, document.parents
    chars, linked = document.sizes.astype(np.float64), document.linked.astype(np.float64)
    flags = (document.flags[owners][:, None] >> np.arange(len(FLAGS))) & 1
    share = linked / chars
    sums = _subtrees(document, np.stack([chars, linked, np.ones(n)], axis=1))
    depths = document.depths
    columns: list[npt.NDArray[np.generic]] = [*flags.T, share, share > 0.95]
    total = chars.sum()
    at = blocks
    for level in range(max(_LEVELS) + 1):
        if level in _LEVELS:
            text, links, lines = sums[at].T
            columns += [links / text, np.log1p(text) / 3, text / total, np.log1p(lines) / 2]
        at = np.maximum(parents[at], 0)
    weights = np.where((chars >= _PARAGRAPH) & (share < _LITTLE), np.minimum(chars, 1000), 0.0)
    prose = float(weights.sum())
    place = float((weights * depths[blocks]).sum() / prose) if prose else float(depths[blocks].mean())
    columns += [depths[owners] / 10, (depths[owners] - place) / 5]
    columns += _alikes(document, share)
    columns.append(np.log1p(document.controls[owners]) / 2)
    columns += _main(document, weights)
    like, told, tells = said(document)
    heading = flags[:, FLAGS.index("h1")]
    columns += [like, heading, np.maximum.accumulate(heading), told, tells]
    container = parents[blocks]
    columns += [_changes(blocks), _changes(container), _apart(document)]
    return np.stack([np.asarray(column, np.float32) for column in columns], axis=1)


def _subtrees(document: Document, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the sums of the lines' ``values`` under each element, shape (elements, k)."""
    order = np.argsort(document.blocks, kind="stable")
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values[order], axis=0)])
    at = document.blocks[order]
    last = np.searchsorted(at, document.ends, "right")
    first = np.searchsorted(at, np.arange(len(document.ends)), "left")
    return np.asarray(sums[last] - sums[first], np.float64)


def _alikes(document: Document, share: npt.NDArray[np.float64]) -> list[npt.NDArray[np.generic]]:
    """Return how many lines have an element named alike: on the page, in the same list of siblings; and how linked they are."""
    named, parents = document.names, document.parents.tolist()
    numbers: dict[tuple[str, str], int] = {}
    shapes, places = [], []
    siblings: dict[tuple[int, int], int] = {}
    for block in document.blocks.tolist():
        parent = parents[block]
        number = numbers.setdefault((named[block], named[parent] if parent >= 0 else ""), len(numbers))
        shapes.append(number)
        above = parents[parent] if parent >= 0 else -1
        places.append(siblings.setdefault((number, above), len(siblings)))
    shape, place = np.array(shapes), np.array(places)
    counts = np.bincount(shape)
    links = np.bincount(shape, share) / counts
    return [np.log1p(counts[shape]) / 2, np.log1p(np.bincount(place)[place]) / 2, links[shape]]


def _main(document: Document, weights: npt.NDArray[np.float64]) -> list[npt.NDArray[np.generic]]:
    """Return what tells where a line stands to the element with most paragraphs right under it (as in Readability)."""
    owners, blocks, parents, ends = document.owners, document.blocks, document.parents, document.ends
    above = np.maximum(parents[blocks], 0)
    score = np.bincount(above, weights, len(parents)) + np.bincount(np.maximum(parents[above], 0), weights / 2, len(parents))
    best = int(score.argmax()) if weights.any() else 0
    inside = (owners >= best) & (owners <= ends[best])
    over = max(int(parents[best]), 0)
    around = (owners >= over) & (owners <= ends[over])
    # how many of the elements above the best one a line stands in too
    path = np.array(document.path(best, _PATH))
    common = ((owners[:, None] >= path) & (owners[:, None] <= ends[path])).mean(axis=1)
    return [inside, around, owners > ends[best], common]


def said(document: Document) -> npt.NDArray[np.float64]:
    """Return each line's likeness to the title, the share of its words that the metadata tells, and whether it tells them all.

    The shape is (3, n).
    """
    found = np.zeros((3, len(document.rows)))
    title = set(document.title.lower().split())
    limit = 2 * len(document.title) + 20 if title else -1
    known = document.told
    if not known and not title:
        return found
    for i, (row, size) in enumerate(zip(document.rows.tolist(), document.sizes.tolist(), strict=True)):
        if not known and size > limit:
            continue
        words = document.lines[row][:_BEGINNING].lower().split()
        if size <= limit:
            found[0, i] = len(title.intersection(words)) / max(len(title), len(words))
        if known and words:
            told = sum(map(known.__contains__, words)) / len(words)
            if len(known) >= _TOLD:
                found[1, i] = told
            found[2, i] = len(words) > 4 and told > 0.9
    return found


def _changes(numbers: Ints) -> npt.NDArray[np.bool_]:
    return np.concatenate([[True], numbers[1:] != numbers[:-1]])


def _apart(document: Document) -> npt.NDArray[np.bool_]:
    rows = document.rows
    return np.concatenate([[True], np.diff(rows) > 1])
