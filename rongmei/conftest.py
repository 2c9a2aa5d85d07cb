"""Lets the pure parts be tested without the project's settings; harmless when they are there."""

from django.conf import settings

if not settings.configured:
    settings.configure(USE_I18N=False, USE_TZ=True)
