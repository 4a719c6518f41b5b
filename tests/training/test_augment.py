"""Augmented pages keep a label a line, and held-out phrases never reach training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training import augment
from training.augment import debris_examples, fill, fragments, glued_menus, phrase_examples
from training.corpus import Phrase, held_out, read_phrases
from training.examples import Example

LINES = tuple(f"Menu {i}" for i in range(12)) + tuple(f"The harbour board met for the {i}th time this year." for i in range(12))
PAGE = Example(LINES, "N" * 12 + "C" * 12, "", 0)
PHRASES = [Phrase("xx", "F", "form_field", f"Your name {i} here") for i in range(60)]


def test_slots_are_filled() -> None:
    filled = fill("{n} comments on {title}, {date}", np.random.default_rng(0))
    assert "{" not in filled
    assert " comments on " in filled


def test_debris_adds_lines_with_labels_and_keeps_the_page_in_order() -> None:
    # one block of each code comes with a chance of its own: of several pages, some get the form
    pages = [replace(PAGE, lines=(f"Page {i}", *LINES[1:])) for i in range(8)]
    made = [e for e in debris_examples(pages, PHRASES, 1, share=1.0) if "F" in e.labels]
    assert len(made) >= 4
    assert len(made[0].lines) == len(made[0].labels) > len(LINES)
    assert [line for line in made[0].lines if line in LINES] == list(LINES[1:])
    added = [code for line, code in zip(made[0].lines, made[0].labels, strict=True) if line not in LINES]
    assert added.count("N") == 1
    assert set(added) == {"N", "F"}


def test_held_out_phrases_are_never_trained_on() -> None:
    phrases = read_phrases(Path(__file__).parents[2] / "data")
    kept_back = {p.text for p in phrases if held_out(p.text) and "{" not in p.text}
    kept_back -= {p.text for p in phrases if not held_out(p.text)}
    assert len(kept_back) > 1000
    trained = {line for e in phrase_examples(phrases, 5, 1) for line in e.lines}
    trained |= {line for e in debris_examples([PAGE], phrases, 1, 1.0) for line in e.lines}
    assert not kept_back & trained


def test_fragments_are_runs_of_the_page() -> None:
    for part in fragments([PAGE], share_cut=1.0, share_single=0.5, weight=0.5):
        start = LINES.index(part.lines[0])
        assert part.lines == LINES[start : start + len(part.lines)]
        assert part.labels == PAGE.labels[start : start + len(part.lines)]


def test_glued_menus_join_navigation_only() -> None:
    (glued,) = glued_menus([PAGE], share=1.0)
    assert len(glued.lines) == len(glued.labels) < len(LINES)
    assert glued.lines[-12:] == LINES[12:]


ROWS = [
    ("Início", "N"),
    ("Notícias", "N"),
    ("A ponte velha reabre. Os barcos voltam!", "C"),
    ("Île", "C"),
    ("3 km", "C"),
    ("Última", "N"),
]


@pytest.mark.parametrize(
    ("way", "wanted"),
    [
        (augment.without_accents, {("Inicio", "N"), ("Ile", "C"), ("Ultima", "N")}),
        (augment.split_sentences, {("A ponte velha reabre.", "C"), ("Os barcos voltam!", "C"), ("Île", "C")}),
        (augment.rows_on_one_line, {("Início", "N"), ("Notícias", "N"), ("Última", "N")}),
        (augment.wrapped, {("Início", "N"), ("3 km", "C")}),
    ],
)
def test_worn_lines_keep_their_labels(way, wanted):
    made = way(ROWS, np.random.default_rng(0))
    assert wanted <= set(made)
    letters = "".join(c for text, _ in made for c in text if c.isascii() and c.isalpha()).upper()
    assert all(c in letters for c in "PONTEVELHAREABRE")


def test_text_read_as_another_encoding_is_garbled_but_for_ascii():
    made = augment.mojibake(ROWS, np.random.default_rng(0))
    assert [code for _, code in made] == [code for _, code in ROWS]
    assert made[4] == ROWS[4]
    assert all(made[i] != ROWS[i] for i in (0, 1, 3, 5))


def test_capitals_are_put_by_label():
    rng = np.random.default_rng(0)
    for _ in range(20):
        made = augment.capitals(ROWS, rng)
        assert [text.upper() for text, _ in made] == [text.upper() for text, _ in ROWS]
        upper = {code for (text, code), (old, _) in zip(made, ROWS, strict=True) if text != old}
        kept = {code for (text, code), (old, _) in zip(made, ROWS, strict=True) if text == old and text != text.upper()}
        assert not upper & kept


def test_menus_are_dropped_and_the_body_stays():
    rng = np.random.default_rng(0)
    sizes = set()
    for _ in range(20):
        made = augment.without_menus(ROWS, rng)
        assert [row for row in made if row[1] == "C"] == ROWS[2:5]
        sizes.add(len(made))
    assert sizes == {3, 4, 5}
    assert augment.without_menus(ROWS[:2], rng) == ROWS[:2]


def test_long_lines_are_wrapped_and_nothing_is_lost():
    text = " ".join(["harbour"] * 60) + " " + "x" * 250
    made = augment.wrapped([(text, "C")], np.random.default_rng(0))
    assert len(made) > 4
    assert max(len(part) for part, _ in made) <= 101
    assert "".join(part for part, _ in made).replace(" ", "") == text.replace(" ", "")


def test_worn_pages_are_copies_with_a_label_a_line():
    pages = [replace(PAGE, lines=(f"Página {i}", *LINES[1:])) for i in range(30)]
    made = augment.worn(pages, share=1.0)
    assert len(made) > 15
    assert all(len(e.lines) == len(e.labels) and e.lines not in {p.lines for p in pages} for e in made)
    assert len({tuple(map(len, (e.lines, "".join(e.lines)))) for e in made}) > 3
    assert augment.worn(pages, share=0.0) == []
