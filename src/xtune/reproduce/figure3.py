"""Figure 3: which runs it is drawn of, and where to."""

from __future__ import annotations

from pathlib import Path

from xtune.reproduce.collect import Found
from xtune.reproduce.job import Job

EXAMPLES = 100
"""In each language."""


def figures(job: Job, found: Found) -> dict[Path, list[Path]]:
    """The folder of each figure, and its runs in the order of the panels; of every seed that has them all.

    With several seeds each has a folder of its own.
    """
    variants = [cell.variant for cell in job.cells]
    whole = [seed for seed in job.seeds if all(seed in found.get(variant, {}) for variant in variants)]
    return {
        job.output / "figure3" / (f"seed{seed}" if len(job.seeds) > 1 else ""): [
            Path(found[variant][seed]["folder"]) for variant in variants
        ]
        for seed in whole
    }
