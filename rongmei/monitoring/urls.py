"""Addresses of the monitoring room, below /desk/monitoring/."""

from __future__ import annotations

from django.urls import path

from rongmei.monitoring import views

urlpatterns = [
    path("", views.topic_list, name="topics"),
    path("topics/<uuid:topic_id>/", views.topic, name="topic"),
    path("topics/<uuid:topic_id>/dismiss/", views.dismiss, name="dismiss"),
    path("topics/<uuid:topic_id>/restore/", views.restore, name="restore"),
    path("families/<uuid:family_id>/", views.family, name="family"),
    path("reprints/", views.reprints_found, name="reprints_found"),
    path("reprints/<uuid:subject_id>/", views.reprints, name="reprints"),
    path("hot-lists/", views.hot_lists, name="hot_lists"),
]
