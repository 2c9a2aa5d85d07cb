"""Whether signatures let a text out: the whole rule in one place, the same here and for what comes
from other nodes."""

from __future__ import annotations

from rongmei.kernel import audit
from rongmei.stories import canonical, flows
from rongmei.stories.flows import Flow
from rongmei.stories.models import Signature, Story


def proves(story: Story, flow: Flow, rows: list[Signature], content_hash: str) -> bool:
    """Whether these signatures let the text with this hash out: the whole rule, on any node.

    They stand; each step of the flow is passed once, in order; the last one covers exactly this text.
    """
    return (
        stand(story, flow, rows)
        and [one.step for one in rows] == [one.key for one in flow.steps]
        and rows[-1].content_hash == content_hash
    )


def stand(story: Story, flow: Flow, rows: list[Signature]) -> bool:
    """Whether these signatures, all of a story's or those it has so far, keep the rule.

    The flow keeps the rules; its steps are passed once each at most, by people who are all different
    and none of whom is the author; every seal is whole and was made under this flow.
    """
    people = {one.person_id for one in rows}
    return (
        not flows.flow_check(flow)
        and len({one.step for one in rows}) == len(rows)
        and {one.step for one in rows} <= {one.key for one in flow.steps}
        and len(people) == len(rows)
        and story.author_id not in people
        and all(one.author_id == story.author_id != one.for_person for one in rows)
        and all(one.verdict == Signature.Verdict.PASSED for one in rows)
        and len({one.round for one in rows}) <= 1
        and all(one.flow == flow.digest for one in rows)
        and all(one.seal == canonical.seal_of(one) for one in rows)
    )


def chained(story: Story, rows: list[Signature]) -> bool:
    """Whether each signature given here is on the audit chain, seal by seal: a row put into the table
    behind the program is not, however well it is made. Other nodes keep their own chains."""
    if story.is_replica:
        return True
    seals = {one.get("seal") for one in audit.details("story.passed", story.pk)}
    return all(one.seal in seals for one in rows)
