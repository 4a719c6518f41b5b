"""Lines as bags of rows: what training adds up is what the scorer, and fastText itself, add up."""

from __future__ import annotations

from pathlib import Path

import fasttext
import numpy as np
import pytest

from noiseclf.scorer import Scorer, pack, words
from training.bags import Bags, Picked, Shape
from training.examples import Example
from training.scorers import fasttext_file

SHAPE = Shape(words=6, least=2, buckets=40)
LINES = ("The ferry, the harbour", "2024", "the ferry was late", "港の船は遅れた", "x", "Ferry! ferry?", "a" * 300)


@pytest.fixture(scope="module")
def bags() -> Bags:
    return Bags([Example(LINES, "C" * len(LINES), "", 0)], ["a line of another page"], SHAPE)


def picked(bags: Bags, lines: list[str], dropped: float = 0.0, salt: int = 0) -> Picked:
    return bags.pick(bags.of(lines), np.full(len(lines), dropped), salt, np.random.default_rng(0))


def rows(found: Picked) -> list[list[int]]:
    """The rows of each line, in order of their numbers."""
    words = [part.tolist() for part in np.split(found.rows, found.row_starts[1:])]
    pairs = np.split(found.pairs, found.pair_starts[1:])
    lines = np.split(found.words, found.word_starts[1:])
    return [
        sorted([row for word in line.tolist() for row in words[word]] + pair.tolist())
        for line, pair in zip(lines, pairs, strict=True)
    ]


def test_the_most_frequent_words_get_rows_the_first_of_them_first(bags: Bags) -> None:
    assert bags.vocabulary[:2] == ["</s>", "ferry"]
    assert len(bags.vocabulary) <= 6
    assert "late" not in bags.vocabulary  # met once
    assert bags.rows == len(bags.vocabulary) + 40


def test_a_page_made_from_another_does_not_count(bags: Bags) -> None:
    copy = Example(("late late late",), "C", "", 0, copies=0)
    assert "late" not in Bags([Example(LINES, "C" * len(LINES), "", 0), copy], [], SHAPE).vocabulary


def test_sizes_count_the_rows_of_each_line(bags: Bags) -> None:
    found = picked(bags, list(LINES))
    assert found.sizes.tolist() == [len(line) for line in rows(found)]


def test_means_of_rows_are_the_scorers_vectors_and_fasttexts(bags: Bags, tmp_path: Path) -> None:
    matrix = np.random.default_rng(1).normal(size=(bags.rows, 4)).astype(np.float32)
    head = np.random.default_rng(2).normal(size=(4, 4)).astype(np.float32)
    lines = [*LINES, "a line of another page"]
    means = np.array([matrix[row].mean(axis=0) for row in rows(picked(bags, lines))])
    file = fasttext_file(bags, matrix, head)
    scorer = Scorer(pack(file), list("CNAF"))
    assert scorer.vectors(lines) == pytest.approx(means, abs=0.02)  # packed to a byte a number
    (tmp_path / "model.bin").write_bytes(file)
    model = fasttext.load_model(str(tmp_path / "model.bin"))
    assert model.get_words() == bags.vocabulary
    for text, mean in zip(words(lines), means, strict=True):
        logits = head @ mean
        labels, values = model.predict([text], k=4)
        found = dict(zip(labels[0], values[0], strict=True))
        shares = np.exp(logits) / np.exp(logits).sum()
        assert [found[f"__label__{code}"] for code in "CNAF"] == pytest.approx(shares, abs=1e-3)


def test_what_is_dropped_takes_its_pairs_along_and_never_the_end(bags: Bags) -> None:
    (row,) = rows(picked(bags, ["the ferry was late"], dropped=1.0))
    assert row == [bags.vocabulary.index("</s>")]


def test_strange_words_are_rows_of_buckets_alone_the_same_for_one_salt(bags: Bags) -> None:
    first, again, other = (rows(picked(bags, list(LINES), salt=salt)) for salt in (7, 7, 10**9))
    assert first == again != other
    assert min(min(row) for row in first) >= len(bags.vocabulary)
    assert [len(row) for row in first] == [len(row) for row in rows(picked(bags, list(LINES)))]
