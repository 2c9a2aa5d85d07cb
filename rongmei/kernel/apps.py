"""The kernel's app configuration, and the base for every room's."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig
from typing_extensions import override

from rongmei.kernel import plugins


class RoomConfig(AppConfig):
    """A room: its hook specifications and its built-in plugin are registered when Django is ready."""

    @override
    def ready(self) -> None:
        if find_spec(f"{self.name}.hooks"):
            plugins.add_specs(import_module(f"{self.name}.hooks"))
        if find_spec(f"{self.name}.plugins") and self.label != "kernel":
            plugins.add_plugin(import_module(f"{self.name}.plugins"), self.label)


class KernelConfig(RoomConfig):
    """Ids, events, audit, sweeps, plugins, the interface's parts."""

    name = "rongmei.kernel"
    label = "kernel"
    default = True
