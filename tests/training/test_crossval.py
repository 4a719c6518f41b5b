"""The baseline's windows: neighbours and means, worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.crossval import boosted_labels, main, window_features
from training.network import UNKNOWN, Sample
from training.scorers import SCORER_LABELS


def test_neighbours_and_window_means_are_those_of_the_page() -> None:
    features = np.array([[0.0, 9.0], [1.0, 9.0], [2.0, 9.0], [6.0, 9.0]], np.float32)
    row = window_features(features, [0])[1]
    np.testing.assert_allclose(row[:2], [1, 9])
    np.testing.assert_allclose(row[2:8], [np.nan, np.nan, 0, 2, 6, np.nan])
    np.testing.assert_allclose(row[8:], [9 / 4, 9 / 4, 9 / 4, 9 / 4])


def test_a_page_of_one_line_has_no_neighbours() -> None:
    row = window_features(np.array([[3.0]], np.float32), [0])[0]
    assert np.isnan(row[1:7]).all()
    np.testing.assert_allclose(row[7:], [3, 3, 3, 3])


def test_boosted_trees_learn_what_a_score_says() -> None:
    rng = np.random.default_rng(0)
    samples = []
    for _ in range(40):
        target = rng.integers(0, 4, 30)
        features = rng.normal(size=(30, 2 + len(SCORER_LABELS))).astype(np.float32)
        features[np.arange(30), 2 + target] += 8
        samples.append(Sample(features, target, np.full(30, UNKNOWN)))
    found = boosted_labels(samples[:30], samples[30:])
    right = np.mean([(labels == s.target).mean() for labels, s in zip(found, samples[30:], strict=True)])
    assert right > 0.95


def test_a_missing_corpus_is_one_sentence_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--corpus", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err
