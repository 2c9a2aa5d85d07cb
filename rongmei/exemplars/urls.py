"""Addresses of the exemplars room, below /desk/exemplars/."""

from __future__ import annotations

from django.urls import path

from rongmei.exemplars import views

urlpatterns = [
    path("", views.exemplar_list, name="list"),
    path("new/", views.exemplar_new, name="new"),
    path("<uuid:exemplar_id>/clear/", views.clearance_issue, name="clear"),
    path("clearances/<uuid:clearance_id>/suspend/", views.clearance_suspend, name="suspend"),
]
