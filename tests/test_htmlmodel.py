import pickle
import sys
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("selectolax")
from samples import AD, COMMENT_FORM, CONTENT, NAVIGATION

import noiseclf
from noiseclf import ModelError
from noiseclf.classifier import from_bytes
from noiseclf.html import read
from noiseclf.htmlmodel import normalised
from noiseclf.lines import normalise

PAGE = f"""<title>x</title><nav>{NAVIGATION}</nav><p>{CONTENT}</p><p>{AD}</p><ul><li>{CONTENT}</li><li>{CONTENT}</li></ul>
<form><p>{COMMENT_FORM}</form>"""


def test_a_page_is_classified_with_the_elements_of_its_lines(tiny_html):
    page = tiny_html.classify_html(PAGE)
    shown = [(line.text, line.label, line.element) for line in page.lines if line.label]
    assert shown == [
        (NAVIGATION, "navigation", "nav"), (CONTENT, "content", "p"), (AD, "ad", "p"), (CONTENT, "content", "ul/li"),
        (CONTENT, "content", "ul/li"), (COMMENT_FORM, "comment_form", "form/p"),
    ]  # fmt: skip
    assert [line.number for line in page.lines] == list(range(len(page.lines)))
    assert page.text == f"{CONTENT}\n\n{CONTENT}\n{CONTENT}"
    assert page.lines[0].as_dict()["element"] == "nav"


def test_cleaning_gives_the_text_of_the_classified_page(tiny_html):
    assert tiny_html.clean_html(PAGE) == tiny_html.classify_html(PAGE).text
    kept = tiny_html.clean_html(PAGE.encode("utf-16"), drop={"ad"})
    assert kept == tiny_html.classify_html(PAGE, drop={"ad"}).text
    assert NAVIGATION in kept
    assert tiny_html.clean_html(PAGE, favor="recall").count(CONTENT) == 3


def test_many_pages_come_in_order_by_one_process_or_two(tiny_html):
    pages = [PAGE, "", f"<p>{AD}", PAGE.encode()]
    single = list(tiny_html.classify_html_many(pages))
    assert single == [tiny_html.classify_html(page) for page in pages]
    assert list(tiny_html.classify_html_many(pages, jobs=2)) == single


@pytest.mark.parametrize("html", ["", b"", "<script>x</script>", "<p>\u200b"])
def test_an_empty_page_is_an_empty_text(tiny_html, html):
    assert tiny_html.clean_html(html) == ""
    assert tiny_html.classify_html(html).lines == ()


def test_mistakes_are_named(tiny_html):
    with pytest.raises(TypeError, match="html must be a str or bytes, not list"):
        tiny_html.clean_html([PAGE])
    with pytest.raises(ValueError, match="favor must be one of"):
        tiny_html.clean_html(PAGE, favor="speed")
    with pytest.raises(ValueError, match="drop holds something else"):
        tiny_html.classify_html(PAGE, drop={"advert"})
    with pytest.raises(TypeError, match="pages must be an iterable of pages, not one bytes"):
        tiny_html.classify_html_many(b"<p>")
    with pytest.raises(ValueError, match="jobs must be at least 1"):
        tiny_html.classify_html_many([], jobs=0)


def test_without_the_extra_one_sentence_says_what_to_install(tiny_html, monkeypatch):
    monkeypatch.setitem(sys.modules, "selectolax.lexbor", None)
    with pytest.raises(ImportError, match=r"reading HTML needs one more package: pip install 'noiseclf\[html\]'"):
        tiny_html.clean_html(PAGE)


def test_a_model_without_a_part_for_html_says_so(tiny):
    with pytest.raises(ModelError, match="trained without HTML"):
        tiny.clean_html(PAGE)


def test_parts_that_do_not_fit_are_refused_when_html_is_asked_for(html_artefact):
    arrays = {**html_artefact.arrays, "html.network.mean": np.zeros(5, np.float32)}
    broken = from_bytes(replace(html_artefact, arrays=arrays).to_bytes())
    assert broken.clean(CONTENT) == CONTENT
    with pytest.raises(ModelError, match="parts for HTML do not fit each other"):
        broken.clean_html(PAGE)


def test_the_model_with_a_part_for_html_labels_text_as_before(tiny, tiny_html):
    text = f"{NAVIGATION}\n\n{CONTENT}\n{AD}"
    assert tiny_html.classify(text) == tiny.classify(text)


def test_it_can_be_pickled(tiny_html):
    assert pickle.loads(pickle.dumps(tiny_html)).clean_html(PAGE) == tiny_html.clean_html(PAGE)


@pytest.mark.parametrize(
    "html", ["", "<p>plain", "<p>a\u00adb", "<pre>  in\n x", "<table><td>a<td>b", "<p>Ж", "<p>a\x01b", "<p>" + "long " * 400]
)
def test_lines_are_normalised_as_text_is(html):
    document = read(html)
    assert normalised(document) == normalise([document.lines[row] for row in document.rows])


def test_the_module_has_the_same_functions():
    pytest.importorskip("fasttext")
    if "html" not in noiseclf.load().metadata:
        pytest.skip("the shipped model has no part for HTML")
    assert noiseclf.clean_html(PAGE) == noiseclf.classify_html(PAGE).text
    assert [page.text for page in noiseclf.classify_html_many([PAGE])] == [noiseclf.clean_html(PAGE)]
