import pytest
from samples import AD, COMMENT_FORM, CONTENT, NAVIGATION

from noiseclf import cli

EVIL = "</script><script>document.title = 'broken'</script>"
LINES = [NAVIGATION, "", CONTENT, AD, COMMENT_FORM, EVIL, "\u202eabc", "העבורת איחרה שוב"]


@pytest.fixture
def address(tmp_path, tiny_model):
    (tmp_path / "page.txt").write_text("\n".join(LINES), encoding="utf-8")
    assert cli.main(["inspect", str(tmp_path / "page.txt"), "-o", str(tmp_path / "o.html"), "--model", str(tiny_model)]) == 0
    return (tmp_path / "o.html").as_uri()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("wide", [False, True])
def test_the_page_shows_reasons_and_its_filters_work(tab, address, wide, dark):
    page = tab(address, wide=wide, dark=dark)
    assert page.title().endswith("page.txt – noiseclf")
    assert page.locator("#shown").inner_text() == "7 of 7 lines shown"
    page.locator("#l2 summary").focus()
    page.keyboard.press("Enter")
    page.locator("#l2 .why", has_text="Word by word").wait_for()
    assert page.locator("#l7 summary .text").evaluate("e => getComputedStyle(e).direction") == "rtl"
    for label in ("navigation", "comment_form", "content"):
        page.locator(f"#filters input[value={label}]").uncheck()
    assert page.locator("li.content:visible").count() == 0
    assert page.locator("li.ad:visible").count() == page.locator("li.ad").count() > 0
    page.locator("#filters input[value=content]").check()
    page.locator("#surest").fill("30")
    assert page.locator("#shown").inner_text() == "0 of 7 lines shown"
    page.locator("#surest").fill("100")
    page.get_by_role("button", name="Open all").click()
    assert page.locator("details:not([open])").count() == 0
    assert page.locator("section", has_text="Cleaned text").locator("p", has_text=CONTENT).count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("wide", [False, True])
def test_a_page_of_html_shows_what_its_markup_tells(tab, tmp_path, wide, dark):
    nav = f"<nav class='{'menu' * 30}'><a href=/>{NAVIGATION}</a></nav>"
    (tmp_path / "page.html").write_text(f"<!doctype html>{nav}<article><p>{CONTENT}</p></article><p>{AD}</p>", encoding="utf-8")
    assert cli.main(["inspect", str(tmp_path / "page.html"), "-o", str(tmp_path / "o.html")]) == 0
    page = tab((tmp_path / "o.html").as_uri(), wide=wide, dark=dark)
    page.locator("#l0 summary").click()
    page.locator("#l0 .why caption", has_text="What its markup tells").wait_for()
    assert page.locator("#l0 .why th", has_text="in <nav>").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
