"""Looking closer at an answer that could not be read: where it breaks, and how to show it safely.

Pure functions on the bytes that were kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from xml.parsers import expat

_LONGEST_LINE = 300


@dataclass(frozen=True)
class Break:
    """The place at which a parser stopped; line and column count from 1."""

    line: int
    column: int
    why: str
    text: str


def where_broken(body: bytes) -> Break | None:
    """Where JSON or XML stops being well formed; None when it is neither, or is well formed.

    Only the kept part is looked at: an answer that is merely cut there is not broken.
    """
    head = body.lstrip()[:1]
    if head in {b"{", b"["}:
        return _broken_json(body)
    if body.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
        # A page where a feed was awaited: that it is no XML says nothing.
        return None
    return _broken_xml(body) if head == b"<" else None


def _broken_json(body: bytes) -> Break | None:
    try:
        json.loads(body)
    except json.JSONDecodeError as error:
        if error.pos >= len(error.doc) - 1:
            return None
        return Break(error.lineno, error.colno, error.msg, _line(error.doc, error.lineno))
    except (ValueError, RecursionError):
        return None
    return None


def _broken_xml(body: bytes) -> Break | None:
    parser = expat.ParserCreate()
    # Entities are never opened: their declaration ends the look.
    parser.EntityDeclHandler = _stop
    try:
        parser.Parse(body, False)
    except expat.ExpatError as error:
        text = body.decode("utf-8", "replace")
        why = expat.ErrorString(error.code)
        return Break(error.lineno, error.offset + 1, why, _line(text, error.lineno))
    except (_Entity, ValueError, LookupError):
        return None
    return None


class _Entity(Exception):
    """An entity is declared."""


def _stop(*_given: object) -> None:
    raise _Entity


def _line(text: str, number: int) -> str:
    lines = text.split("\n")
    return lines[number - 1].strip()[:_LONGEST_LINE] if 0 < number <= len(lines) else ""


def shown(body: bytes) -> str:
    """Bytes as text that is safe to look at: what is no text is a dump of its first bytes in hex."""
    if b"\0" in body[:1000] and not body.startswith((b"\xff\xfe", b"\xfe\xff")):
        rows = [body[at : at + 16] for at in range(0, min(len(body), 512), 16)]
        return "\n".join(f"{n * 16:04x}  {row.hex(' ')}" for n, row in enumerate(rows))
    text = body.decode("utf-8", "replace")
    return "".join(one if one.isprintable() or one in "\n\t" else "\ufffd" for one in text)
