"""Small, pure functions on text, used by several rooms."""

from __future__ import annotations

import hashlib
import re

_SPACES = re.compile(r"[\s\u3000]+")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")


def squeeze(text: str) -> str:
    """One line: every run of white space becomes one space."""
    return _SPACES.sub(" ", text).strip()


def shorten(text: str, length: int) -> str:
    """At most `length` characters of one line, with … when cut."""
    line = squeeze(text)
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def count_words(text: str) -> int:
    """Length as a newsroom counts it: each Han character one, each other word one."""
    han = len(_HAN.findall(text))
    others = len(re.findall(r"[^\s\u3400-\u9fff\uf900-\ufaff\W]+", _HAN.sub(" ", text)))
    return han + others


def sha256(text: str) -> str:
    """Hex digest of the text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()
