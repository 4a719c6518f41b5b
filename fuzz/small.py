"""A small model made by hand: a fastText file of four words, packed, and networks of four channels."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import Any

import numpy as np

from noiseclf.artefact import Artefact
from noiseclf.features import NAMES, character_table
from noiseclf.labels import LABELS
from noiseclf.markup import NAMES as MARKUP


def scorer(*, bucket: int = 50, dimensions: int = 4) -> bytes:
    """Return a packed fastText file that knows four words and the four labels."""
    words = ["ferry", "home", "reply", "</s>"]
    entries = [(word, 0) for word in words] + [(f"__label__{label.value}", 1) for label in LABELS]
    settings = (dimensions, 5, 1, 1, 5, 2, 1, 3, bucket, 2, 3, 0)
    head = struct.pack("<ii12id", 793712314, 12, *settings, 1e-4)
    dictionary = struct.pack("<iiiqq", len(entries), len(words), len(LABELS), 10, -1)
    dictionary += b"".join(word.encode() + b"\0" + struct.pack("<qb", 1, kind) for word, kind in entries)
    random = np.random.default_rng(0)
    rows = len(words) + bucket
    small = random.integers(-127, 128, (rows, dimensions)).astype("i1")
    output = random.normal(size=(len(LABELS), dimensions)).astype("<f4")
    matrices = b"\0" + struct.pack("<qq", rows, dimensions) + np.ones(rows, "<f2").tobytes() + small.tobytes()
    matrices += b"\0" + struct.pack("<qq", *output.shape) + output.tobytes()
    return head + dictionary + matrices


def network(inputs: int, channels: int = 4) -> dict[str, Any]:
    """Return the arrays of a network with one block."""
    random = np.random.default_rng(0)
    shapes = {
        "input.w": (inputs, channels), "input.b": (channels,), "block0.w": (3, channels, channels), "block0.b": (channels,),
        "page.w": (channels, channels), "page.b": (channels,), "output.w": (2 * channels, 4), "output.b": (4,),
    }  # fmt: skip
    arrays = {name: random.normal(0, 0.1, shape).astype(np.float32) for name, shape in shapes.items()}
    return {**arrays, "mean": np.zeros(inputs, np.float32), "scale": np.ones(inputs, np.float32)}


def small() -> Artefact:
    """Return the model, with a part for HTML."""
    labels = [label.value for label in LABELS]
    described = {"dilations": [1], "page_after": 0}
    favor = {"precision": -1.0, "balanced": 0.0, "recall": 1.0}
    html = {"scorer_labels": labels, "networks": [described], "favor": favor}
    arrays = {f"network.{name}": a for name, a in network(len(NAMES) + 4).items()}
    arrays |= {f"html.0.network.{name}": a for name, a in network(len(NAMES) + len(MARKUP) + 8).items()}
    arrays["html.scorer"] = np.frombuffer(scorer(), np.uint8)
    arrays["character_table"] = character_table()
    metadata = {"scorer_labels": labels, "network": described, "favor": favor, "html": html}
    return Artefact(metadata, scorer(), arrays)


def members() -> dict[str, bytes]:
    """Return the members of the model's file."""
    with zipfile.ZipFile(io.BytesIO(small().to_bytes())) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}
