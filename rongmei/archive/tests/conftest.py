"""Lets the search tests run without the whole Django project: `pytest -p no:django`."""

from django.conf import settings

if not settings.configured:
    import os

    if "DJANGO_SETTINGS_MODULE" not in os.environ:
        settings.configure(USE_I18N=False)
