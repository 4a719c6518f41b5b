import json

import pytest
from samples import AD, COMMENT_FORM, CONTENT, NAVIGATION

from training import report

ARABIC = "تأخرت العبارة إلى الجزيرة مرة أخرى يوم الاثنين."


@pytest.fixture(scope="module")
def addresses(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    lines = [NAVIGATION, CONTENT, AD, COMMENT_FORM, "</script><b>x</b>", ARABIC]
    pages = [{"id": f"p{i}", "lang": lang, "source": "made", "lines": lines, "labels": labels}
             for i, (lang, labels) in enumerate((("en", "NCAFNN"), ("de", "AAAAAA"), ("ar", "NCAFNA")))]  # fmt: skip
    (folder / "dev.jsonl").write_text("".join(json.dumps(page) + "\n" for page in pages))
    (folder / "data/pages/en").mkdir(parents=True)
    (folder / "data/phrases").mkdir()
    (folder / "data/pages/en/a.tsv").write_text("C\ttext\n")
    (folder / "data/phrases/en.tsv").write_text("label\tkind\tphrase\n")
    arguments = ["--corpus", folder, "--model", tiny_model, "--data", folder / "data", "--out", folder]
    assert report.main([str(a) for a in arguments]) == 0
    return {name: (folder / f"{name}.html").as_uri() for name in ("report", "report-local")}


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("wide", [False, True])
def test_both_copies_are_drawn(tab, addresses, wide, dark):
    for address in addresses.values():
        page = tab(address, wide=wide, dark=dark)
        assert page.locator("figure svg").count() >= 7
        ink = page.evaluate("[getComputedStyle(document.querySelector('svg text')).fill, getComputedStyle(document.body).color]")
        assert ink[0] == ink[1]  # text in charts goes with light and dark
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_error_browser_filters(tab, addresses):
    page = tab(addresses["report-local"])
    errors = page.locator("#browser li.error").count()
    assert errors > 3
    page.locator("#kind").select_option("AC")
    assert 0 < page.locator("#browser li.error").count() < errors
    assert set(page.locator("#browser li.error .chip:first-of-type, #browser li.error .chip.ad").all_inner_texts()) == {"ad"}
    page.locator("#kind").select_option("all")
    page.locator("#lang").select_option("ar")
    assert page.locator("#browser article").count() == 1
    arabic = page.locator("#browser .text", has_text=ARABIC)
    assert arabic.evaluate("e => getComputedStyle(e).direction") == "rtl"
    assert page.locator("#browser .text", has_text="</script><b>x</b>").count() == 1
    page.locator("#most").fill("0")
    assert page.locator("#browser article").count() == 0
    assert page.locator("#count").inner_text().startswith("0 lines on 0 pages")
