"""The plugin manager: built-ins are plugins too. This is the X of 4+X.

Hook specifications live in each room's `hooks.py`; implementations in `plugins.py` of the rooms, and
in packages that offer the entry point group `rongmei.plugins`.
"""

from __future__ import annotations

from types import ModuleType

import pluggy

PROJECT = "rongmei"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
manager = pluggy.PluginManager(PROJECT)
_outside_loaded = False


def add_specs(module: ModuleType) -> None:
    """Make a room's hook specifications known; called from its AppConfig."""
    if not manager.get_name(module):
        manager.add_hookspecs(module)


def add_plugin(module: object, name: str) -> None:
    """Register a built-in plugin once."""
    if not manager.has_plugin(name):
        manager.register(module, name)


def load_outside() -> int:
    """Load plugins that other installed packages offer; return how many."""
    global _outside_loaded
    if _outside_loaded:
        return 0
    _outside_loaded = True
    return manager.load_setuptools_entrypoints("rongmei.plugins")
