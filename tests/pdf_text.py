"""What a PDF says, for tests: enough of a reader for the files that our own typesetter writes."""

from __future__ import annotations

import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
_FONT = re.compile(rb"/(\w+) (\d+) 0 R")
_SHOWN = re.compile(rb"/(\w+) [\d.]+ Tf|\[([^\]]*)\] TJ|<([0-9a-f]+)> Tj")
_RANGE = re.compile(rb"<([0-9a-f]+)> <([0-9a-f]+)> <([0-9a-f]+)>", re.IGNORECASE)
_CHAR = re.compile(rb"<([0-9a-f]+)> <([0-9a-f]+)>", re.IGNORECASE)


def _objects(held: bytes) -> dict[int, bytes]:
    """Every object by its number; streams inflated, object streams taken apart."""
    found: dict[int, bytes] = {}
    for match in _OBJECT.finditer(held):
        head, _mark, rest = match[2].partition(b"stream\n")
        body = rest.rsplit(b"\nendstream", 1)[0]
        whole = zlib.decompress(body) if b"FlateDecode" in head else body
        found[int(match[1])] = head + whole
        if b"/ObjStm" in head:
            first = int(re.search(rb"/First (\d+)", head)[1])  # type: ignore[index]
            pairs = list(map(int, whole[:first].split()))
            starts = [*pairs[1::2], len(whole)]
            for number, start, end in zip(pairs[::2], starts, starts[1:], strict=False):
                found[number] = whole[first + start : first + end]
    return found


def _letters(cmap: bytes) -> dict[int, str]:
    """Which text each glyph stands for."""
    found: dict[int, str] = {}
    for section in re.findall(rb"beginbfrange(.*?)endbfrange", cmap, re.DOTALL):
        for low, high, to in _RANGE.findall(section):
            for step in range(int(high, 16) - int(low, 16) + 1):
                found[int(low, 16) + step] = chr(int(to, 16) + step)
    for section in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        for glyph, to in _CHAR.findall(section):
            found[int(glyph, 16)] = bytes.fromhex(to.decode()).decode("utf-16-be")
    return found


def text_of(held: bytes) -> str:
    """All text of the file, in the order it was drawn, without spaces."""
    assert held.startswith(b"%PDF-"), held[:40]
    objects = _objects(held)
    fonts: dict[bytes, dict[int, str]] = {}
    for body in objects.values():
        for name, number in _FONT.findall(body):
            cmap = re.search(rb"/ToUnicode (\d+) 0 R", objects.get(int(number), b""))
            if cmap:
                fonts[name] = _letters(objects[int(cmap[1])])
    said: list[str] = []
    for _number, body in sorted(objects.items()):
        if b" Tf" not in body or b"begincmap" in body:
            continue
        letters: dict[int, str] = {}
        for font, shown, one in _SHOWN.findall(body):
            letters = fonts.get(font, {}) if font else letters
            for run in re.findall(rb"<([0-9a-f]+)>", shown) if shown else [one]:
                codes = (int(run[n : n + 4], 16) for n in range(0, len(run), 4))
                said.extend(letters.get(code, "") for code in codes)
    return re.sub(r"\s", "", "".join(said))
