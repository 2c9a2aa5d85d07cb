"""`python -m rongmei` is the `rongmei` command."""

from rongmei.config.cli import main

main()
