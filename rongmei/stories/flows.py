"""Review flows as data: what a flow is made of, and the rules that none may break.

Pure: no row is read here. A story carries a snapshot of its flow from submission on, so a later
version, a retired one or a changed row never touches a story in review. The built-in flow is the
empty snapshot; its signatures are sealed as they were before flows were data.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import orjson
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from rongmei.stories.errors import FlowBroken

SHARE: Final = 0.05
STAGES: Final = ("first", "second", "final")
DOES: Final = ("both", "review", "proof")
PERMISSIONS: Final = {
    "first": "stories.review_first",
    "second": "stories.review_second",
    "final": "stories.review_final",
}
_BUILT_IN_NAMES: Final = {
    "first": gettext_noop("初审一校"),
    "second": gettext_noop("复审二校"),
    "final": gettext_noop("终审三校"),
}
_WAITS: Final = {
    "first": gettext_noop("待初审"),
    "second": gettext_noop("待复审"),
    "final": gettext_noop("待终审"),
}
MOST_STEPS: Final = 12
MOST_SHARE: Final = 0.1
MOST_HOURS: Final = 720
_KEY = re.compile(r"[a-z][a-z0-9_]{0,23}")


@dataclass(frozen=True)
class FlowStep:
    """One step: what is done there, who may hold it, what it runs beside, and how long it may take.

    `stage` is the state a story is in while it waits here. `people`, when named, narrow who may sign
    to those of them who hold the permission: a flow never grants a right. Steps that follow each
    other with the same `group` run side by side; 0 is none. `unit` is the id of a unit above whose
    people hold the step, on this node or on another; empty for the story's own unit.
    """

    key: str
    name: str
    stage: str
    does: str = "both"
    permission: str = ""
    people: tuple[str, ...] = ()
    group: int = 0
    hours: int = 0
    unit: str = ""

    @property
    def unit_id(self) -> uuid.UUID | None:
        """The unit above that holds the step; None for the story's own."""
        return uuid.UUID(self.unit) if self.unit else None

    @property
    def label(self) -> str:
        """The step's name, in the reader's language for the built-in ones."""
        return _(self.name)

    @property
    def waits(self) -> str:
        """What a story that waits here is said to be."""
        known = _WAITS.get(self.key) if self.name == _BUILT_IN_NAMES.get(self.key) else None
        return _(known) if known else _("待%(step)s") % {"step": self.label}


