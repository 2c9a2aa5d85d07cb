"""JSON Lines of an export into Parquet: `python -m rongmei.archive.parquet FROM TO [COLUMNS]`.

A process of its own, so that no process of the node holds the 60 MB of the library. A thousand rows
are in memory at a time; every thousand is a row group. The columns are described in
`docs/how-to/search-the-archive.md`.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

_TIME = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema([
    pa.field("id", pa.string(), nullable=False),
    pa.field("title", pa.string(), nullable=False),
    pa.field("source", pa.string(), nullable=False),
    pa.field("origin", pa.string()),
    pa.field("kind", pa.dictionary(pa.int32(), pa.string())),
    pa.field("media_class", pa.dictionary(pa.int32(), pa.string())),
    pa.field("region", pa.string()),
    pa.field("language", pa.dictionary(pa.int32(), pa.string())),
    pa.field("published_at", _TIME, nullable=False),
    pa.field("fetched_at", _TIME, nullable=False),
    pa.field("url", pa.string()),
    pa.field("image_url", pa.string()),
    pa.field("authors", pa.list_(pa.string())),
    pa.field("tags", pa.list_(pa.string())),
    pa.field("version", pa.int32(), nullable=False),
    pa.field("summary", pa.string()),
    pa.field("body", pa.string()),
])  # fmt: skip
GROUP = 1_000
_TIMES = ("published_at", "fetched_at")


def pack(source: Path, target: Path, columns: Collection[str] = ()) -> int:
    """Write the rows of `source`, which have these columns, to `target`; how many there were."""
    count = 0
    schema = pa.schema([one for one in SCHEMA if not columns or one.name in columns])
    with (
        source.open("rb") as lines,
        pq.ParquetWriter(target, schema, compression="zstd") as out,
    ):
        rows = map(_row, lines)
        while group := list(islice(rows, GROUP)):
            out.write_table(pa.Table.from_pylist(group, schema=schema))
            count += len(group)
    return count


def _row(line: bytes) -> dict[str, Any]:
    row: dict[str, Any] = orjson.loads(line)
    return row | {name: datetime.fromisoformat(row[name]) for name in _TIMES if name in row}


if __name__ == "__main__":
    pack(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3].split(",") if sys.argv[3:] else ())
