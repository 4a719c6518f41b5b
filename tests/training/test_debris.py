"""The foreign-debris test, with a classifier whose every answer is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace

from noiseclf.labels import Label
from training.corpus import LabelledPage, Phrase, held_out
from training.debris import HOSTS, Block, Tally, blocks, fill, hosts, measure, run

FORM = [Phrase("en", "F", "form_field", "Your comment *"), Phrase("en", "F", "comment_count", "{n} comments so far")]
NAVIGATION = [Phrase("en", "N", "pagination", "Next »"), Phrase("en", "N", "related", "More on {title} now")]
TRAINED = [Phrase("en", "F", "form_heading", "Leave a reply"), Phrase("en", "N", "menu", "Home")]
OTHER = [Phrase("en", "A", "newsletter", "Submit email"), Phrase("en", "C", "heading", "About page")]
PHRASES = [*TRAINED, *FORM, *NAVIGATION, *OTHER]


def page(name: str, lang: str, lines: Sequence[str], labels: str) -> LabelledPage:
    return LabelledPage(name, name, lang, "own", tuple(lines), labels)


ENGLISH = page("own/en/mill", "en", ["Menu", "Mill fire", "Nobody was hurt."], "NCC")
POLISH = page("own/pl/most", "pl", ["Menu", "Most", "Most zamknięto.", "Stopka"], "NCCN")


class Stub:
    """Labels each line by ``label(line, lines)``; counts how often it is asked."""

    def __init__(self, label: Callable[[str, Sequence[str]], Label]) -> None:
        self.label = label
        self.asked: list[tuple[str, ...]] = []

    def classify(self, lines: Sequence[str]) -> SimpleNamespace:
        self.asked.append(tuple(lines))
        return SimpleNamespace(lines=[SimpleNamespace(label=self.label(line, lines)) for line in lines])


def test_the_phrases_of_these_tests_are_held_out_where_they_should_be() -> None:
    assert all(held_out(phrase.text) for phrase in [*FORM, *NAVIGATION, *OTHER])
    assert not any(held_out(phrase.text) for phrase in TRAINED)


def test_slots_are_filled_always_alike() -> None:
    every = "{n} {date} {time} {year} {name} {site} {price} {city} {email} {title}"
    assert fill(every, "Mill fire") == fill(every, "Mill fire")
    assert "{" not in fill(every, "Mill fire")
    assert fill("More on {title} now", "Mill fire") == "More on Mill fire now"
    assert fill("{n} comments so far", "") == "3 comments so far"


def test_blocks_hold_the_held_out_form_and_navigation_phrases() -> None:
    assert blocks(PHRASES, [ENGLISH, POLISH]) == [
        Block("en", "F", ("Your comment *", "3 comments so far"), "after"),
        Block("en", "N", ("Next »", "More on Mill fire now"), "before"),
        Block("en", "N", ("Next »", "More on Mill fire now"), "after"),
    ]


def test_phrases_with_a_title_need_a_page_of_their_language() -> None:
    assert [block.lines for block in blocks(NAVIGATION, [POLISH])] == [("Next »",)] * 2


def test_a_language_without_held_out_phrases_gives_no_block() -> None:
    assert blocks(TRAINED, [ENGLISH]) == []


def test_hosts_are_pages_with_content_in_other_languages_each_once() -> None:
    others = [page(f"p{i}{lang}", lang, ["x"], "C") for lang in ("pl", "ja", "sr", "sr-Latn") for i in range(3)]
    empty = page("empty", "fi", ["x"], "N")
    chosen = hosts("en-GB", [ENGLISH, empty, *others])
    assert sorted(host.lang.split("-")[0] for host in chosen) == ["ja", "pl", "sr"]
    assert chosen == hosts("en-GB", [*reversed(others), empty, ENGLISH])
    assert {host.lang for host in hosts("sr", others)} == {"pl", "ja"}


def test_there_are_never_more_hosts_than_said() -> None:
    many = [page(f"p{i}", f"{a}{b}", ["x"], "C") for i, (a, b) in enumerate((a, b) for a in "abc" for b in "xyzuv")]
    assert len(hosts("en", many)) == HOSTS == 8


def test_a_block_stands_before_the_first_content_line_or_after_the_last() -> None:
    stub = Stub(lambda line, lines: Label.CONTENT)
    alone = [Label.CONTENT] * 4
    measure(stub, Block("en", "N", ("Next »", "Back"), "before"), POLISH, alone)
    measure(stub, Block("en", "F", ("Reply",), "after"), POLISH, alone)
    assert stub.asked == [
        ("Menu", "Next »", "Back", "Most", "Most zamknięto.", "Stopka"),
        ("Menu", "Most", "Most zamknięto.", "Reply", "Stopka"),
    ]


def test_noise_and_right_labels_are_counted_among_the_blocks_lines_alone() -> None:
    answers = {"Reply": Label.COMMENT_FORM, "Send": Label.NAVIGATION, "Name": Label.CONTENT}
    stub = Stub(lambda line, lines: answers.get(line, Label.CONTENT))
    block = Block("en", "F", ("Reply", "Send", "Name"), "after")
    assert measure(stub, block, POLISH, [Label.CONTENT] * 4) == Tally(lines=3, noise=2, right=1, kept=2, lost=0)


def test_content_is_lost_only_where_the_block_is_to_blame() -> None:
    # "Most" goes with the block; "Most zamknięto." had gone without it; "Menu" and "Stopka" are no content.
    stub = Stub(lambda line, lines: Label.CONTENT if line == "Reply" else Label.AD)
    alone = [Label.CONTENT, Label.CONTENT, Label.NAVIGATION, Label.CONTENT]
    found = measure(stub, Block("en", "F", ("Reply",), "after"), POLISH, alone)
    assert found == Tally(lines=1, noise=0, right=0, kept=1, lost=1)


def test_tallies_add_up() -> None:
    assert Tally(1, 2, 3, 4, 5) + Tally(10, 20, 30, 40, 50) == Tally(11, 22, 33, 44, 55)


def wary(line: str, lines: Sequence[str]) -> Label:
    """Knows navigation; takes everything for an ad where a comment is asked for."""
    if "Your comment *" in lines:
        return Label.AD
    return Label.NAVIGATION if line in {"Menu", "Next »", "Stopka"} else Label.CONTENT


def test_a_run_gives_a_tally_for_each_language_and_kind() -> None:
    assert run(Stub(wary), PHRASES, [ENGLISH, POLISH]) == {
        ("en", "F"): Tally(lines=2, noise=2, right=0, kept=2, lost=2),
        ("en", "N"): Tally(lines=4, noise=2, right=2, kept=4, lost=0),
    }


def test_hosts_may_be_other_pages_than_those_that_give_titles() -> None:
    german = page("dev-1", "de", ["Die Mühle brennt."], "C")
    stub = Stub(wary)
    found = run(stub, NAVIGATION, [ENGLISH, POLISH], [german])
    assert found == {("en", "N"): Tally(lines=4, noise=2, right=2, kept=2, lost=0)}
    assert stub.asked.count(german.lines) == 1
    assert ("Next »", "More on Mill fire now", "Die Mühle brennt.") in stub.asked
