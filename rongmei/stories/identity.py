"""Knowing one person by two accounts: nodes compare marks, not addresses.

A mark is SHA-256 over the story's id and an e-mail address or mobile number of the account. It says
nothing by itself and nothing across stories; whoever has the same address on another node has the same mark.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from typing import Any


def marks(story_id: uuid.UUID, member: Any) -> list[str]:
    """The marks of one account for one story; none for an account without address and number."""
    phone = "".join(one for one in member.phone if one.isdigit())[-11:]
    known = (("email", member.email.strip().casefold()), ("phone", phone))
    return [
        hashlib.sha256(f"{story_id}:{kind}:{value}".encode()).hexdigest()
        for kind, value in known
        if value
    ]


def marks_of(story_id: uuid.UUID, members: Iterable[Any]) -> list[str]:
    """The marks of several accounts, sorted."""
    return sorted({one for member in members for one in marks(story_id, member)})
