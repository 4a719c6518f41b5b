import io
import json
import random
import zipfile
from contextlib import suppress

import numpy as np
import pytest

from noiseclf import artefact
from noiseclf.artefact import Artefact, ModelError


@pytest.fixture(scope="module")
def small():
    arrays = {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.array([1, 255], np.uint8)}
    return Artefact({"favor": {"balanced": 0.5}, "note": "é"}, b"the scorer's bytes", arrays)


def rewritten(data, members=(), comment=None):
    """The model file ``data`` with other ``members`` and a checksum that fits them."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        held = {info.filename: archive.read(info) for info in archive.infolist()}
    held |= dict(members)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, value in held.items():
            if value is not None:
                archive.writestr(zipfile.ZipInfo(name), value)
        kept = {name: value for name, value in held.items() if value is not None}
        archive.comment = artefact._COMMENT + artefact._digest(kept).encode() if comment is None else comment
    return out.getvalue()


def with_metadata(data, **changed):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        metadata = json.loads(archive.read("metadata.json"))
    return rewritten(data, {"metadata.json": json.dumps({**metadata, **changed}).encode()})


def npy(value):
    out = io.BytesIO()
    np.save(out, value, allow_pickle=True)
    return out.getvalue()


def same(found, expected):
    return (
        {**found.metadata} == {**expected.metadata}
        and found.scorer == expected.scorer
        and found.arrays.keys() == expected.arrays.keys()
        and all(np.array_equal(found.arrays[name], a) and found.arrays[name].dtype == a.dtype
                for name, a in expected.arrays.items())
    )  # fmt: skip


def test_what_was_written_is_read(small):
    found = Artefact.from_bytes(small.to_bytes())
    assert found.metadata["favor"] == {"balanced": 0.5}
    assert found.metadata["note"] == "é"
    assert found.metadata["labels"] == ["content", "navigation", "ad", "comment_form"]
    assert same(found, Artefact(found.metadata, small.scorer, small.arrays))


def test_the_same_artefact_is_the_same_bytes(small):
    turned = Artefact(dict(reversed(small.metadata.items())), small.scorer, dict(reversed(small.arrays.items())))
    assert turned.to_bytes() == small.to_bytes()
    assert Artefact.from_bytes(small.to_bytes()).to_bytes() == small.to_bytes()


def test_no_byte_can_change_unnoticed(small):
    data = small.to_bytes()
    expected = Artefact.from_bytes(data)
    refused = 0
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= random.Random(position).randrange(1, 256)
        try:
            found = Artefact.from_bytes(bytes(damaged))
        except ModelError:
            refused += 1
        else:
            assert same(found, expected), position  # a time stamp or the like, which nobody reads
    assert refused > len(data) / 2


def test_bytes_of_a_real_model_cannot_change_unnoticed(tiny_artefact):
    data = tiny_artefact.to_bytes()
    expected = Artefact.from_bytes(data)
    for position in random.Random(0).sample(range(len(data)), 150):
        damaged = bytearray(data)
        damaged[position] ^= 0x41
        with suppress(ModelError):
            assert same(Artefact.from_bytes(bytes(damaged)), expected), position


def test_a_file_that_was_cut_off_is_refused(small):
    data = small.to_bytes()
    for size in range(len(data)):
        with pytest.raises(ModelError):
            Artefact.from_bytes(data[:size])


def test_a_changed_member_is_refused_by_its_checksum(small):
    comment = artefact._COMMENT + b"0" * 64
    with pytest.raises(ModelError, match="checksum does not fit"):
        Artefact.from_bytes(rewritten(small.to_bytes(), {"scorer.bin": b"other"}, comment))


def test_another_format_version_is_refused_with_both_versions(small):
    with pytest.raises(ModelError, match=r"format version 99, this noiseclf reads version 1"):
        Artefact.from_bytes(with_metadata(small.to_bytes(), format=99))


def test_other_labels_are_refused(small):
    with pytest.raises(ModelError, match=r"has the labels \['good', 'bad'\]"):
        Artefact.from_bytes(with_metadata(small.to_bytes(), labels=["good", "bad"]))


@pytest.mark.parametrize("member", ["metadata.json", "scorer.bin"])
def test_a_missing_member_is_named(small, member):
    with pytest.raises(ModelError, match=member):
        Artefact.from_bytes(rewritten(small.to_bytes(), {member: None}))


@pytest.mark.parametrize("metadata", [b"[]", b"null", b"{", b"\xff", b"{}"])
def test_metadata_that_is_no_metadata_is_refused(small, metadata):
    with pytest.raises(ModelError):
        Artefact.from_bytes(rewritten(small.to_bytes(), {"metadata.json": metadata}))


class Bomb:
    """Unpickling this fails the test."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was run",)


def test_a_pickle_inside_is_refused_unread(small):
    import pickle

    for raw in (npy(np.array([Bomb()], object)), pickle.dumps(Bomb())):
        with pytest.raises(ModelError, match="an array cannot be read"):
            Artefact.from_bytes(rewritten(small.to_bytes(), {"a.npy": raw}))


def test_an_archive_of_arrays_in_place_of_an_array_is_refused(small):
    out = io.BytesIO()
    np.savez(out, a=np.zeros(1))
    with pytest.raises(ModelError, match="an array cannot be read"):
        Artefact.from_bytes(rewritten(small.to_bytes(), {"a.npy": out.getvalue()}))


def test_a_compressed_member_is_refused(small):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("scorer.bin", b"0" * 1000)
        archive.comment = artefact._COMMENT
    with pytest.raises(ModelError, match="compressed"):
        Artefact.from_bytes(out.getvalue())


def test_another_zip_file_is_no_model():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(ModelError, match="is not a noiseclf model"):
        Artefact.from_bytes(out.getvalue())


@pytest.mark.parametrize("data", [b"", b"text", b"\0" * 100, b"PK\x03\x04"])
def test_what_is_no_model_is_refused_under_its_name(tmp_path, data):
    path = tmp_path / "some.file"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"some\.file is no noiseclf model"):
        artefact.read(path)


def test_a_file_is_read_with_its_bytes(tmp_path, small):
    path = tmp_path / "m.noiseclf"
    path.write_bytes(small.to_bytes())
    found, data = artefact.read(str(path))
    assert data == small.to_bytes()
    assert found.scorer == small.scorer


def test_a_folder_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(ModelError, match=r"is a folder, not a model file: name the \.noiseclf file in it"):
        artefact.read(tmp_path)


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        artefact.read(tmp_path / "none")


def test_a_file_too_large_for_a_model_is_not_read(tmp_path, monkeypatch, small):
    path = tmp_path / "m.noiseclf"
    path.write_bytes(small.to_bytes())
    monkeypatch.setattr(artefact, "MAX_BYTES", 100)
    with pytest.raises(ModelError, match="a model has at most 100"):
        artefact.read(path)


def header(text):
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    "raw",
    [
        header(b"{'descr': '<f4', 'fortran_order': False, 'shape': (1 << 40,), }\n"),
        header(b"{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776,), }\n"),
        header(b"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }\n") + bytes(8),
        header(b"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n") + bytes(8),
        header(b"((((\n"),  # found by fuzzing: tokenize.TokenError
        header(b"[" * 9000),
    ],
)
def test_an_array_whose_head_lies_is_refused(small, raw):
    with pytest.raises(ModelError, match="an array cannot be read"):
        Artefact.from_bytes(rewritten(small.to_bytes(), {"a.npy": raw}))
