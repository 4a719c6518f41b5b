"""Which lines a peer kept, told from its text; and peers on pages written here."""

from __future__ import annotations

import importlib.util
import io
import tarfile
from pathlib import Path

import pytest

from training.corpus import CorpusError
from training.peers import PEERS, Peer, decode, kept_lines, read_html


def kept(lines: list[str], text: str) -> list[int]:
    return [i for i, keep in enumerate(kept_lines(lines, text)) if keep]


def test_lines_that_stand_in_the_text_are_kept() -> None:
    lines = ["Home", "The mill burned down on Friday night.", "Nobody was hurt in the fire.", "Imprint"]
    assert kept(lines, "The mill burned down on Friday night.\n\nNobody was hurt in the fire.") == [1, 2]


def test_white_space_case_punctuation_and_unicode_forms_do_not_count() -> None:
    assert kept(["Der Fluß läuft – seit Montag – über."], "- DER  FLUSS\u00a0la\u0308uft, seit\nMontag über") == [0]


def test_a_text_of_nothing_keeps_nothing() -> None:
    assert kept(["Home", "", "»", "The mill burned down."], "") == []
    assert kept([], "The mill burned down.") == []


def test_blank_lines_are_never_kept() -> None:
    assert kept(["", "The mill burned down.", " \t"], "\nThe mill burned down.\n \n") == [1]


def test_a_short_line_within_a_sentence_does_not_count() -> None:
    assert kept(["Home", "She came home late on Friday night."], "She came home late on Friday night.") == [1]
    assert kept(["Friday night"], "She came home late on Friday night and left.") == []


def test_a_short_line_counts_as_a_whole_line_of_the_text() -> None:
    assert kept(["Home", "Ingredients", "Sport"], "Ingredients\n200 g of flour") == [1]


def test_short_lines_count_where_together_they_fill_a_line_of_the_text() -> None:
    lines = ["Home", "200 g", "rye flour", "sifted", "Sport"]
    assert kept(lines, "| 200 g | rye flour | sifted |") == [1, 2, 3]
    assert kept(lines, "200 g of rye flour") == []


def test_a_line_that_stands_twice_is_kept_as_often_as_the_text_has_it() -> None:
    lines = ["Reply", "Reply", "Reply"]
    assert [len(kept(lines, "Reply\n" * times)) for times in range(5)] == [0, 1, 2, 3, 3]


def test_of_equal_lines_the_one_beside_what_was_kept_is_taken() -> None:
    body = "Nobody was hurt in the fire at the mill."
    assert kept(["Mill fire", "News", "Mill fire", body, "Weather", "Mill fire"], f"Mill fire\n{body}") == [2, 3]
    assert kept(["Mill fire", "News", body, "Mill fire", "Weather", "Mill fire"], f"{body}\nMill fire") == [2, 3]


def test_of_equal_lines_without_a_kept_neighbour_the_later_is_taken() -> None:
    body = "Nobody was hurt in the fire at the mill."
    assert kept(["Mill fire", "News", "Mill fire", "By Ann", body], f"Mill fire\n{body}") == [2, 4]


def test_a_longer_line_may_stand_out_of_page_order() -> None:
    first, second = "The mill burned down on Friday night.", "Nobody was hurt in the fire at the mill."
    assert kept([first, second], f"{second}\n{first}") == [0, 1]
    assert kept([first, "Read this", second], f"{second}\nRead this\n{first}") in ([0, 1, 2], [0, 2])


def test_a_longer_line_counts_with_four_fifths_of_its_words_in_order() -> None:
    line = "one two three four five six seven eight nine ten"
    assert kept([line], "one two three four five six seven eight") == [0]
    assert kept([line], "one two three four and five six seven eight nine ten") == [0]
    assert kept([line], "one two three four five six seven") == []
    assert kept([line], "ten nine eight seven six five four three two one") == []


def test_words_strewn_over_a_long_text_are_no_line() -> None:
    line = "the fire at the mill was in the night of Friday"
    text = "The storm came. A fire burned at sea. No mill was safe, in rain or the dark night, of course, until Friday."
    assert kept([line], text) == []


