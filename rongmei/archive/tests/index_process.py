"""A process of its own for the tests of the tantivy index: `python index_process.py MODE ROOT`."""

from __future__ import annotations

import sys
from pathlib import Path

from rongmei.archive.engines.tantivy_engine import TantivyIndex
from rongmei.archive.errors import IndexBusy
from rongmei.archive.tests.index_cases import document


def changes(seq: int) -> tuple[str, str | None]:
    """The change with this number: a document to add, and one to remove or None."""
    return f"d{seq}", f"d{seq - 7}" if seq % 3 == 0 and seq > 7 else None


def state_after(seq: int) -> set[str]:
    """The documents that are there after all changes up to a number."""
    there: set[str] = set()
    for number in range(1, seq + 1):
        added, removed = changes(number)
        there.add(added)
        there.discard(removed or "")
    return there


def write_for_ever(index: TantivyIndex) -> None:
    with index.writer() as writer:
        seq = writer.committed_seq()
        print(f"from {seq}", flush=True)
        while True:
            for _ in range(5):
                seq += 1
                added, removed = changes(seq)
                writer.add([document(int(added[1:]), "断电演练", "文" * 2_000)])
                writer.delete([removed] if removed else [])
            writer.commit(seq)
            print(f"committed {seq}", flush=True)


def main(mode: str, root: str) -> None:
    index = TantivyIndex(Path(root), heap_bytes=15_000_000)
    if mode == "write":
        write_for_ever(index)
    elif mode == "count":
        reader = index.reader()
        for _line in sys.stdin:
            print(reader.count("断电", None), reader.info().committed_seq, flush=True)
    elif mode == "busy":
        try:
            index.writer().close()
            print("free")
        except IndexBusy as busy:
            print("busy", busy.details["process"])


if __name__ == "__main__":
    main(*sys.argv[1:])
