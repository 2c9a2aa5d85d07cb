"""Building the signed package: safe HTML and pictures out of a story whose signatures hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.dateparse import parse_datetime

from rongmei.assets import selectors as assets
from rongmei.stories import canonical, embeds, kinds, subjects
from rongmei.stories.models import Signature, Story
from rongmei.stories.types import SignedBy, SignedPackage

WIDTH: Final = "width-1200"


def _clip(clip: Any, value: Any, poster: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a reader's player needs; `url` is empty when the file stays at its home."""
    if clip is None:
        return None
    return {
        "kind": clip.kind, "mime": clip.mime, "digest": clip.digest, "seconds": clip.seconds,
        "url": clip.file.url if clip.file else "", "elsewhere": "" if clip.file else clip.remote_url,
        "title": clip.title, "caption": value.get("caption") or clip.caption, "length": clip.length,
        "credit": value.get("credit") or clip.credit, "aigc": clip.aigc, "size": clip.size,
        "transcript": value.get("transcript") or "", "poster": poster and poster["url"],
    }  # fmt: skip


def _image(
    pk: int, rows: dict[int, Any], facts: dict[int, Any], caption: str, credit: str
) -> dict[str, Any] | None:
    if pk not in rows:
        return None
    one = facts[pk]
    return {
        **assets.rendition_of(rows[pk], WIDTH),
        "caption": caption or one.caption,
        "credit": credit or one.credit,
        "aigc": one.aigc,
        "alt": caption or one.caption or one.title,
        "digest": one.digest,
    }


Found = Callable[[Any], dict[str, Any] | None]


def _shown(kind: str, value: Any, picture: Found, clip: Found) -> dict[str, Any] | None:
    """What the template needs of one block; None for one that is still empty."""
    if kind == "paragraph":
        # Cleaned when saved; cleaned again here, because this is what strangers' browsers get.
        return {"html": kinds.clean_html(str(value))}
    if kind == "heading":
        return {"text": value} if value else None
    if kind == "picture":
        image = picture(value)
        return {"image": image} if image else None
    if kind == "clip":
        played = clip(value)
        return {"clip": played} if played else None
    if kind == "quote":
        return dict(value) if value.get("quote") else None
    if kind == "live":
        at = parse_datetime(kinds.moment(value.get("at")) or "-")
        held = {"at": at and timezone.localtime(at), "image": picture(value)}
        return {**held, "html": kinds.clean_html(str(value.get("text") or ""))}
    if kind == "table":
        cells = kinds.grid(value.get("cells") or [])
        return {"caption": value.get("caption"), "head": cells[:1], "rows": cells[1:]}
    url = embeds.plain_address(str(value.get("url") or ""))
    return {"url": url, "title": value.get("title") or url, "site": embeds.site(url)}


def reading(story: Story) -> dict[str, Any]:
    """What a reader is shown: `lead` (or None), `images`, `clips`, `blocks` for the template, `html`.

    Makes renditions: never inside a write. The words that the page adds are in the story's language.
    """
    keys = canonical.picture_keys(story)
    facts, rows = assets.facts(keys), assets.pictures_by_pk(keys)
    clips = assets.clips_by_id(kinds.clip_keys(story.body))
    images: list[dict[str, Any]] = []
    played: list[dict[str, Any]] = []
    blocks: list[dict[str, Any]] = []

    def picture(value: Any) -> dict[str, Any] | None:
        words = (value.get("caption") or "", value.get("credit") or "")
        image = _image(int(value.get("picture") or 0), rows, facts, *words)
        images.extend([image] if image else [])
        return image

    def clip(value: Any) -> dict[str, Any] | None:
        poster = _image(int(value.get("poster") or 0), rows, facts, "", "")
        found = _clip(clips.get(kinds.clip_key(value)), value, poster)
        played.extend([found] if found else [])
        return found

    for kind, value in kinds.raw(story.body):
        shown = _shown(kind, value, picture, clip)
        if shown is not None:
            blocks.append({"kind": kind, **shown})
    lead = _image(story.lead_picture_id or 0, rows, facts, "", "")
    with translation.override("en" if story.language.startswith("en") else "zh-hans"):
        html = render_to_string("stories/reading.html", {"blocks": blocks}).strip()
    return {"lead": lead, "images": images, "clips": played, "blocks": blocks, "html": html}


def _signed_by(one: Signature) -> SignedBy:
    return SignedBy(
        step=one.step, person_id=str(one.person_id), person_name=one.person_name, role_at=one.role_at,
        signed_at=one.signed_at.isoformat(), content_hash=one.content_hash, opinion=one.opinion,
        round=one.round, seal=one.seal,
    )  # fmt: skip


def _subjects(story: Story) -> tuple[dict[str, str], ...]:
    """Code and name of each subject, in the story's language."""
    known = subjects.by_code(story.subjects)
    with translation.override("en" if story.language.startswith("en") else "zh-hans"):
        return tuple({"code": one, "name": str(known.get(one, one))} for one in story.subjects)


def build(story: Story, signatures: list[Signature]) -> SignedPackage:
    """The package of a story whose signatures were verified by the caller."""
    shown = reading(story)
    return SignedPackage(
        story_id=story.pk, unit_id=story.unit_id, unit_name=story.unit.name, number=story.number,
        kicker=story.kicker, title=story.title, subtitle=story.subtitle, summary=story.summary,
        html=shown["html"], text=story.body_text, byline=story.byline, origin=story.origin,
        category=story.category, tags=tuple(story.tags), language=story.language, place=story.place,
        lead_image=shown["lead"], images=tuple(shown["images"]),
        signatures=tuple(_signed_by(one) for one in signatures), content_hash=story.content_hash,
        signed_at=story.signed_at or signatures[-1].signed_at, embargo_until=story.embargo_until,
        task_id=story.task_id, pitch_id=story.pitch_id, rights_basis=story.rights_basis,
        features_exemplar=story.features_exemplar, clips=tuple(shown["clips"]),
        short_title=story.short_title, channel_titles=dict(story.channel_titles),
        credits=tuple(story.credits), subjects=_subjects(story), channels_wanted=tuple(story.channels_wanted),
    )  # fmt: skip
