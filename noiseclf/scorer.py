"""The scorer: what a line's words alone say about its label, by fastText (Joulin et al. 2017, arXiv:1607.01759)."""

from __future__ import annotations

import re
import struct
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain

import numpy as np
import numpy.typing as npt

from noiseclf import compiled

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

#: Characters of a line that are scored.
SCORED_CHARS = 200
#: The least probability that is told apart from none.
FLOOR = 1e-4

_DIGIT = re.compile(r"\d")
# Scripts written without spaces: each character becomes a word, so that word pairs mean something there. Signs that stand
# against words, so that "comments:" and "comments" are one word.
_ALONE = re.compile(
    '([.,;:!?()\\[\\]"«»“”„…|•·/>—–*\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])'
)
_PREFIX = "__label__"
_MAGIC, _VERSION = 793712314, 12  # of fastText's own files
_DICTIONARY = 8 + 12 * 4 + 8  # where it begins: after the head, twelve int32 settings and a double
#: fastText's word for the end of a line.
END = "</s>"
_EXTRA = np.float32(1e-5)  # what fastText adds to each probability
_PAIR = np.uint64(116049371)  # what fastText's hash of neighbouring words multiplies by
_BASIS, _PRIME = np.uint32(2166136261), np.uint32(16777619)  # of the hash FNV-1a
_ENTRY = re.compile(rb"([^\0]+)\0.{8}([\0\1])", re.DOTALL)  # a word, its count, whether it is a label
#: No scorer that was trained joins more characters or words, or has larger weights.
_LONGEST, _LARGEST = 20, 1e6
#: Words whose sums are remembered; about 10 MB.
_REMEMBERED = 100_000


def words(lines: Sequence[str]) -> list[str]:
    """Return normalised lines as fastText gets them: lower case, digits alike, and no word that fastText would obey."""
    text = "\n".join([line[:SCORED_CHARS] for line in lines]).lower()
    text = " ".join(_ALONE.split(_DIGIT.sub("0", text)))
    # A space, because what is only cut out can leave the same again: "____label____" less its middle.
    text = text.replace(_PREFIX, "__ label__").replace("</s>", "< /s>")
    return text.split("\n")


def _lower(line: str) -> str:
    """Return a line as :func:`words` does, but for what the compiled core does itself: digits alike, signs apart."""
    line = line[:SCORED_CHARS].lower()
    return line.replace(_PREFIX, "__ label__") if "__" in line else line


@lru_cache(maxsize=1)
def _character_classes() -> bytes:
    """Return of each code point below 0x10000 what it is in a line: 1 white space, 2 a digit, 3 a word of its own, else 0."""
    return compiled.character_classes({1: re.compile(r"\s"), 3: re.compile(f"{_ALONE.pattern}+"), 2: _DIGIT})


