"""Wagtail's editor behind our gate: deny by default, open what the table in `routes.py` names."""
