"""The context model: from each line's own numbers to the page's labels, by dilated convolutions over lines.

A temporal convolutional network (Bai, Kolter, Koltun 2018, arXiv:1803.01271) that looks both ways, in plain NumPy. A
page is computed on its own and in fixed pieces, so its answer does not depend on the pages around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from noiseclf import compiled

Floats = npt.NDArray[np.float32]

#: Lines computed at once, which bounds memory on very long pages.
_PIECE = 512
#: No network that was trained has more blocks, taps farther apart or larger weights; weights so large overflow.
_BLOCKS, _FARTHEST, _LARGEST = 100, 1 << 20, 1e6
_LARGEST_OFFSET = 50


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
            TypeError, ValueError: the description or an array is none, or their shapes do not fit each other.
        """
        own = {name.removeprefix("network."): a for name, a in arrays.items() if name.startswith("network.")}
        dilations, page_after = network["dilations"], network["page_after"]
        if not isinstance(dilations, list) or len(dilations) > _BLOCKS or not all(map(_is_step, dilations)):
            raise ValueError(f"dilations are up to {_BLOCKS} whole numbers from 1 to {_FARTHEST}, not {str(dilations)[:100]}")
        if type(page_after) is not int:
            raise ValueError(f"page_after is a whole number, not {str(page_after)[:100]}")
        model = cls(own, tuple(dilations), page_after)
        if own["input.w"].ndim != 2 or own["input.w"].shape[1] < 1:
            raise ValueError(f"array network.input.w has the shape {own['input.w'].shape}, not (inputs, channels)")
        inputs, channels = own["input.w"].shape
        expected = {"mean": (inputs,), "scale": (inputs,), "input.b": (channels,), "page.w": (channels, channels)}
        expected |= {"page.b": (channels,), "output.w": (2 * channels, 4), "output.b": (4,)}
        for i in range(len(model.dilations)):
            expected |= {f"block{i}.w": (3, channels, channels), f"block{i}.b": (channels,)}
        for name, shape in expected.items():
            if own[name].shape != shape:
                raise ValueError(f"array network.{name} has the shape {own[name].shape}, not {shape}")
        for name in ("input.w", *expected):
            if own[name].dtype != np.float32 or not (np.abs(own[name]) < _LARGEST).all():  # NaN is not less either
                raise ValueError(f"array network.{name} holds something else than float32 numbers below {_LARGEST:g}")
        if (own["scale"] <= 0).any():
            raise ValueError("array network.scale holds numbers that are not above 0")
        return model

    def probabilities(self, features: Floats) -> Floats:
        """Return the probability of each label, shape (n, 4), for one page's ``features``, shape (n, d)."""
        a = self.arrays
        x = features - a["mean"]
        x /= a["scale"]
        first = np.asarray(x @ a["input.w"], np.float32)
        first += a["input.b"]
        hidden = _relu(first).copy()
        n, channels = hidden.shape
        for i, (dilation, taps) in enumerate(zip(self.dilations, self._taps, strict=True)):
            _block(hidden, taps, a[f"block{i}.b"], dilation)
            if i == self.page_after:
                mean = np.add.reduce(hidden) / np.float32(n)
                hidden += np.maximum(mean @ a["page.w"] + a["page.b"], 0)
        scores = hidden @ a["output.w"][:channels]
        scores += first @ a["output.w"][channels:]
        scores += a["output.b"]
        return _softmax(scores)

    @cached_property
    def _taps(self) -> tuple[Floats, ...]:
        """The weights of the blocks as :func:`_block` takes them."""
        return tuple(_side_by_side(self.arrays[f"block{i}.w"]) for i in range(len(self.dilations)))


def offsets(favor: Mapping[str, Any]) -> dict[str, np.float32]:
    """Return what is added to the log-odds of content, by ``favor``; KeyError or ValueError where metadata holds no such."""
    for name in ("precision", "balanced", "recall"):
        if type(favor[name]) not in (int, float) or not abs(favor[name]) <= _LARGEST_OFFSET:
            raise ValueError(f"favor {name} is no number from {-_LARGEST_OFFSET} to {_LARGEST_OFFSET}: {str(favor[name])[:100]}")
    return {name: np.float32(favor[name]) for name in ("precision", "balanced", "recall")}


def _softmax(scores: Floats) -> Floats:
    """Return the probabilities of rows of scores, in place."""
    if compiled.IN_USE:
        compiled.core.softmax(scores)
        return scores
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def _is_step(dilation: Any) -> bool:
    return type(dilation) is int and 1 <= dilation <= _FARTHEST


def _relu(x: Floats) -> Floats:
    return np.maximum(x, 0, out=x)


def _side_by_side(w: Floats) -> Floats:
    """Return the three taps of a block, shape (3, c, c), side by side, shape (c, 3 * c)."""
    return np.ascontiguousarray(w.transpose(1, 0, 2).reshape(w.shape[1], -1))


def _block(x: Floats, w: Floats, b: Floats, dilation: int) -> None:
    """One residual block, in place: ``x + relu(convolution of three taps, `dilation` lines apart)``.

    Args:
        x: shape (n, c).
        w: the taps side by side, shape (c, 3 * c), so that one matrix product does for all three.
        b: shape (c,).
        dilation: lines between taps.
    """
    n, c = x.shape
    piece = max(_PIECE, 2 * dilation)
    if n <= piece:
        _add_taps(x, x @ w, 0, b, dilation)
        return
    # `wide` holds what the matrix product gave for the lines from `start` to `stop`, `done` of the page are added to.
    wide = np.empty((0, 3 * c), np.float32)
    start = done = 0
    for stop in range(piece, n + piece, piece):
        wide = np.concatenate([wide[max(done - dilation - start, 0) :], x[stop - piece : stop] @ w])
        start = min(stop, n) - len(wide)
        end = n if stop >= n else max(stop - dilation, done)  # of these the lines below are there
        _add_taps(x[done:end], wide, done - start, b, dilation)
        done = end


def _add_taps(x: Floats, wide: Floats, first: int, b: Floats, dilation: int) -> None:
    """Add the convolution to lines ``x``, the first of which is line ``first`` of ``wide``, in place."""
    if compiled.IN_USE:
        compiled.core.add_taps(x, wide, first, b, dilation)
        return
    n, c = x.shape
    z = wide[first : first + n, c : 2 * c] + b
    low = max(dilation - first, 0)
    if low < n:  # the lines that have a line `dilation` above
        z[low:] += wide[first + low - dilation : first + n - dilation, :c]
    high = min(len(wide) - dilation - first, n)
    if high > 0:  # the lines that have one below
        z[:high] += wide[first + dilation : first + high + dilation, 2 * c :]
    x += _relu(z)
