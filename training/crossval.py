"""Cross-validate by site on train pages, dev untouched: ``python -m training.crossval --corpus DIR --fold 0``.

What a change to features, augmentation or network brings is decided here. Beside the network it trains scikit-learn's
boosted trees on the same scores and shape with windows around each line: the baseline that the network has to beat.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from joblib import Memory

from noiseclf.context import ContextModel
from training import metrics, network, scorers
from training.corpus import CorpusError, read_catalogues, read_own, read_phrases, read_split
from training.labels import apply_labels, read_labels
from training.train import CACHE, FOLDS, network_samples, training_examples
from training.vectors import word_vectors

Floats = npt.NDArray[np.float32]
_WINDOWS = (2, 5, 10, 25)
_NEIGHBOURS = (-3, -2, -1, 1, 2, 3)


def window_features(features: Floats, columns: Sequence[int]) -> Floats:
    """Return ``features``, shape (n, d), with the chosen ``columns`` of neighbours and their means over windows.

    Neighbours beyond the page are nan. The result has d + len(columns) * 10 columns.
    """
    n = len(features)
    part = features[:, list(columns)]
    blocks = [features]
    for step in _NEIGHBOURS:
        moved = np.full_like(part, np.nan)
        if abs(step) < n:
            moved[max(-step, 0) : n - max(step, 0)] = part[max(step, 0) : n + min(step, 0)]
        blocks.append(moved)
    sums = np.concatenate([np.zeros((1, part.shape[1])), np.cumsum(part, axis=0, dtype=np.float64)])
    index = np.arange(n)
    for size in _WINDOWS:
        low, high = np.maximum(index - size, 0), np.minimum(index + size + 1, n)
        blocks.append(((sums[high] - sums[low]) / (high - low)[:, None]).astype(np.float32))
    return np.concatenate(blocks, axis=1)


def boosted_labels(learn: Sequence[network.Sample], judge: Sequence[network.Sample]) -> list[npt.NDArray[np.int64]]:
    """Return the labels that boosted trees trained on ``learn`` give each line of ``judge``."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    width = learn[0].features.shape[1]
    columns = [0, 1, *range(width - len(scorers.SCORER_LABELS), width)]
    coded = [s for s in learn if (s.target != network.UNKNOWN).any()]
    x = np.concatenate([window_features(s.features, columns) for s in coded])
    y = np.concatenate([s.target for s in coded])
    trees = HistGradientBoostingClassifier(
        max_iter=250, learning_rate=0.08, max_leaf_nodes=31, min_samples_leaf=40, l2_regularization=1.0, random_state=0
    )
    trees.fit(x[y != network.UNKNOWN], y[y != network.UNKNOWN])
    return [np.asarray(trees.predict(window_features(s.features, columns)), np.int64) for s in judge]


def network_labels(learn: Sequence[network.Sample], judge: Sequence[network.Sample]) -> list[npt.NDArray[np.int64]]:
    """Return the labels that the context network trained on ``learn`` gives each line of ``judge``."""
    description, arrays = network.train(learn, network.Settings(words=len(scorers.SCORER_LABELS)))
    model = ContextModel.of(description, {f"network.{name}": array for name, array in arrays.items()})
    return [model.probabilities(s.features).argmax(axis=1) for s in judge]


def main(argv: Sequence[str] | None = None) -> int:
    """Cross-validate from the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Cross-validate by site on train pages.")
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpus"), help="folder with train.jsonl[.gz]")
    parser.add_argument("--data", type=Path, default=Path("data"), help="pages, phrases and labels of our own")
    parser.add_argument("--fold", type=int, action="append", choices=range(FOLDS), help="may be given again; all unless given")
    arguments = parser.parse_args(argv)
    try:
        corpus = apply_labels(read_split(arguments.corpus, "train"), read_labels(arguments.data))
        phrases = read_phrases(arguments.data)
        catalogues = read_catalogues(arguments.data, phrases)
        made = training_examples([*corpus, *read_own(arguments.data)], phrases, catalogues)
        start = word_vectors([e for e in made if e.copies], scorers.SETTINGS["dim"], CACHE / "words.npz")
    except (CorpusError, ImportError, OSError) as error:
        print(f"crossval: {error}", file=sys.stderr)
        return 2
    memory = Memory(CACHE, verbose=0)
    scores = scorers.out_of_fold_scores(made, [e.fold for e in made], FOLDS, scorers.SETTINGS, memory, 2, start)
    samples = network_samples(made, scores)
    contexts = [e for e in made if e.context]
    for fold in arguments.fold or range(FOLDS):
        learn = [s for s, e in zip(samples, contexts, strict=True) if e.fold != fold]
        real = [(s, e) for s, e in zip(samples, contexts, strict=True) if e.fold == fold and e.labels and e.copies]
        judge = [s for s, _ in real]
        for name, method in (("boosted trees", boosted_labels), ("network", network_labels)):
            sizes = [np.array([len(line) for line in e.lines]) for _, e in real]
            counts = metrics.count([e.labels for _, e in real], method(learn, judge), sizes)
            figures = metrics.headline(counts, [e.language for _, e in real])
            print(f"fold {fold}, {name}: " + ", ".join(f"{key} {value:.4f}" for key, value in figures.items()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
