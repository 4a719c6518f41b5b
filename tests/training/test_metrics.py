"""Figures against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from training.metrics import (
    Bin,
    calibration_error,
    class_scores,
    confusion,
    content_f1,
    content_precision,
    content_recall,
    count,
    headline,
    intervals,
    macro_f1,
    mean_over_groups,
    reliability,
    true_labels,
    word_f1,
)

# Page 1: C kept, C lost to N, N right, A called C, M and U not scored. Page 2: F right, C right, N called C.
CODES = ["CCNAMU", "FCN"]
PREDICTED = [np.array([0, 1, 1, 0, 3, 2]), np.array([3, 0, 0])]
CHARS = [np.array([10, 30, 5, 20, 999, 999]), np.array([7, 50, 40])]
COUNTS = count(CODES, PREDICTED, CHARS)


def test_counts_hold_lines_and_characters_by_page_truth_and_prediction() -> None:
    assert COUNTS.lines[0].tolist() == [[1, 1, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert COUNTS.lines[1].tolist() == [[1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]
    assert COUNTS.chars[0].tolist() == [[10, 30, 0, 0], [0, 5, 0, 0], [20, 0, 0, 0], [0, 0, 0, 0]]
    assert COUNTS.chars[1].tolist() == [[50, 0, 0, 0], [40, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 7]]


def test_only_the_four_labels_are_scored() -> None:
    assert true_labels("CNAFMU-").tolist() == [0, 1, 2, 3, -1, -1, -1]


def test_each_label_has_precision_recall_f1_and_support() -> None:
    content, navigation, ad, form = class_scores(confusion(COUNTS))
    assert (content.precision, content.recall, content.f1) == pytest.approx((2 / 4, 2 / 3, 4 / 7))
    assert (navigation.precision, navigation.recall, navigation.f1) == pytest.approx((1 / 2, 1 / 2, 1 / 2))
    assert math.isnan(ad.precision)
    assert (ad.recall, ad.f1, ad.support) == (0, 0, 1)
    assert (form.f1, form.support, content.support, navigation.support) == (1, 1, 3, 2)


def test_macro_f1_is_the_mean_over_labels_that_occur() -> None:
    assert float(macro_f1(confusion(COUNTS))) == pytest.approx((4 / 7 + 1 / 2 + 0 + 1) / 4)
    only_content = np.diag([3, 0, 0, 0])
    assert float(macro_f1(only_content)) == 1
    assert math.isnan(float(macro_f1(np.zeros((4, 4), np.int64))))


def test_content_counts_kept_lines_or_kept_characters() -> None:
    lines, chars = COUNTS.lines.sum(axis=0), COUNTS.chars.sum(axis=0)
    assert float(content_f1(lines)) == pytest.approx(4 / 7)
    assert float(content_precision(lines)) == pytest.approx(2 / 4)
    assert float(content_recall(lines)) == pytest.approx(2 / 3)
    assert float(content_f1(chars)) == pytest.approx(2 * 60 / (120 + 90))
    assert float(content_precision(chars)) == pytest.approx(60 / 120)
    assert float(content_recall(chars)) == pytest.approx(60 / 90)


def test_the_mean_over_languages_weighs_each_language_alike() -> None:
    first, second = 2 * 10 / (30 + 40), 2 * 50 / (90 + 50)
    assert float(mean_over_groups(COUNTS.chars, ["pl", "ja"])) == pytest.approx((first + second) / 2)
    assert float(mean_over_groups(COUNTS.chars, ["pl", "pl"])) == pytest.approx(120 / 210)


def test_a_language_without_content_has_no_part_in_the_mean() -> None:
    counts = count(["C", "N"], [np.array([0]), np.array([0])], [np.array([9]), np.array([9])])
    assert float(mean_over_groups(counts.chars, ["pl", "ja"])) == 1
    assert float(mean_over_groups(counts.chars, ["pl", "pl"])) == pytest.approx(2 / 3)


def test_the_headline_names_its_figures() -> None:
    assert headline(COUNTS, ["pl", "pl"]) == pytest.approx({
        "content_line_f1": 4 / 7,
        "content_char_f1": 120 / 210,
        "content_char_f1_mean_of_languages": 120 / 210,
        "macro_f1": (4 / 7 + 1 / 2 + 0 + 1) / 4,
    })  # fmt: skip


def test_counts_of_some_pages_are_theirs_alone() -> None:
    assert headline(COUNTS.pick(np.array([False, True])), ["ja"])["content_line_f1"] == pytest.approx(2 / 3)


def test_intervals_span_what_redrawn_pages_give() -> None:
    # One of two pages is perfect, the other has nothing right: every draw is 0, 2/3 or 1 in content lines.
    counts = count(["CC", "CC"], [np.array([0, 0]), np.array([1, 1])], [np.array([1, 1])] * 2)
    spans = intervals(counts, ["pl", "pl"])
    assert spans["content_line_f1"] == (0, 1)


def test_intervals_are_the_same_every_time() -> None:
    sizes = [np.array([7 * i % 23 + 1, i + 1]) for i in range(40)]
    counts = count(["CC"] * 40, [np.array([0, 1])] * 40, sizes)
    spans = intervals(counts, ["pl"] * 40)
    low, high = spans["content_char_f1"]
    assert low < headline(counts, ["pl"] * 40)["content_char_f1"] < high
    assert spans == intervals(counts, ["pl"] * 40)


def test_intervals_of_pages_that_are_alike_have_no_width() -> None:
    counts = count(["CN"] * 5, [np.array([0, 0])] * 5, [np.array([3, 1])] * 5)
    spans = intervals(counts, ["pl"] * 5)
    assert spans["content_line_f1"] == pytest.approx((2 / 3, 2 / 3))
    assert spans["content_char_f1"] == pytest.approx((6 / 7, 6 / 7))


def test_lines_fall_into_bins_of_their_confidence() -> None:
    # Bins are 1/15 wide: 0.28 and 0.30 lie in [4/15, 5/15), 0.99 and 1.0 in the last one.
    rows = reliability(np.array([True, False, True, True]), np.array([0.30, 0.28, 0.99, 1.0]))
    assert [(round(row.confidence, 3), row.accuracy, row.lines) for row in rows] == [(0.29, 0.5, 2), (0.995, 1.0, 2)]


def test_the_calibration_error_weighs_gaps_by_lines() -> None:
    assert calibration_error([Bin(0.3, 0.5, 1), Bin(0.9, 0.8, 3)]) == pytest.approx((0.2 * 1 + 0.1 * 3) / 4)
    assert math.isnan(calibration_error([]))


@pytest.mark.parametrize(
    ("text", "gold", "expected"),
    [
        ("The mill, the MILL", "the mill", 2 * 2 / 6),
        ("mill", "mill", 1),
        ("mill", "harbour", 0),
        ("", "", 1),
        ("", "mill", 0),
        ("…", "", 1),
    ],
)
def test_word_f1_compares_bags_of_words(text: str, gold: str, expected: float) -> None:
    assert word_f1(text, gold) == pytest.approx(expected)
