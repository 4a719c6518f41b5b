"""The scorer: what a line's words alone say about its label, by fastText (Joulin et al. 2017, arXiv:1607.01759)."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

#: Characters of a line that are scored.
SCORED_CHARS = 200
_FLOOR = 1e-4  # the least probability that is told apart from none

_DIGIT = re.compile(r"\d")
_PREFIX = "__label__"


def words(lines: Sequence[str]) -> list[str]:
    """Return normalised lines as fastText gets them: lower case, digits alike, and no word that fastText would obey."""
    text = "\n".join([line[:SCORED_CHARS] for line in lines]).lower()
    text = _DIGIT.sub("0", text).replace(_PREFIX, "label").replace("</s>", "s")
    return text.split("\n")


class Scorer:
    """A trained fastText classifier, held with the bytes it came from."""

    def __init__(self, data: bytes, labels: Sequence[str]) -> None:
        """Load the model file ``data``; ``labels`` names the columns of :meth:`scores`.

        Raises:
            ValueError: ``data`` is not a fastText model, or knows other labels.
        """
        self.data = data
        self._model = _load(data)
        found = [label.removeprefix(_PREFIX) for label in self._model.labels]
        if sorted(found) != sorted(labels):
            raise ValueError(f"the scorer knows the labels {sorted(found)}, not {sorted(labels)}")
        self._column = {_PREFIX + label: i for i, label in enumerate(labels)}

    def scores(self, lines: Sequence[str]) -> Floats:
        """Return log-probabilities, shape (len(lines), labels), of normalised lines."""
        if not lines:
            return np.zeros((0, len(self._column)), np.float32)
        # A list, never a str: fastText's answer for a single str fails on NumPy 2.
        labels, probabilities = self._model.predict(words(lines), k=len(self._column))
        columns = np.array([[self._column[label] for label in row] for row in labels])
        result = np.full(columns.shape, _FLOOR, np.float32)
        np.put_along_axis(result, columns, np.asarray(probabilities, np.float32), axis=1)
        return np.log(np.clip(result, _FLOOR, 1.0))


def _load(data: bytes) -> Any:
    import fasttext

    # fastText reads models from files only.
    with tempfile.TemporaryDirectory(prefix="noiseclf-") as folder:
        path = Path(folder) / "scorer.bin"
        path.write_bytes(data)
        try:
            return fasttext.load_model(str(path))
        except Exception as error:  # pybind raises several kinds for a broken file
            raise ValueError(f"the scorer in this model is not a fastText model: {error}") from error
