"""A backup has the snapshots that its rows point to."""

from __future__ import annotations

from datetime import UTC, datetime

from rongmei.archive.vault import OPEN, Vault
from rongmei.archive.warc import Answer
from rongmei.config import backups
from rongmei.config.node import load


def test_a_segment_that_is_closed_while_it_is_copied_is_in_the_backup_all_the_same(tmp_path):
    home = tmp_path / "home"
    vault = Vault(home / "data" / "snapshots")
    vault.append([(Answer("http://a.example/", datetime.now(UTC), 200, {}, b"body"), None)])
    found = dict(backups._files(load({"RONGMEI_HOME": str(home)})))
    [path] = [one for one, name in found.items() if name.startswith("data/snapshots/")]
    assert path.name.endswith(OPEN)
    vault.close()
    with backups._opened(path) as file:
        assert file.read() == vault.path_of(path.name.removesuffix(OPEN)).read_bytes()
