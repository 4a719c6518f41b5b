import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import AD, COMMENT_FORM, CONTENT, NAVIGATION

import noiseclf
from noiseclf.explain import explain, explain_html
from noiseclf.features import NAMES
from noiseclf.inspection import escaped, html_page, terminal_page, visible

LINES = [NAVIGATION, "", CONTENT, AD, COMMENT_FORM]
NEWS = (Path(__file__).parents[1] / "examples/news.txt").read_text(encoding="utf-8")


def odds(page, number, label):
    p = page.lines[number].probabilities[label]
    return math.log(p / (1 - p))


@pytest.mark.parametrize("model", ["tiny", "shipped"])
def test_without_its_top_neighbour_a_lines_score_moves_as_said(tiny, model):
    classifier = tiny if model == "tiny" else noiseclf.load()
    lines = LINES if model == "tiny" else NEWS.split("\n")
    page, why = explain(classifier, lines)
    tried = 0
    for line, reason in zip(page.lines, why, strict=True):
        if reason is None or not reason.neighbours or line.confidence > 0.9999:
            continue
        top = reason.neighbours[0]
        without = classifier.classify(lines[: top.number] + lines[top.number + 1 :])
        moved = odds(without, line.number - (top.number < line.number), line.label) - odds(page, line.number, line.label)
        assert moved == pytest.approx(-top.effect, rel=0.02, abs=0.02)
        tried += 1
    assert tried


@pytest.mark.parametrize("model", ["tiny", "shipped"])
def test_without_its_top_word_a_lines_score_moves_as_said(tiny, model):
    classifier = tiny if model == "tiny" else noiseclf.load()
    _, why = explain(classifier, LINES)
    shown = [reason.seen for reason in why if reason]
    for k, reason in enumerate(reason for reason in why if reason):
        top = max(reason.words, key=lambda word: abs(word.effect))
        features = classifier.features(shown)
        features[k, len(NAMES) :] = classifier.vectors([reason.seen[: top.start] + reason.seen[top.end :]])[0]
        label = classifier.probabilities(shown)[k].argmax()
        now = classifier.network(features)[k, label]
        assert np.log(now / (1 - now)) == pytest.approx(reason.log_odds - top.effect, rel=0.02, abs=0.02)


def test_a_word_that_names_the_label_speaks_for_it(tiny):
    page, why = explain(tiny, [CONTENT, "Buy our newsletter offer"])
    line, reason = page.lines[1], why[1]
    best = max(reason.words, key=lambda word: word.effect)
    assert (line.label, best.effect > 0, reason.all_words > 0) == ("ad", True, True)
    rest = line.text.replace(best.text, "")
    assert odds(tiny.classify([CONTENT, rest]), 1, "ad") < odds(page, 1, "ad")


def test_words_stand_where_they_say_and_dense_scripts_go_by_character(tiny):
    _, why = explain(tiny, ["  the\u200b ferry, late", "渡し船が 遅れた"])
    assert all(reason.seen[word.start : word.end] == word.text for reason in why for word in reason.words)
    assert [[word.text for word in reason.words] for reason in why] == [["the", "ferry,", "late"], list("渡し船が遅れた")]


def test_blank_and_empty_pages_have_nothing_to_explain(tiny):
    assert explain(tiny, "")[1] == [None]
    assert explain(tiny, [])[1] == []
    assert explain(tiny, ["one"])[1][0].neighbours == ()


def test_on_a_long_page_the_least_certain_lines_come_first(tiny):
    page, why = explain(tiny, LINES * 3, work=12 * 20)
    explained = [line.confidence for line, reason in zip(page.lines, why, strict=True) if reason and reason.words]
    left = [line.confidence for line, reason in zip(page.lines, why, strict=True) if reason and not reason.words]
    assert explained and left and max(explained) <= min(left) + 1e-6
    assert not any(reason.neighbours for reason in why if reason)


HTML = (
    "<!doctype html><title>Ferry late</title><body>"
    "<div class='sidebar'><ul><li>Harbour news</li><li>Island weather</li></ul></div>"
    f"<article><h1>Ferry late</h1><p>{CONTENT} The crew waited for the fog to lift, and the passengers for the crew.</p>"
    f"<p>Nobody minded much, said the harbour master, as the café stayed open all night.</p></article><p>{AD}</p>"
)


