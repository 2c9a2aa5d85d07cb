"""Addresses of the assets room, below /desk/assets/."""

from __future__ import annotations

from django.urls import path

from rongmei.assets import views

urlpatterns = [
    path("", views.picture_list, name="list"),
    path("upload/", views.picture_upload, name="upload"),
    path("<uuid:uid>/", views.picture_detail, name="picture"),
]
