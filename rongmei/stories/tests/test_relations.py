"""Stories beside each other: language versions and what follows what; for whom, and harmless elsewhere."""

from __future__ import annotations

import pytest
from django.urls import reverse

from rongmei.kernel import audit
from rongmei.kernel.errors import NotAllowed, NotFound
from rongmei.stories import actions, canonical, links, relations
from rongmei.stories.errors import LinkRefused, StoryIsReplica
from rongmei.stories.link_rows import StoryLink
from rongmei.stories.models import Story
from rongmei.stories.tests import newsroom


def tie(cast, story, other, kind="update", by="yl.reporter"):
    return actions.story_link(by=cast[by], story_id=story.pk, other=other.number, kind=kind)


def test_a_chain_of_updates_is_read_both_ways(cast):
    one, two, three = (newsroom.draft(cast, title=f"示例第{n}报") for n in "一二三")
    tie(cast, two, one)
    tie(cast, three, two)
    seen = relations.related_to(cast["yl.reporter"], two)
    assert [(row.how, row.story.pk) for row in seen] == [("before", one.pk), ("after", three.pk)]
    assert seen[0].link_id and not seen[1].link_id
    assert links.related_ids(three.pk) == [("before", two.pk), ("before", one.pk)]


def test_language_versions_know_each_other_through_the_first(cast):
    first = newsroom.draft(cast)
    english, french = (
        newsroom.save(cast, newsroom.draft(cast), language=one) for one in ("en", "fr")
    )
    tie(cast, english, first, "translation")
    tie(cast, french, first, "translation")
    assert set(links.related_ids(english.pk)) == {
        ("translation", first.pk),
        ("translation", french.pk),
    }
    with pytest.raises(LinkRefused, match="语种"):
        tie(cast, newsroom.draft(cast), first, "translation")


def test_circles_and_second_links_are_refused(cast):
    one, two, three = (newsroom.draft(cast, title=f"示例{n}") for n in "甲乙丙")
    tie(cast, two, one)
    for story, other in ((one, two), (one, one), (two, three)):
        with pytest.raises(LinkRefused):
            tie(cast, story, other)
    assert StoryLink.objects.count() == 1


def test_only_who_writes_for_the_unit_ties_and_only_to_what_they_may_read(cast):
    story, theirs = newsroom.draft(cast), newsroom.draft(cast, by="jc.reporter")
    with pytest.raises(NotFound):
        tie(cast, story, theirs)
    other = newsroom.draft(cast, title="示例另一篇")
    with pytest.raises(NotAllowed):
        tie(cast, story, other, by="planner")
    made = tie(cast, story, other)
    with pytest.raises(NotFound):
        actions.story_unlink(by=cast["jc.reporter"], link_id=made.pk)
    actions.story_unlink(by=cast["yl.reporter"], link_id=made.pk)
    assert not StoryLink.objects.exists()
    assert list(audit.details("story.unlinked", story.pk))


def test_a_reader_sees_only_related_stories_they_may_read(cast):
    ours = newsroom.draft(cast, title="示例云岭稿")
    theirs = newsroom.draft(cast, by="jc.reporter", title="示例江川稿")
    StoryLink.objects.create(story=theirs, unit_id=theirs.unit_id, other=ours, kind="update")
    assert relations.related_to(cast["yl.reporter"], ours) == []
    assert [one.story.pk for one in relations.related_to(cast["planner"], ours)] == [theirs.pk]


def test_links_are_no_part_of_what_is_signed_and_replicas_are_not_tied(cast):
    signed, draft = newsroom.signed(cast), newsroom.draft(cast, title="示例续报")
    before = canonical.hash_of(canonical.content_of(signed))
    tie(cast, signed, draft)
    assert canonical.hash_of(canonical.content_of(Story.objects.get(pk=signed.pk))) == before
    Story.objects.filter(pk=draft.pk).update(home=signed.pk)
    with pytest.raises(StoryIsReplica):
        tie(cast, draft, newsroom.draft(cast, title="示例别的"))


def test_the_page_ties_by_number_and_says_what_is_wrong(
    cast, signed_in, django_assert_max_num_queries
):
    story, other = newsroom.draft(cast), newsroom.draft(cast, title="示例前一报")
    client, where = signed_in("yl.reporter"), reverse("stories:link", args=[story.pk])
    page = client.post(where, {"other": "NO-1", "kind": "update"}, follow=True).content.decode()
    assert "没有找到编号" in page and not StoryLink.objects.exists()
    page = client.post(where, {"other": other.number.lower(), "kind": "update"}, follow=True)
    assert "示例前一报" in page.content.decode() and "解除关联" in page.content.decode()
    with django_assert_max_num_queries(40):
        client.get(reverse("stories:story", args=[story.pk]) + "?panel=relations")
