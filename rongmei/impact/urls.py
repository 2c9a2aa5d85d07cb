"""Addresses of the figures pages, below /desk/impact/."""

from __future__ import annotations

from django.urls import path

from rongmei.impact import views

urlpatterns = [
    path("", views.index, name="index"),
    path("figures.csv", views.export, name="export"),
    path("publications/<uuid:publication_id>/", views.detail, name="detail"),
]
