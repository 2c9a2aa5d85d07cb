"""Proofs: lines are the same everywhere, none is too long, no word is lost."""

from __future__ import annotations

from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from rongmei.kernel import paper
from rongmei.kernel.models import AuditEntry
from rongmei.stories import actions, proofs
from rongmei.stories.tests import newsroom


@given(st.text(alphabet="供电抢修，。“”（）ab1. -\u3000", max_size=300))
def test_lines_hold_every_word_and_none_is_too_long(text):
    found = proofs.fold(text)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(proofs.width(one) <= proofs.WIDTH + proofs.HANGING for one in found)


def test_no_line_begins_with_a_full_stop_or_ends_with_an_opening_bracket():
    assert proofs.fold("字" * 30 + "。" + "后") == ["字" * 30 + "。", "后"]
    assert proofs.fold("字" * 29 + "（注）") == ["字" * 29, "（注）"]


def test_words_and_figures_are_not_cut():
    assert proofs.fold("字" * 28 + "123,456.5 户") == ["字" * 28, "123,456.5 户"]


def test_a_word_longer_than_a_line_is_cut_not_lost():
    assert "".join(proofs.fold("a" * 130)) == "a" * 130


def test_lines_are_counted_from_the_headline_through_the_body(cast):
    story = newsroom.draft(cast, body=newsroom.body(f"<p>{'供电' * 40}</p>", "<p>完。</p>"))
    found = proofs.lines(story)
    assert [one.number for one in found] == list(range(1, len(found) + 1))
    assert found[0].text == story.title and found[-1].text == "完。"
    assert [proofs.width(one.text) for one in found if "供电供电" in one.text] == [56, 60, 44]


def test_remarks_name_the_line_they_are_on(cast):
    story = newsroom.draft(cast, body=newsroom.body(f"<p>{'供电' * 20}</p>", "<p>抢修队到达。</p>"))
    actions.comment_add(by=cast["yl.chief"], story_id=story.pk, text="请核。", quote="抢修队到达")
    ((number, _thread),) = proofs.proof(cast["yl.chief"], story)["remarks"]
    (line,) = [one for one in proofs.lines(story) if one.number == number]
    assert "抢修队到达" in line.text


def test_a_proof_that_is_given_out_is_on_record(cast, signed_in, monkeypatch):
    story = newsroom.draft(cast)
    pages: list[str] = []
    monkeypatch.setattr(paper, "pdf", lambda html, **_more: pages.append(html) or b"%PDF-")
    client = signed_in("yl.reporter")
    assert client.get(reverse("stories:proof", args=[story.pk])).status_code == 200
    assert not AuditEntry.objects.filter(action="story.proof_exported").exists()
    answer = client.post(reverse("stories:proof_pdf", args=[story.pk]))
    assert answer.content == b"%PDF-" and story.title in pages[0]
    assert client.post(f"/api/v1/review/stories/{story.pk}/proof").status_code == 200
    assert AuditEntry.objects.filter(action="story.proof_exported").count() == 2


def test_where_no_pdf_can_be_made_the_page_stays(cast, signed_in, monkeypatch):
    def missing(_html: str, **_more: object) -> bytes:
        raise paper.PaperMissing

    monkeypatch.setattr(paper, "pdf", missing)
    story = newsroom.draft(cast)
    where = reverse("stories:proof_pdf", args=[story.pk])
    answer = signed_in("yl.reporter").post(where)
    assert answer.status_code == 302 and answer.url == reverse("stories:proof", args=[story.pk])
    assert not AuditEntry.objects.filter(action="story.proof_exported").exists()
