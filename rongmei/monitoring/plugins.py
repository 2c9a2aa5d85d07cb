"""The monitoring room's built-in plugin: its work in the worker, its place in the rail, its API."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext_lazy as _
from ninja import Router

from rongmei.archive.events import DocumentsRemoved
from rongmei.archive.hooks import DocumentUse
from rongmei.kernel.hooks import RailItem, Subscriber
from rongmei.kernel.models import Event
from rongmei.kernel.plugins import hookimpl
from rongmei.kernel.sweeps import Sweep
from rongmei.monitoring import digesting, families, selectors
from rongmei.monitoring.api import router


@hookimpl
def register_sweeps() -> list[Sweep]:
    """Take in new documents, look for earlier reprints, count heat anew, let go of what is old."""
    return [
        Sweep("monitoring.digest", every=2.0, run=digesting.digest_due, lease=300.0),
        Sweep("monitoring.watches", every=20.0, run=digesting.watches_due),
        Sweep("monitoring.heat", every=60.0, run=digesting.heat_due),
        Sweep("monitoring.prune", every=600.0, run=digesting.prune_due),
    ]


def _documents_removed(event: Event) -> None:
    families.recount([uuid.UUID(one) for one in event.payload["family_ids"]])


@hookimpl
def register_subscribers() -> list[Subscriber]:
    """Families are counted anew when documents of theirs were removed."""
    return [Subscriber("monitoring.recount", (DocumentsRemoved.name,), _documents_removed)]


@hookimpl
def register_document_uses() -> list[DocumentUse]:
    """Proofs of reprints of our words, the origins of families, and hot topics somebody dealt with."""
    return [
        DocumentUse(_("转载证据"), selectors.documents_of_watches),
        DocumentUse(_("同文首发"), selectors.documents_families_begin_with),
        DocumentUse(_("热点处置"), selectors.documents_of_marked_topics),
    ]


@hookimpl
def register_rail() -> list[RailItem]:
    """监测."""
    return [RailItem("monitoring", _("监测"), "monitoring:topics", "signal", 30, "monitoring.view")]


@hookimpl
def register_api() -> list[tuple[str, Router]]:
    """/api/v1/monitoring/."""
    return [("/monitoring/", router)]


@hookimpl
def register_audit_words() -> dict[str, object]:
    """The room's lines of the audit log, in words."""
    return {
        "topic.open": _("重新关注了热点"),
        "topic.pitched": _("把热点报成了选题"),
        "topic.dismissed": _("忽略了热点"),
    }
