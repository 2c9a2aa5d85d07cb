"""A signed story as IPTC ninjs 3.1 (JSON): the shape others in the trade read."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urljoin

from django.conf import settings

from rongmei.stories.types import SignedPackage

STANDARD: Final = {
    "name": "ninjs",
    "version": "3.1",
    "schema": "https://www.iptc.org/std/ninjs/ninjs-schema_3.1.json",
}
# GB 45438-2025 labels 1 to 3 in the terms of IPTC's digital source type vocabulary.
GENERATED: Final = {
    "name": "Created using Generative AI",
    "uri": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
}


def _full(url: str) -> str:
    return urljoin(settings.RONGMEI_NODE.url + "/", url)


def _picture(image: dict[str, Any], name: str) -> dict[str, Any]:
    item: dict[str, Any] = {
        "name": name,
        "uri": f"urn:sha256:{image['digest']}",
        "type": "picture",
        "by": image["credit"],
        "descriptions": [{"role": "caption", "value": image["caption"]}],
        "renditions": [
            {
                "name": "main", "href": _full(image["url"]),
                "width": image["width"], "height": image["height"],
            }
        ],
    }  # fmt: skip
    if image["aigc"]:
        item["digitalSourceType"] = GENERATED
    return item


def _clip(clip: dict[str, Any], name: str) -> dict[str, Any]:
    """A video or a recording; where it plays when its file stayed at its home."""
    address = _full(clip["url"] or clip["elsewhere"])
    rendition: dict[str, Any] = {"name": "main", "href": address, "contentType": clip["mime"]}
    if clip["seconds"] is not None:
        rendition["duration"] = clip["seconds"]
    item: dict[str, Any] = {
        "name": name,
        "uri": address,
        "type": clip["kind"],
        "by": clip["credit"],
        "descriptions": [{"role": "caption", "value": clip["caption"] or clip["title"]}],
        "renditions": [rendition],
    }
    if clip["aigc"]:
        item["digitalSourceType"] = GENERATED
    return item


def subject_uri(code: str) -> str:
    """A subject's address: that of IPTC for Media Topics, the code itself for a unit's own list."""
    return code.replace("medtop:", "http://cv.iptc.org/newscodes/mediatopic/", 1)


def of_package(package: SignedPackage) -> dict[str, Any]:
    """The ninjs object of a signed package."""
    headlines = [
        ("main", package.title),
        ("kicker", package.kicker),
        ("subtitle", package.subtitle),
        ("short", package.short_title),
        *((f"channel:{key}", title) for key, title in package.channel_titles.items()),
    ]
    item: dict[str, Any] = {
        "uri": f"urn:uuid:{package.story_id}",
        "standard": STANDARD,
        "type": "text",
        "representationType": "full",
        "version": str(package.signatures[-1].round),
        "versionCreated": package.signed_at.isoformat(),
        "pubStatus": "usable",
        "language": package.language,
        "title": package.title,
        "slugline": package.number,
        "by": package.byline,
        "copyrightNotice": package.rights_basis,
        "headlines": [{"role": role, "value": value} for role, value in headlines if value],
        "bodies": [
            {"role": "main", "contentType": "text/html", "value": package.html},
            {"role": "plain", "contentType": "text/plain", "value": package.text},
        ],
        "infoSources": [{"name": package.origin or package.unit_name}],
        "subjects": [
            *({"uri": subject_uri(one["code"]), "name": one["name"]} for one in package.subjects),
            *({"name": tag} for tag in (package.category, *package.tags) if tag),
        ],
        "altIds": [{"role": "number", "value": package.number}],
    }
    if package.credits:
        item["people"] = [
            {"name": one["name"], "rel": f"contributor:{one['role']}"} for one in package.credits
        ]
    if package.summary:
        item["descriptions"] = [{"role": "summary", "value": package.summary}]
    if package.place:
        item["located"] = package.place
        item["places"] = [{"name": package.place}]
    if package.embargo_until:
        item["embargoedUntil"] = package.embargo_until.isoformat()
    media = [_clip(clip, f"clip-{n}") for n, clip in enumerate(package.clips, 1)]
    pictures = [_picture(package.lead_image, "lead")] if package.lead_image else []
    pictures += [_picture(image, f"picture-{n}") for n, image in enumerate(package.images, 1)]
    if pictures or media:
        item["associations"] = [*pictures, *media]
    return item
