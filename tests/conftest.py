"""A small model, made here: its labels follow a fastText model of a few lines, so tests know what to expect of it."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from noiseclf import artefact, classifier
from noiseclf.features import NAMES, character_table
from noiseclf.labels import LABELS
from noiseclf.scorer import pack

SCORER_LABELS = [label.value for label in LABELS]
#: One line of each label that the small model is sure about.
CONTENT = "The ferry to the island was late again on Monday, the harbour master said."
NAVIGATION = "Home | News | Sport"
AD = "Buy now and save 20% with our newsletter offer!"
COMMENT_FORM = "Leave a reply: your email address will not be published."

_LINES = {
    "content": [CONTENT, "The harbour was quiet that morning.", "The master said the ferry was late on the island."],
    "navigation": [NAVIGATION, "Home | About us | Contact", "News | Sport | Weather | Home"],
    "ad": [AD, "Save now with this offer!", "Buy our newsletter and save!"],
    "comment_form": [COMMENT_FORM, "Your email address will not be shown.", "Leave a reply"],
}
_TRAIN = """
import sys, fasttext
model = fasttext.train_supervised(sys.argv[1], dim=8, minn=2, maxn=3, bucket=2000, epoch=60, lr=0.5, thread=1, verbose=0)
model.save_model(sys.argv[2])
"""


@pytest.fixture(scope="session")
def fasttext_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A fastText model file of the four labels, as fastText writes it."""
    folder = tmp_path_factory.mktemp("fasttext")
    rows = [f"__label__{label} {line.lower()}\n" for label, lines in _LINES.items() for line in lines]
    (folder / "lines.txt").write_text("".join(rows * 3), encoding="utf-8")
    command = [sys.executable, "-c", _TRAIN, str(folder / "lines.txt"), str(folder / "model.bin")]
    subprocess.run(command, check=True, env={**os.environ, "MALLOC_PERTURB_": "255"})
    return (folder / "model.bin").read_bytes()


def network_arrays(inputs: int, channels: int = 8, dilations: tuple[int, ...] = (1, 2), *, seed: int = 0) -> dict:
    """Random weights of a context model; its last four inputs (the scores) go straight to the four labels."""
    random = np.random.default_rng(seed)

    def small(*shape: int):
        return random.normal(0, 0.02, shape).astype(np.float32)

    arrays = {"mean": np.zeros(inputs, np.float32), "scale": np.ones(inputs, np.float32)}
    arrays |= {"input.w": small(inputs, channels), "input.b": small(channels)}
    for i in range(len(dilations)):
        arrays |= {f"block{i}.w": small(3, channels, channels), f"block{i}.b": small(channels)}
    arrays |= {"page.w": small(channels, channels), "page.b": small(channels)}
    arrays |= {"output.w": small(2 * channels, 4), "output.b": small(4)}
    arrays["mean"][-4:] = -10  # log-probabilities are negative, and what is negative would not pass the first layer
    arrays["input.w"][-4:, :4] += np.eye(4, dtype=np.float32)
    arrays["output.w"][:4] += np.eye(4, dtype=np.float32)
    return arrays


@pytest.fixture(scope="session")
def tiny_artefact(fasttext_bytes: bytes) -> artefact.Artefact:
    arrays = {f"network.{name}": a for name, a in network_arrays(len(NAMES) + 4).items()}
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
