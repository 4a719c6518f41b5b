import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noiseclf.labels import LABELS, NOISE, Label
from noiseclf.page import Line, Page, keep

C, N, A, F = LABELS
_ = None
LABELLED = st.lists(st.one_of(st.none(), st.sampled_from(LABELS)))


def kept(*labels, drop=NOISE):
    """What is kept of lines named after their position, blank where the label is None."""
    lines = [str(i) if label else "" for i, label in enumerate(labels)]
    return keep(lines, labels, drop).split("\n") if labels else keep(lines, labels, drop)


def page_of(*labels, drop=NOISE):
    lines = []
    for i, label in enumerate(labels):
        shares = {} if label is None else {other: 0.7 if other is label else 0.1 for other in LABELS}
        lines.append(Line(f"line {i}" if label else "", label, shares.get(label, 0.0), shares, i))
    return Page(tuple(lines), drop)


def test_the_blank_lines_between_kept_lines_stay_as_paragraph_breaks():
    assert kept(C, _, _, C, C) == ["0", "", "", "3", "4"]


def test_of_the_blank_lines_of_a_gap_one_stays():
    assert kept(C, _, N, _, _, A, C) == ["0", "", "6"]


def test_a_gap_without_blank_lines_closes():
    assert kept(C, N, N, C) == ["0", "3"]


def test_blank_lines_at_the_ends_go_with_the_noise_beside_them():
    assert kept(_, N, _, C, _, F, _) == ["3"]


def test_blank_lines_at_the_ends_stay_where_nothing_is_dropped():
    assert kept(_, C, _) == ["", "1", ""]


def test_nothing_kept_is_the_empty_text():
    assert keep(["", "a", ""], [_, N, _], NOISE) == ""
    assert keep([], [], NOISE) == ""


def test_a_blank_line_keeps_its_own_white_space():
    assert keep(["a", " \r", "b"], [C, _, C], NOISE) == "a\n \r\nb"


def test_lines_and_labels_of_different_number_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        keep(["a", "b"], [C], NOISE)


@given(LABELLED)
def test_dropping_nothing_restores_the_page(labels):
    lines = [str(i) if label else "" for i, label in enumerate(labels)]
    assert keep(lines, labels, frozenset()) == "\n".join(lines)


@given(LABELLED, st.frozensets(st.sampled_from(LABELS)))
def test_cleaning_what_is_clean_changes_nothing(labels, drop):
    lines = [str(i) if label else "" for i, label in enumerate(labels)]
    once = keep(lines, labels, drop)
    again = once.split("\n")
    assert keep(again, [labels[int(line)] if line else None for line in again], drop) == once


@given(LABELLED, st.frozensets(st.sampled_from(LABELS)))
def test_exactly_the_lines_of_other_labels_are_kept_in_order(labels, drop):
    lines = [str(i) if label else "" for i, label in enumerate(labels)]
    found = [int(line) for line in keep(lines, labels, drop).split("\n") if line]
    assert found == [i for i, label in enumerate(labels) if label is not None and label not in drop]


def test_a_pages_text_leaves_out_what_the_page_drops():
    assert page_of(N, C, A).text == "line 1"
    assert page_of(N, C, A, drop=frozenset({Label.CONTENT})).text == "line 0\nline 2"


def test_counts_name_every_label_and_leave_blank_lines_out():
    assert page_of(N, _, C, N).counts() == {C: 1, N: 2, A: 0, F: 0}


def test_a_page_as_plain_values_goes_through_json_unchanged():
    page = page_of(C, _)
    plain = page.as_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain == {
        "text": "line 0\n",
        "lines": [
            {
                "number": 0, "label": "content", "confidence": 0.7, "text": "line 0",
                "probabilities": {"content": 0.7, "navigation": 0.1, "ad": 0.1, "comment_form": 0.1},
            },
            {"number": 1, "label": None, "confidence": 0.0, "probabilities": {}, "text": ""},
        ],
    }  # fmt: skip


def test_a_pages_language_is_that_of_its_kept_text():
    german = "Der Hafen war an diesem Morgen still, und die Fähre nach der Insel kam wieder einmal zu spät an."
    lines = (Line("Home and all the other news of the day", N, 1.0, {}, 0), Line(german, C, 1.0, {}, 1))
    assert Page(lines).language == "de"


def test_a_page_without_kept_text_has_the_language_of_all_its_lines():
    french = "Les dernières nouvelles du port et de la mer, tous les jours avec nous"
    assert Page((Line(french, N, 1.0, {}, 0),)).language == "fr"


def test_a_page_without_letters_has_no_language():
    assert Page((Line("1, 2, 3", N, 1.0, {}, 0),)).language is None
    assert Page(()).language is None


def test_pages_and_lines_cannot_be_changed():
    page = page_of(C)
    with pytest.raises(AttributeError):
        page.drop = frozenset()
    with pytest.raises(AttributeError):
        page.lines[0].label = N
