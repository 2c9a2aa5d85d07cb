"""Addresses of the archive, below /desk/archive/; feeds of saved searches hang at the root."""

from __future__ import annotations

from django.urls import path

from rongmei.archive import (
    views,
    views_exports,
    views_keeping,
    views_saved,
    views_search,
    views_snapshots,
    views_state,
)

urlpatterns = [
    path("", views_search.search, name="list"),
    path("suggest/", views_search.suggest, name="suggest"),
    path("saved/", views_saved.saved_list, name="saved"),
    path("saved/new/", views_saved.search_save, name="search_save"),
    path("saved/<uuid:search_id>/", views_saved.search_run, name="search_run"),
    path("saved/<uuid:search_id>/pulse/", views_saved.search_pulse, name="search_pulse"),
    path("saved/<uuid:search_id>/change/", views_saved.search_change, name="search_change"),
    path("saved/<uuid:search_id>/forget/", views_saved.search_forget, name="search_forget"),
    path("saved/<uuid:search_id>/feed/", views_saved.search_feed, name="search_feed_key"),
    path("export/", views_exports.export, name="export"),
    path("exports/", views_exports.exports_list, name="exports"),
    path("exports/<uuid:export_id>/cancel/", views_exports.export_cancel, name="export_cancel"),
    path("exports/<uuid:export_id>/file/", views_exports.export_file, name="export_file"),
    path("state/", views_state.state, name="state"),
    path("state/run/", views_state.run, name="state_run"),
    path("retention/", views_keeping.rules, name="retention"),
    path("retention/new/", views_keeping.rule_new, name="rule_new"),
    path("retention/<uuid:rule_id>/", views_keeping.rule, name="rule"),
    path("retention/<uuid:rule_id>/decide/", views_keeping.rule_decide, name="rule_decide"),
    path("holds/", views_keeping.hold_list, name="holds"),
    path("holds/<uuid:hold_id>/", views_keeping.hold, name="hold"),
    path("holds/<uuid:hold_id>/lift/", views_keeping.hold_lift, name="hold_lift"),
    path("terms/", views.terms, name="terms"),
    path("terms/add/", views.term_add, name="term_add"),
    path("terms/import/", views.terms_import, name="terms_import"),
    path("terms/<uuid:term_id>/remove/", views.term_remove, name="term_remove"),
    path("<uuid:document_id>/", views.document, name="document"),
    path(
        "<uuid:document_id>/snapshots/<uuid:snapshot_id>/",
        views_snapshots.snapshot,
        name="snapshot",
    ),
    path(
        "<uuid:document_id>/snapshots/<uuid:snapshot_id>/body/",
        views_snapshots.body,
        name="snapshot_body",
    ),
    path(
        "<uuid:document_id>/snapshots/<uuid:snapshot_id>/record/",
        views_snapshots.record,
        name="snapshot_record",
    ),
]
root_patterns = [
    path(
        "feeds/search/<uuid:search_id>/<str:key>.<str:form>", views_saved.feed, name="search_feed"
    ),
]
