"""Who may call the addresses of the stories room, and Wagtail's below /cms/."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from docx import Document

from rongmei.network.testing import Cast, Route
from rongmei.stories import actions
from rongmei.stories.link_rows import StoryLink
from rongmei.stories.models import (
    Comment,
    Delegation,
    ReviewFlow,
    Story,
)
from rongmei.stories.tests import (
    flowing,
    newsroom,
    routes_lexicons,
    routes_sheet,
    routes_submissions,
)

Made = Callable[[Cast], dict[str, Any]]


def kept(make: Callable[..., Story], title: str, **more: Any) -> Callable[[Cast], Story]:
    """A story made once for a test, whatever became of it since."""

    def story(cast: Cast) -> Story:
        found = Story.objects.filter(title=title).first()
        return found or make(cast, title=title, **more)

    return story


DRAFT = kept(newsroom.draft, "示例草稿")
WAITING = kept(newsroom.at_step, "示例待审稿", step="first")
SIGNED = kept(newsroom.signed, "示例已签稿")
UNLOCKED = kept(newsroom.draft, "示例未锁稿")


def locked(cast: Cast) -> Story:
    """A draft that its author has locked."""
    story = kept(newsroom.draft, "示例锁定稿")(cast)
    return actions.story_lock(by=cast["yl.reporter"], story_id=story.pk)


FOUND = kept(newsroom.draft, "示例最佳草稿")


def a_finding(cast: Cast) -> dict[str, Any]:
    story = FOUND(cast)
    return {
        "code": "absolute", "found": "最佳", "part": "title", "start": "2", "reason": "示例",
        "content_hash": story.content_hash,
    }  # fmt: skip


def found_again(cast: Cast) -> dict[str, Any]:
    return {**a_finding(cast), "start": 2}


def let_stand(cast: Cast) -> dict[str, Any]:
    return {"code": "absolute", "found": "最佳", "reason": "示例"}


def on_screen(cast: Cast) -> dict[str, Any]:
    return {
        "title": "示例最佳草稿", "body-count": "0", "finding-code": "absolute", "finding-found": "最佳",
        "finding-reason": "示例",
    }  # fmt: skip


def named(story: Callable[[Cast], Story]) -> Made:
    return lambda cast: {"story_id": story(cast).pk}


def signature(cast: Cast) -> dict[str, Any]:
    return {"step": "first", "content_hash": WAITING(cast).content_hash, "opinion": "同意"}


def reason(cast: Cast) -> dict[str, Any]:
    return {"reason": "示例"}


def begun(cast: Cast) -> dict[str, Any]:
    return {"unit_id": str(cast.unit("yunling").pk), "title": "示例新稿"}


def begun_by_form(cast: Cast) -> dict[str, Any]:
    return {"unit": str(cast.unit("yunling").pk), "title": "示例新稿"}


def saved(cast: Cast) -> dict[str, Any]:
    story = Story.objects.get(pk=DRAFT(cast).pk)
    return {"base_revision": story.latest_revision_id, "fields": {"summary": "示例"}}


def remark(cast: Cast) -> dict[str, Any]:
    story, by = DRAFT(cast), cast["yl.reporter"]
    made, _new = Comment.objects.get_or_create(
        story=story, text="示例", defaults={"unit_id": story.unit_id, "author_id": by.pk, "author_name": by.name}
    )  # fmt: skip
    return {"comment_id": made.pk}


def earlier(cast: Cast) -> dict[str, Any]:
    """A draft and its first version."""
    story = DRAFT(cast)
    first = story.revisions.order_by("pk").first()
    return {"story_id": story.pk, "revision_id": first.pk}


def earlier_by_api(cast: Cast) -> dict[str, Any]:
    held = earlier(cast)
    return {"story_id": held["story_id"], "version": held["revision_id"]}


def two_versions(cast: Cast) -> dict[str, Any]:
    held = earlier(cast)
    return {
        "story_id": held["story_id"],
        "before": held["revision_id"],
        "after": held["revision_id"],
    }


def seen(cast: Cast) -> dict[str, Any]:
    return {"base_revision": Story.objects.get(pk=DRAFT(cast).pk).latest_revision_id}


def settled_remark(cast: Cast) -> dict[str, Any]:
    story, by = DRAFT(cast), cast["yl.reporter"]
    made = Comment.objects.filter(text="示例已处理").first() or actions.comment_add(
        by=by, story_id=story.pk, text="示例已处理"
    )
    actions.comment_settle(by=by, comment_id=made.pk)
    return {"comment_id": made.pk}


def document() -> SimpleUploadedFile:
    """A Word document with one line."""
    made, out = Document(), io.BytesIO()
    made.add_paragraph("示例一行。")
    made.save(out)
    return SimpleUploadedFile("示例.docx", out.getvalue())


def in_word(cast: Cast) -> dict[str, Any]:
    return {"file": document(), "unit": str(cast.unit("yunling").pk), "title": "示例新稿"}


def in_word_by_api(cast: Cast) -> dict[str, Any]:
    return {"file": document(), "unit_id": str(cast.unit("yunling").pk), "title": "示例新稿"}


def words(cast: Cast) -> dict[str, Any]:
    return {"text": "示例"}


def picture(cast: Cast) -> dict[str, Any]:
    return {"pk": newsroom.a_picture(cast).pk}


def a_link(cast: Cast) -> dict[str, Any]:
    """The draft follows the signed story."""
    story = DRAFT(cast)
    made = StoryLink.objects.filter(story=story).first()
    made = made or actions.story_link(
        by=cast["yl.reporter"], story_id=story.pk, other=SIGNED(cast).number, kind="update"
    )
    return {"link_id": made.pk}


def clip(cast: Cast) -> dict[str, Any]:
    return {"pk": str(newsroom.a_clip(cast).pk)}


def in_editor(cast: Cast) -> dict[str, Any]:
    return {"pk": str(DRAFT(cast).pk)}


def session(cast: Cast) -> dict[str, Any]:
    return {
        "app_label": "stories", "model_name": "story", "object_id": str(DRAFT(cast).pk),
        "session_id": 1,
    }  # fmt: skip


def drafted(cast: Cast) -> dict[str, Any]:
    """A draft of a flow, whatever became of the last one."""
    row = ReviewFlow.objects.filter(state="draft").first() or actions.flow_draft(
        by=cast["yl.chief"], unit_id=cast.unit("yunling").pk, name="示例流程",
        content={"steps": flowing.steps()},
    )  # fmt: skip
    return {"flow_id": row.pk}


def in_force(cast: Cast) -> dict[str, Any]:
    row = ReviewFlow.objects.filter(state="published").first() or flowing.published(cast)
    return {"flow_id": row.pk}


def flow_filled_in(cast: Cast) -> dict[str, Any]:
    rows = {
        f"form-{n}-{name}": value
        for n, stage in enumerate(("first", "second", "final"))
        for name, value in (("name", f"环节{n}"), ("stage", stage), ("does", "both"))
    }
    return {
        "name": "示例流程", "unit": str(cast.unit("yunling").pk), "share": "5", "public": "on",
        "form-TOTAL_FORMS": "3", "form-INITIAL_FORMS": "0", **rows,
    }  # fmt: skip


def flow_asked(cast: Cast) -> dict[str, Any]:
    unit = str(cast.unit("yunling").pk)
    return {"unit_id": unit, "name": "示例流程", "content": {"steps": flowing.steps()}}


def lending(cast: Cast) -> dict[str, Any]:
    return {
        "unit_id": str(cast.unit("yunling").pk), "permission": "stories.review_second",
        "to_id": str(cast.people["yl.planner"].pk), "reason": "出差",
        "ends_at": (timezone.now() + timedelta(days=1)).isoformat(),
    }  # fmt: skip


def lent(cast: Cast) -> dict[str, Any]:
    made = Delegation.objects.first() or actions.delegation_make(
        by=cast["yl.second"], unit_id=cast.unit("yunling").pk, permission="stories.review_second",
        to_id=cast.people["yl.planner"].pk, reason="出差", ends_at=timezone.now() + timedelta(1),
    )  # fmt: skip
    return {"delegation_id": made.pk}


def green(cast: Cast) -> Story:
    """Out by the green channel, not yet read once more."""
    story = kept(newsroom.draft, "示例突发稿")(cast)
    if story.state == "draft":
        story = actions.story_submit(by=cast["yl.reporter"], story_id=story.pk, urgent="突发")
        for step in ("first", "second", "final"):
            story = newsroom.sign(cast, story, step)
    return story


def reads(story: Callable[[Cast], Story]) -> Route:
    return Route(
        args=named(story),
        allowed=(("yl.reporter", 200), ("planner", 200)),
        refused=(("jc.chief", 404), ("jc.reporter", 404), ("sysadmin", 403), ("yl.nobody", 403)),
    )


def sent(story: Callable[[Cast], Story], by: str, *refused: tuple[str, int], **more: Any) -> Route:
    """A form that `by` may send."""
    return Route(args=named(story), method="POST", allowed=((by, 302),), refused=refused, **more)


def sent_file(story: Callable[[Cast], Story]) -> Route:
    """A file that a reader of the story may ask for."""
    refused = (("jc.chief", 404), ("sysadmin", 403), ("yl.nobody", 403))
    return Route(args=named(story), method="POST", allowed=(("yl.reporter", 200),), refused=refused)


def asked(story: Callable[[Cast], Story], by: str, *refused: tuple[str, int], **more: Any) -> Route:
    """An operation of the API that `by` may ask for."""
    return Route(args=named(story), **{"method": "POST", **more}, allowed=((by, 200),), refused=refused)  # fmt: skip


LISTS = Route(allowed=(("yl.reporter", 200),), refused=(("sysadmin", 403), ("yl.nobody", 403)))
NOT_WRITERS = (("jc.reporter", 404), ("jc.chief", 404), ("yl.planner", 403))
NOT_FIRST = (("jc.first", 404), ("yl.second", 403), ("yl.reporter", 403), ("sysadmin", 403))
NOT_CHIEF = (("jc.chief", 404), ("yl.reporter", 403), ("yl.second", 403))
NOT_READERS = (("jc.reporter", 404), ("sysadmin", 403), ("yl.nobody", 403))
PICTURES = {"allowed": (("yl.reporter", 200),), "refused": (("sysadmin", 403),)}
SEES = {"allowed": (("yl.reporter", 200),), "refused": (("jc.chief", 404), ("sysadmin", 404))}
NOT_MANAGERS = (("yl.reporter", 403), ("yl.first", 403))
NOT_OF_THE_UNIT = (("jc.chief", 403), ("yl.first", 403))
MANAGES = Route(allowed=(("yl.chief", 200), ("sysadmin", 200)), refused=NOT_MANAGERS)
MANAGES_FLOW: dict[str, Any] = {
    "allowed": (("yl.chief", 200), ("sysadmin", 200)),
    "refused": (("jc.chief", 404), *NOT_MANAGERS),
}

ROUTES: dict[str, Route | tuple[Route, ...]] = {
    **routes_submissions.ROUTES,
    "stories:list": LISTS,
    "stories:new": (
        Route(allowed=(("yl.reporter", 200),), refused=(("planner", 403), ("yl.planner", 403))),
        Route(
            method="POST", data=begun_by_form,
            allowed=(("yl.reporter", 302),), refused=(("jc.reporter", 422), ("yl.planner", 403)),
        ),
    ),
    "stories:story": reads(DRAFT),
    "stories:sheet": reads(DRAFT),
    "stories:word_new": (
        Route(allowed=(("yl.reporter", 200),), refused=(("planner", 403), ("yl.planner", 403))),
        Route(
            method="POST", data=in_word, allowed=(("yl.reporter", 302),),
            refused=(("jc.reporter", 422), ("yl.planner", 403)),
        ),
    ),
    "stories:paste": Route(
        method="POST", data=lambda cast: {"html": SimpleUploadedFile("a.html", b"<p>a</p>")},
        allowed=(("yl.reporter", 200), ("yl.first", 200)),
        refused=(("yl.planner", 403), ("sysadmin", 403)),
    ),
    "stories:word_preview": Route(
        method="POST", data=in_word, allowed=(("yl.reporter", 200),), refused=(("yl.planner", 403),)
    ),
    "stories:word": sent_file(DRAFT),
    "stories:changes_word": Route(
        args=two_versions, method="POST", allowed=(("yl.reporter", 200),),
        refused=(("jc.chief", 404), ("sysadmin", 403)),
    ),
    "stories:versions": reads(DRAFT),
    "stories:version_restore": Route(
        args=earlier, method="POST", data=seen, allowed=(("yl.reporter", 302),),
        refused=(*NOT_WRITERS, ("sysadmin", 403)),
    ),
    "stories:submit": sent(DRAFT, "yl.reporter", *NOT_WRITERS),
    "stories:withdraw": sent(SIGNED, "yl.chief", *NOT_CHIEF, data=reason),
    "stories:share": sent(SIGNED, "yl.chief", *NOT_CHIEF),
    "stories:lock": sent(UNLOCKED, "yl.reporter", *NOT_WRITERS, ("sysadmin", 403)),
    "stories:unlock": sent(
        locked, "yl.reporter", ("jc.reporter", 404), ("yl.first", 409), ("yl.planner", 409),
        ("sysadmin", 403),
    ),
    "stories:comment": sent(
        DRAFT, "yl.reporter", ("jc.chief", 404), ("sysadmin", 403), data=lambda cast: {"text": "示例"}
    ),
    "stories:answer": Route(
        args=remark, method="POST", data=words, allowed=(("yl.reporter", 302),),
        refused=(("jc.chief", 404), ("sysadmin", 403)),
    ),
    "stories:reopen": Route(
        args=settled_remark, method="POST", allowed=(("yl.reporter", 302),),
        refused=(("jc.chief", 404), ("yl.planner", 403), ("sysadmin", 403)),
    ),
    "stories:settle": Route(
        args=remark, method="POST", allowed=(("yl.reporter", 302),),
        refused=(("jc.chief", 404), ("yl.planner", 403), ("sysadmin", 403)),
    ),
    "stories:finding_replace": sent(FOUND, "yl.reporter", *NOT_WRITERS, ("sysadmin", 403), data=a_finding),
    "stories:finding_settle": sent(FOUND, "yl.reporter", *NOT_WRITERS, ("sysadmin", 403), data=a_finding),
    "stories:live_check": asked(FOUND, "yl.reporter", *NOT_WRITERS, ("sysadmin", 403), data=on_screen),
    "stories:live_settle": asked(FOUND, "yl.reporter", *NOT_WRITERS, ("sysadmin", 403), data=on_screen),
    "review:queue": LISTS,
    "review:story": Route(
        args=named(WAITING), allowed=(("yl.first", 200),),
        refused=(("jc.first", 404), ("sysadmin", 403), ("yl.nobody", 403)),
    ),
    "review:pass": sent(WAITING, "yl.first", *NOT_FIRST, data=signature),
    "review:return": sent(WAITING, "yl.first", *NOT_FIRST, data=reason),
    "review:flows": MANAGES,
    "review:flow_new": (
        MANAGES,
        Route(method="POST", data=flow_filled_in, allowed=(("yl.chief", 302),), refused=NOT_MANAGERS),
    ),
    "review:flow": Route(args=drafted, **MANAGES_FLOW),
    "review:flow_edit": Route(args=drafted, **MANAGES_FLOW),
    "review:flow_publish": Route(
        args=drafted, method="POST", allowed=(("yl.chief", 302),), refused=NOT_OF_THE_UNIT
    ),
    "review:flow_retire": Route(
        args=in_force, method="POST", allowed=(("yl.chief", 302),), refused=NOT_OF_THE_UNIT
    ),
    "review:delegations": LISTS,
    "review:delegation_revoke": Route(
        args=lent, method="POST", allowed=(("yl.second", 302),),
        refused=(("yl.first", 403), ("jc.chief", 403), ("sysadmin", 403)),
    ),
    "review:reread": sent(
        green, "yl.first", ("jc.first", 404), ("yl.reporter", 403), ("yl.chief", 409),
        ("sysadmin", 403),
        data=lambda cast: {"opinion": "无误"},
    ),
    # API.
    "api:review_flows": (
        Route(signed_in=True),
        Route(
            method="POST", data=flow_asked, allowed=(("yl.chief", 201),),
            refused=(("yl.reporter", 403), ("jc.chief", 403)),
        ),
    ),
    "api:review_flow_publish": Route(
        args=drafted, method="POST", allowed=(("yl.chief", 200),), refused=NOT_OF_THE_UNIT
    ),
    "api:review_flow_retire": Route(
        args=in_force, method="POST", allowed=(("yl.chief", 200),), refused=NOT_OF_THE_UNIT
    ),
    "api:review_flow_trial": Route(
        args=drafted, allowed=(("yl.chief", 200),), refused=(("yl.first", 404), ("jc.chief", 404))
    ),
    "api:review_delegations": (
        Route(signed_in=True),
        Route(
            method="POST", data=lending, allowed=(("yl.second", 201),),
            refused=(("yl.first", 403), ("jc.second", 403)),
        ),
    ),
    "api:review_delegation_revoke": Route(
        args=lent, method="POST", allowed=(("yl.second", 200),),
        refused=(("yl.first", 403), ("jc.chief", 403)),
    ),
    "api:review_reread": Route(
        args=named(green), method="POST", data=lambda cast: {"opinion": "无误"},
        allowed=(("yl.first", 204),), refused=(("jc.first", 404), ("yl.reporter", 403)),
    ),
    "api:stories": (
        Route(signed_in=True),
        Route(
            method="POST", data=begun, allowed=(("yl.reporter", 201),),
            refused=(("jc.reporter", 403), ("yl.planner", 403)),
        ),
    ),
    "api:story": (
        Route(
            args=named(DRAFT), allowed=(("yl.reporter", 200), ("planner", 200)),
            refused=(("jc.chief", 404), ("sysadmin", 404)),
        ),
        asked(DRAFT, "yl.reporter", *NOT_WRITERS, method="PATCH", data=saved),
    ),
    "api:story_check": (
        Route(args=named(FOUND), **SEES),
        asked(FOUND, "yl.reporter", *NOT_WRITERS, data=lambda cast: {"fields": {"title": "最佳"}}),
    ),
    "api:finding_replace": asked(FOUND, "yl.reporter", *NOT_WRITERS, data=found_again),
    "api:finding_settle": Route(
        args=named(FOUND), method="POST", allowed=(("yl.reporter", 204),), refused=NOT_WRITERS,
        data=let_stand,
    ),
    "api:submit": asked(DRAFT, "yl.reporter", *NOT_WRITERS),
    "api:pass_step": asked(WAITING, "yl.first", *NOT_FIRST[:-1], data=signature),
    "api:give_back": asked(WAITING, "yl.first", *NOT_FIRST[:-1], data=reason),
    "api:story_withdraw": asked(SIGNED, "yl.chief", *NOT_CHIEF, data=reason),
    "api:share": asked(SIGNED, "yl.chief", *NOT_CHIEF),
    "api:story_word_preview": Route(
        method="POST", form=True, data=in_word, allowed=(("yl.reporter", 200),), refused=(("yl.planner", 403),)
    ),
    "api:story_from_word": Route(
        method="POST", form=True, data=in_word_by_api, allowed=(("yl.reporter", 201),),
        refused=(("jc.reporter", 403), ("yl.planner", 403)),
    ),
    "api:story_word": asked(DRAFT, "yl.reporter", ("jc.chief", 404), ("sysadmin", 404)),
    "api:story_changes_word": Route(
        args=two_versions, method="POST", allowed=(("yl.reporter", 200),),
        refused=(("jc.chief", 404), ("sysadmin", 404)),
    ),
    "api:story_versions": Route(args=named(DRAFT), **SEES),
    "api:story_compare": Route(args=two_versions, **SEES),
    "api:story_restore": Route(
        args=earlier_by_api, method="POST", data=seen, allowed=(("yl.reporter", 200),),
        refused=NOT_WRITERS,
    ),
    "api:story_comments": (
        Route(args=named(DRAFT), **SEES),
        Route(
            args=named(DRAFT), method="POST", data=words, allowed=(("yl.reporter", 201),),
            refused=(("jc.chief", 404), ("sysadmin", 404)),
        ),
    ),
    "api:story_comment_answer": Route(
        args=remark, method="POST", data=words, allowed=(("yl.reporter", 201),),
        refused=(("jc.chief", 404), ("sysadmin", 404)),
    ),
    "api:story_comment_settle": Route(
        args=remark, method="POST", allowed=(("yl.reporter", 200),),
        refused=(("jc.chief", 404), ("yl.planner", 403)),
    ),
    "api:story_comment_reopen": Route(
        args=settled_remark, method="POST", allowed=(("yl.reporter", 200),),
        refused=(("jc.chief", 404), ("yl.planner", 403)),
    ),
    "api:as_ninjs": Route(args=named(SIGNED), **SEES),
    # Wagtail. What is not named here or in `stories.editor.routes.OPEN` answers 404 to everybody:
    # test_every_other_wagtail_route_is_shut_for_everybody holds that.
    "wagtailsnippets_stories_story:edit": Route(
        args=in_editor, allowed=(("yl.reporter", 200),),
        refused=(("jc.reporter", 404), ("sysadmin", 404), ("yl.planner", 403)),
    ),
    "wagtailsnippets_stories_story:preview_on_edit": Route(
        args=in_editor, allowed=(("yl.reporter", 200),),
        refused=(("jc.reporter", 404), ("sysadmin", 404), ("yl.planner", 403)),
    ),
    "wagtailadmin_editing_sessions:ping": Route(
        args=session, method="POST", allowed=(("yl.reporter", 200),),
        refused=(("jc.reporter", 404), ("sysadmin", 404), ("yl.planner", 403)),
    ),
    "wagtailadmin_editing_sessions:release": Route(
        args=lambda cast: {"session_id": 1}, method="POST",
        allowed=(("yl.reporter", 200),), refused=(("sysadmin", 403), ("yl.planner", 403)),
    ),
    "wagtailimages_chooser:choose": Route(**PICTURES),
    "wagtailimages_chooser:choose_results": Route(**PICTURES),
    "wagtailimages_chooser:chosen": Route(args=picture, **PICTURES),
    "wagtailimages_chooser:chosen_multiple": Route(**PICTURES),
    "api:subjects": Route(signed_in=True),
    "stories:link": Route(
        args=named(DRAFT),
        method="POST",
        data=lambda cast: {"other": "none", "kind": "update"},
        allowed=(("yl.reporter", 302),),
        refused=(("jc.reporter", 404), ("planner", 403), ("yl.planner", 403)),
    ),
    "stories:unlink": Route(
        args=a_link,
        method="POST",
        allowed=(("yl.reporter", 302),),
        refused=(("jc.reporter", 404), ("planner", 403), ("yl.planner", 403)),
    ),
    "api:story_links": (
        Route(args=named(DRAFT), allowed=(("yl.reporter", 200),), refused=(("jc.reporter", 404),)),
        Route(
            args=named(DRAFT),
            method="POST",
            data=lambda cast: {"other": SIGNED(cast).number, "kind": "update"},
            allowed=(("yl.reporter", 201),),
            refused=(("jc.reporter", 404), ("yl.planner", 403)),
        ),
    ),
    "api:story_unlink": Route(
        args=a_link,
        method="DELETE",
        allowed=(("yl.reporter", 204),),
        refused=(("jc.reporter", 404), ("yl.planner", 403)),
    ),
    "clip_chooser:choose": Route(**PICTURES),
    "clip_chooser:choose_results": Route(**PICTURES),
    "clip_chooser:chosen": Route(args=clip, **PICTURES),
    "wagtailadmin_choose_page_external_link": Route(
        allowed=(("yl.reporter", 200),), refused=(("sysadmin", 403), ("yl.planner", 403))
    ),
    "wagtailadmin_sprite": Route(signed_in=True),
    "wagtailadmin_javascript_catalog": Route(signed_in=True),
}  # fmt: skip
ROUTES |= routes_lexicons.ROUTES | routes_sheet.ROUTES
