"""The context model: from each line's own numbers to the page's labels, by dilated convolutions over lines.

A temporal convolutional network (Bai, Kolter, Koltun 2018, arXiv:1803.01271) that looks both ways, in plain NumPy. A
page is computed on its own and in fixed pieces, so its answer does not depend on the pages around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

#: Lines computed at once, which bounds memory on very long pages.
_PIECE = 4096


@dataclass(frozen=True)
class ContextModel:
    """The weights of the network, written by ``training.network``.

    Attributes:
        arrays: by name. ``mean`` and ``scale`` of the d inputs; ``input.w`` (d, c), ``input.b``; for each block i
            ``block{i}.w`` (3, c, c) and ``block{i}.b``; ``page.w`` (c, c), ``page.b``; ``output.w`` (2c, 4) and
            ``output.b``.
        dilations: of the blocks, in order.
        page_after: the block after which the page's mean is added.
    """

    arrays: Mapping[str, Floats]
    dilations: tuple[int, ...]
    page_after: int

    @classmethod
    def of(cls, network: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> ContextModel:
        """Build the model from an artefact's ``network`` description and arrays (named ``network.*``).

        Raises:
            KeyError: an array is missing.
            ValueError: the arrays' shapes do not fit each other.
        """
        own = {name.removeprefix("network."): a for name, a in arrays.items() if name.startswith("network.")}
        model = cls(own, tuple(network["dilations"]), int(network["page_after"]))
        inputs, channels = own["input.w"].shape
        expected = {"mean": (inputs,), "scale": (inputs,), "input.b": (channels,), "page.w": (channels, channels)}
        expected |= {"page.b": (channels,), "output.w": (2 * channels, 4), "output.b": (4,)}
        for i in range(len(model.dilations)):
            expected |= {f"block{i}.w": (3, channels, channels), f"block{i}.b": (channels,)}
        for name, shape in expected.items():
            if own[name].shape != shape:
                raise ValueError(f"array network.{name} has the shape {own[name].shape}, not {shape}")
        return model

    def probabilities(self, features: Floats) -> Floats:
        """Return the probability of each label, shape (n, 4), for one page's ``features``, shape (n, d)."""
        a = self.arrays
        x = (features - a["mean"]) / a["scale"]
        first = _relu(_apply(x, a["input.w"], a["input.b"]))
        hidden = first
        for i, dilation in enumerate(self.dilations):
            hidden = _block(hidden, a[f"block{i}.w"], a[f"block{i}.b"], dilation)
            if i == self.page_after:
                hidden = hidden + _relu(hidden.mean(axis=0) @ a["page.w"] + a["page.b"])
        scores = _apply(hidden, a["output.w"][: hidden.shape[1]], a["output.b"])
        scores += _apply(first, a["output.w"][hidden.shape[1] :], np.float32(0))
        scores -= scores.max(axis=1, keepdims=True)
        exp = np.exp(scores)
        return np.asarray(exp / exp.sum(axis=1, keepdims=True), np.float32)


def _relu(x: Floats) -> Floats:
    return np.maximum(x, 0, out=x)


def _apply(x: Floats, w: Floats, b: Floats | np.float32) -> Floats:
    return np.asarray(x @ w + b, np.float32)


def _block(x: Floats, w: Floats, b: Floats, dilation: int) -> Floats:
    """One residual block: ``x + relu(convolution of three taps, `dilation` lines apart)``."""
    n = len(x)
    y = np.empty_like(x)
    for start in range(0, n, _PIECE):
        stop = min(start + _PIECE, n)
        z = x[start:stop] @ w[1] + b
        low, high = max(start, dilation), min(stop, n - dilation)
        if low < stop:  # the lines that have a line `dilation` above
            z[low - start :] += x[low - dilation : stop - dilation] @ w[0]
        if start < high:  # the lines that have one below
            z[: high - start] += x[start + dilation : high + dilation] @ w[2]
        y[start:stop] = x[start:stop] + _relu(z)
    return y
