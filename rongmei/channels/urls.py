"""Addresses of the publishing desk, below /desk/channels/."""

from __future__ import annotations

from django.urls import path

from rongmei.channels import views

urlpatterns = [
    path("", views.index, name="index"),
    path("publications/", views.publications, name="publications"),
    path("publications/<uuid:publication_id>/", views.publication, name="publication"),
    path("publications/<uuid:publication_id>/withdraw/", views.withdraw, name="withdraw"),
    path("publications/<uuid:publication_id>/correct/", views.correct, name="correct"),
    path("stories/<uuid:story_id>/", views.publish, name="publish"),
    path("stories/<uuid:story_id>/receipts/", views.receipts, name="receipts"),
    path("deliveries/<uuid:delivery_id>/copy/", views.copy, name="copy"),
    path("deliveries/<uuid:delivery_id>/confirm/", views.confirm, name="confirm"),
    path("deliveries/<uuid:delivery_id>/retry/", views.retry, name="retry"),
    path("deliveries/<uuid:delivery_id>/recheck/", views.recheck, name="recheck"),
    path("deliveries/<uuid:delivery_id>/taken-down/", views.taken_down, name="taken_down"),
    path("deliveries/<uuid:delivery_id>/screenshot/", views.screenshot, name="screenshot"),
    path("channels/", views.channels, name="channels"),
    path("channels/new/<slug:adapter>/", views.channel_new, name="channel_new"),
    path("channels/<uuid:channel_id>/", views.channel, name="channel"),
]
