"""Who is acting, and from where: carried beside the call so that audit lines need not be told."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Context:
    """The actor of the current request, command or sweep. `request_id` is what an error page quotes."""

    actor_id: uuid.UUID | None = None
    actor: str = "system"
    ip: str = ""
    request_id: str = ""


_current: ContextVar[Context] = ContextVar("rongmei_context", default=Context())  # noqa: B039 - frozen


def current() -> Context:
    """The context of this call."""
    return _current.get()


@contextmanager
def acting(context: Context) -> Iterator[Context]:
    """Act as `context` inside the block."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


def set_current(context: Context) -> None:
    """Replace the context for the rest of this request (after sign-in is known)."""
    _current.set(context)
