"""`python -m xtune`, which `torchrun -m xtune` needs."""

from __future__ import annotations

from xtune.cli import main

main()
