"""Who may call the archive's addresses."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from rongmei.archive import actions, exporting, keeping, snapshots
from rongmei.archive import saved as searches
from rongmei.archive.models import ExportJob, SavedSearch, Term
from rongmei.archive.snapshots import Held
from rongmei.archive.vault import Vault
from rongmei.archive.warc import Answer
from rongmei.kernel import db
from rongmei.network.testing import Cast, Route


def private(cast: Cast) -> dict[str, Any]:
    with db.write():
        held = actions.document_keep(
            kind="article", identity="示例", unit_id=cast.unit("yunling").pk, title="示例",
            body="示例正文", source_name="示例", published_at=timezone.now(), shared=False,
        )  # fmt: skip
    return {"document_id": held.pk}


def kept_raw(cast: Cast) -> dict[str, Any]:
    """The private document with a snapshot on the disk."""
    document_id = private(cast)["document_id"]
    answer = Answer("http://example.com/1", timezone.now(), 200, {}, "示例".encode())
    vault = Vault(snapshots.folder_path())
    [span] = vault.append([(answer, None)])
    vault.close()
    held = Held(answer, span)
    with db.write():
        snapshots.note({"示例": [held]}, [("示例", document_id, 1)])
    return {"document_id": document_id, "snapshot_id": held.id}


def saved(cast: Cast) -> dict[str, Any]:
    held, _new = SavedSearch.objects.get_or_create(
        member=cast.people["yl.reporter"], unit=cast.unit("yunling"), name="示例", query="示例"
    )
    return {"search_id": held.pk}


def feed(cast: Cast) -> dict[str, Any]:
    held = saved(cast)
    key = searches.feed_key_make(by=cast.people["yl.reporter"], search_id=held["search_id"])
    return {**held, "key": key, "form": "rss"}


def an_export(cast: Cast) -> dict[str, Any]:
    held, _new = ExportJob.objects.get_or_create(
        member=cast.people["planner"], unit=cast.unit("hq"), query="示例", form="csv"
    )
    return {"export_id": held.pk}


def finished(cast: Cast) -> dict[str, Any]:
    held = an_export(cast)
    ExportJob.objects.filter(pk=held["export_id"]).update(state="done")
    exporting.folder().mkdir(parents=True, exist_ok=True)
    exporting.path_of(ExportJob.objects.get(pk=held["export_id"])).write_bytes(b"x")
    return held


def query(cast: Cast) -> dict[str, Any]:
    return {"q": "示例", "format": "csv"}


def term(cast: Cast) -> dict[str, Any]:
    held, _new = Term.objects.get_or_create(name="示例供电所", kind="organisation", by_name="示例")
    return {"term_id": held.pk}


def new_term(cast: Cast) -> dict[str, Any]:
    # Another one each time: a name is taken once only, and several people try.
    return {"kind": "place", "name": f"示例县{uuid.uuid4().hex[:8]}"}


def table(cast: Cast) -> dict[str, Any]:
    return {"table": SimpleUploadedFile("terms.csv", "地点,示例乡,示例镇\n".encode())}


def rule(cast: Cast) -> dict[str, Any]:
    """Proposed by the administrator of the centre, for his unit."""
    made = keeping.rule_propose(
        by=cast.people["yl.sysadmin"], keep="days", days=90, reason="示例",
        effective_on=timezone.localdate(), unit_id=cast.unit("yunling").pk,
    )  # fmt: skip
    return {"rule_id": made.pk}


def new_rule(cast: Cast) -> dict[str, Any]:
    return {
        "keep": "days", "days": "90", "reason": "示例", "media_class": "social",
        "effective_on": timezone.localdate().isoformat(),
    }  # fmt: skip


def held(cast: Cast) -> dict[str, Any]:
    """A hold of the centre, whose lifting its auditor has asked for."""
    ids = [private(cast)["document_id"]]
    made = keeping.hold_place(
        by=cast.people["yl.auditor"], name="示例", reason="示例", document_ids=ids
    )
    return {"hold_id": made.pk}


def lifting(cast: Cast) -> dict[str, Any]:
    found = held(cast)
    keeping.hold_lift_ask(by=cast.people["yl.auditor"], reason="示例", **found)
    return found


def new_hold(cast: Cast) -> dict[str, Any]:
    return {"name": "示例", "reason": "示例", "documents": str(private(cast)["document_id"])}


def api_rule(cast: Cast) -> dict[str, Any]:
    return {**new_rule(cast), "days": 90}


def api_hold(cast: Cast) -> dict[str, Any]:
    ids = [str(private(cast)["document_id"])]
    return {"name": "示例", "reason": "示例", "document_ids": ids}


HOLDERS = (("secadmin", 200), ("auditor", 200), ("yl.auditor", 200))
NO_HOLDERS = (("sysadmin", 403), ("planner", 403), ("duty", 403), ("yl.reporter", 403))
TERMS = {
    "method": "POST", "data": new_term, "refused": (("yl.reporter", 403), ("sysadmin", 403)),
}  # fmt: skip
SEARCHES = {"allowed": (("yl.reporter", 200), ("planner", 200)), "refused": (("sysadmin", 403),)}
READS = {
    "args": private,
    "allowed": (("yl.reporter", 200), ("planner", 200)),
    "refused": (("jc.reporter", 404), ("hq.reporter", 404)),
}
READS_ON_PAGES = {**READS, "refused": (*READS["refused"], ("sysadmin", 403))}
SNAPSHOTS = {**READS_ON_PAGES, "args": kept_raw}
NO_EXPORT = (("yl.reporter", 403), ("sysadmin", 403))
OWN_EXPORT = {
    "args": an_export, "allowed": (("planner", 200),),
    "refused": (("analyst", 404), ("yl.reporter", 404), ("sysadmin", 404)),
}  # fmt: skip
OWN_SEARCH = {
    "args": saved, "method": "POST", "allowed": (("yl.reporter", 302),),
    "refused": (("yl.first", 404), ("planner", 404), ("sysadmin", 403)),
}  # fmt: skip

ROUTES: dict[str, Route | tuple[Route, ...]] = {
    "archive:list": Route(**SEARCHES),
    "archive:suggest": Route(**SEARCHES),
    "archive:document": Route(**READS_ON_PAGES),
    "archive:saved": Route(**SEARCHES),
    "archive:snapshot": Route(**SNAPSHOTS),
    "archive:snapshot_body": Route(**SNAPSHOTS),
    "archive:snapshot_record": Route(**SNAPSHOTS),
    "archive:state": Route(
        allowed=(("sysadmin", 200),), refused=(("planner", 403), ("secadmin", 403)),
    ),
    "archive:state_run": Route(
        method="POST", data=lambda cast: {"kind": "verify"}, allowed=(("sysadmin", 302),),
        refused=(("planner", 403), ("auditor", 403)),
    ),
    "archive:retention": Route(
        allowed=(("sysadmin", 200), ("secadmin", 200), ("auditor", 200)),
        refused=(("planner", 403), ("duty", 403)),
    ),
    "archive:rule_new": (
        Route(allowed=(("sysadmin", 200),), refused=(("secadmin", 403), ("planner", 403))),
        Route(
            method="POST", data=new_rule, allowed=(("sysadmin", 302),),
            # An administrator of a centre may propose, but not for everybody.
            refused=(("secadmin", 403), ("planner", 403), ("yl.sysadmin", 403)),
        ),
    ),
    "archive:rule": Route(
        args=rule, allowed=(("yl.sysadmin", 200), ("secadmin", 200)), refused=(("planner", 403),)
    ),
    "archive:rule_decide": (
        Route(
            args=rule, method="POST", data=lambda cast: {"act": "put"},
            allowed=(("yl.secadmin", 302), ("auditor", 302)),
            refused=(("planner", 403), ("yl.reporter", 403)),
        ),
        Route(
            args=rule, method="POST", data=lambda cast: {"act": "withdraw"},
            allowed=(("yl.sysadmin", 302),), refused=(("planner", 403),),
        ),
    ),
    "archive:holds": (
        Route(allowed=HOLDERS, refused=NO_HOLDERS),
        Route(
            method="POST", data=new_hold, allowed=(("yl.auditor", 302), ("auditor", 302)),
            refused=NO_HOLDERS,
        ),
    ),
    "archive:hold": Route(args=held, allowed=HOLDERS, refused=NO_HOLDERS),
    "archive:hold_lift": (
        Route(
            args=held, method="POST", data=lambda cast: {"act": "ask", "reason": "示例"},
            allowed=(("yl.secadmin", 302),), refused=NO_HOLDERS,
        ),
        Route(
            args=lifting, method="POST", data=lambda cast: {"act": "agree"},
            allowed=(("yl.secadmin", 302), ("auditor", 302)), refused=NO_HOLDERS,
        ),
        Route(
            args=lifting, method="POST", data=lambda cast: {"act": "keep"},
            allowed=(("yl.secadmin", 302),), refused=NO_HOLDERS,
        ),
    ),
    "archive:search_save": Route(
        method="POST", data=lambda cast: {"name": "示例", "query": "示例"},
        allowed=(("yl.reporter", 302),), refused=(("sysadmin", 403),),
    ),
    "archive:search_run": Route(
        args=saved, allowed=(("yl.reporter", 302),),
        refused=(("yl.first", 404), ("planner", 404), ("sysadmin", 403)),
    ),
    "archive:search_pulse": Route(
        args=saved, allowed=(("yl.reporter", 200),),
        refused=(("yl.first", 404), ("planner", 404), ("sysadmin", 403)),
    ),
    "archive:search_change": Route(**OWN_SEARCH, data=lambda cast: {"name": "示例"}),
    "archive:search_forget": Route(**OWN_SEARCH),
    "archive:search_feed_key": Route(**{**OWN_SEARCH, "allowed": (("yl.reporter", 200),)}),
    "search_feed": Route(args=feed, public="a feed reader holds a key, made for this search alone"),
    "archive:export": (
        Route(data=query, allowed=(("planner", 200), ("analyst", 200)), refused=NO_EXPORT),
        Route(
            method="POST", data=query, allowed=(("planner", 302), ("analyst", 302)),
            refused=NO_EXPORT,
        ),
    ),
    "archive:exports": Route(allowed=(("planner", 200),), refused=NO_EXPORT),
    "archive:export_cancel": Route(
        args=an_export, method="POST", allowed=(("planner", 302),),
        refused=(("analyst", 404), *NO_EXPORT),
    ),
    "archive:export_file": Route(
        args=finished, allowed=(("planner", 200),), refused=(("analyst", 404), *NO_EXPORT)
    ),
    "archive:terms": Route(**SEARCHES),
    "archive:term_add": Route(**TERMS, allowed=(("planner", 302), ("analyst", 302))),
    "archive:terms_import": Route(**{**TERMS, "data": table}, allowed=(("planner", 302),)),
    "archive:term_remove": Route(**TERMS, args=term, allowed=(("planner", 302),)),
    "api:archive_terms": Route(**SEARCHES),
    "api:archive_term_add": Route(**TERMS, allowed=(("planner", 200),)),
    "api:archive_search": Route(**SEARCHES),
    "api:archive_suggest": Route(**SEARCHES),
    "api:archive_document": Route(**READS),
    "api:archive_export": Route(
        method="POST", data=query, allowed=(("planner", 202), ("analyst", 202)), refused=NO_EXPORT
    ),
    "api:archive_exports": Route(allowed=(("planner", 200),), refused=NO_EXPORT),
    "api:archive_export_one": Route(**OWN_EXPORT),
    "api:archive_export_cancel": Route(
        **{**OWN_EXPORT, "method": "DELETE", "refused": (("analyst", 404), *NO_EXPORT)}
    ),
    "api:archive_export_file": Route(**{**OWN_EXPORT, "args": finished}),
    "api:archive_retention": Route(
        allowed=(("sysadmin", 200), ("auditor", 200)), refused=(("planner", 403), ("duty", 403))
    ),
    "api:archive_retention_proposals": Route(
        allowed=(("sysadmin", 200), ("auditor", 200)), refused=(("planner", 403), ("duty", 403))
    ),
    "api:archive_retention_propose": Route(
        method="POST", data=api_rule, allowed=(("sysadmin", 201),),
        refused=(("secadmin", 403), ("planner", 403)),
    ),
    "api:archive_retention_preview": Route(
        args=rule, allowed=(("yl.sysadmin", 200), ("secadmin", 200)), refused=(("planner", 403),)
    ),
    "api:archive_retention_decide": Route(
        args=rule, method="POST", data=lambda cast: {"act": "agree"},
        allowed=(("yl.secadmin", 200), ("auditor", 200)),
        refused=(("planner", 403), ("yl.reporter", 403)),
    ),
    "api:archive_holds": Route(allowed=HOLDERS, refused=NO_HOLDERS),
    "api:archive_hold_place": Route(
        method="POST", data=api_hold, allowed=(("yl.auditor", 200),), refused=NO_HOLDERS
    ),
    "api:archive_hold_lift": Route(
        args=held, method="POST", data=lambda cast: {"act": "ask", "reason": "示例"},
        allowed=(("yl.secadmin", 200), ("auditor", 200)), refused=NO_HOLDERS,
    ),
}  # fmt: skip
