"""A state machine over stories, review and publication, driven through the real actions.

People write, submit, sign, return, lend, change flows and roles, use the green channel, withdraw,
publish, correct and share, in any order and mostly without the right to. Whatever they reach must
keep the rules of three reviews and three proofs.

RONGMEI_MACHINE_EXAMPLES (and RONGMEI_MACHINE_STEPS) make the run longer.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rongmei.channels import actions as channels
from rongmei.channels.models import Channel, Publication
from rongmei.kernel import audit
from rongmei.kernel.errors import RongmeiError
from rongmei.kernel.models import AuditEntry
from rongmei.network import policy
from rongmei.network.models import RoleHolding
from rongmei.stories import actions, canonical, flows, selectors
from rongmei.stories import policy as rules
from rongmei.stories.errors import NotSigned
from rongmei.stories.models import Delegation, ReviewFlow, Signature, Story, StoryState
from rongmei.stories.tests import flowing, newsroom

EXAMPLES = int(os.environ.get("RONGMEI_MACHINE_EXAMPLES", "4"))
STEPS = int(os.environ.get("RONGMEI_MACHINE_STEPS", "25"))
SEEN: Counter[str] = Counter()
# What people try and must reach: in a long run by chance, and one after the other in a walk.
TRIED = frozenset(
    {
        "advance", "correct", "edit", "flow", "lend", "publish", "reread", "retire", "return", "revoke",
        "share", "sign", "submit", "submit green", "withdraw",
    }
)  # fmt: skip
LONG_RUN = 100

PEOPLE = ("yl.reporter", "yl.first", "yl.second", "yl.chief", "yl.planner", "yl.nobody")
ROLES = ("reporter", "first_reviewer", "second_reviewer", "final_reviewer")
LONG = "<p>" + "队员们沿着山路逐段巡视，更换老化部件，记录每一处隐患。" * 6 + "</p>"
EDITS: tuple[dict[str, Any], ...] = (
    {"title": "抢修队连夜恢复供电"}, {"title": "云岭抢修队送电"}, {"summary": "补一句摘要"}, {"summary": ""},
    {"body": newsroom.body(LONG)}, {"body": newsroom.body(LONG.replace("逐段巡视", "逐段查看", 1))},
    {"body": newsroom.body(newsroom.WORDS)}, {"body": newsroom.body(newsroom.WORDS.replace("48", "84"))},
    {"origin": "示例来源"}, {"category": "内部"}, {"category": ""},
)  # fmt: skip
person = st.sampled_from(PEOPLE)
which = st.integers(0, 2)


class Newsroom(RuleBasedStateMachine):
    """One centre, up to three stories."""

    cast: Any = None

    @initialize(far=st.sampled_from([4, 3, 2, 0]))
    def open(self, far: int = 0) -> None:
        self.around = transaction.atomic()
        self.around.__enter__()
        self.stories: list[Any] = []
        self.kept: dict[Any, tuple[int, Any]] = {}
        self.gone: set[Any] = set()
        self.begun = AuditEntry.objects.count()
        self.unit = self.cast.unit("yunling")
        self.site = Channel.objects.create(
            unit=self.cast.unit("platform"), name="示例站", adapter="site"
        )
        self.begin("yl.reporter")
        for _ in range(far):
            self.advance(n=0, at=0)

    def teardown(self) -> None:
        if hasattr(self, "around"):
            assert audit.verify().ok
            SEEN["examples"] += 1
            transaction.set_rollback(True)
            self.around.__exit__(None, None, None)

    def tries(self, name: str, act: Any) -> Any:
        """Do it, or be refused in words with an audit line that says why."""
        before = AuditEntry.objects.count()
        try:
            done = act()
        except RongmeiError as refused:
            assert str(refused.message)
            SEEN[f"{name} refused"] += 1
            if refused.code != "bad_input":
                assert AuditEntry.objects.count() > before, (name, refused.code)
            return None
        SEEN[name] += 1
        return done

    def story(self, n: int) -> Story:
        return Story.objects.get(pk=self.stories[n % len(self.stories)])

    # Writing and review

    @precondition(lambda self: len(self.stories) < 3)
    @rule(by=person)
    def begin(self, by: str) -> None:
        member = self.cast[by]
        try:
            made = actions.story_create(by=member, unit_id=self.unit.pk, title="示例新稿")
        except RongmeiError:
            return
        self.stories.append(made.pk)
        newsroom.save(self.cast, made, by=by, body=newsroom.body())

    @rule(n=which, by=person, fields=st.sampled_from(EDITS))
    def edit(self, n: int, by: str, fields: dict[str, Any]) -> None:
        self.tries("edit", lambda: newsroom.save(self.cast, self.story(n), by=by, **fields))

    @rule(n=which, by=person, urgent=st.sampled_from(["", "", "突发"]))
    def submit(self, n: int, by: str, urgent: str) -> None:
        story = self.story(n)
        self.tries(
            "submit green" if urgent else "submit",
            lambda: actions.story_submit(by=self.cast[by], story_id=story.pk, urgent=urgent),
        )

    @rule(n=which, by=person, step=st.sampled_from(["first", "second", "numbers", "final"]))
    def sign(self, n: int, by: str, step: str) -> None:
        story = self.story(n)
        self.tries("sign", lambda: newsroom.sign(self.cast, story, step, by=by))

    @rule(n=which, at=st.integers(0, 5))
    def advance(self, n: int, at: int) -> None:
        """Somebody who may sign does: so that signed stories are reached often."""
        story = self.story(n)
        if story.state in rules.WRITABLE:
            self.tries(
                "submit",
                lambda: actions.story_submit(by=self.cast["yl.reporter"], story_id=story.pk),
            )
            return
        rows = list(story.signatures.all())
        able = [
            (name, step)
            for name in PEOPLE
            for step in rules.steps_for(self.cast[name], story, rows)
        ]
        if able:
            name, step = able[at % len(able)]
            assert self.tries("advance", lambda: newsroom.sign(self.cast, story, step.key, by=name))

    @rule(n=which, by=person)
    def give_back(self, n: int, by: str) -> None:
        story = self.story(n)
        self.tries(
            "return",
            lambda: actions.story_return(by=self.cast[by], story_id=story.pk, reason="请补数据"),
        )

    @rule(n=which, by=person)
    def reread(self, n: int, by: str) -> None:
        story = self.story(n)
        self.tries(
            "reread",
            lambda: actions.story_reread(by=self.cast[by], story_id=story.pk, opinion="无误"),
        )

    @precondition(lambda self: len(self.stories) > 1)
    @rule(n=which, by=person)
    def withdraw(self, n: int, by: str) -> None:
        story = self.story(n)
        if self.tries(
            "withdraw",
            lambda: actions.story_withdraw(by=self.cast[by], story_id=story.pk, reason="有误"),
        ):
            self.gone.add(story.pk)

    # People and flows

    @rule(by=person, to=person, step=st.sampled_from(rules.REVIEWS), hours=st.sampled_from([1, 48]))
    def lend(self, by: str, to: str, step: str, hours: int) -> None:
        self.tries(
            "lend",
            lambda: actions.delegation_make(
                by=self.cast[by], unit_id=self.unit.pk, permission=step,
                to_id=self.cast.people[to].pk, reason="示例",
                ends_at=timezone.now() + timedelta(hours=hours),
            ),
        )  # fmt: skip

    @rule(by=person)
    def take_back(self, by: str) -> None:
        held = Delegation.objects.filter(revoked_at=None).first()
        if held is not None:
            self.tries(
                "revoke", lambda: actions.delegation_revoke(by=self.cast[by], delegation_id=held.pk)
            )

    @rule(who=person, role=st.sampled_from(ROLES), given=st.booleans())
    def change_roles(self, who: str, role: str, given: bool) -> None:
        member = self.cast.people[who]
        held = RoleHolding.objects.filter(member=member, unit=self.unit, role=role)
        if given and not held.exists():
            RoleHolding.objects.create(member=member, unit=self.unit, role=role)
        elif not given and RoleHolding.objects.filter(member=member).count() > 1:
            held.delete()

    @rule(
        by=person, shape=st.sampled_from(["three", "four", "strict", "named", "short", "internal"])
    )
    def change_flow(self, by: str, shape: str) -> None:
        pair = [str(self.cast.people[one].pk) for one in ("yl.first", "yl.nobody")]
        made: dict[str, Any] = {
            "three": {"made": flowing.steps()},
            "four": {"made": flowing.four()},
            "strict": {"made": flowing.steps(), "share": 0.001},
            "named": {"made": flowing.steps(first={"people": pair})},
            "short": {"made": flowing.steps()[1:]},
            "internal": {"made": flowing.steps()[1:], "public": False, "category": "内部"},
        }[shape]
        done = self.tries("flow", lambda: flowing.published(self.cast, by=by, **made))
        assert not (done and shape == "short")

    @rule(shape=st.sampled_from(["three", "four", "strict", "named", "internal"]))
    def manage_flow(self, shape: str) -> None:
        """Somebody who may does: so that stories in review meet flows that changed."""
        if policy.allows(self.cast["yl.chief"], "stories.manage_flows", self.unit.pk):
            before = SEEN["flow"]
            self.change_flow(by="yl.chief", shape=shape)
            assert SEEN["flow"] == before + 1

    @rule(n=which)
    def hurry(self, n: int) -> None:
        """The author takes the green channel, and whoever may reads what went out once more."""
        story = self.story(n)
        if story.state in rules.WRITABLE:
            self.submit(n=n, by="yl.reporter", urgent="突发")
            return
        rows = list(story.signatures.all())
        able = [one for one in PEOPLE if rules.may_reread(self.cast[one], story, rows)]
        if able:
            self.reread(n=n, by=able[0])

    @rule(by=person)
    def retire_flow(self, by: str) -> None:
        row = ReviewFlow.objects.filter(state="published").first()
        if row is not None:
            self.tries("retire", lambda: actions.flow_retire(by=self.cast[by], flow_id=row.pk))

    # Out

    @rule(n=which, by=person)
    def share(self, n: int, by: str) -> None:
        story = self.story(n)
        self.tries("share", lambda: actions.story_share(by=self.cast[by], story_id=story.pk))

    @rule(n=which, shared=st.booleans())
    def publish(self, n: int, shared: bool) -> None:
        story = self.story(n)
        if shared:
            self.share(n=n, by="yl.chief")
        made = self.tries(
            "publish",
            lambda: channels.publication_publish(
                by=self.cast["editor"], story_id=story.pk, channel_ids=[self.site.pk]
            ),
        )
        if made is not None:
            assert made.content_hash == selectors.signed_package(story.pk).content_hash

    @rule()
    def correct(self) -> None:
        row = Publication.objects.first()
        if row is None:
            return
        try:
            done = channels.publication_correct(
                by=self.cast["editor"], publication_id=row.pk, note="更正数字"
            )
        except RongmeiError:
            SEEN["correct refused"] += 1
            return
        SEEN["correct"] += 1
        assert done.content_hash == selectors.signed_package(done.story_id).content_hash

    # What always holds

    @invariant()
    def rules_hold(self) -> None:
        SEEN["steps"] += 1
        for story in Story.objects.filter(pk__in=self.stories):
            rows = list(Signature.objects.filter(story=story))
            self.one_person_one_step(story, rows)
            self.flow_is_kept(story)
            self.goes_out_only_signed(story, rows)
            if story.pk in self.gone:
                assert story.state == StoryState.WITHDRAWN

    def one_person_one_step(self, story: Story, rows: list[Signature]) -> None:
        standing = [
            one for one in rows
            if one.verdict == "passed" and one.voided_at is None and one.round == story.round
        ]  # fmt: skip
        people = [one.person_id for one in standing]
        assert len(set(people)) == len(people)
        assert story.author_id not in {one.person_id for one in rows}
        assert story.author_id not in {one.for_person for one in rows}
        assert all(one.seal == canonical.seal_of(one) for one in rows)

    def flow_is_kept(self, story: Story) -> None:
        """Within a round the flow never changes, and it keeps the rules."""
        if story.state in rules.WRITABLE:
            return
        round_, flow = self.kept.setdefault(story.pk, (story.round, story.flow))
        if round_ == story.round:
            assert flow == story.flow
        else:
            self.kept[story.pk] = (story.round, story.flow)
        assert flows.flow_check(flows.of(story.flow)) == []
        if story.state in rules.IN_REVIEW:
            waits = rules.open_steps(story, story.signatures.all())
            assert waits and story.state == waits[0].stage

    def goes_out_only_signed(self, story: Story, rows: list[Signature]) -> None:
        """Asked of the rows alone, not of the code that is to be trusted."""
        try:
            package = selectors.signed_package(story.pk)
        except NotSigned:
            internal = story.flow and not story.flow["public"]
            assert story.state != StoryState.SIGNED or internal
            return
        SEEN["packages"] += 1
        standing = [one for one in rows if one.voided_at is None and one.round == story.round]
        passed = [one for one in standing if one.verdict == "passed"]
        people = {one.person_id for one in passed}
        assert len(people) == len(passed) >= 3 and story.author_id not in people
        final = [one for one in passed if one.step == "final"]
        assert len(final) == 1
        present = canonical.hash_of(canonical.content_of(Story.objects.get(pk=story.pk)))
        assert final[0].content_hash == package.content_hash == present

    @invariant()
    def what_is_out_was_signed(self) -> None:
        for row in Publication.objects.filter(story__in=self.stories):
            finals = Signature.objects.filter(
                story_id=row.story_id, step="final", verdict="passed",
                content_hash=row.content_hash,
            )  # fmt: skip
            assert finals.exists()

    @invariant()
    def the_queue_is_exactly_who_may_sign(self) -> None:
        waiting = list(Story.objects.filter(pk__in=self.stories).prefetch_related("signatures"))
        for name in PEOPLE:
            member = self.cast[name]
            queue = set(selectors.review_queue(member).values_list("pk", flat=True))
            able = {
                one.pk for one in waiting if rules.may_review(member, one, one.signatures.all())
            }
            assert queue == able, name


def test_no_reachable_state_breaks_the_three_person_rule(cast):
    SEEN.clear()
    for who, role in (("yl.nobody", "first_reviewer"), ("yl.planner", "second_reviewer")):
        RoleHolding.objects.create(member=cast.people[who], unit=cast.unit("yunling"), role=role)
    machine = type("Centre", (Newsroom,), {"cast": cast})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, database=None,
            derandomize=EXAMPLES <= 4, suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    print(dict(sorted(SEEN.items())))
    assert SEEN["examples"] >= EXAMPLES
    if EXAMPLES >= LONG_RUN:
        assert {one for one in TRIED if not SEEN[one]} == set()


def test_everything_the_machine_tries_can_succeed(cast):
    """A walk through every rule: one that could never succeed would prove nothing."""
    SEEN.clear()
    RoleHolding.objects.create(
        member=cast.people["yl.nobody"], unit=cast.unit("yunling"), role="first_reviewer"
    )
    room = type("Centre", (Newsroom,), {"cast": cast})()
    room.open(far=4)
    room.publish(n=0, shared=True)
    room.edit(n=0, by="yl.chief", fields={"summary": "补一句摘要"})
    room.sign(n=0, by="yl.chief", step="final")
    room.correct()
    room.begin(by="yl.reporter")
    room.hurry(n=1)
    for _step in range(3):
        room.advance(n=1, at=0)
    room.hurry(n=1)
    room.begin(by="yl.reporter")
    room.submit(n=2, by="yl.reporter", urgent="")
    room.give_back(n=2, by="yl.first")
    room.lend(by="yl.second", to="yl.planner", step="stories.review_second", hours=48)
    room.take_back(by="yl.second")
    room.manage_flow(shape="four")
    room.advance(n=2, at=0)
    room.rules_hold()
    room.the_queue_is_exactly_who_may_sign()
    room.retire_flow(by="yl.chief")
    room.withdraw(n=1, by="yl.chief")
    room.rules_hold()
    room.teardown()
    assert {one for one in TRIED if not SEEN[one]} == set(), SEEN


def test_the_machine_sees_a_rule_taken_out(cast, monkeypatch):
    """A row that no action made, its seal broken: the machine says so."""
    RoleHolding.objects.create(
        member=cast.people["yl.reporter"], unit=cast.unit("yunling"), role="first_reviewer"
    )
    room = type("Centre", (Newsroom,), {"cast": cast})()
    room.open()
    story = Story.objects.get(pk=room.stories[0])
    newsroom.submit(cast, story)
    row = Signature(
        story=story, unit_id=story.unit_id, step="first", verdict="passed", person_name="记山行",
        person_id=cast.people["yl.first"].pk, author_id=story.author_id, content_hash="0" * 64,
        signed_at=timezone.now(), for_person=cast.people["yl.second"].pk,
    )  # fmt: skip
    row.seal = "0" * 64
    row.save()
    with pytest.raises(AssertionError):
        room.rules_hold()
    room.teardown()
