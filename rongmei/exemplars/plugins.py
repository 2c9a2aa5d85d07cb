"""What the exemplars room contributes."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from rongmei.kernel.hooks import RailItem
from rongmei.kernel.plugins import hookimpl


@hookimpl
def register_rail() -> list[RailItem]:
    """典型."""
    return [
        RailItem(
            key="exemplars", label=_("典型"), url_name="exemplars:list", icon="star", order=45,
            permission="exemplars.view",
        )
    ]  # fmt: skip


@hookimpl
def register_audit_words() -> dict[str, object]:
    """The room's lines of the audit log, in words."""
    return {
        "exemplar.recommended": _("推荐了典型"),
        "clearance.issued": _("核发了准宣证"),
        "clearance.suspended": _("中止了准宣证"),
    }
