"""Word vectors that training begins with, from a cache that holds the encoder's answers, so that no encoder is needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training import vectors
from training.bags import Bags, Shape
from training.examples import Example


def example(*lines: str) -> Example:
    return Example(lines, "C" * len(lines), "", 0)


def store(cache: Path, names: list[str]) -> None:
    random = np.random.default_rng(0)
    np.savez(cache, words=np.array(names), vectors=random.normal(size=(len(names), 384)).astype(np.float16))


def test_the_vocabulary_is_what_several_pages_share_the_most_frequent_first() -> None:
    pages = [example("ferry harbour ferry", "harbour 2024"), *[example("ferry harbour")] * 2, example("ferry alone")]
    assert vectors.vocabulary(pages) == {"ferry": 4, "harbour": 3}


def test_signs_numbers_and_overlong_words_get_no_vector() -> None:
    assert vectors.vocabulary([example("! 123 | " + "x" * 25)] * 5) == {}


def test_known_words_are_not_encoded_again(tmp_path: Path) -> None:
    cache = tmp_path / "words.npz"
    store(cache, ["ferry", "harbour"])
    found = vectors.encode(["harbour", "ferry"], cache)
    with np.load(cache) as stored:
        assert np.array_equal(found, stored["vectors"][::-1])


def test_vectors_are_cut_to_axes_without_a_mean_direction_of_their_own() -> None:
    random = np.random.default_rng(1)
    cut = vectors.reduce(random.normal(3, 1, (50, 384)).astype(np.float16), [10] * 50, 4)
    assert cut.shape == (50, 4)
    assert np.allclose(cut.mean(0), 0, atol=1e-4)
    assert np.allclose(cut.std(0), 0.2, atol=1e-3)


def test_words_begin_with_their_vectors_and_the_rest_with_chance(tmp_path: Path) -> None:
    cache = tmp_path / "words.npz"
    store(cache, ["ferry", "harbour", "master"])
    pages = [example("ferry harbour master 2024")] * 3
    bags = Bags(pages, [], Shape(words=100, least=1, buckets=50))
    known = vectors.starting_matrix(pages, bags, 2, cache)
    chance = vectors.starting_matrix(pages, bags, 2, None)
    assert known.shape == (bags.rows, 2)
    changed = [word for word, a, b in zip(bags.vocabulary, known, chance, strict=False) if not np.array_equal(a, b)]
    assert sorted(changed) == ["ferry", "harbour", "master"]
    assert np.abs(known).max() > 0.1
    assert np.abs(chance).max() < 0.05
