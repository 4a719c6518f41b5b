import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noiseclf.features import KINDS, NAMES, character_table, shape_features
from noiseclf.lines import normalise

TABLE = character_table()
#: Features that say something about the whole page, or about a line's place and likeness in it.
OF_THE_PAGE = set(NAMES[NAMES.index("repeats") :]) - {"prose"} | {"foreign_script"}
PAGES = st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=8).map(
    lambda lines: [line for line in normalise(lines) if line]
)


def features(*lines):
    """One dict a line: feature by name."""
    return [dict(zip(NAMES, row.tolist(), strict=True)) for row in shape_features(lines, TABLE)]


@given(PAGES)
def test_each_line_has_one_finite_number_a_feature_and_always_the_same(lines):
    found = shape_features(lines, TABLE)
    assert found.shape == (len(lines), len(NAMES))
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert np.array_equal(found, shape_features(lines, TABLE))


def test_no_lines_have_no_features():
    assert shape_features([], TABLE).shape == (0, len(NAMES))


def test_every_feature_has_its_own_name():
    assert len(set(NAMES)) == len(NAMES)


@settings(max_examples=50)
@given(PAGES, st.text(min_size=1, max_size=40), PAGES)
def test_what_a_line_looks_like_does_not_depend_on_the_lines_around_it(above, line, below):
    line = normalise([line])[0] or "x"
    alone, among = features(line)[0], features(*above, line, *below)[len(above)]
    differing = {name for name in NAMES if alone[name] != among[name]}
    assert differing <= OF_THE_PAGE


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Home", {"one_word": 1, "share_lower": 3 / 4, "share_upper": 1 / 4, "capital_words": 1, "ends_letter": 1}),
        ("Home", {"length": np.log1p(4) / 2, "words": np.log1p(1), "word_length": np.log1p(4), "starts_upper": 1}),
        ("a b c", {"one_word": 0, "words": np.log1p(3), "starts_lower": 1, "starts_upper": 0, "capital_words": 0}),
        ("Wait. What? Yes!", {"stops": np.log1p(3), "ends_stop": 1, "capital_words": 1, "ends_letter": 0}),
        ("Wait…", {"ends_stop": 1, "ends_ellipsis": 1}),
        ("one, two;", {"commas": np.log1p(2), "ends_comma": 1}),
        ("Name:", {"ends_colon": 1, "share_colon": 1 / 5}),
        ("A | B > C", {"separators": np.log1p(2), "has_arrow": 1}),
        ("12 items", {"digits": np.log1p(2), "starts_digit": 1, "ends_digit": 0, "share_digit": 2 / 8}),
        ("page 12", {"ends_digit": 1, "starts_digit": 0}),
        ("© 2024", {"has_copyright": 1, "starts_sign": 1, "share_symbol": 1 / 6}),
        ("$ 5", {"share_currency": 1 / 3, "starts_sign": 1}),
        ("me@example.org", {"has_at": 1, "has_url": 0}),
        ("see http://example.org", {"has_url": 1, "has_at": 0}),
        ("www.example.org", {"has_url": 1}),
        ("a / b", {"has_url": 0}),
        ("if (x) { y }", {"has_brace": 1, "share_bracket": 2 / 12, "share_code": 2 / 12}),
        ('say "yes"', {"share_quote": 2 / 9}),
        ("Привет", {"script_latin": 0, "script_dense": 0, "share_upper": 1 / 6}),
        ("hello", {"script_latin": 1, "script_dense": 0}),
        ("港口很安静。", {"script_dense": 1, "ends_stop": 1, "ends_letter": 0}),
        ("港口很安静。", {"words": np.log1p(1 + 5 / 2.5), "length": np.log1p(6 + 7.5) / 2}),
        ("שלום", {"share_uncased": 1, "ends_letter": 1}),
    ],
)
def test_a_lines_own_features_are_what_a_reader_counts(line, expected):
    found = features(line)[0]
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-6)


def test_characters_beyond_the_basic_plane_count_as_one_character_of_no_kind():
    found = features("😀𠀀a")[0]
    assert found["length"] == pytest.approx(np.log1p(3) / 2)
    assert found["share_lower"] == pytest.approx(1 / 3)
    assert found["script_latin"] == 1


def test_equal_lines_are_counted_and_a_headline_said_again_is_marked_the_second_time():
    title = "The ferry was late again"
    rows = features(title, "Home", title, "Home", "Home")
    assert [row["repeats"] for row in rows] == pytest.approx(np.log([2, 3, 2, 3, 3]), abs=1e-6)
    assert [row["same_as_first"] for row in rows] == [0, 0, 1, 0, 0]  # "Home" is too short for a headline


def test_a_line_in_another_script_than_the_pages_is_foreign():
    rows = features("Порт был тихим", "Home", "Порт Home", "123")
    assert [row["foreign_script"] for row in rows] == pytest.approx([0, 1, 0.5, 0])


def test_place_counts_from_both_ends_of_the_page():
    rows = features("a", "b", "c")
    assert [row["place"] for row in rows] == [0, 0.5, 1]
    assert [row["from_top"] for row in rows] == pytest.approx(np.log1p([0, 1, 2]) / 3)
    assert [row["from_end"] for row in rows] == pytest.approx(np.log1p([2, 1, 0]) / 3)
    assert [row["page_lines"] for row in rows] == pytest.approx([np.log1p(3) / 3] * 3)


def test_prose_is_sentences_of_eight_words_and_counts_up_down_the_page():
    sentence = "The ferry to the island was late again."  # 8 words, 39 characters
    rows = features("Home", sentence, "Menu", sentence)
    assert [row["prose"] for row in rows] == pytest.approx([0, 39 / 400, 0, 39 / 400])
    assert [row["prose_share_before"] for row in rows] == pytest.approx([0, 0, 0.5, 0.5])
    assert [row["prose_before"] for row in rows] == pytest.approx(np.log1p([0, 0, 39, 39]) / 5)
    assert rows[0]["page_prose"] == pytest.approx(np.log1p(78) / 5)


def test_length_rank_orders_the_pages_lines_by_length():
    assert [row["length_rank"] for row in features("aaa", "a", "aa")] == [1, 0, 0.5]


def test_mean_length_is_the_pages():
    assert features("aa", "aaaa")[0]["page_mean_length"] == pytest.approx(np.log1p(3) / 2)


@pytest.mark.parametrize(
    ("character", "kind"),
    [
        ("a", "lower"), ("É", "upper"), ("ج", "uncased"), ("中", "dense"), ("ไ", "dense"),
        ("٣", "digit"), ("。", "stop"), ("،", "comma"), ("：", "colon"), ("„", "quote"),
        ("»", "quote"), ("|", "separator"), ("【", "bracket"), ("₽", "currency"), ("™", "symbol"),
        ("{", "code"), (" ", "space"), ("\n", "other"), ("\u0301", "other"),
    ],
)  # fmt: skip
def test_the_table_knows_the_kind_of_a_character(character, kind):
    assert KINDS[TABLE[ord(character)] & 15] == kind


def test_only_letters_have_a_script():
    assert TABLE[ord("a")] >> 4 == TABLE[ord("Z")] >> 4 == 1
    assert TABLE[ord("п")] >> 4 == 3
    assert TABLE[ord("_")] >> 4 == 0  # stands among the Latin letters
    assert TABLE[ord("۔")] >> 4 == 0  # a full stop in the Arabic block
