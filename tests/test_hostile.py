"""Pages that nobody wrote: each is labelled, and nothing of it is lost."""

import random

import pytest
from samples import AD, CONTENT

PAGES = {
    "nothing": "",
    "only blank lines": "\n \n\t\n\u200b\n",
    "a line of 5 MB": CONTENT + "x" * 5_000_000,
    "5 MB of blanks before a word": " " * 5_000_000 + "word",
    "200,000 equal lines": "\n".join(["Home"] * 200_000),
    "200,000 line breaks": "\n" * 200_000,
    "NULs": "\0\0a\0b\0\n\0",
    "lone surrogates": "\ud800\n\udfff text \udc80\n" + CONTENT,
    "bidi controls": "\u202eevil\u202c\n\u2066\u2067\u2068\u2069\n\u200f" + CONTENT,
    "mixed line ends": f"{CONTENT}\r\n{AD}\r{CONTENT}\n\r\n\r\r\n{AD}\x85{AD}\u2028{AD}",
    "binary": random.Random(0).randbytes(50_000).decode("utf-8", "replace"),
    "binary as Latin-1": random.Random(1).randbytes(50_000).decode("latin-1"),
    "one letter a line": "\n".join("abc" * 1000),
    "words that fastText obeys": "__label__ad </s> __label__content\n</s>\n____label____",
    "combining marks": "e" + "\u0301" * 10_000,
    "beyond the basic plane": "😀" * 1000 + "\n𠀀\n" + "\U0010ffff",
    "noncharacters": "\uffff\ufffe\n\ufdd0",
    "markup": "<script>" * 10_000,
}


@pytest.mark.parametrize("name", PAGES)
def test_every_line_with_something_to_see_has_a_label_and_nothing_is_lost(tiny, name):
    text = PAGES[name]
    page = tiny.classify(text)
    assert "\n".join(line.text for line in page.lines) == text
    assert tiny.clean(text, drop=()) == text
    for line in page.lines:
        if line.label is None:
            assert not any(character.isalnum() for character in line.text)
        else:
            assert 0.25 <= line.confidence <= 1
    assert sum(page.counts().values()) == sum(line.label is not None for line in page.lines)


def test_a_page_between_hostile_ones_gets_the_answer_it_gets_alone(tiny):
    pages = [PAGES["binary"], f"{CONTENT}\n{AD}", PAGES["lone surrogates"]]
    assert list(tiny.classify_many(pages, jobs=2))[1] == tiny.classify(pages[1])