class Scorer:
    """A fastText classifier, computed here from its matrices; fastText itself only trains it.

    fastText's answer is a linear function of the mean over the rows of a line's words, of their parts (runs of ``minn`` to
    ``maxn`` characters) and of neighbouring words together. What a word and its parts add is remembered, since pages say
    the same words again and again.
    """

    def __init__(self, data: bytes, labels: Sequence[str]) -> None:
        """Read a model file packed by :func:`pack`.

        ``labels`` names the columns of :meth:`scores`; one that the model never met gets the lowest score on every line.

        Raises:
            ValueError: ``data`` is not a packed fastText model, or knows other labels.
        """
        self.data = data
        self._model = _Model.read(data)
        if not isinstance(labels, (list, tuple)) or not all(isinstance(label, str) for label in labels):
            raise ValueError(f"the labels are not a list of names: {str(labels)[:100]}")
        found = [label.removeprefix(_PREFIX) for label in self._model.labels]
        if not set(found) <= set(labels):
            raise ValueError(f"the scorer knows the labels {sorted(found)}, not only {sorted(labels)}")
        self._columns = np.array([list(labels).index(label) for label in found], np.intp)
        self._width = len(labels)
        self._lock = threading.Lock()
        self._memory = _Memory(self._model)

    def scores(self, lines: Sequence[str]) -> Floats:
        """Return log-probabilities, shape (len(lines), labels), of normalised lines."""
        return self.output(self.vectors(lines))

    @property
    def dimensions(self) -> int:
        """Numbers of a line's vector."""
        return int(self._model.small.shape[1])

    def scores_of(self, texts: Sequence[str]) -> Floats:
        """Return log-probabilities, shape (len(texts), labels), of what is ready for fastText, as :func:`words` makes it."""
        return self.output(self.vectors_of(texts))

    def vectors(self, lines: Sequence[str]) -> Floats:
        """Return what normalised lines say, shape (len(lines), dimensions): the mean of the rows of each line's words."""
        if compiled.IN_USE:
            return self._means([_lower(line) for line in lines], raw=True)
        return self.vectors_of(words(lines) if lines else [])

    def vectors_of(self, texts: Sequence[str]) -> Floats:
        """Return the mean of the rows of each text that is ready for fastText, shape (len(texts), dimensions)."""
        if compiled.IN_USE:
            return self._means(list(texts), raw=False)
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        tokens = [[*text.split(), END] for text in texts]
        sizes = np.fromiter(map(len, tokens), np.int64, len(tokens))
        flat = list(chain.from_iterable(tokens))
        sums, hashes = self._look_up(flat)
        starts = np.cumsum(sizes) - sizes
        total = np.add.reduceat(sums, starts, axis=0)
        following = np.ones(len(flat), bool)
        following[starts + sizes - 1] = False  # the end of a line has no word after it
        together = hashes
        for step in range(1, self._model.word_ngrams):
            together = pair_hashes(together[:-1], hashes[step:])
            following = following[:-1] & following[1:] if step > 1 else following[:-1]
            rows = self._model.rows(self._model.word_count + (together % np.uint64(self._model.bucket)).astype(np.int64))
            rows[~following] = 0
            padded = np.concatenate([rows, np.zeros((step, rows.shape[1]), np.float32)])
            total += np.add.reduceat(padded, starts, axis=0)
        return np.asarray(total[:, :-1] / total[:, -1:], np.float32)

    def _means(self, texts: list[str], *, raw: bool) -> Floats:
        result = np.empty((len(texts), self.dimensions), np.float32)
        with self._lock:
            self._word_sums.means(texts, raw, result)
        return result

    @cached_property
    def _word_sums(self) -> compiled.core.WordSums:
        """The compiled core's :class:`_Memory`."""
        m = self._model
        settings = m.minn, m.maxn, m.word_ngrams, m.bucket, _REMEMBERED
        return compiled.core.WordSums(m.words, m.small, m.scale, _character_classes(), *settings)

    def output(self, vectors: Floats) -> Floats:
        """Return log-probabilities, shape (len(vectors), labels), of what :meth:`vectors` returned."""
        result = np.full((len(vectors), self._width), FLOOR, np.float32)
        if compiled.IN_USE:
            compiled.core.log_shares(vectors, self._model.output, self._columns, FLOOR, float(_EXTRA), result)
            return result
        if not len(vectors):
            return result
        # Line by line, where a matrix product would answer a little otherwise for other lines beside it.
        logits = (vectors[:, None, :] * self._model.output).sum(axis=2)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        result[:, self._columns] = shares / shares.sum(axis=1, keepdims=True) + _EXTRA
        return np.log(np.clip(result, FLOOR, 1.0))

    def _look_up(self, flat: list[str]) -> tuple[Floats, npt.NDArray[np.uint64]]:
        """Return of each word the sum of its rows with their number, shape (n, dimensions + 1), and its hash, shape (n,)."""
        memory = self._memory
        try:
            index = np.fromiter(map(memory.place.__getitem__, flat), np.int64, len(flat))
        except KeyError:
            memory = self._learn(set(flat))
            index = np.fromiter(map(memory.place.__getitem__, flat), np.int64, len(flat))
        return memory.sums.take(index, axis=0), memory.hashes[index]

    def _learn(self, words: set[str]) -> _Memory:
        """Return a memory that knows ``words``: the present one, or an empty one in its place when it would grow too large."""
        with self._lock:
            new = words.difference(self._memory.place)
            if len(self._memory.place) + len(new) > _REMEMBERED:
                self._memory, new = _Memory(self._model), words
            self._memory.learn(sorted(new))
            return self._memory


