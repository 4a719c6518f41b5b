"""The last step of training: the text network learns on, its words' vectors fixed, from pages with debris it never met.

While vectors and networks learn together, every phrase that is set into a page is one that the vectors know by heart. Here
the blocks set in are of strings that they have not seen: menus of catalogues that were left out, forms whose words have lost
or exchanged a character, and headlines of other sites under a heading for related stories.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from noiseclf.artefact import Artefact
from noiseclf.classifier import from_bytes
from noiseclf.features import NAMES
from noiseclf.lines import normalise
from training import network
from training.augment import fill
from training.corpus import Phrase, held_out
from training.examples import Example

Floats = npt.NDArray[np.float32]

#: Lines of a page into which a block is set, at most; and letters of a headline.
_LONGEST, _HEADLINE = 600, (25, 110)


@dataclass(frozen=True)
class Settings:
    """How the network learns on.

    Attributes:
        epochs, rate: of the network.
        share: of the labelled pages that get a block.
        stories: share of the blocks that are other sites' headlines; of the others, ``menus`` in ``menus + forms`` are menus.
        worn: share of the forms' blocks whose words are changed, and of those words.
        unread: share of pages whose words are hidden.
        temperature: what log-odds are divided by at last, so that probabilities mean what they say (Guo et al. 2017,
            arXiv:1706.04599): where train pages of sites never met are likeliest, in cross-validation.
        seed: of what is drawn.
    """

    epochs: int = 2
    rate: float = 6e-4
    share: float = 0.8
    stories: float = 0.25
    menus: float = 0.3
    forms: float = 0.45
    worn: tuple[float, float] = (0.8, 0.6)
    unread: float = 0.1
    temperature: float = 1.6
    seed: int = 3


def worn(text: str, share: float, rng: np.random.Generator) -> str:
    """Return ``text`` with a character lost, doubled or exchanged in a ``share`` of its words."""
    made = []
    for word in text.split(" "):
        if len(word) > 1 and rng.random() < share:
            i, kind = int(rng.integers(len(word))), rng.random()
            middle = "" if kind < 0.4 else word[i] * 2 if kind < 0.7 else word[int(rng.integers(len(word)))]
            word = word[:i] + middle + word[i + 1 :]
        made.append(word)
    return " ".join(made)


def blocks_set_in(
    pages: Sequence[Example], known: Sequence[Phrase], unseen: Sequence[Phrase], settings: Settings = Settings()
) -> list[Example]:
    """Return a share of the labelled ``pages``, each with one block of noise set in; labels follow.

    Args:
        pages: to set blocks into; their first lines of content are the headlines that other pages get.
        known: phrases that the vectors have learnt from: forms, ads, and headings for related stories.
        unseen: navigation that they have not.
        settings: how many of which.
    """
    rng = np.random.default_rng(settings.seed)
    menus, forms = _by_language(unseen, "N"), _by_language(known, "F")
    ads = [p for p in known if p.label == "A" and not held_out(p.text)]
    headings = [p for p in known if p.kind.startswith("related") and not held_out(p.text)]
    firsts = [e.lines[e.labels.find("C")] for e in pages if "C" in e.labels]
    headlines = [line for line in firsts if _HEADLINE[0] <= len(line) <= _HEADLINE[1]]
    made = []
    for e in pages:
        if len(e.lines) >= _LONGEST or rng.random() >= settings.share:
            continue
        if rng.random() < settings.stories and headings and headlines:
            chosen = rng.choice(len(headlines), int(rng.integers(1, 5)))
            block = [fill(headings[int(rng.integers(len(headings)))].text, rng), *(headlines[int(i)] for i in chosen)]
            codes = "N" * len(block)
            if ads and rng.random() < 0.4:
                block.append(fill(ads[int(rng.integers(len(ads)))].text, rng))
                codes += "A"
        else:
            code = "N" if rng.random() < settings.menus / (settings.menus + settings.forms) else "F"
            pool = menus if code == "N" else forms
            if not pool:
                continue
            rows = pool[int(rng.integers(len(pool)))]
            chosen = rng.choice(len(rows), int(rng.integers(1, 1 + min(len(rows), 9))), replace=False)
            block = [fill(rows[int(i)].text, rng) for i in chosen]
            if code == "F" and rng.random() < settings.worn[0]:
                block = [worn(text, settings.worn[1], rng) for text in block]
            codes = code * len(block)
        made.append(_set_in(e, normalise(block), codes, rng))
    return made


def _by_language(phrases: Sequence[Phrase], label: str) -> list[list[Phrase]]:
    pools: dict[str, list[Phrase]] = {}
    for phrase in phrases:
        if phrase.label == label and not held_out(phrase.text):
            pools.setdefault(phrase.lang, []).append(phrase)
    return [pools[lang] for lang in sorted(pools) if len(pools[lang]) >= 5]


def _set_in(page: Example, block: Sequence[str], codes: str, rng: np.random.Generator) -> Example:
    """Set the lines of ``block`` that show something into the page: after its body or at its end, menus before it too."""
    body = [i for i, code in enumerate(page.labels) if code == "C"]
    first, last, end = (body[0], body[-1] + 1, len(page.lines)) if body else (0, len(page.lines), len(page.lines))
    places = [0, first, last, last, end] if set(codes) == {"N"} else [last, last, end]
    place = places[int(rng.integers(len(places)))]
    shown = [i for i, line in enumerate(block) if line]
    lines = (*page.lines[:place], *(block[i] for i in shown), *page.lines[place:])
    return replace(page, lines=lines, labels=page.labels[:place] + "".join(codes[i] for i in shown) + page.labels[place:])


def settle(model: Artefact, pages: Sequence[Example], settings: Settings = Settings(), *, show: bool = True) -> Artefact:
    """Return ``model`` with its text network trained on by the labelled ``pages``, everything else as it is."""
    classifier = from_bytes(model.to_bytes())
    samples = [network.sample_of(classifier, page) for page in tqdm(pages, "features", disable=not show)]
    arrays = {name.removeprefix("network."): a for name, a in model.arrays.items() if name.startswith("network.")}
    built = network.built(model.metadata["network"], arrays)
    learnt = learn_on(network.restore(arrays, built), samples, arrays["mean"], arrays["scale"], settings, built, show=show)
    new = tempered({"mean": arrays["mean"], "scale": arrays["scale"], **network.export(learnt)}, settings.temperature)
    return replace(model, arrays={**model.arrays, **{f"network.{name}": array for name, array in new.items()}})


def tempered(arrays: dict[str, Floats], temperature: float) -> dict[str, Floats]:
    """Return a network's arrays with its log-odds divided by ``temperature``; the likeliest label stays."""
    cooled = {name: np.asarray(arrays[name] / np.float32(temperature), np.float32) for name in ("output.w", "output.b")}
    return {**arrays, **cooled}


