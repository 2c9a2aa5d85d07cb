"""Errors of the portal."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from rongmei.kernel.errors import RongmeiError


class Gone(RongmeiError):
    """The article was withdrawn."""

    status = 410
    words = _("本文已由发布单位撤下，不再提供。")
