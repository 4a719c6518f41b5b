import json
from pathlib import Path

import numpy as np
import pytest
from samples import AD, NAVIGATION

import noiseclf
from noiseclf import cli
from noiseclf.site import Site

TEASER = "The harbour board asks the island for patience, again."
PAGES = [f"{NAVIGATION}\n{TEASER}\nThe ferry number {n} was late on {day}.\n{AD}"
         for n, day in enumerate(("Monday", "Tuesday", "Friday"))]  # fmt: skip


def test_lines_on_several_pages_lean_to_noise_and_the_others_to_content(tiny):
    site = Site.of(PAGES)
    assert site.pages == 3
    leaning = site.leaning(PAGES[0].split("\n"))
    assert leaning[1] < 0 < site.leaning(["Only this page says so."])[0]
    alone, together = tiny.classify(PAGES[0]), tiny.classify_site(PAGES)[0]
    assert together.lines[1].probabilities["content"] < alone.lines[1].probabilities["content"]
    assert sum(together.lines[1].probabilities.values()) == pytest.approx(1, abs=1e-5)


def test_short_lines_and_few_pages_say_nothing():
    assert Site.of(["Ingredients\nA", "Ingredients\nB", "Ingredients\nC"]).leaning(["Ingredients"]).tolist() == [0]
    assert not np.any(Site.of(PAGES[:2]).leaning(PAGES[0].split("\n")))


def test_a_line_on_a_few_of_many_pages_says_nothing():
    few, most, alone = (
        "The mayor answers the ferry's critics.",
        "All rights reserved by the harbour press.",
        "Only this page says so.",
    )
    pages = [f"{most}\n{few}" if i < 3 else most if i < 9 else alone for i in range(10)]
    leaning = Site.of(pages).leaning([few, most, alone])
    assert leaning[1] < leaning[0] == 0 < leaning[2]


def test_empty_pages_do_not_count():
    site = Site.of([*PAGES, "", " \n\u200b\n", []])
    assert site == Site.of(PAGES)


def test_a_site_of_two_pages_is_two_pages(tiny):
    assert [p.text for p in tiny.classify_site(PAGES[:2])] == [tiny.clean(page) for page in PAGES[:2]]
    assert tiny.classify_site([]) == []


def test_what_is_no_page_is_refused(tiny):
    with pytest.raises(TypeError):
        tiny.classify_site("page")
    with pytest.raises(TypeError):
        tiny.classify_site([b"page"])


def test_it_is_public_and_pickles_to_workers(tmp_path, tiny_model, monkeypatch, capfd):
    assert noiseclf.classify_site([]) == []
    monkeypatch.chdir(tmp_path)
    for i, page in enumerate(PAGES):
        Path(f"{i}.txt").write_text(page + "\n")
    Path("all.jsonl").write_text("".join(json.dumps({"text": page}) + "\n" for page in PAGES) + "[]\n")
    site = Site.of(PAGES)
    expected = [noiseclf.load(tiny_model).clean(page, site=site) for page in PAGES]
    model = ["--model", str(tiny_model)]
    assert cli.main(["clean", "--site", "-j", "2", "0.txt", "1.txt", "2.txt", *model]) == 0
    assert capfd.readouterr().out == "\n".join(text + "\n" for text in expected if text)
    assert cli.main(["clean", "--site", "all.jsonl", *model]) == 2  # one record is none
