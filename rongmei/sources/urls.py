"""Addresses of the sources room, below /desk/sources/."""

from __future__ import annotations

from django.urls import path

from rongmei.sources import views, views_files, views_groups

urlpatterns = [
    path("", views.source_list, name="list"),
    path("add/", views.source_add, name="add"),
    path("presets/", views.presets, name="presets"),
    path("presets/<slug:key>/", views.preset_toggle, name="preset_toggle"),
    path("export.opml", views.opml_export, name="opml_export"),
    path("import/", views.opml_import, name="opml_import"),
    path("add/<slug:way>/", views_files.add, name="add_other"),
    path("hand-in/", views_files.hand_in, name="hand_in"),
    path("bulk/", views_groups.bulk, name="bulk"),
    path("groups/", views_groups.group_list, name="groups"),
    path("<uuid:source_id>/answer/", views.source_answer, name="answer"),
    path("<uuid:source_id>/files/", views_files.files, name="files"),
    path("<uuid:source_id>/secret/", views_files.secret, name="secret"),
    path("<uuid:source_id>/refused/<str:key>/", views_files.refused, name="refused"),
    path("<uuid:source_id>/", views.source_detail, name="detail"),
    path("<uuid:source_id>/change/", views.source_change, name="change"),
    path("<uuid:source_id>/fetch/", views.source_fetch, name="fetch"),
    path("<uuid:source_id>/try/", views.source_try, name="try"),
    path("<uuid:source_id>/find/", views.source_find, name="find"),
    path("<uuid:source_id>/readdress/", views.source_readdress, name="readdress"),
    path("<uuid:source_id>/toggle/", views.source_toggle, name="toggle"),
    path("<uuid:source_id>/internal/", views.source_internal, name="internal"),
    path("<uuid:source_id>/moved/", views.source_moved, name="moved"),
]

# Other systems push here; short, because it is typed into their settings.
root_patterns = [path("in/<uuid:source_id>/", views_files.push, name="push")]
