"""Adapting a model to pages of one's own."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from samples import AD, CONTENT, NAVIGATION

import noiseclf
from noiseclf.artefact import Artefact
from noiseclf.context import ContextModel
from training import adapt, metrics, network
from training.corpus import CorpusError, LabelledPage, read_own, read_phrases
from training.train import main

DATA = Path(__file__).parents[2] / "data"
REHEARSED = [page for page in read_own(DATA) if page.lang in {"en", "de", "fr"}]
# On this user's site, lines in brackets sell something.
OWN = [
    LabelledPage(f"p{i}", f"{i % 3}.example", "en", "own", (NAVIGATION, CONTENT, f"[{text}]", AD, "", CONTENT), "NCAA?C")
    for i, text in enumerate(f"The harbour of {name} was quiet" for name in ("Saltholm", "Anholt", "Fur", "Mors", "Venø", "Ærø"))
]


def test_it_learns_what_the_pages_show_and_says_what_that_brings(tiny_artefact: Artefact) -> None:
    settings = adapt.Settings(rate=1e-2, rehearsal=0.5, pull=0.05)
    adapted, report = adapt.adapt(tiny_artefact, OWN, REHEARSED, settings, phrases=read_phrases(DATA), show=False)
    assert report["own"]["pages"] == 6 and report["own"]["lines"] == 30
    assert report["own"]["after"]["macro_f1"] > report["own"]["before"]["macro_f1"]
    assert 0 < report["rehearsal"]["pages"] < len(REHEARSED)
    assert report["share"] > 0
    assert adapted.scorer == tiny_artefact.scorer
    assert adapted.metadata["adapted"]["pages"] == 6
    assert "macro_f1" in adapt.render(report)


def test_where_nothing_is_gained_the_model_stays_as_it_was(tiny_artefact: Artefact) -> None:
    classifier = noiseclf.classifier.from_bytes(tiny_artefact.to_bytes())
    codes = dict(zip(noiseclf.LABELS, "CNAF", strict=True))
    known = [
        replace(page, labels="".join(codes.get(line.label, "?") for line in classifier.classify(page.lines).lines))
        for page in OWN
    ]
    adapted, report = adapt.adapt(tiny_artefact, known, REHEARSED, show=False)
    assert (report["share"], report["own"]["before"]) == (0, report["own"]["after"])
    assert all(np.array_equal(adapted.arrays[name], array) for name, array in tiny_artefact.arrays.items())
    assert "label more pages" in adapt.render(report)


def test_a_gain_that_one_page_of_ten_gives_is_not_enough() -> None:
    right, wrong = np.eye(4, dtype=np.int64) * 5, np.ones((4, 4), np.int64)

    def counts(*pages: np.ndarray) -> metrics.Counts:
        return metrics.Counts(np.stack(pages), np.stack(pages))

    before = counts(*[wrong] * 10)
    one, all_but_one = counts(right, *[wrong] * 8, wrong + wrong.T * 2), counts(wrong, *[right] * 9)
    assert adapt.choose({0.0: before, 1.0: before}) == (0.0, 0.0)
    assert adapt.choose({0.0: before, 0.5: one}) == (0.0, 0.0)
    assert adapt.choose({0.0: before, 0.5: all_but_one, 1.0: one}) == (0.5, 1.0)


def test_the_same_pages_give_the_same_weights_and_rehearsal_holds_them_near(tiny_artefact: Artefact) -> None:
    classifier = noiseclf.classifier.from_bytes(tiny_artefact.to_bytes())
    made = [network.sample_of(classifier, e) for e in adapt.examples(OWN, 5)]
    kept = [network.sample_of(classifier, e) for e in adapt.examples(REHEARSED, 5)]

    def moved(**changes: float) -> float:
        after = adapt.learn_on(tiny_artefact, made, kept, replace(adapt.Settings(), **changes))
        again = adapt.learn_on(tiny_artefact, made, kept, replace(adapt.Settings(), **changes))
        assert all(np.array_equal(after[name], again[name]) for name in after)
        before, now = (ContextModel.of(tiny_artefact.metadata["network"], a) for a in (tiny_artefact.arrays, after))
        gaps = [np.abs(before.probabilities(s.features) - now.probabilities(s.features)).mean() for s in kept]
        return float(np.mean(gaps))

    assert moved(rate=1e-2, rehearsal=50.0, pull=0.05) < moved(rate=1e-2, rehearsal=0.0, pull=0.05)


def test_a_restored_network_computes_what_the_arrays_do(tiny_artefact: Artefact) -> None:
    arrays = {name.removeprefix("network."): a for name, a in tiny_artefact.arrays.items() if name.startswith("network.")}
    settings = network.Settings(channels=8, dilations=(1, 2), page_after=0)
    restored = network.restore(arrays, settings).eval()
    features = np.random.default_rng(0).normal(size=(9, len(arrays["mean"]))).astype(np.float32)
    x = torch.from_numpy((features - arrays["mean"]) / arrays["scale"])[None]
    with torch.no_grad():
        found = restored(x, torch.ones(1, 9)).softmax(2)[0].numpy()
    expected = ContextModel.of(tiny_artefact.metadata["network"], tiny_artefact.arrays).probabilities(features)
    assert found == pytest.approx(expected, abs=1e-5)
    for name, array in network.export(restored).items():
        assert np.array_equal(array, arrays[name])


def test_too_few_pages_are_refused(tiny_artefact: Artefact) -> None:
    for few in ([], OWN[:1], [replace(page, labels="MU????") for page in OWN]):
        with pytest.raises(CorpusError, match="label at least 2"):
            adapt.adapt(tiny_artefact, few, REHEARSED, show=False)


def test_on_the_command_line(tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"id": p.id, "domain": p.domain, "lines": p.lines, "labels": p.labels} for p in OWN]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    out, report = tmp_path / "own.noiseclf", tmp_path / "gain.json"
    call = ["--base", str(tiny_model), "--data", str(DATA), "--out", str(out)]
    assert main([*call, "--corpus", str(tmp_path), "--report", str(report)]) == 0
    assert noiseclf.load(out).classify(CONTENT).lines[0].label == "content"
    assert json.loads(report.read_text())["own"]["pages"] == 6
    assert "your pages" in capsys.readouterr().out
    assert main([*call, "--corpus", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.startswith("train: ")
    with pytest.raises(SystemExit) as end:
        main(call)
    assert end.value.code == 2
