"""Tables 7 and 8, and appendix B: the hyper-parameters of our recipes beside the paper's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group
from rich.table import Table as Grid
from rich.text import Text

from xtune.config.recipe import Recipe
from xtune.reproduce.figures import Table, appendix_b
from xtune.reproduce.planning import heading
from xtune.reproduce.plans import DATASETS, SIZES, Size
from xtune.reproduce.variants import augmentation_of, loaded

SETTINGS = {"table7": "transfer", "table8": "translate"}
"""The recipes of each table."""


@dataclass(frozen=True)
class Setting:
    """A hyper-parameter of all datasets.

    Args:
        name: What it is.
        paper: Dataset to what the paper says.
        ours: Dataset to what our recipe has.
        agree: Dataset to whether these are the same.
        source: Where in the paper it stands.
    """

    name: str
    paper: Mapping[str, str]
    ours: Mapping[str, str]
    agree: Mapping[str, bool]
    source: str


def compare_settings(shown: Table) -> tuple[Setting, ...]:
    """The hyper-parameters of table 7 or 8 and of appendix B, each with our recipes' values."""
    kind, paper = SETTINGS[shown.name], appendix_b()
    recipes_of = {size: _recipes(kind, size) for size in SIZES}
    base = recipes_of["base"]
    slots: Mapping[str, Callable[[Recipe], str]] = {
        "A*": lambda recipe: str(augmentation_of(recipe).stage1).upper(),
        "A": lambda recipe: str(augmentation_of(recipe).data).upper(),
        "A'": lambda recipe: str(augmentation_of(recipe).consistency).upper(),
        "λ1": lambda recipe: f"{recipe.consistency.lambda1:.1f}",
        "λ2": lambda recipe: f"{recipe.consistency.lambda2:.1f}",
    }
    printed = [_setting(row.name, row.cells, base, slots[row.name], shown.name) for row in shown.rows]
    grids = [_grid(size, recipes) for size, recipes in recipes_of.items()]
    further: list[Setting] = []
    for size, recipes in recipes_of.items():
        epochs = {name: str(count) for name, count in paper["epochs"][size].items()}
        further.append(_setting(f"epochs, {size}", epochs, recipes, _epochs, "appendix B"))
        further.append(_setting(f"stage 2, {size}", epochs, recipes, _second_stage, "appendix B"))
        batch = dict.fromkeys(DATASETS, str(paper["batch"]))
        further.append(_setting(f"batch, {size}", batch, recipes, _batch, "appendix B", same=_same_batch))
    warmup = dict.fromkeys(DATASETS, f"{paper['warmup']:.0%}")
    further.append(_setting("warm-up", warmup, base, _warmup, "appendix B"))
    schedule = dict.fromkeys(DATASETS, paper["schedule"])
    further.append(_setting("schedule", schedule, base, _schedule, "appendix B"))
    return (*printed, *grids, *further)


def settings_report(shown: Table) -> Group:
    """The table for the terminal: two lines a hyper-parameter, what differs marked."""
    settings = compare_settings(shown)
    table = Grid(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("", ""):
        table.add_column(name, no_wrap=True)
    for column in DATASETS:
        table.add_column(column, justify="right")
    for setting in settings:
        table.add_row(setting.name, "paper", *(setting.paper[name] for name in DATASETS), style="dim")
        cells = [
            Text(setting.ours[name]) if setting.agree[name] else Text(f"{setting.ours[name]} !", style="bold yellow")
            for name in DATASETS
        ]
        table.add_row("", "recipe", *cells)
    different = sum(not same for setting in settings for same in setting.agree.values())
    notes = [f"the paper, {note.where}: {' and '.join(note.printed)}. {note.note}" for note in shown.notes]
    said = (
        f"! {different} values differ: docs/paper_index.md says why. Rate: the learning rate; the paper has a grid, the"
        " recipes what its code chose from it. Stage 2: epochs, or thousands of steps (k). Batch: examples at once ×"
        " accumulated."
    )
    return Group(heading(shown), "", table, "", Text(said, style="dim"), *(Text(note, style="dim") for note in notes))


def _recipes(kind: str, size: Size) -> dict[str, Recipe]:
    return {column: loaded(f"{name}-{kind}-{size}") for column, name in DATASETS.items()}


def _setting(
    name: str,
    paper: Mapping[str, str],
    recipes: Mapping[str, Recipe],
    ours: Callable[[Recipe], str],
    source: str,
    same: Callable[[str, str], bool] = str.__eq__,
) -> Setting:
    values = {column: ours(recipe) for column, recipe in recipes.items()}
    agree = {column: same(paper[column], value) for column, value in values.items()}
    return Setting(name, paper, values, agree, source)


def _grid(size: str, recipes: Mapping[str, Recipe]) -> Setting:
    """The learning rates, which have to be of the paper's grid."""
    rates: Sequence[float] = appendix_b()["learning_rates"][size]
    ours = {column: float(recipe.train["learning_rate"]) for column, recipe in recipes.items()}
    paper = dict.fromkeys(recipes, "grid")
    values = {column: _rate(rate) for column, rate in ours.items()}
    agree = {name: rate in rates for name, rate in ours.items()}
    return Setting(f"rate, {size}", paper, values, agree, "appendix B")


def _rate(rate: float) -> str:
    """A learning rate as people write it.

    >>> _rate(1.5e-5), _rate(7e-6)
    ('1.5e-5', '7e-6')
    """
    return f"{rate:.1e}".replace(".0e", "e").replace("e-0", "e-")


def _epochs(recipe: Recipe) -> str:
    return f"{recipe.train['num_train_epochs']:g}"


def _second_stage(recipe: Recipe) -> str:
    """How long stage 2 trains: as many epochs, or steps of its own."""
    steps = recipe.stage2.get("max_steps", -1)
    return f"{steps / 1000:g}k" if steps > 0 else _epochs(recipe)


def _warmup(recipe: Recipe) -> str:
    return f"{recipe.train['warmup_steps']:.0%}"


def _schedule(recipe: Recipe) -> str:
    return str(recipe.train["lr_scheduler_type"])


def _batch(recipe: Recipe) -> str:
    return f"{recipe.train['per_device_train_batch_size']}×{recipe.train['gradient_accumulation_steps']}"


def _same_batch(paper: str, ours: str) -> bool:
    at_once, accumulated = map(int, ours.split("×"))
    return at_once * accumulated == int(paper)
