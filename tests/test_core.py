"""The compiled core does what Python and NumPy do without it, on any text."""

from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import AD, CONTENT, SCORER_LABELS

import noiseclf
from noiseclf import classifier, compiled, context
from noiseclf import scorer as scorer_module
from noiseclf.features import NAMES, character_table, shape_features
from noiseclf.labels import LABELS
from noiseclf.lines import normalise
from noiseclf.page import Line
from noiseclf.scorer import Scorer, pack, words
from training.corpus import read_own

core = pytest.importorskip("noiseclf._core")
pytestmark = pytest.mark.skipif(not compiled.IN_USE, reason="without the core")

TABLE = character_table()
ODD = [
    "", " ", "\0", "\n", "\ud800", "\udfff\ud800", "?", "😀𠀀", "𝟎𝟗", "٣٤", "ΑΣ ΟΔΟΣ", "İİ", "港口 ไทย ๑",
    "a\tb", "\u200d\u00ad", "\uffff\ufeff", "</s>", "< /s>", "__label__ad", "__LABEL____label____label__", "____label____",
    "» © 2024 | www.example.org // {x} @…",
    "x" * 1200, " " * 1500, "\u2028" * 5, "ß" * 300 + "İ" * 900, CONTENT, AD,
]  # fmt: skip
LINES = st.lists(st.one_of(st.text(st.characters(), max_size=60), st.sampled_from(ODD)), max_size=12)
FLOATS = st.integers(0, 2**32 - 1)


@contextmanager
def without():
    """Do without the core."""
    with mock.patch.object(compiled, "IN_USE", False):
        yield


def twice(work, *arguments):
    """Return what ``work`` gives with the core and without."""
    assert compiled.IN_USE
    found = work(*arguments)
    with without():
        return found, work(*arguments)


def numbers(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.fixture(scope="module")
def scorer(fasttext_bytes):
    return Scorer(pack(fasttext_bytes), SCORER_LABELS)


@given(LINES)
def test_lines_are_normalised_alike(lines):
    found, expected = twice(normalise, lines)
    assert found == expected


def test_every_character_is_normalised_alike():
    found, expected = twice(normalise, [f"a{chr(point)}b" for point in range(0x11000)])
    assert found == expected


@given(LINES)
def test_shape_is_the_same(lines):
    lines = [line for line in normalise(lines) if line]
    found, expected = twice(shape_features, lines, TABLE)
    assert found == pytest.approx(expected, abs=1e-6, rel=1e-6)


@given(LINES)
def test_shape_is_the_same_for_lines_that_were_not_normalised(lines):
    lines = [line.replace("\n", "\r") for line in lines if line]
    found, expected = twice(shape_features, lines, TABLE)
    assert found == pytest.approx(expected, abs=1e-6, rel=1e-6)


def test_shape_of_every_character_and_of_a_page_of_all_is_the_same():
    lines = [f"{chr(point)}a {chr(point)}" for point in range(0x11000) if point != 10]
    found, expected = twice(shape_features, lines, TABLE)
    assert found == pytest.approx(expected, abs=1e-6, rel=1e-6)


def test_empty_lines_have_finite_features():
    assert np.isfinite(shape_features(["", "a", ""], TABLE)).all()


def test_the_core_makes_as_many_features_as_have_names():
    assert len(NAMES) == core.COLUMNS


@given(LINES)
def test_lines_have_the_same_mean_rows_and_scores(scorer, lines):
    lines = normalise(lines)
    for work in (scorer.vectors, scorer.scores):
        found, expected = twice(work, lines)
        assert found == pytest.approx(expected, abs=1e-5)


@given(LINES)
def test_texts_of_words_have_the_same_mean_rows(scorer, texts):
    found, expected = twice(scorer.vectors_of, texts)
    assert found == pytest.approx(expected, abs=1e-5)


def test_every_character_makes_the_same_words(scorer):
    lines = normalise([f"ferry{chr(point)}late" for point in range(0x10000)])
    with without():
        expected = scorer.vectors_of(words(lines))
    assert scorer.vectors(lines) == pytest.approx(expected, abs=1e-5)


@given(LINES)
def test_what_was_forgotten_is_learnt_again(fasttext_bytes, lines):
    lines = normalise(lines)
    with mock.patch.object(scorer_module, "_REMEMBERED", 2):
        forgetful = Scorer(pack(fasttext_bytes), SCORER_LABELS)
        found, expected = twice(forgetful.vectors, lines)
    assert found == pytest.approx(expected, abs=1e-5)


def test_more_words_than_there_was_room_for_are_found_again(scorer):
    lines = [f"{chr(0x61 + i % 26)}{'x' * (i % 7)}{chr(0x4E00 + i)}{chr(0x400 + i % 256)}w" for i in range(9000)]
    found, expected = twice(scorer.vectors, lines)
    assert found == pytest.approx(expected, abs=1e-5)
    assert np.array_equal(scorer.vectors(lines), found)


@pytest.mark.parametrize("ngrams", [1, 2, 3, 5])
def test_neighbouring_words_are_joined_alike(ngrams):
    random = np.random.default_rng(0)
    model = {"word_ngrams": ngrams, "minn": 2, "maxn": 4, "bucket": 50, "words": {"</s>": 0, "a": 1, "bb": 2}}
    model |= {"small": random.integers(-127, 128, (53, 5)).astype(np.int8), "scale": np.full(53, 0.01, np.float32)}
    data = scorer_module._Model(**model, labels=("__label__x",), output=numbers(0, 1, 5))
    with mock.patch.object(scorer_module._Model, "read", return_value=data):
        small = Scorer(b"", ["x"])
    found, expected = twice(small.vectors_of, ["", "a", "a bb", "a bb ccc dddd a bb 港", "bb " * 50])
    assert found == pytest.approx(expected, abs=1e-5)


@given(FLOATS, st.integers(0, 9), st.integers(0, 4), st.integers(1, 12))
def test_a_convolution_is_the_same_to_the_bit(seed, lines, first, dilation):
    x, wide, bias = numbers(seed, lines, 5), numbers(seed + 1, lines + first + 2, 15), numbers(seed + 2, 5)

    def work():
        added = x.copy()
        context._add_taps(added, wide, first, bias, dilation)
        return added

    found, expected = twice(work)
    assert np.array_equal(found, expected)


@given(FLOATS, st.integers(0, 9))
def test_softmax_is_the_same(seed, n):
    scores = numbers(seed, n, 4) * 50
    found, expected = twice(lambda: context._softmax(scores.copy()))
    assert found == pytest.approx(expected, abs=1e-6)


@given(st.lists(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0, np.nan, np.inf]), min_size=4, max_size=4)), st.floats(-2, 2))
def test_the_likeliest_label_is_the_same_among_equals_and_odd_numbers_too(rows, offset):
    probabilities = np.array(rows, np.float32).reshape(-1, 4)
    found, expected = twice(classifier._likeliest, probabilities, np.float32(offset))
    assert found == expected


