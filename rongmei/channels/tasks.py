"""The room's sweeps: deliver, verify, take down."""

from __future__ import annotations

from rongmei.channels import delivering
from rongmei.kernel.sweeps import Sweep


def run() -> int:
    """Do everything that is due on channels; return how many rows were touched."""
    return delivering.withdraw_due() + delivering.deliver_due() + delivering.verify_due()


# A short lease, so that a killed worker costs a minute: rows have leases of their own, and two
# workers in here at once do no harm.
SWEEPS = [Sweep(name="channels.deliver", every=2.0, run=run, lease=60.0)]
