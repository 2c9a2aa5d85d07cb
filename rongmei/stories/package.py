"""Building the signed package: safe HTML and pictures out of a story whose signatures hold."""

from __future__ import annotations

from typing import Any, Final

from django.template.loader import render_to_string

from rongmei.assets import selectors as assets
from rongmei.stories import canonical
from rongmei.stories.models import Signature, Story
from rongmei.stories.types import SignedBy, SignedPackage

WIDTH: Final = "width-1200"


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


def reading(story: Story) -> dict[str, Any]:
    """What a reader is shown: `lead` (or None), `images`, `blocks` for the template, `html`.

    Makes renditions: never inside a write.
    """
    keys = canonical.picture_keys(story)
    facts, rows = assets.facts(keys), assets.pictures_by_pk(keys)
    images: list[dict[str, Any]] = []
    blocks: list[dict[str, Any]] = []
    for kind, value in canonical.blocks_of(story):
        if kind == "picture":
            pk = int(value.get("picture") or 0)
            image = _image(pk, rows, facts, value.get("caption") or "", value.get("credit") or "")
            if image:
                images.append(image)
                blocks.append({"kind": kind, "image": image})
        elif kind == "quote":
            blocks.append({"kind": kind, **value})
        elif kind == "paragraph":
            # Cleaned when saved; cleaned again here, because this is what strangers' browsers get.
            blocks.append({"kind": kind, "html": canonical.clean_html(str(value))})
        else:
            blocks.append({"kind": kind, "text": value})
    lead = _image(story.lead_picture_id or 0, rows, facts, "", "")
    html = render_to_string("stories/reading.html", {"blocks": blocks}).strip()
    return {"lead": lead, "images": images, "blocks": blocks, "html": html}


def _signed_by(one: Signature) -> SignedBy:
    return SignedBy(
        step=one.step, person_id=str(one.person_id), person_name=one.person_name, role_at=one.role_at,
        signed_at=one.signed_at.isoformat(), content_hash=one.content_hash, opinion=one.opinion,
        round=one.round, seal=one.seal,
    )  # fmt: skip


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
        features_exemplar=story.features_exemplar,
    )  # fmt: skip
