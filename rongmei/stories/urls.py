"""Addresses of the stories room: /desk/stories/, the review queue, and Wagtail's editor at /cms/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from wagtail.admin.urls import urlpatterns as wagtail_patterns

from rongmei.stories import (
    views,
    views_amending,
    views_findings,
    views_flows,
    views_lexicons,
    views_links,
    views_live,
    views_paste,
    views_phone,
    views_proof,
    views_queue,
    views_remarks,
    views_sheet,
    views_submissions,
    views_team,
    views_versions,
    views_word,
)
from rongmei.stories.editor.gate import behind_gate

urlpatterns = [
    path("", views.story_list, name="list"),
    path("new/", views.story_new, name="new"),
    path("paste/", views_paste.paste, name="paste"),
    path("new/word/", views_word.word_new, name="word_new"),
    path("new/word/preview/", views_word.word_preview, name="word_preview"),
    path("<uuid:story_id>/", views.story_detail, name="story"),
    path("<uuid:story_id>/word/", views_word.story_word, name="word"),
    path(
        "<uuid:story_id>/versions/<int:before>/to/<int:after>/word/",
        views_word.changes_word,
        name="changes_word",
    ),
    path("<uuid:story_id>/sheet/", views_sheet.review_sheet, name="sheet"),
    path("<uuid:story_id>/proof/", views_proof.proof, name="proof"),
    path("<uuid:story_id>/proof.pdf", views_proof.proof_pdf, name="proof_pdf"),
    path("<uuid:story_id>/sheet.pdf", views_sheet.sheet_pdf, name="sheet_pdf"),
    path("sheets/", views_sheet.sheets_zip, name="sheets"),
    path("<uuid:story_id>/submit/", views.submit, name="submit"),
    path("<uuid:story_id>/withdraw/", views_amending.withdraw, name="withdraw"),
    path("<uuid:story_id>/correct/", views_amending.correct, name="correct"),
    path("<uuid:story_id>/share/", views.share, name="share"),
    path("<uuid:story_id>/links/", views_links.link, name="link"),
    path("links/<uuid:link_id>/remove/", views_links.unlink, name="unlink"),
    path("<uuid:story_id>/lock/", views.lock, name="lock"),
    path("<uuid:story_id>/unlock/", views.unlock, name="unlock"),
    path("<uuid:story_id>/versions/", views_versions.version_list, name="versions"),
    path(
        "<uuid:story_id>/versions/<int:revision_id>/restore/",
        views_versions.version_restore,
        name="version_restore",
    ),
    path(
        "<uuid:story_id>/findings/replace/", views_findings.finding_replace, name="finding_replace"
    ),
    path("<uuid:story_id>/findings/settle/", views_findings.finding_settle, name="finding_settle"),
    path("<uuid:story_id>/live/", views_live.live_check, name="live_check"),
    path("<uuid:story_id>/live/settle/", views_live.live_settle, name="live_settle"),
    path("<uuid:story_id>/comments/", views_remarks.comment, name="comment"),
    path("lexicons/", views_lexicons.lexicon_list, name="lexicons"),
    path("lexicons/<uuid:lexicon_id>/", views_lexicons.lexicon_detail, name="lexicon"),
    path(
        "lexicons/<uuid:lexicon_id>/propose/",
        views_lexicons.lexicon_propose,
        name="lexicon_propose",
    ),
    path(
        "lexicons/versions/<uuid:version_id>/",
        views_lexicons.lexicon_version,
        name="lexicon_version",
    ),
    path(
        "lexicons/versions/<uuid:version_id>/approve/",
        views_lexicons.lexicon_approve,
        name="lexicon_approve",
    ),
    path(
        "lexicons/versions/<uuid:version_id>/refuse/",
        views_lexicons.lexicon_refuse,
        name="lexicon_refuse",
    ),
    path(
        "lexicons/versions/<uuid:version_id>/restore/",
        views_lexicons.lexicon_restore,
        name="lexicon_restore",
    ),
    path(
        "lexicons/versions/<uuid:version_id>/export/",
        views_lexicons.lexicon_export,
        name="lexicon_export",
    ),
    path("comments/<uuid:comment_id>/answer/", views_remarks.answer, name="answer"),
    path("comments/<uuid:comment_id>/settle/", views_remarks.settle, name="settle"),
    path("comments/<uuid:comment_id>/reopen/", views_remarks.reopen, name="reopen"),
]

review_patterns = [
    path("", views_queue.review_queue, name="queue"),
    path("batch/", views_queue.batch, name="batch"),
    path("team/", views_team.review_team, name="team"),
    path("<uuid:story_id>/glance/", views_queue.glance, name="glance"),
    path("<uuid:story_id>/look/", views_queue.look, name="look"),
    path("flows/", views_flows.flow_list, name="flows"),
    path("flows/new/", views_flows.flow_edit, name="flow_new"),
    path("flows/<uuid:flow_id>/", views_flows.flow_detail, name="flow"),
    path("flows/<uuid:flow_id>/edit/", views_flows.flow_edit, name="flow_edit"),
    path("flows/<uuid:flow_id>/publish/", views_flows.flow_publish, name="flow_publish"),
    path("flows/<uuid:flow_id>/retire/", views_flows.flow_retire, name="flow_retire"),
    path("delegations/", views_flows.delegations, name="delegations"),
    path(
        "delegations/<uuid:delegation_id>/revoke/",
        views_flows.delegation_revoke,
        name="delegation_revoke",
    ),
    path("<uuid:story_id>/reread/", views_flows.reread, name="reread"),
    path("<uuid:story_id>/", views.review_story, name="story"),
    path("<uuid:story_id>/pass/", views.pass_step, name="pass"),
    path("<uuid:story_id>/return/", views.give_back, name="return"),
]

submission_patterns = [
    path("", views_submissions.submission_list, name="list"),
    path("reasons/", views_submissions.reasons, name="reasons"),
    path("reasons/<uuid:reason_id>/retire/", views_submissions.reason_retire, name="reason_retire"),
    path("<uuid:submission_id>/", views_submissions.submission_detail, name="submission"),
    path("<uuid:submission_id>/take/", views_submissions.take, name="take"),
    path("<uuid:submission_id>/ask/", views_submissions.ask, name="ask"),
    path("<uuid:submission_id>/decline/", views_submissions.decline, name="decline"),
    path("<uuid:submission_id>/adopt/", views_submissions.adopt, name="adopt"),
    path("<uuid:submission_id>/merge/", views_submissions.merge, name="merge"),
    path("<uuid:submission_id>/withdraw/", views_submissions.withdraw, name="withdraw"),
]

# The worker's address is the reach it has: it must lie beside the page.
phone_patterns = [
    path("", views_phone.write, name="write"),
    path("state/", views_phone.state, name="state"),
    path("alive/", views_phone.alive, name="alive"),
    path("worker.js", views_phone.worker, name="worker"),
    path("app.webmanifest", views_phone.manifest, name="manifest"),
]

# Its own namespace, because the rail marks the entry whose key is the namespace.
root_patterns: list[URLPattern | URLResolver] = [
    path("desk/stories/review/", include((review_patterns, "review"))),
    path("desk/phone/", include((phone_patterns, "phone"))),
    path("desk/stories/submissions/", include((submission_patterns, "submissions"))),
    path("cms/", include(behind_gate(wagtail_patterns))),
]
