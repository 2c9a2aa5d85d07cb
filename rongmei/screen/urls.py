"""Addresses of the big screen, below /screen/."""

from __future__ import annotations

from django.urls import path

from rongmei.screen import views

urlpatterns = [
    path("", views.scene, name="scene"),
    path("tiles/<slug:key>/", views.tile, name="tile"),
]
