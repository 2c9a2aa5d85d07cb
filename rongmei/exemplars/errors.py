"""Errors of the exemplars room."""

from django.utils.translation import gettext_lazy as _

from rongmei.kernel.errors import RongmeiError


class ExemplarError(RongmeiError):
    """Base of the exemplars room's errors."""


class WrongExemplarState(ExemplarError):
    """The exemplar or clearance is in no state for this."""

    status = 409
    words = _("典型或准宣证的状态已变化，未做改动。请刷新后再办理。")
