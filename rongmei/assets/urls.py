"""Addresses of the assets room, below /desk/assets/."""

from __future__ import annotations

from django.urls import path

from rongmei.assets import views

urlpatterns = [
    path("", views.picture_list, name="list"),
    path("upload/", views.upload, name="upload"),
    path("clips/", views.clip_list, name="clips"),
    path("clips/<uuid:clip_id>/", views.clip_detail, name="clip"),
    path("<uuid:uid>/", views.picture_detail, name="picture"),
]