@dataclass(frozen=True)
class Flow:
    """The steps in order, whether the flow is for public news, and the share of changed text that
    sends a story back. `green` marks a snapshot whose steps before the last run side by side.
    """

    steps: tuple[FlowStep, ...]
    name: str = ""
    number: int = 0
    flow_id: str = ""
    public: bool = True
    share: float = SHARE
    green: bool = False

    @property
    def snapshot(self) -> dict[str, Any]:
        """The JSON a story carries; empty for the built-in flow."""
        return {} if self == BUILT_IN else self.as_json()

    @property
    def digest(self) -> str:
        """SHA-256 over the snapshot, as every signature seals it; "" for the built-in flow."""
        if self == BUILT_IN:
            return ""
        form = orjson.dumps(self.as_json(), option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(form).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """The whole flow, JSON-able."""
        steps = [{**asdict(one), "people": list(one.people)} for one in self.steps]
        for one in steps:
            # Left out when empty: flows from before steps had units keep their digests.
            if not one["unit"]:
                del one["unit"]
        return {**asdict(self), "steps": steps}

    @property
    def last(self) -> FlowStep:
        """The final review."""
        return self.steps[-1]

    def step(self, key: str) -> FlowStep | None:
        """The step with this key."""
        return next((one for one in self.steps if one.key == key), None)

    def blocks(self) -> list[tuple[FlowStep, ...]]:
        """The steps in the order they open: each a single one, or several side by side."""
        found: list[list[FlowStep]] = []
        for one in self.steps:
            if one.group and found and found[-1][-1].group == one.group:
                found[-1].append(one)
            else:
                found.append([one])
        return [tuple(block) for block in found]

    def open(self, passed: Collection[str]) -> tuple[FlowStep, ...]:
        """The steps that may be signed when those with these keys are; none when all are."""
        for block in self.blocks():
            waiting = tuple(one for one in block if one.key not in passed)
            if waiting:
                return waiting
        return ()

    def before(self, step: FlowStep) -> tuple[FlowStep, ...]:
        """The block that comes before this step's; empty for the first."""
        blocks = self.blocks()
        at = next(n for n, block in enumerate(blocks) if step in block)
        return blocks[at - 1] if at else ()

    def in_green_channel(self) -> Flow:
        """The same people and steps, those before the last side by side; the last closes it."""
        early = tuple(replace(one, group=1) for one in self.steps[:-1])
        return replace(self, steps=(*early, self.last), green=True)


BUILT_IN: Final = Flow(
    tuple(
        FlowStep(key, name, stage=key, permission=PERMISSIONS[key])
        for key, name in _BUILT_IN_NAMES.items()
    )
)


def of(snapshot: Mapping[str, Any] | None) -> Flow:
    """The flow a snapshot says; FlowBroken when it is no flow at all (its rules are not asked)."""
    if not snapshot:
        return BUILT_IN
    try:
        steps = tuple(_read_step(one) for one in snapshot["steps"])
        flow = Flow(
            steps, str(snapshot.get("name", "")), int(snapshot.get("number", 0)),
            str(snapshot.get("flow_id", "")), snapshot.get("public", True) is not False,
            float(snapshot.get("share", SHARE)), snapshot.get("green") is True,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FlowBroken from error
    if not flow.steps:
        raise FlowBroken
    return flow


def _read_step(raw: Mapping[str, Any]) -> FlowStep:
    stage = str(raw["stage"])
    return FlowStep(
        str(raw["key"]), str(raw["name"]).strip(), stage, str(raw.get("does", "both")),
        str(raw.get("permission") or PERMISSIONS.get(stage, "")),
        tuple(dict.fromkeys(str(one) for one in raw.get("people", ()))),
        int(raw.get("group", 0)), int(raw.get("hours", 0)), _unit_key(raw.get("unit")),
    )  # fmt: skip


def _unit_key(raw: Any) -> str:
    return str(uuid.UUID(str(raw))) if raw else ""


@dataclass(frozen=True)
class Problem:
    """A rule the flow breaks, in words."""

    code: str
    words: str


def flow_check(flow: Flow) -> list[Problem]:
    """Every rule the flow breaks; a flow with one is never saved as a version, nor followed."""
    return [*_form(flow), *_order(flow), *_counts(flow), *_side_by_side(flow), *_people(flow)]


def _form(flow: Flow) -> Iterator[Problem]:
    if not 1 <= len(flow.steps) <= MOST_STEPS:
        yield Problem("steps", _("流程要有 1 到 %(n)s 个环节。") % {"n": MOST_STEPS})
    keys = [one.key for one in flow.steps]
    if len(set(keys)) < len(keys) or not all(_KEY.fullmatch(one) for one in keys):
        yield Problem("keys", _("每个环节要有各不相同的代号（小写字母开头，字母、数字、下划线）。"))
    if any(not 1 <= len(one.name) <= 20 for one in flow.steps):
        yield Problem("names", _("每个环节要有 20 字以内的名称。"))
    if any(one.does not in DOES for one in flow.steps):
        yield Problem("does", _("环节只能是审、校，或审校合一。"))
    if not 0 <= flow.share <= MOST_SHARE:
        yield Problem("share", _("回退比例要在 0 到 %(n)s 之间。") % {"n": f"{MOST_SHARE:.0%}"})
    if any(not 0 <= one.hours <= MOST_HOURS or one.group < 0 for one in flow.steps):
        yield Problem("hours", _("时限要在 0 到 %(n)s 小时之间。") % {"n": MOST_HOURS})
    if any(one.permission not in PERMISSIONS.values() for one in flow.steps):
        yield Problem(
            "author_reviews", _("环节只能由持有审核权限的人办理，不能交给作者或其他角色。")
        )


def _order(flow: Flow) -> Iterator[Problem]:
    stages = [one.stage for one in flow.steps]
    if any(one not in STAGES for one in stages) or stages != sorted(
        stages, key=lambda one: STAGES.index(one) if one in STAGES else -1
    ):
        yield Problem("stages", _("环节要按初审、复审、终审的先后排列。"))
    last = flow.last
    if last.stage != "final" or stages.count("final") != 1 or last.does == "proof":
        yield Problem("final_last", _("终审只能有一个，必须在最后，而且要审。"))
    elif last.permission != PERMISSIONS["final"]:
        yield Problem("final_right", _("终审必须由持有终审权限的人签发。"))


def _counts(flow: Flow) -> Iterator[Problem]:
    if not flow.public:
        return
    reviews = sum(one.does in {"both", "review"} for one in flow.steps)
    proofs = sum(one.does in {"both", "proof"} for one in flow.steps)
    if reviews < 3:
        yield Problem("three_reviews", _("公开发布的稿件至少三审，现在只有 %(n)s 审。") % {"n": reviews})  # fmt: skip
    if proofs < 3:
        yield Problem("three_proofs", _("公开发布的稿件至少三校，现在只有 %(n)s 校。") % {"n": proofs})  # fmt: skip


def _side_by_side(flow: Flow) -> Iterator[Problem]:
    groups = [one.group for one in flow.steps]
    runs = [group for n, group in enumerate(groups) if group and (n == 0 or groups[n - 1] != group)]
    if len(set(runs)) < len(runs):
        yield Problem("groups", _("并行的环节要挨在一起。"))
    if flow.last.group:
        yield Problem("final_alone", _("终审不能与其他环节并行，要等前面都签完。"))
    for block in flow.blocks():
        if len({one.stage for one in block}) > 1 and not flow.green:
            yield Problem("group_stage", _("只有绿色通道可以让初审与复审并行。"))
            return


def _people(flow: Flow) -> Iterator[Problem]:
    """Whether the named people can fill the steps without one of them having to sign twice."""
    holds: dict[str, str] = {}

    def seat(step: FlowStep, tried: set[str]) -> bool:
        for person in step.people:
            if person in tried:
                continue
            tried.add(person)
            other = flow.step(holds[person]) if person in holds else None
            if other is None or seat(other, tried):
                holds[person] = step.key
                return True
        return False

    for step in flow.steps:
        if step.people and step.unit:
            yield Problem(
                "named_elsewhere",
                _("“%(step)s”由上级单位审签，不能再指定人：由哪位签，由那个单位决定。")
                % {"step": step.label},
            )
        if step.people and not seat(step, set()):
            yield Problem(
                "one_person_twice",
                _("“%(step)s”指定的人已都被别的环节占用，会逼一个人签两次。请多指定一人。")
                % {"step": step.label},
            )


def words_of(problems: Iterable[Problem]) -> str:
    """The reasons as one text."""
    return "".join(one.words for one in problems)
