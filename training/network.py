"""Train the scorer's word vectors and the context networks together, with PyTorch.

A line's vector is the mean of its words' (:mod:`training.bags`), and what the networks learn of a line's neighbours reaches
the words' vectors too. Weights are exported as the arrays of ``noiseclf.context`` and the matrices of ``noiseclf.scorer``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from noiseclf.classifier import NoiseClassifier
from training.bags import Bags
from training.examples import Example
from training.metrics import SCORED, true_labels

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
UNKNOWN = -1
#: Always as many, since sums in another order are other sums.
THREADS = 2


@dataclass(frozen=True)
class Sample:
    """A page as the network learns it.

    Attributes:
        features: shape (n, d): without what the lines' words say where ``lines`` name them, else with it.
        target: shape (n,): position of the line's code in ``SCORED``, UNKNOWN where it has none.
        silver: shape (n,): 1 content, 0 not, UNKNOWN where it cannot be told.
        weight: of each of its lines.
        lines: shape (n,) or empty: the lines' numbers in ``Bags``.
    """

    features: Floats
    target: Ints
    silver: Ints
    weight: float = 1.0
    lines: Ints = field(default_factory=lambda: np.zeros(0, np.int64))


@dataclass(frozen=True)
class Settings:
    """How the network is built and trained; the values are those that did best in cross-validation on train pages."""

    channels: int = 96
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    page_after: int = 2
    epochs: int = 16
    lines: int = 6000  # a batch, about
    longest: int = 600  # lines of a page that are looked at in one step
    silver_pages: int = 1500  # drawn anew each epoch
    silver_weight: float = 0.3
    rate: float = 2e-3
    dropout: float = 0.15
    seed: int = 0


@dataclass(frozen=True)
class Words:
    """How the words' vectors are trained; the values did best in cross-validation on train pages.

    Attributes:
        dimensions: of a vector.
        rate: of learning.
        scale: what a line's vector is multiplied by, to be about as large as the other features.
        alone: weight of what a line's vector says of its label alone.
        phrases: drawn for that at each step, from lines known without a page.
        dropped: share of words left out of every line.
        unsure: share of pages that lose more, up to ``most`` of their words.
        strange: share of pages read as if in a language never met, so that the networks learn how much words can say.
        unread: share of pages whose words are hidden, so that shape and place can stand alone.
    """

    dimensions: int = 32
    rate: float = 5e-3
    scale: float = 12.0
    alone: float = 0.3
    phrases: int = 1500
    dropped: float = 0.05
    unsure: float = 0.3
    most: float = 0.8
    strange: float = 0.2
    unread: float = 0.1


@dataclass(frozen=True)
class Phrases:
    """Lines known without a page: ``lines`` their numbers, ``target`` as in :class:`Sample`, ``weight``, each of shape (n,)."""

    lines: Ints
    target: Ints
    weight: Floats


@dataclass(frozen=True)
class Task:
    """What one network learns: its samples, and how."""

    samples: Sequence[Sample]
    settings: Settings


@dataclass(frozen=True)
class Trained:
    """What :func:`train` returns.

    Attributes:
        matrix: the words' and buckets' vectors, shape (rows, dimensions).
        head: what a line's vector says alone: weights of the labels, shape (4, dimensions).
        networks: a task's network each, as description and arrays that :meth:`noiseclf.context.ContextModel.of` reads.
    """

    matrix: Floats
    head: Floats
    networks: Sequence[tuple[dict[str, Any], dict[str, Floats]]]


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


class LineVectors(nn.Module):
    """Vectors of lines, from vectors of words; with a head that tells a line's label from its vector alone."""

    def __init__(self, bags: Bags, start: Floats, settings: Words) -> None:
        """Begin with the matrix ``start``, shape (bags.rows, dimensions)."""
        super().__init__()
        self.bags, self.settings = bags, settings
        self.matrix = nn.Embedding(len(start), start.shape[1], sparse=True, _weight=torch.from_numpy(start.copy()))
        self.head = nn.Linear(start.shape[1], len(SCORED), bias=False)

    def forward(self, lines: Ints, dropped: npt.NDArray[np.float64], salt: int, rng: np.random.Generator) -> Tensor:
        """Return the vectors, shape (n, dimensions); arguments as for :meth:`training.bags.Bags.pick`."""
        picked = self.bags.pick(lines, dropped, salt, rng)
        weight = self.matrix.weight

        def sums(index: Ints, starts: Ints, of: Tensor, sparse: bool) -> Tensor:
            return functional.embedding_bag(torch.from_numpy(index), of, torch.from_numpy(starts), mode="sum", sparse=sparse)

        words = sums(picked.rows, picked.row_starts, weight, True)
        total = sums(picked.words, picked.word_starts, words, False)
        if len(picked.pairs):
            total = total + sums(picked.pairs, picked.pair_starts, weight, True)
        return total * torch.from_numpy(self.settings.scale / np.maximum(picked.sizes, 1).astype(np.float32))[:, None]

    def read(self, pages: Sequence[Ints], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Return the vectors of the pages' lines, some of them hidden or strange, and which lines are read as they are.

        Both are of shape (lines, ...), page after page.
        """
        s = self.settings
        lines = np.concatenate(pages)
        sizes = [len(page) for page in pages]
        lost = np.where(rng.random(len(pages)) < s.unsure, rng.random(len(pages)) * s.most, s.dropped)
        strange = np.repeat(rng.random(len(pages)) < s.strange, sizes)
        unread = np.repeat(rng.random(len(pages)) < s.unread, sizes)
        dropped = np.repeat(lost, sizes)
        plain, odd = np.flatnonzero(~strange), np.flatnonzero(strange)
        result = torch.zeros(len(lines), self.matrix.weight.shape[1])
        if len(plain):
            result = result.index_copy(0, torch.from_numpy(plain), self(lines[plain], dropped[plain], 0, rng))
        if len(odd):
            salt = int(rng.integers(1, 2**31))
            with torch.no_grad():
                vectors = self(lines[odd], dropped[odd], salt, rng)
            result = result.index_copy(0, torch.from_numpy(odd), vectors)
        seen = torch.from_numpy((~unread).astype(np.float32))
        return result * seen[:, None], seen * torch.from_numpy((~strange).astype(np.float32))


def train(
    tasks: Sequence[Task], bags: Bags, start: Floats, phrases: Phrases, words: Words = Words(), *, show: bool = True
) -> Trained:
    """Train a network for each task, and the vectors that all of them read.

    Samples with a target are seen each epoch, those of a weight below 1 with that chance; of those with silver marks only
    ``silver_pages`` of the task's settings.
    A number of threads and a seed: the same samples give the same weights on the same kind of machine.

    Args:
        tasks: what to learn; all for the first one's number of epochs.
        bags: the words of all lines.
        start: the matrix to begin with, shape (bags.rows, dimensions).
        phrases: lines known without a page; there may be none.
        words: how to train the vectors.
        show: whether to show a progress bar.
    """
    seed = tasks[0].settings.seed
    torch.manual_seed(seed)
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    rng = np.random.default_rng(seed)
    vectors = LineVectors(bags, start, words)
    learners = [_Learner(task, words) for task in tasks]
    model = nn.ModuleList([vectors, *(learner.network for learner in learners)])
    dense = [p for name, p in model.named_parameters() if name != "0.matrix.weight"]
    optimizers = [torch.optim.AdamW(dense, lr=1.0, weight_decay=1e-3), torch.optim.SparseAdam([vectors.matrix.weight], lr=1.0)]
    rates = [tasks[0].settings.rate, words.rate]
    model.train()
    total = tasks[0].settings.epochs
    averaged: dict[str, Tensor] = {}
    taken = 0
    for epoch in tqdm(range(total), "network", disable=not show):
        batches = [(learner, batch) for learner in learners for batch in learner.drawn(rng)]
        for step, chosen in enumerate(rng.permutation(len(batches)).tolist()):
            progress = (epoch + step / len(batches)) / total
            for optimizer, rate in zip(optimizers, rates, strict=True):
                optimizer.param_groups[0]["lr"] = rate * pace(progress)
                optimizer.zero_grad()
            learner, batch = batches[chosen]
            step_loss = learner.loss(batch, vectors, rng)
            if len(phrases.lines):
                step_loss = step_loss + _phrase_loss(phrases, vectors, rng) / learner.settings.lines
            step_loss.backward()
            nn.utils.clip_grad_norm_(dense, 1.0)
            for optimizer in optimizers:
                optimizer.step()
            if progress > 0.8:  # the mean of the last steps' weights, as Izmailov et al. 2018 (arXiv:1803.05407)
                taken += 1
                average(averaged, model, taken)
    if averaged:
        model.load_state_dict(averaged)
    matrix = np.ascontiguousarray(vectors.matrix.weight.detach().numpy(), np.float32)
    head = np.ascontiguousarray(vectors.head.weight.detach().numpy(), np.float32) * np.float32(words.scale)
    return Trained(matrix, head, [learner.exported() for learner in learners])


def pace(progress: float) -> float:
    """Return the share of the full rate to learn at, by how much of training is done: it rises at first and then falls."""
    return min(progress / 0.05, 1.0) * max(1.02 - progress, 0.0)


def average(averaged: dict[str, Tensor], model: nn.Module, taken: int) -> None:
    """Make ``averaged`` the mean of the weights of ``model`` at ``taken`` moments, of which this is the last."""
    for name, value in model.state_dict().items():
        old = averaged.setdefault(name, torch.zeros_like(value))
        old += (value - old) / taken


class _Learner:
    """A task on its way: its network, and the mean and scale of its features."""

    def __init__(self, task: Task, words: Words) -> None:
        self.settings, self._words = task.settings, words
        self._coded = [s for s in task.samples if (s.target != UNKNOWN).any()]
        self._silver = [s for s in task.samples if not (s.target != UNKNOWN).any()]
        everything = np.concatenate([s.features for s in self._coded])
        self._mean, self._scale = everything.mean(0), everything.std(0) + np.float32(1e-3)
        self.network = Network(everything.shape[1] + words.dimensions, task.settings)

    def drawn(self, rng: np.random.Generator) -> list[list[Sample]]:
        """Return an epoch's batches. A labelled sample that weighs less than 1 is left out at times and weighs 1 at others."""
        chance = rng.random(len(self._coded)).tolist()
        coded = [replace(s, weight=max(s.weight, 1.0)) for s, x in zip(self._coded, chance, strict=True) if x < s.weight]
        drawn = rng.choice(len(self._silver), min(len(self._silver), self.settings.silver_pages), replace=False)
        return list(batches([*coded, *(self._silver[i] for i in drawn)], self.settings, rng))

    def loss(self, batch: Sequence[Sample], vectors: LineVectors, rng: np.random.Generator) -> Tensor:
        """Return the loss of a batch of pages: of their labels, of their silver marks, and of each line's words alone."""
        pages = padded(batch, self._mean, self._scale, self.settings.longest, rng)
        said, plain = vectors.read(pages.lines, rng)
        place = pages.mask.flatten().nonzero().flatten()
        read = torch.zeros(pages.mask.numel(), said.shape[1]).index_copy(0, place, said).view(*pages.mask.shape, -1)
        logits = self.network(torch.cat([pages.features, read], 2), pages.mask).flatten(0, 1)
        targets, marks, weights = pages.target.flatten(), pages.silver.flatten(), pages.weight.flatten()
        loss = (self._each(logits, targets, marks) * weights).sum()
        alone = self._each(vectors.head(said), targets[place], marks[place]) * weights[place] * plain
        return (loss + self._words.alone * alone.sum()) / self.settings.lines

    def _each(self, logits: Tensor, target: Tensor, marks: Tensor) -> Tensor:
        by_code = functional.cross_entropy(logits, target, ignore_index=UNKNOWN, reduction="none")
        # log-odds of content against the three others together
        odds = logits[:, 0] - torch.logsumexp(logits[:, 1:], 1)
        by_mark = functional.binary_cross_entropy_with_logits(odds, marks.clamp(min=0).float(), reduction="none")
        return by_code + self.settings.silver_weight * by_mark * (marks != UNKNOWN)

    def exported(self) -> tuple[dict[str, Any], dict[str, Floats]]:
        mean = np.concatenate([self._mean, np.zeros(self._words.dimensions, np.float32)])
        scale = np.concatenate([self._scale, np.full(self._words.dimensions, 1 / self._words.scale, np.float32)])
        description = {"dilations": list(self.settings.dilations), "page_after": self.settings.page_after}
        return description, {"mean": mean, "scale": scale, **export(self.network)}


def _phrase_loss(phrases: Phrases, vectors: LineVectors, rng: np.random.Generator) -> Tensor:
    """Return the summed loss of some phrases, drawn by their weight, by the vectors' head."""
    drawn = rng.choice(len(phrases.lines), vectors.settings.phrases, p=phrases.weight / phrases.weight.sum())
    dropped = np.full(len(drawn), vectors.settings.dropped)
    logits = vectors.head(vectors(phrases.lines[drawn], dropped, 0, rng))
    wanted = torch.from_numpy(phrases.target[drawn])
    return vectors.settings.alone * functional.cross_entropy(logits, wanted, reduction="sum")


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


def built(description: Mapping[str, Any], arrays: Mapping[str, Floats]) -> Settings:
    """Return the settings of a network by its description and arrays; what is not of its shape is as by default."""
    return Settings(
        channels=arrays["input.w"].shape[1],
        dilations=tuple(description["dilations"]),
        page_after=description["page_after"],
    )


def sample_of(classifier: NoiseClassifier, page: Example) -> Sample:
    """Return a labelled page with all features that ``classifier`` makes of it, for a network to learn on from."""
    unknown = np.full(len(page.lines), UNKNOWN)
    return Sample(classifier.features(page.lines), true_labels(page.labels), unknown, page.weight)


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


@dataclass(frozen=True)
class Padded:
    """Pages of one batch, padded to one length: tensors of shape (pages, lines), ``features`` of (pages, lines, d).

    ``mask`` is 1 where a page has a line; ``lines`` are each page's numbers in ``Bags``, not padded; the rest as in ``Sample``.
    """

    features: Tensor
    mask: Tensor
    target: Tensor
    silver: Tensor
    weight: Tensor
    lines: list[Ints]


def padded(batch: Sequence[Sample], mean: Floats, scale: Floats, longest: int, rng: np.random.Generator) -> Padded:
    """Return pages as one batch, their features less ``mean`` over ``scale``; of a page, ``longest`` lines from anywhere."""
    shape = len(batch), min(max(len(s.features) for s in batch), longest)
    features = np.zeros((*shape, len(mean)), np.float32)
    mask, weight = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    target, silver = np.full(shape, UNKNOWN), np.full(shape, UNKNOWN)
    lines = []
    for i, sample in enumerate(batch):
        n = min(len(sample.features), longest)
        start = int(rng.integers(0, len(sample.features) - n + 1))
        part = slice(start, start + n)
        features[i, :n] = (sample.features[part] - mean) / scale
        mask[i, :n], weight[i, :n] = 1, sample.weight
        target[i, :n], silver[i, :n] = sample.target[part], sample.silver[part]
        lines.append(sample.lines[part])
    tensor = torch.from_numpy
    return Padded(tensor(features), tensor(mask), tensor(target), tensor(silver), tensor(weight), lines)


def batches(samples: Sequence[Sample], settings: Settings, rng: np.random.Generator) -> Iterator[list[Sample]]:
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
