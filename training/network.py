"""Train the context network with PyTorch and export its weights as the arrays of ``noiseclf.context``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from training.metrics import SCORED

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
UNKNOWN = -1


@dataclass(frozen=True)
class Sample:
    """A page as the network learns it.

    Attributes:
        features: shape (n, d).
        target: shape (n,): position of the line's code in ``SCORED``, UNKNOWN where it has none.
        silver: shape (n,): 1 content, 0 not, UNKNOWN where it cannot be told.
        weight: of each of its lines.
    """

    features: Floats
    target: Ints
    silver: Ints
    weight: float = 1.0


@dataclass(frozen=True)
class Settings:
    """How the network is built and trained; the values are those that did best in cross-validation on train pages."""

    channels: int = 96
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16)
    page_after: int = 2
    epochs: int = 10
    lines: int = 6000  # a batch, about
    longest: int = 600  # lines of a page that are looked at in one step
    silver_pages: int = 1500  # drawn anew each epoch
    silver_weight: float = 0.3
    rate: float = 2e-3
    dropout: float = 0.15
    unread: float = 0.1  # share of pages whose words are hidden, so that shape and place can stand alone
    words: int = 6  # the last features, which come from words
    seed: int = 0


class Network(nn.Module):
    """The network that ``noiseclf.context.ContextModel`` computes, for batches of padded pages."""

    def __init__(self, inputs: int, settings: Settings) -> None:
        super().__init__()
        c = settings.channels
        self.page_after = settings.page_after
        self.input = nn.Linear(inputs, c)
        convolutions = [nn.Conv1d(c, c, 3, padding=d, dilation=d) for d in settings.dilations]
        self.blocks: Sequence[nn.Conv1d] = nn.ModuleList(convolutions)  # type: ignore[assignment]
        self.page = nn.Linear(c, c)
        self.output = nn.Linear(2 * c, len(SCORED))
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return logits, shape (pages, lines, 4), for ``x`` (pages, lines, d) and ``mask`` (pages, lines)."""
        real = mask[:, None, :]
        first = functional.relu(self.input(x))
        hidden = first.transpose(1, 2) * real
        for i, block in enumerate(self.blocks):
            hidden = (hidden + functional.relu(block(self.dropout(hidden)))) * real
            if i == self.page_after:
                mean = hidden.sum(2) / real.sum(2).clamp(min=1)
                hidden = (hidden + functional.relu(self.page(mean))[:, :, None]) * real
        logits: Tensor = self.output(self.dropout(torch.cat([hidden.transpose(1, 2), first], 2)))
        return logits


