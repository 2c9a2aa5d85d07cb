"""What can go wrong in the monitoring room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from rongmei.kernel.errors import RongmeiError


class ReasonMissing(RongmeiError):
    """A topic is not dismissed without a reason."""

    status = 422
    words = _("没有填写忽略的理由，热点没有改动。写一句理由再提交，同事就不会重复判断。")


class TopicUnchanged(RongmeiError):
    """The topic already is in that state."""

    status = 409
    words = _("这个热点已经是该状态，没有改动。请刷新后再看。")
