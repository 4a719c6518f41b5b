"""The scorer: what a line's words alone say about its label, by fastText (Joulin et al. 2017, arXiv:1607.01759)."""

from __future__ import annotations

import re
import struct
import tempfile
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

#: Characters of a line that are scored.
SCORED_CHARS = 200
#: The least probability that is told apart from none.
FLOOR = 1e-4

_DIGIT = re.compile(r"\d")
# Scripts written without spaces: each character becomes a word, so that word pairs mean something there.
_DENSE = re.compile("([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")
_PREFIX = "__label__"
_MAGIC, _VERSION = 793712314, 12  # of fastText's own files


def words(lines: Sequence[str]) -> list[str]:
    """Return normalised lines as fastText gets them: lower case, digits alike, and no word that fastText would obey."""
    text = "\n".join([line[:SCORED_CHARS] for line in lines]).lower()
    text = _DENSE.sub(r" \1 ", _DIGIT.sub("0", text))
    # A space, because what is only cut out can leave the same again: "____label____" less its middle.
    text = text.replace(_PREFIX, "__ label__").replace("</s>", "< /s>")
    return text.split("\n")


class Scorer:
    """A trained fastText classifier, held with the bytes it came from."""

    def __init__(self, data: bytes, labels: Sequence[str]) -> None:
        """Load a model file packed by :func:`pack`.

        ``labels`` names the columns of :meth:`scores`; one that the model never met gets the lowest score on every line.

        Raises:
            ValueError: ``data`` is not a packed fastText model, or knows other labels.
        """
        self.data = data
        self.model = _load(data)
        found = [label.removeprefix(_PREFIX) for label in self.model.labels]
        if not set(found) <= set(labels):
            raise ValueError(f"the scorer knows the labels {sorted(found)}, not only {sorted(labels)}")
        self._column = {_PREFIX + label: i for i, label in enumerate(labels)}

    def scores(self, lines: Sequence[str]) -> Floats:
        """Return log-probabilities, shape (len(lines), labels), of normalised lines."""
        return self.scores_of(words(lines) if lines else [])

    def scores_of(self, texts: list[str]) -> Floats:
        """Return log-probabilities, shape (len(texts), labels), of what is ready for fastText, as :func:`words` makes it."""
        if not texts:
            return np.zeros((0, len(self._column)), np.float32)
        place = {text: i for i, text in enumerate(dict.fromkeys(texts))}  # pages say some things more than once
        # A list, never a str: fastText's answer for a single str fails on NumPy 2.
        labels, probabilities = self.model.predict(list(place), k=len(self._column))
        columns = np.array([*map(self._column.__getitem__, chain.from_iterable(labels))]).reshape(len(place), -1)
        result = np.full((len(place), len(self._column)), FLOOR, np.float32)
        np.put_along_axis(result, columns, np.array(probabilities, np.float32), axis=1)
        return np.log(np.clip(result, FLOOR, 1.0))[[*map(place.__getitem__, texts)]]


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


def unpack(data: bytes) -> bytes:
    """Return the fastText model file that :func:`pack` made small (its numbers rounded)."""
    start = _matrix_start(data)
    rows, columns = struct.unpack_from("<qq", data, start - 16)
    scale = np.frombuffer(data, "<f2", rows, start).astype("<f4")
    small = np.frombuffer(data, "i1", rows * columns, start + 2 * rows).reshape(rows, columns)
    matrix = small * (scale / np.float32(127))[:, None]
    return data[:start] + matrix.astype("<f4").tobytes() + data[start + 2 * rows + rows * columns :]


def _matrix_start(data: bytes) -> int:
    """Return where the numbers of the input matrix begin; its two sizes stand in the 16 bytes before."""
    try:
        magic, version = struct.unpack_from("<ii", data, 0)
        if (magic, version) != (_MAGIC, _VERSION):
            raise ValueError("it does not begin as one of format 12")
        at = 8 + 12 * 4 + 8  # twelve int32 settings and a double
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


def _load(data: bytes) -> Any:
    import fasttext

    # fastText reads models from files only.
    with tempfile.TemporaryDirectory(prefix="noiseclf-") as folder:
        path = Path(folder) / "scorer.bin"
        path.write_bytes(unpack(data))
        try:
            return fasttext.load_model(str(path))
        except Exception as error:  # pybind raises several kinds for a broken file
            raise ValueError(f"the scorer in this model is not a fastText model: {error}") from error
