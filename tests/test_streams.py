import codecs
import io
import os
import stat
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noiseclf import streams
from noiseclf.streams import HEAD, StreamError, decode, decode_lines, open_input, whole_file


def lines_of(data):
    return list(decode_lines(io.BufferedReader(io.BytesIO(data)), 1 << 20))


@given(st.binary().filter(lambda data: b"\0" not in data and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef"))))
def test_bytes_are_utf8_with_replacements_which_are_counted(data):
    text, replaced = decode(data)
    assert text == data.decode("utf-8", "replace")
    assert replaced == text.count("\ufffd") - data.count("\ufffd".encode())


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_text_in_any_unicode_encoding_is_read(text):
    text = text.removeprefix("\ufeff")
    for encoded in (text.encode(), text.encode("utf-8-sig"), text.encode("utf-16")):
        assert decode(encoded) == (text, 0)
    assert decode(codecs.BOM_UTF16_BE + text.encode("utf-16-be")) == (text, 0)


def test_half_a_utf16_character_is_replaced_and_counted():
    assert decode("ab".encode("utf-16") + b"x") == ("ab\ufffd", 1)


@pytest.mark.parametrize("read", [decode, lines_of])
def test_a_file_with_nul_bytes_is_no_text(read):
    with pytest.raises(StreamError, match="holds NUL bytes"):
        read(b"\x7fELF\0\0")
    with pytest.raises(StreamError, match="holds NUL bytes"):
        read(b"a" * (HEAD - 1) + b"\0")


def test_a_nul_byte_far_into_a_file_is_a_character_of_the_page():
    assert decode(b"a" * HEAD + b"\0") == ("a" * HEAD + "\0", 0)


@given(st.text(st.sampled_from("aé中\r\u2028\x85 \n")))
def test_lines_end_at_line_feeds_only_in_any_encoding(text):
    expected = text.split("\n")
    expected = expected if expected[-1] else expected[:-1]
    for encoded in (text.encode(), text.encode("utf-16")):
        assert [line for line, _ in lines_of(encoded)] == expected


def test_each_line_has_its_own_count_of_replacements():
    assert lines_of(b"a\xff\n\xff\xfeb\nc") == [("a\ufffd", 1), ("\ufffd\ufffdb", 2), ("c", 0)]


@pytest.mark.parametrize("ending", [b"", b"\n"])
def test_a_line_over_the_limit_is_none_and_the_next_is_read(ending):
    for length in (5, 9, 10, 11, 15, 16):
        data = b"1234\n" + b"x" * length + b"\nabcd" + ending
        assert list(decode_lines(io.BufferedReader(io.BytesIO(data)), 4)) == [("1234", 0), (None, 0), ("abcd", 0)]


def test_lines_are_read_as_they_are_needed():
    stream = io.BufferedReader(io.BytesIO(b"line\n" * 1_000_000))
    lines = decode_lines(stream, 1 << 20)
    next(lines)
    lines.close()
    assert 0 < stream.tell() < 100_000


def test_a_file_that_cannot_be_read_is_told_with_the_remedy(tmp_path):
    with pytest.raises(StreamError, match="no such file; check the name"), open_input(str(tmp_path / "none")):
        pass
    with pytest.raises(StreamError, match=r"is a folder; name the files .*/\*\.txt"), open_input(str(tmp_path)):
        pass
    with pytest.raises(StreamError, match="cannot be read"), open_input("x" * 5000):
        pass


def test_a_new_file_is_there_when_the_block_has_ended(tmp_path):
    path = tmp_path / "out"
    with whole_file(str(path)) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_file_is_as_it_was_when_the_block_fails(tmp_path, error):
    path = tmp_path / "out"
    path.write_bytes(b"old")
    with pytest.raises(error), whole_file(str(path)) as file:
        file.write(b"new")
        raise error
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_failing_disk_is_told_and_leaves_the_old_file(tmp_path, monkeypatch):
    def fsync(_):
        raise OSError(28, "No space left on device")

    path = tmp_path / "out"
    path.write_bytes(b"old")
    monkeypatch.setattr(streams.os, "fsync", fsync)
    with pytest.raises(StreamError, match=r"out: cannot be written \(No space left"), whole_file(str(path)) as file:
        file.write(b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_file_keeps_its_permissions_and_a_new_one_gets_the_usual(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.touch()
    old.chmod(0o640)
    usual = tmp_path / "usual"
    usual.touch()
    for path in (old, new):
        with whole_file(str(path)):
            pass
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert new.stat().st_mode == usual.stat().st_mode


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    with whole_file(str(tmp_path / "link")) as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


@pytest.mark.parametrize("name", ["folder", "folder/none/out", "file/out", "/dev/null"])
def test_what_is_no_place_for_a_file_is_told(tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(StreamError, match=name), whole_file(str(tmp_path / name)):
        pass


def test_what_a_killed_process_left_is_removed_and_what_another_writes_is_not(tmp_path):
    pytest.importorskip("fcntl", reason="locks need fcntl")
    write = (
        "import sys; from noiseclf.streams import whole_file\n"
        "with whole_file(sys.argv[1]) as file: file.write(b'x'); file.flush(); print(flush=True); input()"
    )
    path, other = tmp_path / "out", tmp_path / "other"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    def writing(target):
        process = subprocess.Popen(
            [sys.executable, "-c", write, str(target)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        process.stdout.readline()
        return process

    killed, elsewhere, alive = writing(path), writing(other), writing(path)
    for process in (killed, elsewhere):
        process.kill()
        process.communicate()
    assert len(list(tmp_path.iterdir())) == 3
    with whole_file(str(path)) as file:
        assert len(list(tmp_path.iterdir())) == 3  # its own, that of the other target, that of the process alive
        file.write(b"new")
    assert path.read_bytes() == b"new"
    alive.communicate(b"\n")
    assert path.read_bytes() == b"x"
    assert len(list(tmp_path.iterdir())) == 2
