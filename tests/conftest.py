"""A small model, made here: its labels follow a fastText model of a few lines, so tests know what to expect of it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from samples import LINES, SCORER_LABELS, network_arrays

from noiseclf import artefact, classifier, compiled, depth, html, htmlmodel, markup, walk
from noiseclf.features import NAMES, character_table
from noiseclf.markup import NAMES as MARKUP
from noiseclf.scorer import Scorer, pack

_TRAIN = """
import sys, fasttext
small = dict(dim=8, minn=2, maxn=3, bucket=2000)
model = fasttext.train_supervised(sys.argv[1], epoch=60, lr=0.5, thread=1, verbose=0, **small)
model.save_model(sys.argv[2])
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--without-core", action="store_true", help="do without the compiled core, as where no compiler is")


def pytest_configure(config: pytest.Config) -> None:
    # A shell's background job ignores Ctrl-C, and so would the programs that the tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.getoption("--without-core"):
        compiled.IN_USE = False
        html.walk, html.shallow, html.lean = walk.walk, depth.shallow, bytes
        htmlmodel._marked, htmlmodel._ways = markup.features, markup.ways


@pytest.fixture(scope="session")
def fasttext_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A fastText model file of the four labels, as fastText writes it."""
    folder = tmp_path_factory.mktemp("fasttext")
    rows = [f"__label__{label} {line.lower()}\n" for label, lines in LINES.items() for line in lines]
    (folder / "lines.txt").write_text("".join(rows * 3), encoding="utf-8")
    command = [sys.executable, "-c", _TRAIN, str(folder / "lines.txt"), str(folder / "model.bin")]
    subprocess.run(command, check=True, env={**os.environ, "MALLOC_PERTURB_": "255"})
    return (folder / "model.bin").read_bytes()


def head_of(packed: bytes) -> np.ndarray:
    """Return what the small scorer makes of a line's vector, shape (4, dimensions), in the order of ``SCORER_LABELS``."""
    model = Scorer(packed, SCORER_LABELS)._model
    return np.stack([model.output[model.labels.index(f"__label__{label}")] for label in SCORER_LABELS])


@pytest.fixture(scope="session")
def tiny_artefact(fasttext_bytes: bytes) -> artefact.Artefact:
    head = head_of(pack(fasttext_bytes))
    arrays = {f"network.{name}": a for name, a in network_arrays(len(NAMES) + head.shape[1], head).items()}
    arrays["character_table"] = character_table()
    metadata = {
        "scorer_labels": SCORER_LABELS,
        "network": {"dilations": [1, 2], "page_after": 0},
        "favor": {"precision": -2.0, "balanced": 0.0, "recall": 2.0},
    }
    return artefact.Artefact(metadata, pack(fasttext_bytes), arrays)


@pytest.fixture(scope="session")
def tiny_model(tiny_artefact: artefact.Artefact, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of the small model's file."""
    path = tmp_path_factory.mktemp("model") / "tiny.noiseclf"
    path.write_bytes(tiny_artefact.to_bytes())
    return path


@pytest.fixture(scope="session")
def tiny(tiny_model: Path) -> classifier.NoiseClassifier:
    """The classifier of the small model."""
    return classifier.load(tiny_model)


@pytest.fixture(scope="session")
def html_artefact(tiny_artefact: artefact.Artefact) -> artefact.Artefact:
    """The small model with a part for HTML, which goes by the lines' words alone."""
    head = head_of(tiny_artefact.scorer)
    others = len(NAMES) + len(MARKUP) + 4
    own = {f"html.network.{name}": a for name, a in network_arrays(others + head.shape[1], head).items()}
    own["html.network.input.w"][:others] = 0
    own["html.scorer"] = np.frombuffer(tiny_artefact.scorer, np.uint8)
    html = {"scorer_labels": SCORER_LABELS, "network": {"dilations": [1, 2], "page_after": 0}}
    html["favor"] = {"precision": -2.0, "balanced": 0.0, "recall": 2.0}
    return artefact.Artefact({**tiny_artefact.metadata, "html": html}, tiny_artefact.scorer, {**tiny_artefact.arrays, **own})


@pytest.fixture(scope="session")
def html_model(html_artefact: artefact.Artefact, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of its file."""
    path = tmp_path_factory.mktemp("model") / "html.noiseclf"
    path.write_bytes(html_artefact.to_bytes())
    return path


@pytest.fixture(scope="session")
def tiny_html(html_model: Path) -> classifier.NoiseClassifier:
    """Its classifier."""
    return classifier.load(html_model)
