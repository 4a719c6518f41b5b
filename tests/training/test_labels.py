"""Labels of our own for corpus pages: every line once, in order, of pages that have none."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.corpus import CorpusError, LabelledPage
from training.labels import apply_labels, read_labels


def write(folder: Path, text: str) -> Path:
    (folder / "labels").mkdir()
    (folder / "labels" / "some.txt").write_text(text)
    return folder


def page(**fields: object) -> LabelledPage:
    base = {"id": "p", "domain": "d", "lang": "en", "source": "s", "lines": ("a", "b", "c"), "labels": "", "silver": ""}
    return LabelledPage(**{**base, "url": "", "sample": "", "gold": "", **fields})  # type: ignore[arg-type]


def test_ranges_become_a_code_a_line(tmp_path: Path) -> None:
    assert read_labels(write(tmp_path, "# note\np: 1-2N 3C\n")) == {"p": "NNC"}


@pytest.mark.parametrize("row", ["p: 1-2N 4C", "p: 2N", "p: 1-2N 2C", "p: 1X", "p: 3-1N"])
def test_gaps_overlaps_and_unknown_codes_are_refused_with_their_place(tmp_path: Path, row: str) -> None:
    with pytest.raises(CorpusError, match=r"some\.txt:1"):
        read_labels(write(tmp_path, row + "\n"))


def test_a_page_labelled_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="twice"):
        read_labels(write(tmp_path, "p: 1N\np: 1C\n"))


def test_labels_go_to_pages_without_their_own_only() -> None:
    assert apply_labels([page()], {"p": "NNC"})[0].labels == "NNC"
    assert apply_labels([page(labels="CCC")], {"p": "NNC"})[0].labels == "CCC"


def test_labels_for_another_number_of_lines_are_refused() -> None:
    with pytest.raises(CorpusError, match="3 lines"):
        apply_labels([page()], {"p": "NN"})