@dataclass(frozen=True)
class _Model:
    """What a packed fastText file holds.

    Attributes:
        minn: the least characters of a word's parts.
        maxn: the most.
        word_ngrams: how many neighbouring words are taken together.
        bucket: rows that parts and neighbouring words share by their hash.
        words: the row of each word that was met in training; those of the buckets follow.
        labels: in the order of ``output``.
        small: the input matrix, int8, shape (rows, dimensions).
        scale: what a row's numbers are multiplied by, shape (rows,).
        output: shape (labels, dimensions).
    """

    minn: int
    maxn: int
    word_ngrams: int
    bucket: int
    words: dict[str, int]
    labels: tuple[str, ...]
    small: npt.NDArray[np.int8]
    scale: Floats
    output: Floats

    @property
    def word_count(self) -> int:
        return len(self.words)

    @classmethod
    def read(cls, data: bytes) -> _Model:
        """Read what :func:`pack` wrote; ValueError where it is something else."""
        start = _matrix_start(data)
        try:
            settings = struct.unpack_from("<12i", data, 8)
            entries, nwords, nlabels = struct.unpack_from("<3i", data, _DICTIONARY)
            names = [
                (name.decode("utf-8", "replace"), kind) for name, kind in _ENTRY.findall(data[_DICTIONARY + 28 : start - 17])
            ]
            rows, columns = struct.unpack_from("<qq", data, start - 16)
            if min(rows, columns) < 0:  # NumPy takes -1 for all that is there
                raise ValueError("its sizes are negative")
            scale = np.frombuffer(data, "<f2", rows, start).astype(np.float32) / np.float32(127)
            small = np.frombuffer(data, "i1", rows * columns, start + 2 * rows).reshape(rows, columns)
            at = start + 2 * rows + rows * columns
            labels, width = struct.unpack_from("<qq", data, at + 1)
            if min(labels, width) < 0:
                raise ValueError("its sizes are negative")
            output = np.frombuffer(data, "<f4", labels * width, at + 17).reshape(labels, width)
        except (struct.error, ValueError, OverflowError) as error:
            raise ValueError(f"not a fastText model: {error}") from error
        words = {name: i for i, (name, kind) in enumerate(names) if kind == b"\0"}
        known = tuple(name for name, kind in names if kind == b"\1")
        minn, maxn, word_ngrams, bucket = settings[9], settings[10], settings[5], settings[8]
        if not (np.isfinite(scale).all() and (np.abs(output) < _LARGEST).all()):  # NaN is not less either
            raise ValueError("not a fastText model: it holds numbers that no model has")
        if not (0 <= maxn <= _LONGEST and 1 <= word_ngrams <= _LONGEST and columns >= 1 and nlabels >= 1):
            raise ValueError(f"not a fastText model: it joins {maxn} characters and {word_ngrams} words")
        fits = len(names) == entries and len(words) == nwords and len(known) == nlabels == labels and width == columns
        if not fits or rows != nwords + bucket or not (maxn == 0 or 2 <= minn <= maxn) or bucket < 1:
            raise ValueError("not a fastText model: its parts do not fit each other")
        return cls(minn, maxn, word_ngrams, bucket, words, known, small, scale, np.array(output, np.float32))

    def rows(self, numbers: Ints) -> Floats:
        """Return rows of the input matrix, each with a 1 after it, shape (len(numbers), dimensions + 1)."""
        result = np.ones((len(numbers), self.small.shape[1] + 1), np.float32)
        np.multiply(self.small[numbers], self.scale[numbers, None], out=result[:, :-1])
        return result


class _Memory:
    """Words that were seen: the sum of the rows of each and of its parts with their number, and its hash."""

    def __init__(self, model: _Model) -> None:
        self._model = model
        self.place: dict[str, int] = {}
        self.sums = np.zeros((1024, model.small.shape[1] + 1), np.float32)
        self.hashes = np.zeros(1024, np.uint64)

    def learn(self, words: Sequence[str]) -> None:
        """Add ``words``, none of which is here. Who reads :attr:`place` first and the arrays then finds all it looks for."""
        if not words:
            return
        count = len(self.place)
        need = count + len(words)
        if need > len(self.sums):
            more = max(need, 2 * len(self.sums)) - len(self.sums)
            self.sums = np.concatenate([self.sums, np.zeros((more, self.sums.shape[1]), np.float32)])
            self.hashes = np.concatenate([self.hashes, np.zeros(more, np.uint64)])
        self.sums[count:need] = _sums(words, self._model)
        self.hashes[count:need] = word_hashes(words)
        self.place.update(zip(words, range(count, need), strict=True))


