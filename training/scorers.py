"""Train the scorer: fastText over lines, and its scores for pages that it has not seen.

One fastText model tells six things apart: the four labels, from pages labelled line by line, and ``kept`` and ``left``,
from pages whose lines are only known to be in their gold text or not. They share their word vectors.
"""

from __future__ import annotations

import json
import os
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

from noiseclf.scorer import Scorer, pack, words
from training.examples import Example
from training.metrics import SCORED

Floats = npt.NDArray[np.float32]

#: Columns of the scores. Codes become the labels' names; silver marks ``1`` and ``0`` become these two.
SCORER_LABELS = (*SCORED, "kept", "left")
_SILVER = {"1": "kept", "0": "left"}

# More dimensions or buckets gained nothing in cross-validation; fewer buckets lost. One thread and a fresh process a
# model, with malloc filling what it hands out: fastText otherwise starts from unset memory (facebookresearch/fastText#1061).
SETTINGS: dict[str, Any] = {
    "dim": 16, "minn": 3, "maxn": 5, "wordNgrams": 2, "bucket": 200_000, "minCount": 4,
    "epoch": 8, "lr": 0.1, "thread": 1, "seed": 1, "verbose": 0,
}  # fmt: skip
_RUN = "import sys, json, fasttext; a = json.loads(sys.argv[1]); fasttext.train_supervised(**a).save_model(sys.argv[2])"


def training_text(examples: Sequence[Example]) -> str:
    """Return fastText's training file for ``examples``: a line each of their coded lines, unknown ones left out."""
    rows = []
    for example in examples:
        names = example.labels or example.silver
        for code, text in zip(names, words(example.lines), strict=True):
            name = code if example.labels else _SILVER.get(code, "?")
            if name in SCORER_LABELS:
                rows.extend([f"__label__{name} {text}\n"] * example.copies)
    return "".join(rows)


def train(text: str, settings: dict[str, Any], vectors: str = "") -> bytes:
    """Train fastText in a process of its own and return the packed model; the same input gives the same bytes.

    ``vectors`` are those of ``training.vectors.word_vectors`` to start from; chance alone where it is empty.
    """
    with tempfile.TemporaryDirectory(prefix="noiseclf-train-") as folder:
        source, target = Path(folder) / "lines.txt", Path(folder) / "scorer.bin"
        source.write_text(text, encoding="utf-8", newline="\n")
        arguments = {**settings, "input": str(source)}
        if vectors:
            start = Path(folder) / "start.vec"
            start.write_text(vectors, encoding="utf-8", newline="\n")
            arguments["pretrainedVectors"] = str(start)
        environment = {**os.environ, "MALLOC_PERTURB_": "255"}
        subprocess.run([sys.executable, "-c", _RUN, json.dumps(arguments), str(target)], check=True, env=environment)
        return pack(target.read_bytes())


def train_all(
    texts: Sequence[str], settings: dict[str, Any], memory: Memory, jobs: int, vectors: str = ""
) -> list[bytes]:
    """Train one scorer a text, ``jobs`` at a time, through joblib's cache."""
    cached = memory.cache(train)
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(lambda text: cached(text, settings, vectors), texts))


def out_of_fold_scores(
    examples: Sequence[Example],
    fold_of: Sequence[int],
    folds: int,
    settings: dict[str, Any],
    memory: Memory,
    jobs: int,
    vectors: str = "",
) -> list[Floats]:
    """Return each example's scores by a scorer that saw no example of its fold.

    ``fold_of`` names each example's fold, from 0 to ``folds`` - 1. An example's score array has the shape
    (lines, len(SCORER_LABELS)).
    """
    texts = [
        training_text([e for e, own in zip(examples, fold_of, strict=True) if own != fold]) for fold in range(folds)
    ]
    scorers = [Scorer(model, SCORER_LABELS) for model in train_all(texts, settings, memory, jobs, vectors)]
    return [scorers[own].scores(e.lines) for e, own in zip(examples, fold_of, strict=True)]
