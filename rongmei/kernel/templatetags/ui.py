"""Placeholder until the interface's tags land."""

from django import template

register = template.Library()
