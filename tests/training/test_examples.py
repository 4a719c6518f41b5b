"""Pages become examples: a code a visible line, and languages with few lines weigh more."""

from __future__ import annotations

from training.corpus import LabelledPage
from training.examples import example, examples


def page(name: str, lang: str, lines: int, labels: str = "C") -> LabelledPage:
    return LabelledPage(name, f"{name}.example", lang, "own", tuple(f"line {i}" for i in range(lines)), labels * lines)


def test_blank_lines_are_left_out_with_their_codes():
    made = example(LabelledPage("a", "a.example", "en", "own", ("Home", " ", "The harbour", "\u200b"), "NNCA"), 5)
    assert (made.lines, made.labels) == (("Home", "The harbour"), "NC")


def test_pages_without_labels_or_marks_or_visible_lines_are_none():
    assert examples([page("a", "en", 3, labels=""), LabelledPage("b", "b.example", "en", "own", (" ",), "C")], 5) == []


def test_the_fewer_lines_a_language_has_the_more_each_weighs_within_bounds():
    sizes = {"en": 200_000, "de": 30_000, "pl": 10_000, "th": 5_000, "lo": 100, "km": 10}
    weights = {e.language: e.weight for e in examples([page(lang, lang, n) for lang, n in sizes.items()], 5)}
    assert list(weights) == list(sizes)
    ordered = list(weights.values())
    assert ordered == sorted(ordered)
    assert weights["en"] < weights["de"] < 1 < weights["pl"] < weights["th"] < weights["lo"] == weights["km"]


def test_a_language_counts_by_all_its_pages():
    few, many = examples([page("a", "pl", 5_000)], 5), examples([page("a", "pl", 5_000), page("b", "pl", 25_000)], 5)
    assert few[0].weight > 1 > many[0].weight == many[1].weight
