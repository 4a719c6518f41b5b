"""Cross-validation: each held-out page is judged by a model that did not learn from its site."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from samples import AD, COMMENT_FORM, CONTENT, NAVIGATION

from training.corpus import LabelledPage
from training.crossval import boosted, judged, main, window_features

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


def test_neighbours_and_window_means_are_those_of_the_page() -> None:
    features = np.array([[0.0, 9.0], [1.0, 9.0], [2.0, 9.0], [6.0, 9.0]], np.float32)
    row = window_features(features, [0])[1]
    np.testing.assert_allclose(row[:2], [1, 9])
    np.testing.assert_allclose(row[2:8], [np.nan, np.nan, 0, 2, 6, np.nan])
    np.testing.assert_allclose(row[8:], [9 / 4, 9 / 4, 9 / 4, 9 / 4])


def test_a_page_of_one_line_has_no_neighbours() -> None:
    row = window_features(np.array([[3.0]], np.float32), [0])[0]
    assert np.isnan(row[1:7]).all()
    np.testing.assert_allclose(row[7:], [3, 3, 3, 3])


def test_boosted_trees_learn_what_shape_says() -> None:
    kinds = {"N": "Menu", "C": f"{CONTENT} {CONTENT}", "A": "99!", "F": "NAME:"}
    lines = tuple(line for line in kinds.values() for _ in range(6))
    codes = "".join(code * 6 for code in kinds)
    pages = [LabelledPage(f"p{i}", f"site{i}", "en", "own", lines, codes) for i in range(30)]
    row = boosted(pages[:20], pages[20:])
    assert "macro_f1 1.0000" in row


def test_a_missing_corpus_is_one_sentence_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--corpus", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err