def learn_on(
    model: network.Network,
    samples: Sequence[network.Sample],
    mean: Floats,
    scale: Floats,
    settings: Settings,
    built: network.Settings,
    *,
    show: bool,
) -> network.Network:
    """Return ``model`` trained on by ``samples``, whose features hold shape and what words say, in this order."""
    torch.manual_seed(settings.seed)
    torch.set_num_threads(network.THREADS)
    rng = np.random.default_rng(settings.seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.rate, weight_decay=1e-3)
    averaged: dict[str, torch.Tensor] = {}
    taken = 0
    model.train()
    for epoch in tqdm(range(settings.epochs), "settling", disable=not show):
        batches = list(network.batches(samples, built, rng))
        for step, batch in enumerate(batches):
            progress = (epoch + step / len(batches)) / settings.epochs
            optimizer.param_groups[0]["lr"] = settings.rate * network.pace(progress)
            pages = network.padded(batch, mean, scale, built.longest, rng)
            pages.features[torch.from_numpy(rng.random(len(batch)) < settings.unread), :, len(NAMES) :] = 0
            logits = model(pages.features, pages.mask).flatten(0, 1)
            each = functional.cross_entropy(logits, pages.target.flatten(), ignore_index=network.UNKNOWN, reduction="none")
            optimizer.zero_grad()
            loss: torch.Tensor = (each * pages.weight.flatten()).sum() / built.lines
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            if progress > 0.5:  # the mean of the last steps' weights, as in ``network.train``
                taken += 1
                network.average(averaged, model, taken)
    if averaged:
        model.load_state_dict(averaged)
    return model.eval()
