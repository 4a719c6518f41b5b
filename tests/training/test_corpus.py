"""Reading labelled pages and phrases: what is good comes back whole, what is bad is named by file, line and fault."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from training.corpus import (
    KINDS,
    CorpusError,
    LabelledPage,
    Phrase,
    fingerprint,
    fold,
    held_out,
    read,
    read_own,
    read_phrases,
    read_split,
)

GOOD = {"id": "a", "lines": ["Menu", "The mill burned down."], "labels": "NC"}
PAGE = LabelledPage("a", "a", "", "", ("Menu", "The mill burned down."), "NC")


def jsonl(folder: Path, *records: object, name: str = "train.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def own(folder: Path, text: str) -> Path:
    path = folder / "pages" / "en" / "mill.tsv"
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode())
    return path


def phrases(folder: Path, *rows: str) -> Path:
    path = folder / "phrases" / "en.tsv"
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_a_record_gives_every_field(tmp_path: Path) -> None:
    texts = {"domain": "mill.example", "lang": "en", "source": "s", "silver": "0?", "url": "u", "sample": "rich", "gold": "g"}
    (page,) = read(jsonl(tmp_path, {**GOOD, **texts}))
    assert page == LabelledPage("a", "mill.example", "en", "s", PAGE.lines, "NC", "0?", "u", "rich", "g")


def test_what_is_left_out_or_null_is_empty_and_the_domain_is_the_id(tmp_path: Path) -> None:
    assert read(jsonl(tmp_path, {**GOOD, "domain": None, "gold": None})) == [PAGE]


def test_a_page_without_labels_and_silver_is_read_as_unlabelled(tmp_path: Path) -> None:
    assert read(jsonl(tmp_path, {"id": "a", "lines": ["x"]})) == [LabelledPage("a", "a", "", "", ("x",))]


def test_gzip_blank_rows_and_windows_line_ends_are_read_alike(tmp_path: Path) -> None:
    row = json.dumps(GOOD)
    (tmp_path / "x.jsonl.gz").write_bytes(gzip.compress(f"{row}\r\n\n".encode()))
    assert read(tmp_path / "x.jsonl.gz") == [PAGE]


def test_only_a_line_feed_ends_a_row(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({"id": "a", "lines": ["one\u2028two\u0085three"]}, ensure_ascii=False), encoding="utf-8")
    assert read(path)[0].lines == ("one\u2028two\u0085three",)


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ([1], "a list, not a JSON object"),
        ({"lines": []}, "'id' is missing"),
        ({**GOOD, "id": ""}, "'id' is missing"),
        ({**GOOD, "id": 7}, "'id' is missing or not a string"),
        ({"id": "a"}, "'lines' of page 'a' is missing or not a list"),
        ({**GOOD, "lines": "Menu"}, "'lines' of page 'a' is missing or not a list"),
        ({**GOOD, "lines": ["Menu", 5]}, "line 2 of page 'a' is a number, not a string"),
        ({**GOOD, "labels": "N"}, "'labels' of page 'a' has 1 codes for 2 lines"),
        ({**GOOD, "labels": "NX"}, "'labels' of page 'a' has 'X' at line 2"),
        ({**GOOD, "labels": ["N", "C"]}, "'labels' of page 'a' is a list, not a string"),
        ({**GOOD, "silver": "012"}, "'silver' of page 'a' has 3 codes for 2 lines"),
        ({**GOOD, "silver": "1C"}, "'silver' of page 'a' has 'C' at line 2"),
        ({**GOOD, "gold": 3}, "'gold' of page 'a' is a number, not a string"),
        ({**GOOD, "id": "first"}, "the id 'first' is on line 1 too"),
    ],
)
def test_a_bad_record_is_named_by_file_line_and_fault(tmp_path: Path, record: object, fault: str) -> None:
    path = jsonl(tmp_path, {**GOOD, "id": "first"}, record)
    with pytest.raises(CorpusError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}:2: ")
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("row", ["{", "", "nonsense", "[" * 200_000])
def test_what_is_not_json_is_named(tmp_path: Path, row: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(f"{json.dumps(GOOD)}\n{row}x\n")
    with pytest.raises(CorpusError, match=r"x\.jsonl:2: not JSON"):
        read(path)


def test_bytes_that_are_not_utf8_are_named_by_their_line(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(json.dumps(GOOD).encode() + b"\n\xff\n")
    with pytest.raises(CorpusError, match=r"x\.jsonl:2: byte 0 is not UTF-8"):
        read(path)


def test_a_cut_or_false_gzip_file_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress((json.dumps(GOOD) + "\n").encode())
    for name, data in {"cut.jsonl.gz": whole[:-9], "false.jsonl.gz": b"{}"}.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(CorpusError, match=f"{name} cannot be unpacked"):
            read(tmp_path / name)


def test_a_split_is_found_packed_or_plain(tmp_path: Path) -> None:
    jsonl(tmp_path, GOOD, name="dev.jsonl")
    (tmp_path / "train.jsonl.gz").write_bytes(gzip.compress(json.dumps({**GOOD, "id": "b"}).encode()))
    assert [page.id for page in read_split(tmp_path, "dev")] == ["a"]
    assert [page.id for page in read_split(str(tmp_path), "train")] == ["b"]


def test_a_missing_double_or_empty_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"has neither dev\.jsonl\.gz nor dev\.jsonl"):
        read_split(tmp_path, "dev")
    with pytest.raises(CorpusError, match="is not a folder"):
        read_split(tmp_path / "absent", "dev")
    jsonl(tmp_path, name="dev.jsonl")
    with pytest.raises(CorpusError, match=r"dev\.jsonl holds no page"):
        read_split(tmp_path, "dev")
    (tmp_path / "dev.jsonl.gz").write_bytes(gzip.compress(b""))
    with pytest.raises(CorpusError, match=r"has both dev\.jsonl\.gz and dev\.jsonl"):
        read_split(tmp_path, "dev")


def test_own_pages_are_read_with_their_folder_as_language(tmp_path: Path) -> None:
    own(tmp_path, "N\tMenu\r\nC\tThe mill burned down.\n")
    assert read_own(tmp_path) == [replace(PAGE, id="own/en/mill", domain="own/en/mill", lang="en", source="own")]


@pytest.mark.parametrize(
    ("text", "line", "fault"),
    [
        ("N\tMenu\n\nC\tx\n", 2, "'' is not a code, one tab and a text"),
        ("N\tMenu\nC\ta\tb\n", 2, "is not a code, one tab and a text"),
        ("N\tMenu\nC\t \n", 2, "is not a code, one tab and a text"),
        ("Menu\n", 1, "'Menu' is not a code, one tab and a text"),
        ("Q\tMenu\n", 1, "the code 'Q' is unknown"),
        ("CN\tMenu\n", 1, "the code 'CN' is unknown"),
        ("\tMenu\n", 1, "the code '' is unknown"),
    ],
)
def test_a_bad_row_of_an_own_page_is_named(tmp_path: Path, text: str, line: int, fault: str) -> None:
    path = own(tmp_path, text)
    with pytest.raises(CorpusError) as caught:
        read_own(tmp_path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert fault in str(caught.value)


def test_an_empty_own_page_and_a_folder_without_any_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"has no pages/\*/\*\.tsv"):
        read_own(tmp_path)
    own(tmp_path, "")
    with pytest.raises(CorpusError, match=r"mill\.tsv is empty"):
        read_own(tmp_path)


def test_phrases_are_read_in_order(tmp_path: Path) -> None:
    phrases(tmp_path, "label\tkind\tphrase", "F\tcomment_count\t{n} comments", "C\theading\tIngredients")
    expected = [Phrase("en", "F", "comment_count", "{n} comments"), Phrase("en", "C", "heading", "Ingredients")]
    assert read_phrases(tmp_path) == expected


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("N\tmenu", "is not a code, a kind and a phrase"),
        ("N\tmenu\t", "is not a code, a kind and a phrase"),
        ("N\tmenu\ta\tb", "is not a code, a kind and a phrase"),
        ("M\tmenu\tHome", "the code 'M' is unknown"),
        ("F\tmenu\tHome", "F has no kind 'menu'"),
        ("N\tmenu\tHello {who}", "has a slot that is unknown or open"),
        ("N\tmenu\tHello {name", "has a slot that is unknown or open"),
    ],
)
def test_a_bad_phrase_is_named(tmp_path: Path, row: str, fault: str) -> None:
    path = phrases(tmp_path, "label\tkind\tphrase", "N\tmenu\tHome", row)
    with pytest.raises(CorpusError) as caught:
        read_phrases(tmp_path)
    assert str(caught.value).startswith(f"{path}:3: ")
    assert fault in str(caught.value)


def test_phrases_without_header_are_refused(tmp_path: Path) -> None:
    phrases(tmp_path, "N\tmenu\tHome")
    with pytest.raises(CorpusError, match=r"en\.tsv:1: the header is missing"):
        read_phrases(tmp_path)


def test_the_kinds_are_those_of_the_data_readme() -> None:
    readme = (Path(__file__).parents[2] / "data" / "README.md").read_text(encoding="utf-8")
    for code, kinds in KINDS.items():
        (row,) = [r for r in readme.split("\n") if r.startswith(f"| `{code}` | `") and r.count("|") == 3]
        assert set(row.split("|")[2].replace("`", " ").partition("(")[0].split()) == kinds


def test_a_phrase_is_held_out_by_the_first_byte_of_its_sha1() -> None:
    first = {text: hashlib.sha1(text.encode()).digest()[0] for text in map(str, range(2000))}
    border = {byte: text for text, byte in first.items()}
    assert held_out(border[50])
    assert not held_out(border[51])
    assert sum(map(held_out, first)) == sum(byte < 51 for byte in first.values())


def test_the_fingerprint_ignores_order_and_what_is_neither_text_nor_label() -> None:
    other = replace(PAGE, id="b", lines=("\ud800",), labels="N")
    assert fingerprint([PAGE, other]) == fingerprint([other, replace(PAGE, lang="en", gold="g", domain="d")])
    changed = [replace(PAGE, id="c"), replace(PAGE, lines=("Menu", "x")), replace(PAGE, labels="NN"), replace(PAGE, silver="01")]
    assert len({fingerprint([page]) for page in [PAGE, *changed]}) == 5
    assert fingerprint([PAGE]) != fingerprint([PAGE, PAGE])


def test_a_domains_fold_is_its_sha1_modulo_the_folds() -> None:
    # sha1("a") = 86f7e437faa5a7fce15d1ddcb9eaeaea377667b8: its last byte is 0xb8 = 184, its last digit 8
    assert fold("a", 256) == 184
    assert fold("a", 2) == 0
    assert {fold(f"site{i}.example", 5) for i in range(60)} == {0, 1, 2, 3, 4}
    assert fold("\ud800", 5) in range(5)
