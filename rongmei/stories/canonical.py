"""The one form of a story's text that signatures cover, the same on every node.

Canonical JSON (RFC 8259, keys sorted, no spaces, UTF-8) of everything a reader is shown, and of the
terms of its use: change any of it and the hash changes. Keys of blocks and of pictures differ
between nodes and are left out; a picture stands for itself by the SHA-256 of its file.

The form has versions. A text is written in the oldest one that can say it, so that what was signed
before a version was added keeps its hash: form 2 knows clips, live entries,
data tables and embedded pages.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import orjson
import rjieba

from rongmei.assets import selectors as assets
from rongmei.stories import kinds, particulars
from rongmei.stories.flows import SHARE
from rongmei.stories.types import Changes

FORM: Final = 1
FORMS: Final = frozenset({1, 2})
WORDS: Final = (
    "kicker", "title", "subtitle", "summary", "byline", "origin", "rights_basis", "place",
    "category", "language",
)  # fmt: skip
_LATER: Final = ("step_name", "flow", "for_person", "for_name")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*(?:%|‰)?|[零〇一二三四五六七八九十百千万亿两]{2,}")


def picture_keys(story: Any) -> set[int]:
    """Keys of the pictures a story uses: its lead and those in the body."""
    return ({story.lead_picture_id} if story.lead_picture_id else set()) | kinds.picture_keys(
        story.body
    )


def _utc(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else None


def held_by(*stories: Any) -> kinds.Held:
    """Facts of the pictures and clips these use: a query for each, none where there are none."""
    pictures = {key for one in stories for key in picture_keys(one)}
    clips = {key for one in stories for key in kinds.clip_keys(one.body)}
    return kinds.Held(assets.facts(pictures), assets.clip_facts(clips))


def content_of(story: Any, held: kinds.Held | None = None) -> dict[str, Any]:
    """Everything a signature over this story covers; reads the facts of its media when not given."""
    held = held_by(story) if held is None else held
    lead = held.pictures.get(story.lead_picture_id) if story.lead_picture_id else None
    blocks, extra = kinds.raw(story.body), particulars.covered(story)
    return {
        "form": max([2 if extra else 1, *(kinds.KINDS[kind].form for kind, _value in blocks)]),
        **extra,
        "story": str(story.pk),
        "unit": str(story.unit_id),
        **{name: getattr(story, name) or "" for name in WORDS},
        "tags": [str(tag) for tag in story.tags or []],
        "features_exemplar": bool(story.features_exemplar),
        "embargo_until": _utc(story.embargo_until),
        "lead_picture": lead.published() if lead else None,
        "body": [{"type": kind, **kinds.KINDS[kind].cover(value, held)} for kind, value in blocks],
    }


def hash_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def seal_of(signature: Any) -> str:
    """What binds person, step, time, text and opinion of a signature: SHA-256 over all of them."""
    return hash_of(
        {
            "form": FORM,
            "story": str(signature.story_id),
            "round": signature.round,
            "step": str(signature.step),
            "verdict": str(signature.verdict),
            "person": str(signature.person_id),
            "name": signature.person_name,
            "author": str(signature.author_id),
            "role": signature.role_at,
            "at": signature.signed_at.astimezone(UTC).isoformat(timespec="microseconds"),
            "content": signature.content_hash,
            "opinion": signature.opinion,
            "proof": list(signature.proof),
            "edited": bool(signature.edited),
            # Said only where there is something to say: older seals stay as they were.
            **{name: str(value) for name in _LATER if (value := getattr(signature, name, None))},
        }
    )


def body_text(content: Mapping[str, Any]) -> str:
    """The body as plain text, one line a paragraph, captions and speakers included."""
    lines = (line for block in content["body"] for line in kinds.KINDS[block["type"]].lines(block))
    return "\n".join(line for line in lines if line)


def all_text(content: Mapping[str, Any]) -> str:
    """Headlines, summary and body together."""
    heads = [content[name] for name in ("kicker", "title", "subtitle", "summary")]
    return "\n".join([*(head for head in heads if head), body_text(content)])


@lru_cache(maxsize=256)
def _people(text: str) -> frozenset[str]:
    return frozenset(word for word, tag in rjieba.tag(text) if tag == "nr" and len(word) > 1)


def _names(content: Mapping[str, Any]) -> set[str]:
    speakers = {block["speaker"] for block in content["body"] if block["type"] == "quote"}
    return {*_people(all_text(content)), content["byline"], content["place"], *speakers} - {""}


def _numbers(content: Mapping[str, Any]) -> Counter[str]:
    return Counter(_NUMBER.findall(all_text(content)))


def pictured(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The blocks of a body that show a picture or play a clip, or would."""
    return [block for block in content["body"] if kinds.KINDS[block["type"]].picture]


def media_of(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was published of the picture and the clip of a block."""
    return [block[name] for name in ("picture", "poster", "clip") if block.get(name)]


def _pictures(content: Mapping[str, Any]) -> list[Any]:
    return [content["lead_picture"], *pictured(content)]


def changed_share(before: str, after: str) -> float:
    """Which part of the text was changed, 0 to 1: characters put in or taken out, by paragraph.

    Paragraphs are matched first and only those that changed are compared by character, because
    comparing two whole texts takes time with the square of their length.
    """
    old, new = before.split("\n"), after.split("\n")
    touched = 0
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        one, two = "\n".join(old[a:b])[:4000], "\n".join(new[c:d])[:4000]
        inner = difflib.SequenceMatcher(None, one, two, autojunk=False)
        same = sum(size for _i, _j, size in inner.get_matching_blocks())
        touched += max(len(one), len(two)) - same
    return touched / max(len(before), len(after), 1)


def compare(before: Mapping[str, Any], after: Mapping[str, Any], most: float = SHARE) -> Changes:
    """How `after` differs from `before`, and what of it is material.

    Material are: headlines, numbers, names, pictures, the terms of use (origin, rights, embargo,
    exemplar flag), or more than `most` of the text.
    """
    if hash_of(before) == hash_of(after):
        return Changes()
    titles = ("kicker", "title", "subtitle", "short_title", "channel_titles")
    terms = ("origin", "rights_basis", "embargo_until", "features_exemplar", "language")
    share = changed_share(body_text(before), body_text(after))
    tests: Iterable[tuple[str, bool]] = (
        ("title", any(before.get(name) != after.get(name) for name in titles)),
        ("number", _numbers(before) != _numbers(after)),
        ("name", _names(before) != _names(after) or before.get("credits") != after.get("credits")),
        ("picture", _pictures(before) != _pictures(after)),
        ("terms", any(before[name] != after[name] for name in terms)),
        ("text", share > most),
    )
    return Changes(tuple(name for name, hit in tests if hit), round(share, 4), same=False)
