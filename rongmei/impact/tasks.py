"""The room's sweeps: count reads, take snapshots, tell story homes, forget readers."""

from __future__ import annotations

from rongmei.impact import actions, marks
from rongmei.kernel.sweeps import Sweep

SWEEPS = [
    Sweep(name="impact.reads", every=2.0, run=actions.reads_store),
    Sweep(name="impact.snapshots", every=60.0, run=marks.snapshots_take),
    Sweep(name="impact.report", every=300.0, run=marks.totals_report),
    Sweep(name="impact.forget", every=1800.0, run=actions.forget),
]
