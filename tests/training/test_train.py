"""A miniature training run: from labelled pages to a model file that loads and labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from joblib import Memory

import noiseclf
from noiseclf.artefact import Artefact
from noiseclf.classifier import from_bytes
from training.bags import Shape
from training.corpus import CorpusError, read_own, read_phrases
from training.network import Settings, Words
from training.train import fit, main

DATA = Path(__file__).parents[2] / "data"
SMALL = Shape(words=20_000, buckets=20_000)
WORDS = Words(dimensions=8, rate=1e-2, phrases=200)
FAST = Settings(channels=16, epochs=6, lines=1500)


@pytest.fixture(scope="module")
def model() -> bytes:
    return train()


def train() -> bytes:
    pages = [page for page in read_own(DATA) if page.lang in {"en", "de", "es", "ru", "ja", "tr"}]
    phrases = [phrase for phrase in read_phrases(DATA) if phrase.lang in {"en", "de"}]
    return fit(pages, phrases, Memory(None), shape=SMALL, words=WORDS, settings=FAST).to_bytes()


def test_a_trained_model_loads_and_labels_most_lines_of_other_pages_right(model: bytes) -> None:
    classifier = from_bytes(model)
    codes = dict(zip("CNAF", noiseclf.LABELS, strict=True))
    right = total = 0
    for page in read_own(DATA):
        if page.lang in {"fr", "pl", "it"}:
            for line, code in zip(classifier.classify(page.lines).lines, page.labels, strict=True):
                if code in codes and line.label is not None:
                    total += 1
                    right += line.label is codes[code]
    assert total > 500
    assert right / total > 0.6  # a guess of the most frequent label stays below 0.45


def test_training_twice_gives_the_same_bytes(model: bytes) -> None:
    assert train() == model


def test_the_model_notes_what_it_was_trained_on(model: bytes) -> None:
    corpus = Artefact.from_bytes(model).metadata["corpus"]
    assert corpus["labelled"] == corpus["pages"] > 20
    assert len(corpus["fingerprint"]) == 64


def test_pages_without_a_label_of_each_kind_are_refused(tmp_path: Path) -> None:
    page = read_own(DATA)[0]
    plain = replace(page, lines=("Home", "The body of the page."), labels="NC")
    with pytest.raises(CorpusError, match="no page has a line labelled A, F"):
        fit([plain], [], Memory(None), shape=SMALL, words=WORDS, settings=FAST)


def test_a_missing_corpus_is_one_sentence_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--corpus", str(tmp_path / "nowhere"), "--data", str(DATA), "--out", str(tmp_path / "m")]) == 2
    assert "nowhere" in capsys.readouterr().err
    assert not (tmp_path / "m").exists()
