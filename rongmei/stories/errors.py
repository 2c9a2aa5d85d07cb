"""Errors of the stories room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from rongmei.kernel.errors import RongmeiError


class NotSigned(RongmeiError):
    """The three signatures do not cover the present text."""

    status = 409
    words = _("稿件的三审签名不完整,或签发后又有改动。没有发布任何内容。请重新送审签发。")
