"""Wagtail behind the gate: what is open works, and everything else is shut, superusers too."""

from __future__ import annotations

import json
import re
import uuid

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from rongmei.network.models import Member
from rongmei.stories.editor.routes import OPEN
from rongmei.stories.models import Story, StoryState
from rongmei.stories.tests import newsroom
from rongmei.stories.views import edit_url


def form_of(html: str) -> dict[str, str]:
    """The fields of the editor's form as a browser would send them."""
    import html as entities

    form = html[html.index('id="w-editor-form"') :]
    fields = {}
    for tag in re.findall(r"<input[^>]+>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and 'type="checkbox"' not in tag:
            fields[name[1]] = entities.unescape(value[1]) if value else ""
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.S):
        fields[name] = entities.unescape(text.lstrip("\n"))
    return fields


def posted(page: str, story: Story, **changes: str) -> dict[str, str]:
    """What the editor sends: the body's blocks are drawn by script, so they are written here."""
    fields = {key: value for key, value in form_of(page).items() if not key.startswith("body")}
    content = {"blocks": [{"key": "a", "text": "正文一段，见报用。", "type": "unstyled", "depth": 0,
                           "inlineStyleRanges": [], "entityRanges": []}], "entityMap": {}}  # fmt: skip
    fields |= {
        "body-count": "1", "body-0-deleted": "", "body-0-order": "0", "body-0-type": "paragraph",
        "body-0-id": str(uuid.uuid4()), "body-0-value": json.dumps(content), "language": "zh",
    }  # fmt: skip
    return {**fields, "title": story.title, **changes}


def test_opening_and_saving_goes_through_our_action(cast, signed_in):
    story = newsroom.draft(cast)
    client = signed_in("yl.reporter")
    page = client.get(edit_url(story))
    assert page.status_code == 200 and "回到稿件" in page.content.decode()
    answer = client.post(
        edit_url(story),
        posted(page.content.decode(), story, title="改过的标题", tags="抢修、保供 云岭"),
    )
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    saved = Story.objects.get(pk=story.pk)
    assert saved.title == "改过的标题" and saved.body_text == "正文一段，见报用。"
    assert saved.tags == ["抢修", "保供", "云岭"]
    assert saved.latest_revision_id > story.latest_revision_id
    assert saved.content_hash != story.content_hash


def test_an_empty_paragraph_does_not_keep_a_draft_from_being_saved(cast, signed_in):
    story = newsroom.draft(cast)
    client = signed_in("yl.reporter")
    page = client.get(edit_url(story)).content.decode()
    nothing = {"blocks": [], "entityMap": {}}
    answer = client.post(edit_url(story), posted(page, story, **{
        "body-count": "2", "body-1-deleted": "", "body-1-order": "1", "body-1-type": "paragraph",
        "body-1-id": str(uuid.uuid4()), "body-1-value": json.dumps(nothing),
    }))  # fmt: skip
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    assert Story.objects.get(pk=story.pk).body_text == "正文一段，见报用。"


def test_a_stale_editor_keeps_the_words_and_overwrites_nothing(cast, signed_in):
    story = newsroom.draft(cast)
    client = signed_in("yl.reporter")
    page = client.get(edit_url(story)).content.decode()
    newsroom.save(cast, story, by="yl.first", title="别人先存的标题")
    answer = client.post(edit_url(story), posted(page, story, title="后来的标题"))
    assert answer.status_code == 200 and "后来的标题" in answer.content.decode()
    assert Story.objects.get(pk=story.pk).title == "别人先存的标题"


def test_autosave_answers_in_json_and_conflicts_are_told(cast, signed_in):
    story = newsroom.draft(cast)
    client = signed_in("yl.reporter")
    page = client.get(edit_url(story)).content.decode()
    as_json = {"HTTP_ACCEPT": "application/json"}
    answer = client.post(edit_url(story), posted(page, story, title="自动存的标题"), **as_json)
    assert answer.status_code == 200 and answer.json()["success"], answer.content
    saved = Story.objects.get(pk=story.pk)
    assert answer.json()["revision_id"] == saved.latest_revision_id == saved.autosaved_revision_id
    stale = client.post(edit_url(story), posted(page, story, title="旧页面"), **as_json)
    assert stale.status_code == 400 and not stale.json()["success"]
    assert Story.objects.get(pk=story.pk).title == "自动存的标题"


def test_an_edit_that_falls_back_leads_back_to_the_desk(cast, signed_in):
    story = newsroom.at_step(cast, "second")
    client = signed_in("yl.second")
    page = client.get(edit_url(story)).content.decode()
    answer = client.post(edit_url(story), posted(page, story, title="换了标题"))
    assert answer.status_code == 302 and answer["Location"] == reverse(
        "stories:story", args=[story.pk]
    )
    assert Story.objects.get(pk=story.pk).state == StoryState.FIRST


@pytest.mark.parametrize(
    ("username", "status"),
    [("yl.first", 200), ("jc.reporter", 404), ("smk.reporter", 404), ("sysadmin", 404),
     ("planner", 403), ("yl.planner", 403)],
)  # fmt: skip
def test_who_may_open_the_editor_of_a_draft(cast, signed_in, username, status):
    story = newsroom.draft(cast)
    assert signed_in(username).get(edit_url(story)).status_code == status


def test_the_author_cannot_open_the_editor_in_review(cast, signed_in):
    story = newsroom.at_step(cast, "first")
    assert signed_in("yl.reporter").get(edit_url(story)).status_code == 403
    assert signed_in("yl.first").get(edit_url(story)).status_code == 200


