"""Addresses of the workbench's shell, below /desk/."""

from __future__ import annotations

from django.urls import path

from rongmei.desk import views

urlpatterns = [
    path("", views.today_page, name="today"),
    path("search/", views.search_page, name="search"),
    path("palette/", views.palette, name="palette"),
    path("bell/", views.bell, name="bell"),
    path("guide/", views.guide, name="guide"),
]
