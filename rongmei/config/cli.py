"""The `rongmei` command: Django's own commands and ours, for the node in RONGMEI_HOME."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

from rongmei.config import demo_command


def main() -> None:
    """Run one command; `--home FOLDER` before it chooses the node."""
    argv = sys.argv[:]
    if len(argv) > 2 and argv[1] == "--home":
        os.environ["RONGMEI_HOME"] = argv[2]
        del argv[1:3]
    if argv[1:2] == ["demo"]:
        sys.exit(demo_command.main(argv[2:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rongmei.config.settings")
    execute_from_command_line(argv)


if __name__ == "__main__":
    main()
