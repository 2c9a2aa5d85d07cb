"""Files to items: what other systems and people hand over, told apart by what is inside.

`read` is the only door: it looks at the first bytes (names lie), unpacks ZIPs within bounds, and
yields items one after the other. Formats: ninjs 1–3, JSON Feed, JSON Lines, CSV, NewsML-G2,
WordPress WXR, RSS and Atom, Word, mail.
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from rongmei.sources.errors import FileUnreadable, SourceError, TooMuch
from rongmei.sources.readers.given import MAX_FILE, Given, Reader
from rongmei.sources.readers.letters import is_letter, read_letter
from rongmei.sources.readers.markup import read_xml
from rongmei.sources.readers.ninjs import is_ninjs, read_json
from rongmei.sources.readers.office import is_docx, read_docx
from rongmei.sources.readers.rows import read_csv, read_json_lines
from rongmei.sources.readers.unpacking import members
from rongmei.sources.types import Item, Remark, RemarkCode

__all__ = ["MAX_FILE", "SUFFIXES", "Given", "read"]

# What the file chooser offers; what is read is decided by what is inside.
SUFFIXES = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".xml", ".rss", ".docx", ".eml", ".zip")
_ZIP = b"PK\x03\x04"
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"%PDF", b"\xd0\xcf\x11\xe0")
_READABLE = "Word (.docx) / ninjs / NewsML-G2 / CSV / JSON Lines"
_BLANK = b"\xef\xbb\xbf \t\r\n"


def read(given: Given) -> Iterator[Item]:
    """The items of a file; raises a `SourceError` that says why when it cannot be read at all.

    In a ZIP, a member that cannot be read is left out with a remark; when none can, it is an error.
    """
    if len(given.body) > MAX_FILE:
        raise TooMuch(url=given.name, limit=f"{MAX_FILE // 1024 // 1024} MB")
    if given.body.startswith(_ZIP) and not is_docx(given.body):
        yield from _read_zip(given)
        return
    yield from _reader_of(given)(given)


def _read_zip(given: Given) -> Iterator[Item]:
    read_any = False
    failure: SourceError | None = None
    for name, body in members(given.name, given.body):
        if body.startswith(_ZIP) and not is_docx(body):
            # A ZIP in a ZIP is how bombs are built; nobody sends news so.
            given.remarks.append(Remark(RemarkCode.ATTACHMENT_LEFT, name[:80]))
            continue
        one = Given(name=name, body=body, at=given.at, spec=given.spec, remarks=given.remarks)
        try:
            for item in _reader_of(one)(one):
                read_any = True
                yield item
        except SourceError as error:
            failure = error
            given.remarks.append(Remark(RemarkCode.ATTACHMENT_LEFT, name[:80]))
    if not read_any:
        raise failure or FileUnreadable(url=given.name, expected="ZIP")


def _letter(given: Given) -> Iterator[Item]:
    return read_letter(given, _attachment)


def _attachment(given: Given) -> Iterator[Item]:
    """Only what is a story by its form: a table or plain text attached to a letter is not."""
    reader = _reader_of(given)
    if reader in {read_docx, read_json, read_xml}:
        yield from reader(given)
        return
    raise FileUnreadable(url=given.name, expected="Word / ninjs / NewsML-G2")


def _reader_of(given: Given) -> Reader:
    start = given.body[:400].lstrip(_BLANK)
    if not start:
        raise FileUnreadable(url=given.name, expected=_READABLE)
    if given.body.startswith(_ZIP):
        return read_docx
    if start[:1] in {b"{", b"["}:
        return _json_reader(given)
    if start[:1] == b"<" or start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return read_xml
    if is_letter(given.name, given.body):
        return _letter
    if b"\0" in given.body[:4_000] or given.body.startswith(_PICTURES):
        raise FileUnreadable(url=given.name, expected=_READABLE)
    return read_csv


def _json_reader(given: Given) -> Reader:
    """JSON as a whole or line by line: a first line that is an object by itself tells."""
    first, _mark, rest = given.body.lstrip(_BLANK).partition(b"\n")
    if first[:1] != b"{":
        return read_json
    try:
        row = orjson.loads(first)
    except orjson.JSONDecodeError:
        return read_json
    if is_ninjs(row):
        return _ninjs_lines if rest.strip() else read_json
    listed = row.get("items") if isinstance(row, dict) else None
    return read_json if isinstance(listed, list) else read_json_lines


def _ninjs_lines(given: Given) -> Iterator[Item]:
    """One ninjs item a line, as large exports are written."""
    for number, line in enumerate(given.body.split(b"\n"), start=1):
        if not line.strip(_BLANK):
            continue
        one = Given(f"{given.name}:{number}", line, given.at, given.spec, given.remarks)
        try:
            yield from read_json(one)
        except SourceError:
            given.remarks.append(Remark(RemarkCode.MALFORMED, str(number)))
