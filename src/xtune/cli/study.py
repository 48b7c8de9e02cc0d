"""`xtune ablate` and `xtune sweep`: grids of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape

from xtune.cli.common import DataDir, Recipe, console, keys_of, named

Keys = Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Keys to set in all runs.")]
Output = Annotated[str, typer.Option("--output-dir", metavar="DIR", help="The grid's folder; the same again resumes.")]
Jobs = Annotated[int, typer.Option("--jobs", metavar="N", min=1, help="Processes; with GPUs each gets one of them.")]
Storage = Annotated[
    str | None,
    typer.Option("--storage", metavar="URL", help="Database that machines share; default: a journal in DIR."),
]


def ablate(
    recipe: Recipe,
    output_dir: Output,
    overrides: Keys = None,
    methods: Annotated[
        str, typer.Option("--methods", metavar="NAMES", help="plain, r1, xtune …; plain-steps: as long as xtune.")
    ] = "plain,r1,r2,xtune",
    augmentations: Annotated[
        str | None, typer.Option("--augmentations", metavar="NAMES", help="ss,gn,cs,mt; default: the recipe's own.")
    ] = None,
    seeds: Annotated[str, typer.Option("--seeds", metavar="N|LIST", help="5 is 1 to 5; or 201,202.")] = "5",
    baseline: Annotated[
        str | None, typer.Option("--baseline", metavar="CELL", help="What to compare with; default: plain.")
    ] = None,
    split: Annotated[Literal["test", "dev"], typer.Option("--split", help="What is compared.")] = "test",
    jobs: Jobs = 1,
    storage: Storage = None,
    data_dir: DataDir = None,
) -> None:
    """Compare methods and augmentations over seeds; the same command again, or beside it, goes on."""
    with console.status("starting …"):  # importing torch takes seconds
        from xtune.pocket.supplies import furnish_by_seed
        from xtune.report.ablation import study_table
        from xtune.runs.grids.grid import parse_seeds
        from xtune.runs.grids.study import ablate as run_ablation

    folder = named(output_dir)
    study = run_ablation(
        recipe,
        keys_of(overrides, data_dir),
        methods=_names(methods),
        augmentations=_names(augmentations or ""),
        seeds=parse_seeds(seeds),
        baseline=baseline,
        split=split,
        output_dir=Path(folder),
        jobs=jobs,
        storage=storage,
        furnish=furnish_by_seed,
        console=console,
    )
    console.print()
    console.print(study_table(study))
    console.print(f"\nstudy: {escape(folder)}/study.json", highlight=False, soft_wrap=True)


def sweep(
    recipe: Recipe,
    output_dir: Output,
    overrides: Keys = None,
    space: Annotated[
        list[str] | None,
        typer.Option("--space", metavar="KEY=V1,V2|FILE", help="What to try; again for more; default: the paper's."),
    ] = None,
    seeds: Annotated[
        str | None, typer.Option("--seeds", metavar="N|LIST", help="Of every cell; default: the recipe's own.")
    ] = None,
    jobs: Jobs = 1,
    storage: Storage = None,
    data_dir: DataDir = None,
) -> None:
    """Search weights and learning rate by dev scores; leaves the best recipe, which `xtune train` takes."""
    with console.status("starting …"):
        from xtune.pocket.supplies import furnish
        from xtune.report.ablation import study_table
        from xtune.runs.grids.grid import parse_seeds
        from xtune.runs.grids.space import read_space
        from xtune.runs.grids.study import sweep as run_sweep

    folder = named(output_dir)
    study = run_sweep(
        recipe,
        keys_of(overrides, data_dir),
        space=read_space(space) if space else None,
        seeds=parse_seeds(seeds) if seeds else (),
        output_dir=Path(folder),
        jobs=jobs,
        storage=storage,
        furnish=furnish,
        console=console,
    )
    console.print()
    console.print(study_table(study))
    console.print(f"\nbest: xtune train {escape(folder)}/best.yaml", highlight=False, soft_wrap=True)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
