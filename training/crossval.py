"""Cross-validate by site on train pages, dev untouched: ``python -m training.crossval --corpus DIR --fold 0``.

What a change to features, augmentation or training brings is decided here: a model is trained without a fold's pages, as
``training.train`` trains it, and judged on them. Beside it stand scikit-learn's boosted trees on shape and place, without a
word, in windows around each line: the baseline that tells what words and networks bring.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from joblib import Memory

from noiseclf.classifier import from_bytes
from noiseclf.features import NAMES, character_table, shape_features
from training import metrics
from training.corpus import CorpusError, LabelledPage, fold, read_catalogues, read_own, read_phrases, read_split
from training.evaluate import TestSet, headline, html_figures
from training.examples import examples
from training.labels import apply_labels, read_labels
from training.metrics import true_labels
from training.peers import each_html
from training.train import CACHE, FOLDS, fit, read_html_pages

Floats = npt.NDArray[np.float32]
_WINDOWS = (2, 5, 10, 25)
_NEIGHBOURS = (-3, -2, -1, 1, 2, 3)


def shapes(pages: Sequence[LabelledPage]) -> list[tuple[Floats, str]]:
    """Return the shape features and the codes of each labelled page."""
    table = character_table()
    made = examples([page for page in pages if page.labels], FOLDS)
    return [(shape_features(e.lines, table), e.labels) for e in made]


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


def boosted_labels(learn: Sequence[tuple[Floats, str]], judge: Sequence[Floats]) -> list[npt.NDArray[np.int64]]:
    """Return the labels that boosted trees, trained on features and codes of pages, give each line of others' features."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    columns = [NAMES.index(name) for name in ("length", "words", "share_upper", "ends_stop", "capital_words", "prose")]
    x = np.concatenate([window_features(features, columns) for features, _ in learn])
    y = np.concatenate([true_labels(codes) for _, codes in learn])
    trees = HistGradientBoostingClassifier(
        max_iter=250, learning_rate=0.08, max_leaf_nodes=31, min_samples_leaf=40, l2_regularization=1.0, random_state=0
    )
    trees.fit(x[y >= 0], y[y >= 0])
    return [np.asarray(trees.predict(window_features(features, columns)), np.int64) for features in judge]


def boosted(learn: Sequence[LabelledPage], judge: Sequence[LabelledPage]) -> str:
    """Return a row of figures of boosted trees trained on pages ``learn`` for the labelled ones of ``judge``."""
    others = shapes(judge)
    predicted = boosted_labels(shapes(learn), [features for features, _ in others])
    made = examples([page for page in judge if page.labels], FOLDS)
    counts = metrics.count([e.labels for e in made], predicted, [np.array([len(line) for line in e.lines]) for e in made])
    figures = metrics.headline(counts, [e.language for e in made])
    return "boosted trees on shape alone: " + ", ".join(f"{key} {value:.4f}" for key, value in figures.items())


def judged(model: bytes, groups: Mapping[str, Sequence[LabelledPage]], html: Mapping[str, bytes]) -> list[str]:
    """Return a row of figures for each group of labelled pages, and one for those with HTML; none for an empty group."""
    classifier = from_bytes(model)
    found = {name: headline(classifier, pages) for name, pages in groups.items() if any(page.labels for page in pages)}
    pages = [page for group in groups.values() for page in group if page.id in html]
    seen = html_figures(classifier, TestSet.of(pages), html) if any(page.labels for page in pages) else None
    if seen is not None:
        system = seen["system"]
        found["HTML"] = {name: value for name, value in system.items() if isinstance(value, float)}
    return [f"{name}: " + ", ".join(f"{key} {value:.4f}" for key, value in row.items()) for name, row in found.items()]


def main(argv: Sequence[str] | None = None) -> int:
    """Cross-validate from the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Cross-validate by site on train pages.")
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpus"), help="folder with train.jsonl[.gz]")
    parser.add_argument("--data", type=Path, default=Path("data"), help="pages, phrases and labels of our own")
    parser.add_argument("--fold", type=int, action="append", choices=range(FOLDS), help="may be given again; all unless given")
    parser.add_argument("--text", action="store_true", help="leave the part for HTML out")
    parser.add_argument("--out", type=Path, help="folder to keep the models in")
    arguments = parser.parse_args(argv)
    try:
        corpus, own = read_split(arguments.corpus, "train"), read_own(arguments.data)
        labelled = {page.id for page in corpus if page.labels}
        pages = [*apply_labels(corpus, read_labels(arguments.data)), *own]
        phrases = read_phrases(arguments.data)
        catalogues = read_catalogues(arguments.data, phrases)
        seen = [] if arguments.text else read_html_pages(arguments.corpus, pages)
        for number in arguments.fold or range(FOLDS):
            learn = [page for page in pages if fold(page.domain, FOLDS) != number]
            held = [page for page in pages if fold(page.domain, FOLDS) == number]
            model = fit(
                learn, phrases, Memory(CACHE, verbose=0), catalogues=catalogues, vectors_cache=CACHE / "words.npz",
                html_pages=[page for page in seen if page.fold(FOLDS) != number],
            ).to_bytes()  # fmt: skip
            if arguments.out:
                arguments.out.mkdir(parents=True, exist_ok=True)
                (arguments.out / f"fold{number}.noiseclf").write_bytes(model)
            names = {page.id for page in own}
            groups = {
                "labels of the corpus": [page for page in held if page.id in labelled],
                "labels by reading": [page for page in held if page.id not in labelled | names],
                "own pages": [page for page in held if page.id in names],
            }
            wanted = {page.id for page in held} if seen else set()
            html = {name: data for name, data in each_html(arguments.corpus, "train") if name in wanted} if wanted else {}
            for row in [*judged(model, groups, html), boosted(learn, groups["labels of the corpus"])]:
                print(f"fold {number}, {row}", flush=True)
    except (CorpusError, ImportError, OSError) as error:
        print(f"crossval: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
