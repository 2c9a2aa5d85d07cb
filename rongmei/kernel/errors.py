"""The base of every error a person may get to read."""

from __future__ import annotations

import re

from typing_extensions import override

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class RongmeiError(Exception):
    """Something went wrong in Rongmei."""

    status: int = 400
    code: str = "rongmei_error"

    @override
    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            cls.code = _HUMP.sub("_", cls.__name__).lower()

    def __init__(self, message: str = "", **details: object) -> None:
        self.details = details
        super().__init__(message or _first_line(type(self).__doc__))


def _first_line(doc: str | None) -> str:
    return (doc or "").strip().split("\n", 1)[0]