def train(
    samples: Sequence[Sample], settings: Settings, *, show: bool = True
) -> tuple[dict[str, Any], dict[str, Floats]]:
    """Train a network and return its description and arrays, as :meth:`noiseclf.context.ContextModel.of` reads them.

    Samples with a target are all seen each epoch, of those with silver marks only ``settings.silver_pages``.
    One thread and a seed: the same samples give the same weights on the same kind of machine.
    """
    torch.manual_seed(settings.seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    rng = np.random.default_rng(settings.seed)
    coded = [s for s in samples if (s.target != UNKNOWN).any()]
    silver = [s for s in samples if not (s.target != UNKNOWN).any()]
    everything = np.concatenate([s.features for s in coded])
    mean, scale = everything.mean(0), everything.std(0) + np.float32(1e-3)
    network = Network(everything.shape[1], settings)
    optimizer = torch.optim.AdamW(network.parameters(), lr=settings.rate, weight_decay=1e-3)
    network.train()
    total = settings.epochs
    averaged: dict[str, Tensor] = {}
    taken = 0
    for epoch in tqdm(range(total), "network", disable=not show):
        drawn = rng.choice(len(silver), min(len(silver), settings.silver_pages), replace=False)
        batches = list(_batches([*coded, *(silver[i] for i in drawn)], settings, rng))
        for step, batch in enumerate(batches):
            progress = (epoch + step / len(batches)) / total
            for group in optimizer.param_groups:
                group["lr"] = settings.rate * min(progress / 0.05, 1.0) * max(1.02 - progress, 0.0)
            step_loss = loss(network, batch, mean, scale, settings, rng)
            optimizer.zero_grad()
            step_loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            if progress > 0.8:  # the mean of the last steps' weights, as Izmailov et al. 2018 (arXiv:1803.05407)
                taken += 1
                for name, value in network.state_dict().items():
                    old = averaged.get(name, torch.zeros_like(value))
                    averaged[name] = old + (value - old) / taken
    if averaged:
        network.load_state_dict(averaged)
    description = {"dilations": list(settings.dilations), "page_after": settings.page_after}
    return description, {"mean": mean, "scale": scale, **export(network)}


def export(network: Network) -> dict[str, Floats]:
    """Return the network's weights as the arrays of ``noiseclf.context``, all but ``mean`` and ``scale``."""

    def array(tensor: Tensor) -> Floats:
        return np.ascontiguousarray(tensor.detach().numpy(), np.float32)

    arrays = {}
    for name in ("input", "page", "output"):
        layer = getattr(network, name)
        arrays[f"{name}.w"], arrays[f"{name}.b"] = array(layer.weight.T), array(layer.bias)
    for i, block in enumerate(network.blocks):
        assert block.bias is not None  # torch types it as optional
        arrays[f"block{i}.w"], arrays[f"block{i}.b"] = array(block.weight.permute(2, 1, 0)), array(block.bias)
    return arrays


def restore(arrays: Mapping[str, Floats], settings: Settings) -> Network:
    """Return the network whose weights :func:`export` gave."""

    def put(layer: nn.Linear | nn.Conv1d, weight: Floats, bias: Floats) -> None:
        layer.weight.data = torch.from_numpy(weight.copy())
        assert layer.bias is not None  # torch types it as optional
        layer.bias.data = torch.from_numpy(bias.copy())

    network = Network(len(arrays["input.w"]), settings)
    for name in ("input", "page", "output"):
        put(getattr(network, name), arrays[f"{name}.w"].T, arrays[f"{name}.b"])
    for i, block in enumerate(network.blocks):
        put(block, arrays[f"block{i}.w"].transpose(2, 1, 0), arrays[f"block{i}.b"])
    return network


def _batches(samples: Sequence[Sample], settings: Settings, rng: np.random.Generator) -> Iterator[list[Sample]]:
    """Yield batches of pages of like length, in random order, each of about ``settings.lines`` padded lines."""
    lengths = np.array([min(len(s.features), settings.longest) for s in samples])
    order = np.argsort(lengths * rng.uniform(0.8, 1.25, len(lengths)), kind="stable")
    batches: list[list[Sample]] = [[]]
    longest = 0
    for i in order:
        longest = max(longest, int(lengths[i]))
        if batches[-1] and longest * (len(batches[-1]) + 1) > settings.lines:
            batches.append([])
            longest = int(lengths[i])
        batches[-1].append(samples[i])
    for i in rng.permutation(len(batches)):
        yield batches[i]


def loss(
    network: Network, batch: Sequence[Sample], mean: Floats, scale: Floats, settings: Settings, rng: np.random.Generator
) -> Tensor:
    """Return the loss of a batch of pages: of their labels, and of their silver marks."""
    longest = min(max(len(s.features) for s in batch), settings.longest)
    x = np.zeros((len(batch), longest, len(mean)), np.float32)
    mask = np.zeros((len(batch), longest), np.float32)
    target = np.full((len(batch), longest), UNKNOWN)
    silver = np.full((len(batch), longest), UNKNOWN)
    weight = np.zeros((len(batch), longest), np.float32)
    for i, sample in enumerate(batch):
        n = min(len(sample.features), longest)
        start = int(rng.integers(0, len(sample.features) - n + 1))
        part = slice(start, start + n)
        x[i, :n] = (sample.features[part] - mean) / scale
        if rng.random() < settings.unread:
            x[i, :n, -settings.words :] = 0
        mask[i, :n], weight[i, :n] = 1, sample.weight
        target[i, :n], silver[i, :n] = sample.target[part], sample.silver[part]
    logits = network(torch.from_numpy(x), torch.from_numpy(mask)).flatten(0, 1)
    weights = torch.from_numpy(weight).flatten()
    by_code = functional.cross_entropy(
        logits, torch.from_numpy(target).flatten(), ignore_index=UNKNOWN, reduction="none"
    )
    marks = torch.from_numpy(silver).flatten()
    # log-odds of content against the three others together
    odds = logits[:, 0] - torch.logsumexp(logits[:, 1:], 1)
    by_mark = functional.binary_cross_entropy_with_logits(odds, marks.clamp(min=0).float(), reduction="none")
    by_mark = by_mark * (marks != UNKNOWN)
    return ((by_code + settings.silver_weight * by_mark) * weights).sum() / settings.lines