def _hash_on(hashes: npt.NDArray[np.uint32], byte: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    """Return the FNV-1a hashes with one more byte each; fastText takes bytes as signed."""
    return np.asarray((hashes ^ byte.astype(np.int8).astype(np.int32).view(np.uint32)) * _PRIME, np.uint32)


def word_hashes(words: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Return fastText's hash of each word, as it enters the hash of neighbouring words: signed, in 64 bits."""
    encoded = [word.encode("utf-8", "replace") for word in words]
    sizes = np.fromiter(map(len, encoded), np.int64, len(encoded))
    data = np.frombuffer(b"".join(encoded), np.uint8)
    starts = np.cumsum(sizes) - sizes
    hashes = np.full(len(words), _BASIS, np.uint32)
    active = np.arange(len(words))
    for step in range(int(sizes.max())):
        active = active[sizes[active] > step]
        hashes[active] = _hash_on(hashes[active], data[starts[active] + step])
    return hashes.view(np.int32).astype(np.int64).view(np.uint64)


def pair_hashes(first: npt.NDArray[np.uint64], second: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return fastText's hashes of words, given by theirs, with the ones after them."""
    return first * _PAIR + second


def part_hashes(words: Sequence[str], minn: int, maxn: int) -> Iterator[tuple[Ints, npt.NDArray[np.uint32]]]:
    """Yield the parts of words, runs of ``minn`` to ``maxn`` characters, a length at a time: whose each is, and its hash.

    The first array, shape (parts,), holds positions in ``words`` and never falls.
    """
    encoded = [b"" if word == END else b"<" + word.encode("utf-8", "replace") + b">" for word in words]
    data = np.frombuffer(b"".join(encoded), np.uint8)
    if not len(data):
        return
    begins = np.flatnonzero((data & 0xC0) != 0x80)  # where a character begins
    widths = np.diff(np.append(begins, len(data)))
    owner = np.repeat(np.arange(len(words)), [len(item) for item in encoded])[begins]
    left = np.searchsorted(owner, owner, side="right") - np.arange(len(begins))  # characters to its word's end
    first = np.arange(len(begins))
    hashes = np.full(len(begins), _BASIS, np.uint32)
    for size in range(1, maxn + 1):
        going = left >= size
        first, hashes, left = first[going], hashes[going], left[going]
        if not len(first):
            return
        last = first + size - 1
        hashes = _hash_on(hashes, data[begins[last]])
        for step in range(1, int(widths.max())):
            wide = np.flatnonzero(widths[last] > step)
            if len(wide):
                hashes[wide] = _hash_on(hashes[wide], data[begins[last[wide]] + step])
        if size >= minn:
            yield owner[first], hashes


def _sums(words: Sequence[str], model: _Model) -> Floats:
    """Return the sum of the rows of each word and its parts with their number, shape (len(words), dimensions + 1)."""
    own = np.array([model.words.get(word, -1) for word in words])
    result = np.zeros((len(words), model.small.shape[1] + 1), np.float32)
    known = np.flatnonzero(own >= 0)
    result[known] = model.rows(own[known])
    if model.maxn:
        for owner, hashes in part_hashes(words, model.minn, model.maxn):
            rows = model.rows(model.word_count + (hashes % np.uint32(model.bucket)).astype(np.int64))
            starts = np.flatnonzero(np.append(True, owner[1:] != owner[:-1]))
            result[owner[starts]] += np.add.reduceat(rows, starts, axis=0)
    return result


def pack(data: bytes) -> bytes:
    """Return a fastText model file with its input matrix as one signed byte a number and one scale a row.

    Raises:
        ValueError: ``data`` is not a supervised, unquantized model of fastText's format 12.
    """
    start = _matrix_start(data)
    rows, columns = struct.unpack_from("<qq", data, start - 16)
    matrix = np.frombuffer(data, "<f4", rows * columns, start).reshape(rows, columns)
    scale = np.maximum(np.abs(matrix).max(axis=1), 1e-7).astype("<f2").astype("<f4")
    small = np.clip(np.rint(matrix / scale[:, None] * 127), -127, 127).astype("i1")
    tail = start + matrix.nbytes
    return b"".join((data[:start], scale.astype("<f2").tobytes(), small.tobytes(), data[tail:]))


def _matrix_start(data: bytes) -> int:
    """Return where the numbers of the input matrix begin; its two sizes stand in the 16 bytes before."""
    try:
        magic, version = struct.unpack_from("<ii", data, 0)
        if (magic, version) != (_MAGIC, _VERSION):
            raise ValueError("it does not begin as one of format 12")
        at = _DICTIONARY
        entries, _, _, _, pruned = struct.unpack_from("<iiiqq", data, at)
        at += 28
        for _ in range(entries):
            at = data.index(b"\0", at) + 1 + 8 + 1  # the word, its count, its type
        at += 8 * max(pruned, 0)
        if data[at]:
            raise ValueError("it is quantized")
        return int(at) + 1 + 16
    except (struct.error, IndexError, ValueError) as error:
        raise ValueError(f"not a fastText model: {error}") from error
