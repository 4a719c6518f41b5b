"""Adapt a model to a few pages of one's own: its network learns on from where it stands, its scorer stays as it is.

On our own pages (``data/pages``), and on copies of them with debris, fragments and glued menus as scraping makes them, it
rehearses to answer as before (Li, Hoiem 2016, arXiv:1606.09282), and a pull holds every weight near its old value, so that
what the model knows of other sites is kept. What adapting brings is judged by models that did not learn from the pages they
are judged on, which also tells how far to go: a few pages that have little in common can mislead. A gain that chance among
so few pages could have given is none: then the model stays as it was, since other sites would pay for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional
from tqdm import tqdm

from noiseclf.artefact import Artefact
from noiseclf.classifier import from_bytes
from noiseclf.context import ContextModel
from training import augment, metrics, network
from training.corpus import CorpusError, LabelledPage, Phrase
from training.examples import Example, examples
from training.metrics import SCORED

Floats = npt.NDArray[np.float32]
Arrays = Mapping[str, Floats]

#: Folds in which the new pages are judged; of our own pages one in as many is judged, the others are rehearsed.
FOLDS = 5
_FEWEST = 2
#: How far to go from the old weights to those learnt: what does best on pages not learnt from, by the sum of two figures.
SHARES = (0.0, 0.25, 0.5, 1.0)
#: A step counts where it gains in so large a share of draws of the pages (bootstrap).
_SURE, _DRAWS = 0.9, 1000


@dataclass(frozen=True)
class Settings:
    """How a network learns on; the values forgot least on train pages whose sites the network had not seen (docs/adapting.md)."""

    steps: int = 60
    rate: float = 3e-4
    rehearsal: float = 20.0  # weight of what is rehearsed
    pull: float = 1.0
    lines: int = 1500  # a step, of either kind of page, about
    seed: int = 0


def adapt(
    base: Artefact,
    own: Sequence[LabelledPage],
    rehearsal: Sequence[LabelledPage],
    settings: Settings = Settings(),
    *,
    phrases: Sequence[Phrase] = (),
    show: bool = True,
) -> tuple[Artefact, dict[str, Any]]:
    """Return ``base`` adapted to ``own`` pages, and the report of what that brings and costs.

    Args:
        base: the model to start from.
        own: pages of one's own; those without labels are passed over.
        rehearsal: labelled pages that the model has learnt from before.
        settings: how to learn.
        phrases: what is set into copies of the pages that are rehearsed.
        show: whether to show progress bars.

    Raises:
        CorpusError: fewer than two pages have labels, or no line has one that is scored.
    """
    classifier = from_bytes(base.to_bytes())
    new, old = examples(own, FOLDS), examples(rehearsal, FOLDS)
    new = [e for e in new if any(code in SCORED for code in e.labels)]
    if len(new) < _FEWEST:
        fault = f"{len(new)} pages have a line labelled C, N, A or F"
        raise CorpusError(f"{fault}; label at least {_FEWEST} pages, better 10, see data/README.md")
    samples, old_samples = [network.sample_of(classifier, e) for e in new], [network.sample_of(classifier, e) for e in old]
    rehearsed = [s for s, e in zip(old_samples, old, strict=True) if e.fold]
    rehearsed += [network.sample_of(classifier, e) for e in _worn([e for e in old if e.fold], phrases)]
    groups = _groups(new)
    before = {name: array for name, array in base.arrays.items() if name.startswith("network.")}
    unseen: dict[int, Arrays] = {}  # by page: weights that did not learn from it
    for group in tqdm(sorted(set(groups)), "judging", disable=not show):
        arrays = learn_on(base, [s for s, g in zip(samples, groups, strict=True) if g != group], rehearsed, settings)
        unseen |= {i: arrays for i, g in enumerate(groups) if g == group}
    counts = {
        share: _count(base, new, samples, [part_way(before, unseen[i], share) for i in range(len(new))]) for share in SHARES
    }
    share, sure = choose(counts)
    final = part_way(before, learn_on(base, samples, rehearsed, settings), share) if share else before
    kept = [(s, e) for s, e in zip(old_samples, old, strict=True) if not e.fold]
    kept_samples, kept_pages = [s for s, _ in kept], [e for _, e in kept]
    report = {
        "share": share,
        "sure": round(sure, 3),
        "own": {**_size(new), "before": _figures(new, counts[0.0]), "after": _figures(new, counts[share])},
        "rehearsal": {
            **_size(kept_pages),
            "before": _figures(kept_pages, _count(base, kept_pages, kept_samples, [before] * len(kept))),
            "after": _figures(kept_pages, _count(base, kept_pages, kept_samples, [final] * len(kept))),
        },
    }
    metadata = {key: value for key, value in base.metadata.items() if key != "dev"}
    metadata["adapted"] = {"pages": len(new), "report": report}
    return replace(base, metadata=metadata, arrays={**base.arrays, **final}), report


def part_way(before: Arrays, after: Arrays, share: float) -> Arrays:
    """Return the weights that lie a ``share`` of the way from ``before`` to ``after`` (arXiv:2109.01903)."""
    return {name: np.asarray(old + np.float32(share) * (after[name] - old), np.float32) for name, old in before.items()}


def _worn(pages: Sequence[Example], phrases: Sequence[Phrase]) -> list[Example]:
    """Return copies of ``pages`` as scraping wears them."""
    made = [
        *augment.debris_examples(pages, phrases, FOLDS, share=0.35),
        *augment.fragments(pages, share_cut=0.3, share_single=0.04, weight=0.5),
        *augment.glued_menus(pages, share=0.3),
    ]
    return [e for e in made if e.context]


def choose(counts: Mapping[float, metrics.Counts]) -> tuple[float, float]:
    """Return how far to go, and in what share of draws of the pages that gains; 0 and 0 where no step gains for sure.

    Args:
        counts: by share of the way, 0 among them, what became of the pages' lines.

    What gains most counts, by the sum of content line F1 and macro-F1, among the steps that gain in nine of ten draws.
    """
    pages = len(counts[0.0].lines)
    times = np.random.default_rng(0).multinomial(pages, np.full(pages, 1 / pages), _DRAWS)
    draws = np.concatenate([np.ones((1, pages), np.int64), times])  # the pages themselves first
    sums = {share: _sum(np.einsum("dp,pij->dij", draws, found.lines)) for share, found in counts.items()}
    gains = {share: found - sums[0.0] for share, found in sums.items() if share}
    sure = {share: float((gain[1:] > 0).mean()) for share, gain in gains.items()}
    steps = [share for share, gain in gains.items() if gain[0] > 0 and sure[share] >= _SURE]
    best = max(steps, key=lambda share: (gains[share][0], -share), default=0.0)
    return best, sure.get(best, 0.0)


def _sum(matrices: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    return np.nan_to_num(metrics.content_f1(matrices)) + np.nan_to_num(metrics.macro_f1(matrices))


def _groups(made: Sequence[Example]) -> list[int]:
    """Return the fold of each page: by site where that gives two folds at least, else page by page.

    Pages of a single site are judged by models that have seen its other pages, which is how they will be used.
    """
    by_site = [e.fold for e in made]
    return by_site if len(set(by_site)) > 1 else [i % FOLDS for i in range(len(made))]


def learn_on(base: Artefact, own: Sequence[network.Sample], rehearsed: Sequence[network.Sample], settings: Settings) -> Arrays:
    """Return the arrays (``network.*``) of ``base`` after learning on from ``own`` pages beside ``rehearsed`` ones."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(settings.seed)
    arrays = {name.removeprefix("network."): a for name, a in base.arrays.items() if name.startswith("network.")}
    built = network.built(base.metadata["network"], arrays)
    model, old = network.restore(arrays, built).eval(), network.restore(arrays, built).eval()
    learnt = list(model.parameters())
    start = [parameter.detach().clone() for parameter in learnt]
    optimizer = torch.optim.Adam(learnt, lr=settings.rate)

    def batch(pool: Sequence[network.Sample]) -> network.Padded:
        drawn = _draw(pool, settings.lines, rng)
        return network.padded(drawn, arrays["mean"], arrays["scale"], max(len(s.features) for s in drawn), rng)

    for step in range(settings.steps):
        for group in optimizer.param_groups:
            group["lr"] = settings.rate * (1 - step / settings.steps)
        pages = batch(own)
        logits = model(pages.features, pages.mask).flatten(0, 1)
        loss = functional.cross_entropy(logits, pages.target.flatten(), ignore_index=network.UNKNOWN)
        if rehearsed:
            pages = batch(rehearsed)
            with torch.no_grad():
                wanted = old(pages.features, pages.mask).softmax(2)
            apart = functional.kl_div(model(pages.features, pages.mask).log_softmax(2), wanted, reduction="none").sum(2)
            loss = loss + settings.rehearsal * (apart * pages.mask).sum() / pages.mask.sum()
        pull = sum(((p - first) ** 2).sum() for p, first in zip(learnt, start, strict=True))
        optimizer.zero_grad()
        (loss + settings.pull * pull).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    found = {"mean": arrays["mean"], "scale": arrays["scale"], **network.export(model)}
    return {f"network.{name}": array for name, array in found.items()}


