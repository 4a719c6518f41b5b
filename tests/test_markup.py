import numpy as np
import pytest

pytest.importorskip("selectolax")

from noiseclf import markup
from noiseclf.elements import name
from noiseclf.html import read
from noiseclf.markup import NAMES

PAGE = """<title>Ferry late again</title><meta name=description content="The ferry was late once more today">
<nav class="mainMenu top-nav" id=menu><ul><li><a href=1>Home</a><li><a href=2>News</a><li><a href=3>Sport</a></ul></nav>
<main><h1>Ferry late again</h1>
<p>The ferry was late once more today, and the harbour master said that nobody knew when it would sail again.</p>
<p>It was the third time this week, and the people of the island wrote a letter to the county about it <a>here</a>.</p></main>
<form action=/c><label>Name</label><input><textarea></textarea></form>"""


@pytest.fixture(scope="module")
def rows():
    document = read(PAGE)
    values = markup.features(document)
    assert values.shape == (7, len(NAMES))
    assert values.dtype == np.float32
    return [dict(zip(NAMES, row, strict=True)) for row in values.tolist()]


def test_flags_say_what_a_line_stands_in(rows):
    home, _, _, heading, first, _, name = rows
    assert home["in_nav"] == home["in_item"] == home["in_link"] == 1
    assert heading["in_h1"] == heading["in_main"] == 1
    assert first["in_p"] == 1
    assert first["in_nav"] == 0
    assert name["in_form"] == name["in_control"] == 1


def test_links_are_weighed_in_the_line_and_around_it(rows):
    home, _, _, _, first, second, _ = rows
    assert home["linked"] == home["all_linked"] == home["linked_2"] == 1
    assert first["linked"] == 0
    assert 0 < second["linked"] < 0.1
    assert second["share_1"] > 0.9  # the main element holds nearly all text


def test_the_element_with_most_paragraphs_is_known(rows):
    assert [row["in_main"] for row in rows] == [0, 0, 0, 1, 1, 1, 0]
    assert [row["after_main"] for row in rows] == [0, 0, 0, 0, 0, 0, 1]


def test_likeness_to_title_and_metadata(rows):
    assert rows[3]["title"] == rows[3]["is_h1"] == 1
    assert rows[0]["title"] == 0
    assert [row["after_h1"] for row in rows] == [0, 0, 0, 1, 1, 1, 1]


def test_siblings_alike_and_controls_are_counted(rows):
    assert rows[0]["alike"] == rows[0]["alike_beside"] == pytest.approx(np.log1p(3) / 2)
    assert rows[0]["alike_linked"] == 1
    assert rows[6]["controls"] == pytest.approx(np.log1p(2) / 2)
    assert rows[0]["controls"] == 0


def test_breaks_between_lines(rows):
    assert [row["apart"] for row in rows] == [1, 0, 0, 1, 1, 1, 1]
    assert [row["begins_container"] for row in rows] == [1, 0, 0, 1, 0, 0, 1]


@pytest.mark.parametrize("html", ["", "<p>one", "<p>" * 50 + "x", "<table>" + "<tr><td>a<td>b" * 500, "<a>1</a>" * 99])
def test_every_page_has_finite_features(html):
    document = read(html)
    values = markup.features(document)
    assert values.shape == (len(document.rows), len(NAMES))
    assert np.isfinite(values).all()


def test_names_are_words_of_tag_class_and_id():
    attributes = {"class": "CommentForm__field js-x2", "id": "reply-Box", "role": "form", "href": "/x"}
    assert name("div", attributes) == "div comment form field js reply box form"
    assert name("p", {}) == "p"
    assert name("div", {"class": "комментарии", "id": ""}) == "div комментарии"


def test_words_of_a_line_begin_with_its_own_elements():
    assert markup.words(read(PAGE))[0] == "azlizulznav qa qli ul nav main menu top nav body root"


def test_lines_that_stand_alike_have_the_same_way():
    document = read(PAGE)
    ways, numbers = markup.ways(document)
    assert numbers[0] == numbers[1] == numbers[2]
    assert len(ways) == len(set(numbers.tolist()))
    assert [ways[number] for number in numbers] == markup.words(document)


@pytest.mark.parametrize(
    "page", [PAGE, "", "<p>x", "<title>a b</title><meta name=description content='a b'><h1>a b</h1><p>A b c d e f"]
)
def test_the_compiled_features_are_the_same(page):
    compiled = pytest.importorskip("noiseclf._markup")
    document = read(page)
    assert np.array_equal(compiled.features(document), markup.features(document))
    assert np.array_equal(compiled.said(document), markup.said(document))
    (ways, numbers), (expected, places) = compiled.ways(document), markup.ways(document)
    assert ways == expected
    assert np.array_equal(numbers, places)
