"""Cross-validation: each held-out page is judged by a model that did not learn from its site."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples import AD, COMMENT_FORM, CONTENT, NAVIGATION

from training.corpus import LabelledPage
from training.crossval import judged, main

PAGE = LabelledPage("p", "site", "en", "own", (NAVIGATION, CONTENT, AD, COMMENT_FORM), "NCAF")


def test_groups_are_judged_apart_and_empty_ones_left_out(tiny_model: Path) -> None:
    rows = judged(tiny_model.read_bytes(), {"here": [PAGE], "none": []}, {})
    assert [row.split(":")[0] for row in rows] == ["here"]
    assert "macro_f1 1.0000" in rows[0]


def test_pages_with_html_are_judged_from_it_too(html_model: Path) -> None:
    html = "".join(f"<p>{line}</p>" for line in PAGE.lines).encode()
    rows = judged(html_model.read_bytes(), {"here": [PAGE]}, {"p": html})
    assert [row.split(":")[0] for row in rows] == ["here", "HTML"]
    assert "macro_f1 1.0000" in rows[1]


def test_a_missing_corpus_is_one_sentence_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--corpus", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err
