"""The base of every error that a person may meet."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext_lazy as _
from typing_extensions import override


def _code(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


class RongmeiError(Exception):
    """Something was refused or failed; nothing was changed.

    `status` is the HTTP status, `code` the stable machine name. The message a person reads says
    what happened, what was kept and what to do; `words` holds the default one.
    """

    status: int = 400
    code: str = "rongmei_error"
    words: Any = ""

    @override
    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            cls.code = _code(cls.__name__)

    def __init__(self, message: Any = "", **details: object) -> None:
        self.details = details
        self._message: Any = message
        super().__init__(message)

    @property
    def message(self) -> str:
        """The words for a person, in the language that is active now."""
        default = self.words or (type(self).__doc__ or "").strip().split("\n", 1)[0]
        text = str(self._message or default)
        return text % self.details if self.details and "%(" in text else text

    @override
    def __str__(self) -> str:
        return self.message


def words_at_form(error: RongmeiError) -> str:
    """What the form says when its sender's wish was refused.

    Who may not do it, or asks for what is not there, gets that answer as a page of its own (403,
    404) and no form to try again with.
    """
    if error.status in {403, 404}:
        raise error
    return error.message


class Conflict(RongmeiError):
    """Somebody changed this in the meantime."""

    status = 409
    words = _("这条记录已被他人更改，你的修改没有写入。请刷新后再试。")


class NotAllowed(RongmeiError):
    """You may not do this."""

    status = 403
    words = _("你没有这项权限，未做任何改动。可请本单位系统管理员授权。")


class NotFound(RongmeiError):
    """There is no such record, or you may not see it."""

    status = 404
    words = _("没有这条记录，或你无权查看。")


class BadInput(RongmeiError):
    """Something in the input is not right."""

    status = 422
    words = _("填写的内容有误，未保存。请按提示修改后再提交。")