def test_strangers_are_sent_to_sign_in(cast):
    answer = Client().get(edit_url(newsroom.draft(cast)))
    assert answer.status_code == 302 and "/accounts/login/" in answer["Location"]


def cms_routes(patterns=None, prefix="", namespace=""):
    """Every address below /cms/ as (route name, example path)."""
    if patterns is None:
        cms = [one for one in get_resolver().url_patterns if str(one.pattern) == "cms/"]
        patterns, prefix = cms[0].url_patterns, "/cms/"
    for one in patterns:
        route = str(one.pattern)
        if hasattr(one, "url_patterns"):
            inner = f"{namespace}{one.namespace}:" if one.namespace else namespace
            yield from cms_routes(one.url_patterns, prefix + route, inner)
        else:
            yield f"{namespace}{one.name or ''}", prefix + route


def example(path: str, story: Story) -> str:
    """A concrete address for a route."""
    path = path.replace("^", "").replace("$", "").replace("\\Z", "").replace("\\", "")
    path = re.sub(r"<uuid:\w+>", str(story.pk), path)
    path = re.sub(r"<int:\w+>", "1", path)
    path = re.sub(
        r"<(?:str|slug):(\w+)>",
        lambda m: {"app_label": "stories", "app_name": "stories", "model_name": "story"}.get(
            m[1], str(story.pk)
        ),
        path,
    )
    path = re.sub(r"\(\?P<\w+>[^)]*\)|\([^)]*\)", "1", path)
    return re.sub(r"<\w+>", "x", path)


def test_every_other_wagtail_route_is_shut_for_everybody(cast, signed_in):
    story = newsroom.signed(cast)
    chief = cast.people["yl.chief"]
    Member.objects.filter(pk=chief.pk).update(is_superuser=True, is_staff=True)
    client = signed_in("yl.chief")
    routes = list(cms_routes())
    assert len(routes) > 150
    shut = [(name, path) for name, path in routes if name not in OPEN]
    assert len(routes) - len(shut) == len(OPEN)
    for name, path in shut:
        for method in (client.get, client.post):
            assert method(example(path, story)).status_code in {404, 405}, (name, path)
    assert Story.objects.get(pk=story.pk).state == StoryState.SIGNED


def test_a_superuser_without_roles_opens_nothing_that_is_open(cast, signed_in):
    story = newsroom.draft(cast)
    Member.objects.filter(username="sysadmin").update(is_superuser=True, is_staff=True)
    cast.people["sysadmin"].refresh_from_db()
    client = signed_in("sysadmin")
    asking = [edit_url(story), reverse("wagtailimages_chooser:choose"),
              reverse("wagtailadmin_editing_sessions:ping", args=["stories", "story", story.pk, 1])]  # fmt: skip
    for path in asking:
        assert client.get(path).status_code in {403, 404}
        assert client.post(path).status_code in {403, 404}


def test_editing_sessions_name_only_stories(cast, signed_in):
    client = signed_in("yl.reporter")
    me = cast.people["yl.reporter"]
    path = reverse("wagtailadmin_editing_sessions:ping", args=["network", "member", me.pk, 1])
    assert client.post(path).status_code == 404


def test_the_image_chooser_shows_only_pictures_in_reach(cast, signed_in):
    ours = newsroom.a_picture(cast)
    theirs = newsroom.a_picture(cast, "red", "jc.reporter")
    client = signed_in("yl.reporter")
    shown = client.get(reverse("wagtailimages_chooser:choose")).content.decode()
    assert f"chosen/{ours.pk}/" in shown and f"chosen/{theirs.pk}/" not in shown
    assert "image-chooser-upload" not in shown
    assert client.get(reverse("wagtailimages_chooser:chosen", args=[ours.pk])).status_code == 200
    assert client.get(reverse("wagtailimages_chooser:chosen", args=[theirs.pk])).status_code != 200
    found = client.get(reverse("wagtailimages_chooser:choose_results") + "?q=现场")
    assert f"chosen/{ours.pk}/" in found.content.decode()
    none = client.get(reverse("wagtailimages_chooser:choose_results") + "?q=别的")
    assert f"chosen/{ours.pk}/" not in none.content.decode()


def test_anothers_picture_cannot_be_put_in(cast):
    from rongmei.kernel.errors import BadInput

    theirs = newsroom.a_picture(cast, "red", "jc.reporter")
    story = newsroom.draft(cast)
    block = [{"type": "picture", "value": {"picture": theirs.pk, "caption": "", "credit": ""}}]
    for fields in ({"lead_picture": theirs}, {"body": block}):
        with pytest.raises(BadInput):
            newsroom.save(cast, story, **fields)


def test_preview_draws_the_unsaved_text(cast, signed_in):
    story = newsroom.draft(cast)
    client = signed_in("yl.reporter")
    page = client.get(edit_url(story)).content.decode()
    path = reverse("wagtailsnippets_stories_story:preview_on_edit", args=[story.pk])
    assert client.post(path, posted(page, story, title="未保存的标题")).json()["is_valid"]
    shown = client.get(path)
    assert shown.status_code == 200 and "未保存的标题" in shown.content.decode()
    assert Story.objects.get(pk=story.pk).title == story.title


def test_opening_the_editor_costs_few_queries(cast, signed_in, django_assert_max_num_queries):
    story = newsroom.draft(cast)
    client = signed_in("yl.reporter")
    client.get(edit_url(story))
    with django_assert_max_num_queries(40):
        client.get(edit_url(story))