def _draw(pool: Sequence[network.Sample], lines: int, rng: np.random.Generator) -> list[network.Sample]:
    """Return pages drawn from ``pool`` until, padded to one length, they are about twice ``lines``; all where they are fewer."""
    batch: list[network.Sample] = []
    longest = 0
    for i in rng.permutation(len(pool)).tolist():
        longest = max(longest, len(pool[i].features))
        if batch and (len(batch) + 1) * longest > 2 * lines:
            break
        batch.append(pool[i])
    return batch


def render(report: Mapping[str, Any]) -> str:
    """Return the report of :func:`adapt` for a terminal."""
    own = "your pages, each judged by a model that did not learn from it"
    names = {"own": own, "rehearsal": "noiseclf's own pages, not rehearsed"}
    rows = [f"went {report['share']:.0%} of the way: better on your pages, in {report['sure']:.0%} of draws of them"]
    if not report["share"]:
        rows = ["no step of the way did better on your pages for sure: the model stays as it was; label more pages"]
    for key, name in names.items():
        part = report[key]
        rows.append(f"{name}: {part['pages']} pages, {part['lines']} lines")
        for figure, old in part["before"].items():
            new = part["after"][figure]
            shown = "–" if old is None or new is None else f"{old:.3f} -> {new:.3f}"
            rows.append(f"  {figure:<36} {shown}")
    return "\n".join(rows)


def _size(made: Sequence[Example]) -> dict[str, int]:
    return {"pages": len(made), "lines": sum(code in SCORED for e in made for code in e.labels)}


def _count(
    base: Artefact, made: Sequence[Example], samples: Sequence[network.Sample], arrays: Sequence[Arrays]
) -> metrics.Counts:
    """Count what becomes of the pages' lines, each page judged by the network of its own ``arrays``."""
    models = [ContextModel.of(base.metadata["network"], own) for own in arrays]
    predicted = [model.probabilities(s.features).argmax(axis=1) for model, s in zip(models, samples, strict=True)]
    sizes = [np.array([len(line) for line in e.lines]) for e in made]
    return metrics.count([e.labels for e in made], predicted, sizes)


def _figures(made: Sequence[Example], counts: metrics.Counts) -> dict[str, float | None]:
    """Return the headline figures of pages; None for what is undefined."""
    found = metrics.headline(counts, [e.language for e in made])
    return {name: None if np.isnan(value) else round(value, 4) for name, value in found.items()}
