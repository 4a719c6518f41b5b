"""What the README and `make demo` show is what the shipped model does."""

from __future__ import annotations

from pathlib import Path

import pytest

import noiseclf

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "examples" / "news.txt").read_text(encoding="utf-8")
#: A label a line of the page; ``-`` where a byline or a date may be taken for either.
EXPECTED = (ROOT / "examples" / "news.labels").read_text(encoding="utf-8").split()


def test_the_demo_page_is_labelled_right_line_by_line() -> None:
    found = [line for line in noiseclf.classify(PAGE).lines if line.label is not None]
    assert len(found) == len(EXPECTED)
    pairs = zip(found, EXPECTED, strict=True)
    wrong = [(line.text, str(line.label), label) for line, label in pairs if label not in ("-", line.label)]
    assert not wrong


def test_the_lines_in_the_readme_carry_the_labels_it_shows() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.split("```")[1].strip().split("\n")
    labels = {line.text: line.label for line in noiseclf.classify(PAGE).lines}
    assert len(shown) > 5
    for row in shown:
        label, text = row.split(maxsplit=1)
        (match,) = [full for full in labels if full == text or (text.endswith("…") and full.startswith(text[:-1].strip()))]
        assert labels[match] == label


def test_cleaning_keeps_the_story_and_drops_the_rest() -> None:
    text = noiseclf.clean(PAGE)
    assert text.startswith("Ferry to Saltholm will sail again from Friday\n")
    assert text.endswith("of which the county pays a third.")
    assert "comentario" not in text


def test_the_shipped_model_is_small() -> None:
    assert (ROOT / "noiseclf" / "model" / "lines.noiseclf").stat().st_size <= 12 * 1024 * 1024


def test_the_example_of_html_comes_out_whole_and_clean() -> None:
    pytest.importorskip("selectolax")
    page = (ROOT / "examples" / "forum.html").read_bytes()
    text = noiseclf.clean_html(page)
    assert text.startswith("How do I keep bees calm when opening the hive?\n\nMy bees were very defensive")
    assert "What I do, in this order:\n\nTwo puffs of cool smoke" in text
    assert text.endswith("of waiting.\nLift the lid slowly and smoke along the edge.\nMove frames without knocking them.")


def test_the_code_in_the_page_on_html_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("selectolax")
    monkeypatch.chdir(ROOT)
    code = (ROOT / "docs" / "html.md").read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    exec(code, {})
    assert "content main/div/ol/li Move frames without knocking them." in capsys.readouterr().out