def test_html_is_explained_as_the_model_for_html_answers():
    pytest.importorskip("selectolax")
    page, why = explain_html(noiseclf.load(), HTML)
    assert page == noiseclf.load().classify_html(HTML)
    for line, reason in zip(page.lines, why, strict=True):
        assert (reason is None) == (line.label is None)
        if reason:
            assert odds(page, line.number, line.label) == pytest.approx(reason.log_odds, abs=0.02)
            assert [*reason.marks] == sorted(reason.marks, key=lambda mark: -abs(mark.effect))


@pytest.mark.parametrize("name", ["sidebar", "article"])
def test_without_the_name_of_an_element_a_lines_score_moves_as_said(name):
    pytest.importorskip("selectolax")
    classifier = noiseclf.load()
    page, why = explain_html(classifier, HTML)
    number = next(line.number for line in page.lines if line.text.startswith("Harbour" if name == "sidebar" else "Nobody"))
    effect = sum(mark.effect for mark in why[number].marks if name in mark.text)
    without = HTML.replace("class='sidebar'", "") if name == "sidebar" else HTML.replace("article>", "div>")
    label = page.lines[number].label
    moved = odds(classifier.classify_html(without), number, label) - odds(page, number, label)
    assert abs(effect) > 0.05 and moved * effect < 0


def test_without_the_top_neighbour_of_a_line_of_html_its_score_moves_as_said():
    pytest.importorskip("selectolax")
    classifier = noiseclf.load()
    page, why = explain_html(classifier, HTML)
    number = next(line.number for line in page.lines if line.text.startswith("Harbour"))
    top = why[number].neighbours[0]
    without = classifier.classify_html(HTML.replace(page.lines[top.number].text, "", 1))
    line = next(line for line in without.lines if line.text.startswith("Harbour"))
    moved = odds(without, line.number, page.lines[number].label) - odds(page, number, page.lines[number].label)
    assert moved * top.effect < 0


# Drawn


def test_nothing_in_a_page_is_markup(tiny):
    lines = ["</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\u202eabc\x00\x1b[31m", '" onload="x', "&lt;"]
    page, why = explain(tiny, lines)
    made = html_page(page, why, "<b>name</b>\u202e")
    assert made.count("<script") == 1
    assert "<img" not in made and "<b>name" not in made and 'onload="' not in made
    assert not {"\u202e", "\x00", "\x1b"} & {*made}
    assert "&amp;lt;" in made and "default-src 'none'" in made


@given(st.text(st.characters(), max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_can_be_drawn(text):
    assert "\n" not in visible(text) and "\x00" not in escaped(text) and "<" not in escaped(text)
    escaped(text).encode()


def test_in_a_terminal_colours_only_where_wanted_and_no_escapes_of_the_page(tiny):
    page, why = explain(tiny, [AD, "", "\x1b[31mred\x07"])
    plain, color = terminal_page(page, why, color=False), terminal_page(page, why, color=True)
    assert "\x1b" not in plain and "\x07" not in color
    assert "\x1b[33m   1  ad" in color
    assert plain.splitlines()[1].lstrip().startswith("words ")


def test_inspect_on_the_command_line(tmp_path, tiny_model, monkeypatch, capfd):
    from noiseclf import cli

    monkeypatch.chdir(tmp_path)
    Path("page.txt").write_text("\n".join(LINES))
    assert cli.main(["inspect", "page.txt", "-o", "out.html", "--model", str(tiny_model)]) == 0
    assert "comment_form" in Path("out.html").read_text()
    assert cli.main(["inspect", "page.txt", "--model", str(tiny_model)]) == 0
    assert "   1  navigation" in capfd.readouterr().out
    assert cli.main(["inspect", "none.txt"]) == 2
    assert "none.txt: no such file" in capfd.readouterr().err


def test_inspect_shows_labels_of_html(tmp_path, html_model, monkeypatch, capfd):
    from noiseclf import cli

    pytest.importorskip("selectolax")
    monkeypatch.chdir(tmp_path)
    Path("page.html").write_text(f"<!doctype html><nav>{NAVIGATION}</nav><p>{CONTENT}</p>")
    assert cli.main(["inspect", "page.html", "-o", "out.html", "--model", str(html_model)]) == 0
    shown = Path("out.html").read_text()
    assert shown.count("<caption>Probabilities</caption>") == shown.count("<caption>What its markup tells</caption>") == 2
    assert "<table" in shown and "in &lt;nav&gt;" in shown
    assert cli.main(["inspect", "page.html", "--model", str(html_model)]) == 0
    out = capfd.readouterr().out
    assert "   1  navigation" in out and f"  {CONTENT}" in out and " · markup " in out
