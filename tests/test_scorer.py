import struct
from concurrent.futures import ThreadPoolExecutor

import fasttext
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import AD, COMMENT_FORM, CONTENT, NAVIGATION, SCORER_LABELS

from noiseclf import scorer as module
from noiseclf.lines import normalise
from noiseclf.scorer import SCORED_CHARS, Scorer, pack, words


@pytest.fixture(scope="module")
def scorer(fasttext_bytes):
    return Scorer(pack(fasttext_bytes), SCORER_LABELS)


def unpack(data):
    """Return the fastText model file that `pack` made small, its numbers rounded."""
    start = module._matrix_start(data)
    rows, columns = struct.unpack_from("<qq", data, start - 16)
    scale = np.frombuffer(data, "<f2", rows, start).astype("<f4")
    small = np.frombuffer(data, "i1", rows * columns, start + 2 * rows).reshape(rows, columns)
    matrix = small * (scale / np.float32(127))[:, None]
    return data[:start] + matrix.astype("<f4").tobytes() + data[start + 2 * rows + rows * columns :]


@pytest.fixture(scope="module")
def answers(fasttext_bytes, tmp_path_factory):
    """What fastText itself says: log-probabilities of texts by the packed model's numbers."""
    path = tmp_path_factory.mktemp("fasttext") / "model.bin"
    path.write_bytes(unpack(pack(fasttext_bytes)))
    model = fasttext.load_model(str(path))

    def answer(texts):
        rows = []
        for names, shares in zip(*model.predict(texts, k=len(SCORER_LABELS)), strict=True):
            found = dict(zip(names, shares, strict=True))
            rows.append([found.get(f"__label__{label}", 0) for label in SCORER_LABELS])
        return np.log(np.clip(np.array(rows), module.FLOOR, 1))

    return answer


@given(st.lists(st.text(max_size=60), min_size=1, max_size=8))
def test_scores_are_those_of_fasttext_itself(scorer, answers, lines):
    texts = words([line for line in normalise(lines) if line])
    if texts:
        assert scorer.scores_of(texts) == pytest.approx(answers(texts), abs=1e-3)


@pytest.mark.parametrize("text", ["ferry", "the ferry was late", "blörp 港 口", "x " * 100, "a", "é", "😀😀 ferry", "> home <"])
def test_known_and_unknown_words_and_their_neighbours_count_as_in_fasttext(scorer, answers, text):
    assert scorer.scores_of([text, "home | news"]) == pytest.approx(answers([text, "home | news"]), abs=1e-4)


def test_what_was_forgotten_is_learnt_again(fasttext_bytes, monkeypatch):
    lines = [CONTENT, NAVIGATION, AD, COMMENT_FORM]
    expected = Scorer(pack(fasttext_bytes), SCORER_LABELS).scores(lines)
    monkeypatch.setattr(module, "_REMEMBERED", 12)
    small = Scorer(pack(fasttext_bytes), SCORER_LABELS)
    for line, row in zip(lines * 2, [*expected, *expected], strict=True):
        assert np.array_equal(small.scores([line])[0], row)


def test_threads_that_learn_at_once_find_the_same(fasttext_bytes, monkeypatch):
    monkeypatch.setattr(module, "_REMEMBERED", 60)
    shared = Scorer(pack(fasttext_bytes), SCORER_LABELS)
    lines = [f"{CONTENT} {chr(0x61 + i % 26) * (2 + i % 7)} {AD}" for i in range(200)]
    expected = [Scorer(pack(fasttext_bytes), SCORER_LABELS).scores([line]) for line in lines[:52]]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda line: shared.scores([line]), lines))
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=False))


@given(st.lists(st.text(st.sampled_from("_label</s> A0ä中\t"), max_size=40)))
def test_no_word_is_one_that_fasttext_would_obey(lines):
    lines = normalise(lines)
    found = words(lines) if lines else []
    assert len(found) == len(lines)
    for word in " ".join(found).split():
        assert not word.startswith("__label__")
        assert word != "</s>"


@pytest.mark.parametrize("line", ["____label____", "</</s>>", "__LABEL__ad", "__label____label__ad", "中__label__ad"])
def test_taking_one_obeyed_word_out_makes_no_other(line):
    assert not [word for word in words([line])[0].split() if word.startswith("__label__") or word == "</s>"]


def test_case_and_digits_do_not_matter_and_long_lines_are_cut():
    assert words(["Page 12 of ٣٤"]) == ["page 00 of 00"]
    assert words(["x" * 500]) == ["x" * SCORED_CHARS]


def test_each_character_of_a_script_without_spaces_is_a_word():
    assert words(["港口 ok"])[0].split() == ["港", "口", "ok"]


def test_a_line_scores_highest_for_the_label_it_was_trained_with(scorer):
    scores = scorer.scores([CONTENT, NAVIGATION, AD, COMMENT_FORM])
    assert scores.argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_scores_are_log_probabilities(scorer):
    scores = scorer.scores([CONTENT, "something else", "中文", "?"])
    assert scores.shape == (4, 4)
    assert scores.dtype == np.float32
    assert np.exp(scores).sum(axis=1) == pytest.approx(np.ones(4), abs=1e-3)


def test_columns_follow_the_names_and_not_fasttexts_own_order(scorer, fasttext_bytes):
    turned = Scorer(pack(fasttext_bytes), SCORER_LABELS[::-1])
    lines = [CONTENT, NAVIGATION, AD]
    assert np.array_equal(turned.scores(lines), scorer.scores(lines)[:, ::-1])


def test_a_lines_score_does_not_depend_on_the_lines_beside_it(scorer):
    together = scorer.scores([CONTENT, AD])
    assert np.array_equal(together, np.concatenate([scorer.scores([CONTENT]), scorer.scores([AD])]))


def test_no_lines_have_no_scores(scorer):
    assert scorer.scores([]).shape == (0, 4)


@pytest.mark.parametrize("line", ["__label__ad", "</s>", "</s> </s>", "😀", "\ufffd"])
def test_every_line_has_a_score_for_every_label(scorer, line):
    assert np.isfinite(scorer.scores([line])).all()


def test_a_model_of_other_labels_is_refused_with_both(fasttext_bytes):
    with pytest.raises(ValueError, match=r"knows the labels \['ad', .*\], not only \['good'\]"):
        Scorer(pack(fasttext_bytes), ["good"])


@pytest.mark.parametrize("data", [b"", b"text", b"\xba\x16\x4f\x2f\x0c\0\0\0", bytes(1000)])
def test_what_is_no_fasttext_model_is_refused(data):
    with pytest.raises(ValueError, match="not a fastText model"):
        Scorer(data, SCORER_LABELS)


def test_a_packed_model_is_small_and_unpacks_to_nearly_the_same_numbers(fasttext_bytes):
    small = pack(fasttext_bytes)
    assert len(small) < len(fasttext_bytes) / 2
    again = unpack(small)
    assert len(again) == len(fasttext_bytes)
    assert pack(again) == small


def test_a_row_of_zeros_can_be_packed(fasttext_bytes):
    start = module._matrix_start(fasttext_bytes)
    zeroed = fasttext_bytes[:start] + bytes(32) + fasttext_bytes[start + 32 :]
    with np.errstate(divide="raise", invalid="raise"):
        assert unpack(pack(zeroed))[start : start + 32] == bytes(32)
