"""Verbs of the stories room.

Each takes the row's lock, asks policy about the locked row, changes named fields, and leaves an
audit line and an event in one short transaction. Every refusal leaves an audit line too.
"""

from rongmei.stories.actions.amending import story_correct, story_correction_receive
from rongmei.stories.actions.asked import (
    ANSWERED,
    request_pass,
    request_receive,
    request_return,
    request_told,
    review_pass,
    review_return,
)
from rongmei.stories.actions.asking import ASKED, TOLD, across_nodes, answer_receive
from rongmei.stories.actions.batch import batch_pass, story_look, story_pass_in_batch
from rongmei.stories.actions.delegation import (
    delegation_make,
    delegation_revoke,
    rereads_missed,
    story_reread,
)
from rongmei.stories.actions.desk import (
    reason_add,
    reason_retire,
    submission_adopt,
    submission_ask,
    submission_decline,
    submission_merge,
    submission_take,
    submissions_overdue,
)
from rongmei.stories.actions.findings import finding_replace, finding_settle
from rongmei.stories.actions.flows import flow_draft, flow_publish, flow_retire
from rongmei.stories.actions.lexicons import (
    lexicon_approve,
    lexicon_create,
    lexicon_propose,
    lexicon_refuse,
    lexicon_restore,
)
from rongmei.stories.actions.links import story_link, story_unlink
from rongmei.stories.actions.outlinks import outlinks_check
from rongmei.stories.actions.printing import proof_export, sheet_export
from rongmei.stories.actions.remarks import (
    comment_add,
    comment_answer,
    comment_reopen,
    comment_settle,
)
from rongmei.stories.actions.review import (
    story_pass,
    story_return,
    story_submit,
    story_withdraw,
)
from rongmei.stories.actions.sharing import story_receive, story_share, story_withdrawal_receive
from rongmei.stories.actions.submissions import (
    Written,
    submission_discard,
    submission_save,
    submission_send,
    submission_withdraw,
)
from rongmei.stories.actions.timing import steps_late
from rongmei.stories.actions.versions import story_restore
from rongmei.stories.actions.word import story_from_word, word_export
from rongmei.stories.actions.writing import (
    fields_set,
    story_create,
    story_lock,
    story_save,
    story_unlock,
)

__all__ = [
    "ANSWERED",
    "ASKED",
    "TOLD",
    "Written",
    "across_nodes",
    "answer_receive",
    "batch_pass",
    "comment_add",
    "comment_answer",
    "comment_reopen",
    "comment_settle",
    "delegation_make",
    "delegation_revoke",
    "fields_set",
    "finding_replace",
    "finding_settle",
    "flow_draft",
    "flow_publish",
    "flow_retire",
    "lexicon_approve",
    "lexicon_create",
    "lexicon_propose",
    "lexicon_refuse",
    "lexicon_restore",
    "outlinks_check",
    "proof_export",
    "reason_add",
    "reason_retire",
    "request_pass",
    "request_receive",
    "request_return",
    "request_told",
    "rereads_missed",
    "review_pass",
    "review_return",
    "sheet_export",
    "steps_late",
    "story_correct",
    "story_correction_receive",
    "story_create",
    "story_from_word",
    "story_link",
    "story_lock",
    "story_look",
    "story_pass",
    "story_pass_in_batch",
    "story_receive",
    "story_reread",
    "story_restore",
    "story_return",
    "story_save",
    "story_share",
    "story_submit",
    "story_unlink",
    "story_unlock",
    "story_withdraw",
    "story_withdrawal_receive",
    "submission_adopt",
    "submission_ask",
    "submission_decline",
    "submission_discard",
    "submission_merge",
    "submission_save",
    "submission_send",
    "submission_take",
    "submission_withdraw",
    "submissions_overdue",
    "word_export",
]
