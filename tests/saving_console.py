"""Somebody who saves a story again and again, in a process of their own that a test may kill.

First says how it found the story, then saves until it is ended; each answered save is a line.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import django

django.setup()

from rongmei.kernel import audit  # noqa: E402
from rongmei.network.models import Member, Unit  # noqa: E402
from rongmei.network.testing import make_cast  # noqa: E402
from rongmei.stories import actions, canonical  # noqa: E402
from rongmei.stories.models import Story  # noqa: E402

PARAGRAPH = "示例：清晨六点，抢修队抵达现场，分成三组排查线路。"


def say(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


def body(number: int) -> list[dict[str, Any]]:
    words = f"<p>第 {number} 次保存。{PARAGRAPH * 40}</p>"
    cells = [["次", "字"], [str(number), str(len(words))]]
    table = {"type": "table", "value": {"caption": "示例", "cells": cells}}
    return [{"type": "paragraph", "value": words}, table]


def found(story: Story) -> dict[str, Any]:
    """What holds of a story whatever happened: row, newest revision and hash are of one save."""
    row, kept = canonical.content_of(story), canonical.content_of(story.latest_revision.as_object())
    return {
        "number": int(row["body"][1]["rows"][0][0]) if row["body"][1:] else 0,
        "whole": row == kept and canonical.hash_of(row) == story.content_hash,
        "text": canonical.body_text(row) == story.body_text,
        "revisions": story.revisions.count(),
        "chain": audit.verify().ok,
    }


def main() -> None:
    if not Unit.objects.filter(code="yunling").exists():
        make_cast()
    by = Member.objects.get(username="yl.reporter")
    story = Story.objects.first() or actions.story_create(
        by=by, unit_id=by.unit_id, title="示例：被杀的保存"
    )
    held = found(Story.objects.get(pk=story.pk))
    say(found=held)
    number = held["number"]
    while True:
        number += 1
        base = Story.objects.values_list("latest_revision", flat=True).get(pk=story.pk)
        actions.story_save(
            by=by, story_id=story.pk, fields={"body": body(number)}, base_revision=base,
            automatic=number % 3 != 0,
        )  # fmt: skip
        say(saved=number)


if __name__ == "__main__":
    sys.exit(main())
