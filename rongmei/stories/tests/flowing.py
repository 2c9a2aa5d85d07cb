"""Flows for tests, made by the real actions."""

from __future__ import annotations

from typing import Any

from rongmei.network.testing import Cast
from rongmei.stories import actions
from rongmei.stories.models import ReviewFlow


def step(key: str, stage: str, **more: Any) -> dict[str, Any]:
    """One step of a flow."""
    return {"key": key, "name": f"{key} 环节", "stage": stage, **more}


def steps(**changed: dict[str, Any]) -> list[dict[str, Any]]:
    """Three steps that keep the rules; name one to change it."""
    made = [step("first", "first"), step("second", "second"), step("final", "final")]
    return [{**one, **changed.get(one["key"], {})} for one in made]


def four() -> list[dict[str, Any]]:
    """First, then second review and a proof of its own side by side, then final."""
    first, second, final = steps()
    proof = step("numbers", "second", does="proof", permission="stories.review_first", group=1)
    return [first, {**second, "group": 1}, proof, final]


def published(
    cast: Cast,
    made: list[dict[str, Any]] | None = None,
    *,
    by: str = "yl.chief",
    unit: str = "yunling",
    category: str = "",
    **content: Any,
) -> ReviewFlow:
    """A version in force."""
    row = actions.flow_draft(
        by=cast[by], unit_id=cast.unit(unit).pk, name="示例流程", category=category,
        content={"steps": made or steps(), **content},
    )  # fmt: skip
    return actions.flow_publish(by=cast[by], flow_id=row.pk)