def test_two_lines_with_the_same_beginning_share_no_words() -> None:
    short, long = "The mill burned down", "The mill burned down on Friday night"
    assert kept([short, long], long) == [1]
    assert kept([short, long], f"{short}\n{long}") == [0, 1]


def test_scripts_without_spaces_are_matched_by_character() -> None:
    lines = ["首页", "昨天夜里河边的磨坊着火了,没有人受伤。", "火了"]
    assert kept(lines, "昨天夜里河边的磨坊着火了 , 没有人受伤。") == [1]


def test_lines_of_signs_alone_count_as_whole_lines() -> None:
    assert kept(["»", "* * *", "The mill burned down."], "***\nThe mill burned down.") == [1, 2]


def test_long_pages_of_equal_lines_stay_cheap() -> None:
    assert len(kept(["Reply"] * 1500, "Reply\n" * 1000)) == 1000


def test_a_peer_that_raises_keeps_nothing() -> None:
    assert Peer("broken", "numpy", lambda html, lang: str(1 / 0)).run("<p>x</p>", "en") is None
    assert Peer("lang", "numpy", lambda html, lang: html + lang).run("<p>", "en") == "<p>en"


def test_a_package_that_is_missing_has_no_version() -> None:
    assert Peer("absent", "no-such-package-here", lambda html, lang: "").version() is None
    assert Peer("pytest", "pytest", lambda html, lang: "").version() == pytest.__version__


SENTENCES = [
    f"The {place} was closed for {n} weeks because the old roof, which is made of slate, had to be repaired by hand, "
    "and nobody in the town had been taught how to do it, so that a roofer from the coast was sent for and came by train."
    for n, place in enumerate(("mill", "harbour", "school", "library", "bridge", "theatre", "market"), 3)
]
MENU = ["Home", "Sport", "Weather", "Imprint"]
PAGE = (
    "<html><head><title>Town</title></head><body><nav><ul>"
    + "".join(f'<li><a href="/{name}">{name}</a></li>' for name in MENU)
    + "</ul></nav><article><h1>A summer of repairs</h1>"
    + "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
    + "</article></body></html>"
)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
@pytest.mark.parametrize("lang", ["en", "xx"])
def test_each_peer_keeps_an_articles_paragraphs_and_not_its_menu(peer: Peer, lang: str) -> None:
    if peer.version() is None:
        pytest.skip(f"{peer.package} is not installed")
    text = peer.run(PAGE, lang)
    assert text is not None
    lines = [*MENU, "A summer of repairs", *SENTENCES]
    found = set(kept(lines, text))
    assert found >= set(range(5, len(lines)))
    assert len(found & {0, 1, 2, 3}) <= 1  # boilerpy3 takes the last entry along


def pack(path: Path, pages: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:xz") as archive:
        for name, data in pages.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def test_html_is_read_from_every_archive_of_the_split(tmp_path: Path) -> None:
    pack(tmp_path / "html-train-a.tar.xz", {"a-1.html": b"<p>1", "LICENSE": b"x"})
    pack(tmp_path / "html-train-b.tar.xz", {"b.2.html": b"<p>2"})
    pack(tmp_path / "html-dev.tar.xz", {"c.html": b"<p>3"})
    assert read_html(tmp_path, "train") == {"a-1": b"<p>1", "b.2": b"<p>2"}
    assert read_html(str(tmp_path), "dev") == {"c": b"<p>3"}


def test_a_missing_or_damaged_archive_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"has no html-dev\*\.tar\.xz"):
        read_html(tmp_path, "dev")
    (tmp_path / "html-dev.tar.xz").write_bytes(b"nothing of the kind")
    with pytest.raises(CorpusError, match=r"html-dev\.tar\.xz cannot be unpacked"):
        read_html(tmp_path, "dev")


@pytest.mark.skipif(importlib.util.find_spec("resiliparse") is None, reason="resiliparse is not installed")
def test_html_is_decoded_by_its_meta_tag_or_by_its_bytes() -> None:
    russian = "Мельница сгорела в пятницу ночью, никто не пострадал, сообщили в городе. " * 5
    assert russian in decode(f'<meta charset="windows-1251"><p>{russian}'.encode("windows-1251"))
    assert russian in decode(f"<p>{russian}".encode())
    assert russian in decode(f"<p>{russian}".encode("windows-1251"))
