"""Train fastText models, and write as one what was trained elsewhere.

fastText trains the scorer of the names of HTML's elements; the text's vectors are trained with the networks
(:mod:`training.network`), and stored as a fastText model of the same format.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from joblib import Memory

from noiseclf.scorer import pack
from training.bags import Bags
from training.metrics import SCORED

Floats = npt.NDArray[np.float32]

#: Columns of the scores. Codes become the labels' names; silver marks ``1`` and ``0`` become these two.
SCORER_LABELS = (*SCORED, "kept", "left")

# One thread and a fresh process a model, with malloc filling what it hands out: fastText otherwise starts from unset memory
# (facebookresearch/fastText#1061).
_RUN = "import sys, json, fasttext; a = json.loads(sys.argv[1]); fasttext.train_supervised(**a).save_model(sys.argv[2])"


def train(text: str, settings: dict[str, Any]) -> bytes:
    """Train fastText in a process of its own and return the packed model; the same input gives the same bytes."""
    with tempfile.TemporaryDirectory(prefix="noiseclf-train-") as folder:
        source, target = Path(folder) / "lines.txt", Path(folder) / "scorer.bin"
        source.write_text(text, encoding="utf-8", newline="\n")
        arguments = {**settings, "input": str(source)}
        environment = {**os.environ, "MALLOC_PERTURB_": "255"}
        subprocess.run([sys.executable, "-c", _RUN, json.dumps(arguments), str(target)], check=True, env=environment)
        return pack(target.read_bytes())


def train_all(texts: Sequence[str], settings: dict[str, Any], memory: Memory, jobs: int) -> list[bytes]:
    """Train one scorer a text, ``jobs`` at a time, through joblib's cache."""
    cached = memory.cache(train)
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(lambda text: cached(text, settings), texts))


def fasttext_file(bags: Bags, matrix: Floats, head: Floats) -> bytes:
    """Return a model file as fastText itself writes it, of its format 12, for vectors trained elsewhere.

    Args:
        bags: whose words and buckets the rows of ``matrix`` are.
        matrix: shape (rows, dimensions).
        head: weights of the four labels, shape (4, dimensions).
    """
    shape = bags.shape
    dimensions, labels = matrix.shape[1], [f"__label__{code}" for code in SCORED]
    settings = (dimensions, 5, 1, shape.least, 5, 2, 3, 3, shape.buckets, shape.minn, shape.maxn, 100)  # softmax, supervised
    entries = [(word, 0) for word in bags.vocabulary] + [(label, 1) for label in labels]
    sizes = struct.pack("<3i2q", len(entries), len(bags.vocabulary), len(labels), 0, -1)
    dictionary = b"".join(name.encode() + b"\0" + struct.pack("<qb", 1, kind) for name, kind in entries)
    parts = [struct.pack("<2i", 793712314, 12), struct.pack("<12id", *settings, 1e-4), sizes, dictionary]
    for numbers in (matrix, head):
        parts += [b"\0", struct.pack("<2q", *numbers.shape), np.ascontiguousarray(numbers, "<f4").tobytes()]
    return b"".join(parts)