@given(st.lists(st.tuples(st.text(max_size=5), st.sampled_from([None, *LABELS]), st.floats(0, 1, width=32))), st.booleans())
def test_pages_are_the_same(rows, html):
    texts, labels = [row[0] for row in rows], [row[1] for row in rows]
    shares = np.array([[row[2], 0.5, 0.25, 0] for row in rows], np.float32).reshape(-1, 4)
    elements = texts if html else []

    def work():
        return classifier._page(texts, labels, shares, elements, drop=noiseclf.NOISE)

    found, expected = twice(work)
    assert found == expected
    assert [line.as_dict() for line in found.lines] == [line.as_dict() for line in expected.lines]


def test_the_shipped_model_labels_our_own_pages_alike():
    pages = [page.lines for page in read_own(Path("data"))][::8]
    for page in pages:
        found, expected = twice(noiseclf.classify, page)
        assert [line.label for line in found.lines] == [line.label for line in expected.lines]
        assert [line.confidence for line in found.lines] == pytest.approx([line.confidence for line in expected.lines], abs=1e-4)


@pytest.mark.parametrize("item", [None, 3, b"a"])
def test_what_is_no_line_is_refused(scorer, item):
    with pytest.raises(TypeError, match="a line must be a str"):
        core.odd_lines([item], bytes(0x10000), 10)
    with pytest.raises(TypeError, match="a line must be a str"):
        core.shape_features([item], TABLE, np.empty((1, len(NAMES)), np.float32))
    with pytest.raises(TypeError, match="a line must be a str"):
        scorer._word_sums.means([item], True, np.empty((1, 8), np.float32))


def test_arrays_that_do_not_fit_are_refused(scorer):
    with pytest.raises(ValueError, match="65,536"):
        core.odd_lines(["a"], bytes(3), 10)
    with pytest.raises(ValueError, match="wrong shape"):
        core.shape_features(["a"], TABLE, np.empty((2, len(NAMES)), np.float32))
    with pytest.raises(ValueError, match="wrong shape"):
        core.shape_features(["a"], TABLE[:5].copy(), np.empty((1, len(NAMES)), np.float32))
    with pytest.raises(ValueError, match="wrong shape"):
        scorer._word_sums.means(["a"], True, np.empty((1, 7), np.float32))
    with pytest.raises(ValueError, match="do not fit"):
        core.add_taps(numbers(0, 3, 2), numbers(0, 3, 6), 1, numbers(0, 2), 1)
    with pytest.raises(ValueError, match="do not fit"):
        core.log_shares(numbers(0, 1, 2), numbers(0, 3, 2), np.arange(2), 1e-4, 1e-5, numbers(0, 1, 3))
    with pytest.raises(ValueError, match="out of bounds"):
        core.log_shares(numbers(0, 1, 2), numbers(0, 3, 2), np.arange(3) + 1, 1e-4, 1e-5, numbers(0, 1, 3))
    with pytest.raises(ValueError, match="more or fewer"):
        core.make_lines(Line, ["a"], [], numbers(0, 1, 4), LABELS, [])
    with pytest.raises(ValueError, match="more or fewer"):
        core.likeliest(numbers(0, 1, 3), np.float32(1), LABELS)


@pytest.mark.parametrize(
    "changed",
    [
        {"words": {"a": 1}}, {"words": {"a": -1}}, {"bucket": 0}, {"bucket": 9},
        {"classes": b""}, {"most": 0}, {"minn": 0}, {"word_ngrams": 0},
    ],
)  # fmt: skip
def test_a_model_that_does_not_fit_is_refused(changed):
    model = {"words": {"a": 0}, "small": np.zeros((4, 2), np.int8), "scale": np.zeros(4, np.float32), "bucket": 3}
    model |= {"classes": bytes(0x10000), "minn": 2, "maxn": 3, "word_ngrams": 2, "most": 10}
    core.WordSums(**model).means(["a"], False, np.empty((1, 2), np.float32))
    with pytest.raises(ValueError, match=r"fit|wrong|bounds"):
        core.WordSums(**{**model, **changed}).means(["a"], False, np.empty((1, 2), np.float32))
