"""Whether the compiled core (``_core.pyx``) is there: an install without a C compiler does the same in Python and NumPy."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

try:
    from noiseclf import _core as core

    IN_USE = True
except ImportError:  # it could not be compiled
    IN_USE = False

__all__ = ["IN_USE", "character_classes", "core"]


def character_classes(classes: Mapping[int, re.Pattern[str]]) -> bytes:
    """Return the class of each code point below 0x10000, 0 for none: the last one whose pattern matches it, alone or in runs."""
    every = np.arange(0x10000, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    table = bytearray(0x10000)
    for number, pattern in classes.items():
        for match in pattern.finditer(every):
            start, end = match.span()
            table[start:end] = bytes([number]) * (end - start)
    return bytes(table)
