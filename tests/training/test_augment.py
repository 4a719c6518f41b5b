"""Augmented pages keep a label a line, and held-out phrases never reach training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

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
