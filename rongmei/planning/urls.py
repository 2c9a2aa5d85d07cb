"""Addresses of the planning room."""

from django.urls import path

from rongmei.planning import views, views_calendar

urlpatterns = [
    path("", views.pitches, name="pitches"),
    path("pitches/new/", views.pitch_new, name="pitch_new"),
    path("pitches/clashes/", views.clashes, name="clashes"),
    path("pitches/<uuid:pitch_id>/", views.pitch, name="pitch"),
    path("pitches/<uuid:pitch_id>/decide/", views.pitch_decide, name="pitch_decide"),
    path("pitches/<uuid:pitch_id>/revise/", views.pitch_revise, name="pitch_revise"),
    path("pitches/<uuid:pitch_id>/cancel/", views.pitch_cancel, name="pitch_cancel"),
    path("pitches/<uuid:pitch_id>/dispatch/", views.pitch_dispatch, name="pitch_dispatch"),
    path("calendar/", views_calendar.plan, name="calendar"),
    path("calendar/feed/", views_calendar.feed_key, name="plan_feed_key"),
    path("pitches/<uuid:pitch_id>/replan/", views_calendar.pitch_replan, name="pitch_replan"),
    path("tasks/<uuid:task_id>/replan/", views_calendar.task_replan, name="task_replan"),
    path("meeting/", views.meeting, name="meeting"),
    path("tasks/", views.tasks, name="tasks"),
    path("tasks/<uuid:task_id>/", views.task, name="task"),
    path("tasks/<uuid:task_id>/answer/", views.task_answer, name="task_answer"),
    path("tasks/<uuid:task_id>/assign/", views.task_assign, name="task_assign"),
    path("tasks/<uuid:task_id>/cancel/", views.task_cancel, name="task_cancel"),
    path("tasks/<uuid:task_id>/verdict/", views.task_verdict, name="task_verdict"),
]

# Calendar programs cannot sign in; addresses like those of other feeds, out of the desk.
root_patterns = [
    path("feeds/plan/<uuid:feed_id>/<str:key>.ics", views_calendar.feed, name="plan_feed"),
]
