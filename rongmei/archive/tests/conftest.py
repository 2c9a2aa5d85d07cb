"""Lets the search tests run without the whole Django project: `pytest -p no:django`."""

import os

from django.conf import settings

if not settings.configured and "DJANGO_SETTINGS_MODULE" not in os.environ:
    settings.configure(USE_I18N=False)
