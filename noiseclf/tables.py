"""Records → Parquet, without knowing their fields beforehand.

Chunks are Arrow streams one after the other, each with the columns known by then; the Parquet file is made of them at the end,
when all columns are known.
"""

from __future__ import annotations

import base64
import io
from typing import IO, Any

from noiseclf.extras import needed


class RecordError(Exception):
    """A record cannot be written in the output's format; the message says why."""


class Columns:
    """The columns of the records so far, and the rows of the chunk that is being collected."""

    def __init__(self, schema: str = "") -> None:
        """Begin with ``schema``, what :attr:`schema` gave in an earlier run.

        Raises:
            MissingExtraError: pyarrow is not installed.
        """
        with needed("parquet", "writing Parquet files"):
            import pyarrow as pa
        self._pa = pa
        self._schema = pa.ipc.read_schema(pa.BufferReader(base64.b64decode(schema))) if schema else pa.schema([])
        self._tables: list[Any] = []

    @property
    def schema(self) -> str:
        """The columns so far, as text."""
        return base64.b64encode(self._schema.serialize().to_pybytes()).decode()

    def add(self, row: Any, fields: dict[str, Any]) -> None:
        """Add a record: ``row``, a dict or a RecordBatch of one row, with ``fields`` set in it.

        Raises:
            RecordError: its values are no Arrow values, or of other types than the columns so far.
        """
        pa = self._pa
        try:
            if isinstance(row, dict):
                table = pa.Table.from_pylist([{**row, **fields}])
            else:
                table = pa.Table.from_batches([row])
                for name, value in fields.items():
                    table = _with(pa, table, name, value)
            if table.schema != self._schema:
                self._schema = pa.unify_schemas([self._schema, table.schema], promote_options="permissive")
        except (pa.ArrowException, OverflowError, UnicodeEncodeError) as error:
            message = str(error).partition("\n")[0].rstrip(".")
            raise RecordError(f"does not fit the columns of the records before it ({message}); .jsonl would take it") from None
        self._tables.append(table)

    def take(self) -> bytes:
        """Return the rows added since the last call, as an Arrow stream."""
        pa = self._pa
        table = pa.concat_tables([self._schema.empty_table(), *self._tables], promote_options="permissive").combine_chunks()
        self._tables = []
        target = io.BytesIO()
        with pa.ipc.new_stream(target, self._schema) as stream:
            stream.write_table(table)
        return target.getvalue()

    def finish(self, chunks: IO[bytes], output: IO[bytes]) -> None:
        """Write the Arrow streams in ``chunks`` to ``output`` as Parquet, each as a row group.

        Raises:
            OSError: that is not possible.
        """
        pa = self._pa
        import pyarrow.parquet as pq

        end = chunks.seek(0, io.SEEK_END)
        chunks.seek(0)
        try:
            with pq.ParquetWriter(output, self._schema) as writer:
                while chunks.tell() < end:
                    with pa.ipc.open_stream(chunks) as stream:
                        table = stream.read_all()
                    writer.write_table(pa.concat_tables([self._schema.empty_table(), table], promote_options="permissive"))
        except pa.ArrowException as error:
            raise OSError(f"{str(error).rstrip('.')}; write .jsonl instead") from None


def _with(pa: Any, table: Any, name: str, value: Any) -> Any:
    """Return ``table``, of one row, with ``value`` in the column ``name``, whose type stays if it is one of text."""
    place = table.schema.get_field_index(name)
    if place < 0:
        return table.append_column(name, pa.array([value]))
    kind = table.schema.field(place).type
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return table.set_column(place, name, pa.array([value], kind if is_text else None))


def plain(row: Any) -> dict[str, Any]:
    """Return a RecordBatch of one row as a dict; times and decimals that Python or JSON would cut short are text.

    Raises:
        RecordError: a value, a nested one, is none that Python can hold.
    """
    import pyarrow as pa

    found: dict[str, Any] = {}
    try:
        for name, column in zip(row.schema.names, row.columns, strict=True):
            as_text = pa.types.is_temporal(column.type) or pa.types.is_decimal(column.type)
            found[name] = (column.cast(pa.string()) if as_text else column)[0].as_py()
    except ValueError as error:  # pyarrow's own errors of values are ValueErrors too
        raise RecordError(f"column {name!r} has a value that JSON cannot carry ({error})") from None
    return found
