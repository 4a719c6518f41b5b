import re
from collections import UserList

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noiseclf import lines as lines_module
from noiseclf.lines import MAX_CHARS, normalise, split

ANY_TEXT = st.text(st.characters(), max_size=60)  # lone surrogates and controls too
PAGES = st.lists(st.one_of(ANY_TEXT, st.sampled_from(["", " ", "\r", "\u2028", "\u200b"])), max_size=12).map("\n".join)


@given(PAGES)
def test_joining_the_lines_restores_the_page(page):
    assert "\n".join(split(page)) == page


@pytest.mark.parametrize("character", ["\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029", "\0"])
def test_nothing_but_the_line_feed_ends_a_line(character):
    assert split(f"a{character}b\nc") == [f"a{character}b", "c"]


def test_an_empty_page_is_one_empty_line_and_an_empty_sequence_none():
    assert split("") == [""]
    assert split("\n") == ["", ""]
    assert split([]) == []


def test_a_sequence_of_lines_is_taken_as_it_is():
    assert split(("a\nb", "c")) == ["a\nb", "c"]
    assert split(UserList(["a"])) == ["a"]


@pytest.mark.parametrize("page", [b"a", bytearray(b"a"), None, 3, ["a", b"b"], ["a", None], {"a"}, iter("a")])
def test_what_is_no_page_is_refused_by_name(page):
    with pytest.raises(TypeError, match=r"a page must be a str or a sequence of str, not "):
        split(page)


def test_bytes_are_refused_with_the_remedy():
    with pytest.raises(TypeError, match=re.escape("decode('utf-8', 'replace')")):
        split(b"a")


@given(st.lists(ANY_TEXT))
def test_normalising_keeps_each_line_in_its_place(lines):
    assert normalise(lines) == [normalise([line])[0] for line in lines]


@given(st.lists(ANY_TEXT))
def test_normalised_lines_are_one_line_each_with_no_outer_or_double_space_and_normalising_again_changes_nothing(lines):
    once = normalise(lines)
    assert not [line for line in once if "\n" in line or "  " in line or line != line.strip()]
    assert normalise(once) == once
    "\n".join(once).encode()  # no lone surrogate is left


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("  two\t words \r", "two words"),
        ("a\0b", "a b"),
        ("a\nb", "a b"),
        ("\ufeffHome", "Home"),
        ("\u202eevil\u202c \u2066name\u2069", "evil name"),
        ("a\u2028b", "a b"),
        ("x\ud800y", "x\ufffdy"),
        ("\u3000\u00a0中文\u3000", "中文"),
        ("👩🏽 hi", "👩🏽 hi"),
    ],
)
def test_what_a_reader_cannot_see_becomes_a_space(line, seen):
    assert normalise([line]) == [seen]


@pytest.mark.parametrize("line", ["", " ", "\r", "\t\v\f", "\0\0", "\u200b\u200e", "\u2028", "\ufeff", "\n \n"])
def test_a_line_with_nothing_visible_is_empty(line):
    assert normalise([line]) == [""]


def test_of_a_megabyte_line_the_first_visible_characters_are_seen():
    assert normalise(["x" * 1_000_000]) == ["x" * MAX_CHARS]
    assert normalise([" \n\u200b" * 300_000 + "late words"]) == ["late words"]


def test_no_lines_are_no_lines():
    assert normalise([]) == []


def test_every_character_that_changes_a_line_is_known_as_odd():
    for point in range(0x110000):
        line = f"a{chr(point)}b"
        slow = lines_module._INVISIBLE.sub(" ", lines_module._INSIDE.sub("", lines_module._SURROGATES.sub("?", line)))
        changes = slow != line and chr(point) not in "\n "
        assert bool(lines_module._ODD.search(line)) == changes, hex(point)
