"""`python -m xtune`, which `torchrun -m xtune` needs."""

from xtune.cli import main

main()
