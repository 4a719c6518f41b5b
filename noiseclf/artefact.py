"""The model file: a ZIP archive of plain arrays, JSON and fastText bytes, with a checksum over all of it and no pickle.

Members, all stored uncompressed so that the same model is the same bytes everywhere:

- ``metadata.json``: ``format`` (this module's :data:`FORMAT`), ``labels``, ``favor`` presets, the training corpus's
  fingerprint, dev figures and whatever else training notes down;
- ``scorer.bin``: a fastText model; ``scorer_labels`` in the metadata names its columns;
- ``NAME.npy``: NumPy arrays, float32 or uint8, read with ``allow_pickle=False``.

The archive's comment is ``noiseclf sha256:`` and the digest of the members' names and bytes, in order.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from noiseclf.labels import LABELS

#: Version of the format; a model of another version is refused.
FORMAT = 1
#: No model file is larger: a guard against reading something else into memory.
MAX_BYTES = 64 * 1024 * 1024
_COMMENT = b"noiseclf sha256:"
_EPOCH = (1980, 1, 1, 0, 0, 0)


class ModelError(ValueError):
    """A file is not a model that this version of noiseclf can use."""


@dataclass(frozen=True)
class Artefact:
    """What a model file holds.

    Attributes:
        metadata: plain JSON values.
        scorer: bytes of the fastText model.
        arrays: by name, float32 or uint8.
    """

    metadata: Mapping[str, Any]
    scorer: bytes
    arrays: Mapping[str, npt.NDArray[Any]]

    def to_bytes(self) -> bytes:
        """Return the model file; the same artefact always gives the same bytes."""
        metadata = {**self.metadata, "format": FORMAT, "labels": [label.value for label in LABELS]}
        text = json.dumps(metadata, ensure_ascii=False, indent=1, sort_keys=True)
        members = {"metadata.json": text.encode(), "scorer.bin": self.scorer}
        for name in sorted(self.arrays):
            buffer = io.BytesIO()
            np.save(buffer, np.ascontiguousarray(self.arrays[name]), allow_pickle=False)
            members[f"{name}.npy"] = buffer.getvalue()
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name, data in members.items():
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), data)
            archive.comment = _COMMENT + _digest(members).encode()
        return out.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "the model") -> Artefact:
        """Read a model file.

        Raises:
            ModelError: ``data`` is no model, is damaged, or is of another format version.
        """
        members = _members(data, name)
        try:
            metadata = json.loads(members.pop("metadata.json"))
            version = metadata["format"]
            scorer = members.pop("scorer.bin")
        except (KeyError, ValueError, TypeError, RecursionError) as error:
            raise ModelError(f"{name} is damaged: it lacks {error}; train it again") from error
        if version != FORMAT:
            raise ModelError(
                f"{name} has format version {version}, this noiseclf reads version {FORMAT}: "
                "install the noiseclf that wrote it, or train it again"
            )
        if metadata.get("labels") != [label.value for label in LABELS]:
            raise ModelError(f"{name} has the labels {metadata.get('labels')}, not {[label.value for label in LABELS]}")
        try:
            arrays = {member.removesuffix(".npy"): _array(raw) for member, raw in members.items()}
        except Exception as error:  # NumPy reads an array's head as Python: whatever that raises, the file is no model
            raise ModelError(f"{name} is damaged: an array cannot be read ({error}); train it again") from error
        return cls(metadata, scorer, arrays)


def read(path: str | Path) -> tuple[Artefact, bytes]:
    """Return the artefact in the file ``path``, and the file's bytes.

    Raises:
        FileNotFoundError: there is no such file.
        ModelError: it is not a model.
    """
    path = Path(path)
    if path.is_dir():
        raise ModelError(f"{path} is a folder, not a model file: name the .noiseclf file in it")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise ModelError(f"{path} is not a noiseclf model: it has {size:,} bytes, a model has at most {MAX_BYTES:,}")
    data = path.read_bytes()
    return Artefact.from_bytes(data, str(path)), data


def _members(data: bytes, name: str) -> dict[str, bytes]:
    """Return the checked members of a model file by their names; errors as for :meth:`Artefact.from_bytes`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            comment = archive.comment
            if not comment.startswith(_COMMENT):
                raise ModelError(f"{name} is not a noiseclf model: use the shipped one, or train one with 'make train'")
            if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
                raise ModelError(f"{name} is damaged: a member is compressed; copy or train it again")
            if sum(info.file_size for info in archive.infolist()) > len(data):  # members that share their bytes
                raise ModelError(f"{name} is damaged: its members are larger than the file; copy or train it again")
            members = {info.filename: archive.read(info) for info in archive.infolist()}
    except ModelError:
        raise
    except Exception as error:  # zipfile raises what comes on damaged files: struct.error, UnicodeError and others too
        raise ModelError(f"{name} is no noiseclf model, or is cut off ({error}): copy or train it again") from error
    if comment != _COMMENT + _digest(members).encode():
        raise ModelError(f"{name} is damaged: its checksum does not fit its content; copy or train it again")
    return members


def _array(raw: bytes) -> npt.NDArray[Any]:
    """Read an ``.npy`` file; ``np.load`` would take other formats too."""
    stream = io.BytesIO(raw)
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):  # what this module writes
        raise ValueError(f"it has version {version}, not (1, 0)")
    shape, _, kind = np.lib.format.read_array_header_1_0(stream)
    if kind not in (np.float32, np.uint8) or min(shape, default=0) < 0:
        raise ValueError(f"it is {kind}{shape}, neither float32 nor uint8")
    if math.prod(shape) * kind.itemsize != len(raw) - stream.tell():  # before memory is asked for
        raise ValueError(f"it is {kind}{shape} in {len(raw) - stream.tell()} bytes")
    stream.seek(0)
    return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))


def _digest(members: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, data in members.items():
        digest.update(f"{name}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()
