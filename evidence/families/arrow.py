"""The Arrow schema of a record family: what every Parquet part of it looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evidence.families.schema import Family, Type

if TYPE_CHECKING:
    import pyarrow as pa


def arrow_schema(family: Family) -> pa.Schema:
    """Return the schema of a family's parts: stated columns, then gathered ones, all nullable.

    Instants are UTC microseconds, dates days, numbers 64-bit integers, lists lists of text. Nullable even where
    needed: a null in a needed column is for the checks to classify, not for the gatherer to drop.
    """
    import pyarrow as pa  # noqa: PLC0415 - reading bundles needs no Arrow

    return pa.schema([pa.field(column.name, arrow_type(column.type)) for column in family.all_columns])


def arrow_type(kind: Type) -> pa.DataType:
    """Return the Arrow type that holds one column type."""
    import pyarrow as pa  # noqa: PLC0415

    match kind:
        case Type.TEXT:
            return pa.string()
        case Type.INSTANT:
            return pa.timestamp("us", tz="UTC")
        case Type.DATE:
            return pa.date32()
        case Type.BOOL:
            return pa.bool_()
        case Type.NUMBER:
            return pa.int64()
        case Type.LIST:
            return pa.list_(pa.string())
