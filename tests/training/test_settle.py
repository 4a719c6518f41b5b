"""The last step of training: blocks never met are set into pages, labels follow, and only the text network changes."""

from __future__ import annotations

import numpy as np
from samples import AD, COMMENT_FORM, CONTENT, NAVIGATION

from noiseclf.artefact import Artefact
from noiseclf.classifier import from_bytes
from training.corpus import Phrase, held_out
from training.examples import Example
from training.settle import Settings, blocks_set_in, settle, tempered, worn

PAGES = [Example((NAVIGATION, f"{CONTENT} {i}", AD, COMMENT_FORM), "NCAF", "", 0) for i in range(40)]
MENUS = [Phrase("xx", "N", "menu", f"Menu word {i}") for i in range(20)]
KNOWN = [Phrase("xx", "F", "form_field", f"Field name {i}") for i in range(20)]
KNOWN += [Phrase("xx", "N", "related", f"Related story {i}") for i in range(9)]


def test_worn_words_are_as_many_and_others() -> None:
    rng = np.random.default_rng(0)
    text = "Leave a reply to this story"
    found = worn(text, 1.0, rng)
    assert found != text
    assert len(found.split(" ")) == 6
    assert worn(text, 0.0, rng) == text


def test_a_block_is_set_in_and_nothing_else_changes() -> None:
    made = blocks_set_in(PAGES, KNOWN, MENUS, Settings(share=1.0))
    assert len(made) == len(PAGES)
    for before, after in zip(PAGES, made, strict=True):
        assert len(after.lines) == len(after.labels) > len(before.lines)
        pairs = iter(zip(after.lines, after.labels, strict=True))
        assert all(pair in pairs for pair in zip(before.lines, before.labels, strict=True))  # in order
    codes = "".join(e.labels for e in made)
    assert codes.count("N") > 60
    assert codes.count("F") > 60


def test_headlines_of_other_pages_are_navigation_under_their_heading() -> None:
    made = blocks_set_in(PAGES, KNOWN, MENUS, Settings(share=1.0, stories=1.0))
    labelled = [pair for e in made for pair in zip(e.lines, e.labels, strict=True)]
    assert any(line.startswith(CONTENT) and code == "N" for line, code in labelled)
    assert any(line.startswith("Related story") and code == "N" for line, code in labelled)


def test_held_out_phrases_are_never_set_in() -> None:
    kept_back = {p.text for p in (*MENUS, *KNOWN) if held_out(p.text)}
    made = blocks_set_in(PAGES * 3, KNOWN, MENUS, Settings(share=1.0, worn=(0.0, 0.0)))
    assert kept_back
    assert not kept_back & {line for e in made for line in e.lines}


def test_a_temperature_makes_probabilities_smaller_and_no_other_label(tiny_artefact: Artefact) -> None:
    arrays = {name.removeprefix("network."): a for name, a in tiny_artefact.arrays.items() if name.startswith("network.")}
    cooled = {f"network.{name}": array for name, array in tempered(arrays, 4.0).items()}
    before = from_bytes(tiny_artefact.to_bytes()).probabilities(list(PAGES[0].lines))
    changed = Artefact(tiny_artefact.metadata, tiny_artefact.scorer, {**tiny_artefact.arrays, **cooled})
    after = from_bytes(changed.to_bytes()).probabilities(list(PAGES[0].lines))
    assert (after.argmax(axis=1) == before.argmax(axis=1)).all()
    assert (after.max(axis=1) < before.max(axis=1)).all()


def test_only_the_text_network_learns_on_and_the_same_twice(tiny_artefact: Artefact) -> None:
    settings = Settings(epochs=4)
    found = settle(tiny_artefact, PAGES * 10, settings, show=False)
    assert found.scorer == tiny_artefact.scorer
    changed = {name for name, array in found.arrays.items() if not np.array_equal(array, tiny_artefact.arrays[name])}
    assert changed
    assert all(name.startswith("network.") for name in changed)
    assert settle(tiny_artefact, PAGES * 10, settings, show=False).to_bytes() == found.to_bytes()
    labels = [str(line.label) for line in from_bytes(found.to_bytes()).classify(PAGES[0].lines).lines]
    assert labels == ["navigation", "content", "ad", "comment_form"]
