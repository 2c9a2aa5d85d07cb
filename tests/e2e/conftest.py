"""One demo network and one browser for all journeys of a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.demo_network import DemoNetwork, running
from tests.e2e.people import House, house


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoNetwork]:
    """The demo network, with everything its wire has to offer."""
    with running(tmp_path_factory.mktemp("e2e")) as found:
        yield found


@pytest.fixture(scope="session")
def people(network: DemoNetwork) -> Iterator[House]:
    """Everybody who has an account on it."""
    nodes = {"hq": network.hq, "yunling": network.yunling}
    with house(nodes, network.accounts()) as found:
        yield found
