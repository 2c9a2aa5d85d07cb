"""kill -9 while somebody saves: what was answered is there, and nothing is half there."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rongmei.config import template_db
from rongmei.config.node import ENV_FILE, write_env_file
from tests.demo_network import ROOT, clean_environ

KILLS = int(os.environ.get("RONGMEI_SAVE_KILLS", "5"))


def node(folder: Path) -> dict[str, str]:
    """A node's folder with an empty database; the environment of its processes."""
    folder.mkdir()
    facts = {"RONGMEI_SLUG": "hq", "RONGMEI_NAME": "示例节点", "RONGMEI_SECRET_KEY": "x" * 50}
    write_env_file(folder / ENV_FILE, facts)
    template_db.copy_to(folder / "node.sqlite3")
    settings = {"RONGMEI_HOME": str(folder), "DJANGO_SETTINGS_MODULE": "rongmei.config.settings"}
    return {**clean_environ(), **settings}


@pytest.mark.slow
def test_a_killed_save_is_there_whole_or_not_at_all(tmp_path):
    environ, chance, answered = node(tmp_path / "node"), random.Random(20261125), 0
    for turn in range(KILLS + 1):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.saving_console"], cwd=ROOT, env=environ, text=True,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        try:
            assert process.stdout
            held = json.loads(process.stdout.readline())["found"]
            assert held["whole"] and held["text"] and held["chain"], (turn, held)
            # One that was killed after its commit and before its answer may be there, too.
            assert held["number"] in {answered, answered + 1}, (turn, held, answered)
            if turn == KILLS:
                return
            answered = json.loads(process.stdout.readline())["saved"]
            # Anywhere in a later save: they take some milliseconds each.
            time.sleep(chance.uniform(0.0, 0.25))
        finally:
            process.kill()
            rest = process.communicate()[0]
        lines = [json.loads(line) for line in rest.splitlines() if line.endswith("}")]
        answered = max([answered, *(one["saved"] for one in lines)])
