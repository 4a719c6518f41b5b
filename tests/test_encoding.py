import pytest

from noiseclf.encoding import looks_like_html, to_utf8

RUSSIAN = "Паром до острова опоздал в понедельник."
JAPANESE = "月曜日、島へのフェリーが遅れました。"
CHINESE = "星期一去岛上的渡轮又晚点了，港务长说。"


@pytest.mark.parametrize(
    ("text", "codec", "meta"),
    [
        (RUSSIAN, "cp1251", '<meta charset="windows-1251">'),
        (RUSSIAN, "koi8-r", "<META CHARSET=koi8-r>"),
        (JAPANESE, "cp932", '<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS">'),
        (JAPANESE, "euc_jp", '<meta charset="euc-jp">'),
        (JAPANESE, "iso2022_jp", '<meta charset="iso-2022-jp">'),
        (CHINESE, "gb18030", '<meta charset="gb2312">'),
        (CHINESE, "big5", "<meta charset='big5'>"),
        ("naïve “quotes” – €", "cp1252", '<meta charset="iso-8859-1">'),
        ("Ölçü ığş", "cp1254", '<?xml version="1.0" encoding="iso-8859-9"?>'),
        (RUSSIAN, "utf-8", '<meta charset="windows-1251">'),  # it says so and is not
        (RUSSIAN, "utf-8", '<meta charset="utf-16">'),
        (RUSSIAN, "utf-8", '<meta charset="no-such-thing">'),
        (RUSSIAN, "utf-8", '<meta charset="base64">'),
    ],
)
def test_what_the_page_says_of_itself_is_believed_where_it_can_be_true(text, codec, meta):
    page = f"<html><head>{meta}</head><p>{text}"
    if codec == "big5":
        page = page.replace(CHINESE, "星期一")
        text = "星期一"
    assert text in to_utf8(page.encode(codec)).decode()


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_decides(codec):
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(codec, b"")
    data = mark + f'<meta charset="windows-1251"><p>{RUSSIAN}'.encode(codec)
    assert RUSSIAN in to_utf8(data).decode()


def test_without_a_word_the_encoding_is_guessed():
    pytest.importorskip("resiliparse")
    assert RUSSIAN in to_utf8(f"<p>{RUSSIAN * 8}".encode("cp1251")).decode()
    assert CHINESE in to_utf8(f"<p>{CHINESE * 8}".encode("gb18030")).decode()


def test_what_is_no_text_becomes_a_replacement_character():
    assert to_utf8(b'<meta charset="utf-8"><p>a\xff\xfeb').decode() == '<meta charset="utf-8"><p>a\ufffd\ufffdb'
    assert to_utf8(b"") == b""


@pytest.mark.parametrize(
    "text",
    ["<!DOCTYPE html>\n<p>x", "  <html>", "<!-- a -->\n<HTML lang=en>", '<?xml version="1.0"?><html>', "<p>One", "<title>a"],
)
def test_html_is_known_by_its_beginning(text):
    assert looks_like_html(text.encode())
    assert looks_like_html("\ufeff".encode() + text.encode())
    assert looks_like_html(text.encode("utf-16"))


@pytest.mark.parametrize("text", ["", "Home\nA page about <p> tags", "<3 this", "<pineapple>", "< p >", '{"html": "<p>"}'])
def test_text_is_not_taken_for_html(text):
    assert not looks_like_html(text.encode())
