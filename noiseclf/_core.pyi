from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from noiseclf.labels import Label
from noiseclf.page import Line

_Floats = npt.NDArray[np.float32]

COLUMNS: int

def odd_lines(lines: list[str], odd: bytes, longest: int) -> list[int]: ...
def shape_features(lines: list[str], table: npt.NDArray[np.uint8], out: _Floats) -> None: ...

class WordSums:
    def __init__(
        self,
        words: dict[str, int],
        small: npt.NDArray[np.int8],
        scale: _Floats,
        classes: bytes,
        minn: int,
        maxn: int,
        word_ngrams: int,
        bucket: int,
        most: int,
    ) -> None: ...
    def means(self, texts: list[str], raw: bool, out: _Floats) -> None: ...

def log_shares(
    hidden: _Floats, output: _Floats, columns: npt.NDArray[np.intp], floor: float, extra: float, out: _Floats
) -> None: ...
def add_taps(hidden: _Floats, wide: _Floats, first: int, bias: _Floats, dilation: int) -> None: ...
def softmax(scores: _Floats) -> None: ...
def likeliest(probabilities: _Floats, odds: np.float32, names: tuple[Label, ...]) -> list[Label | None]: ...
def make_lines(
    made: type[Line],
    texts: Sequence[str],
    labels: Sequence[Label | None],
    probabilities: npt.NDArray[Any],
    names: tuple[Label, ...],
    elements: Sequence[str],
) -> list[Line]: ...
