"""`xtune quickstart`: the same small encoder fine-tuned in two ways, and what that makes of each language."""

from __future__ import annotations

import csv
import json
import shlex
from collections.abc import Mapping
from io import StringIO
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from xtune.config.load import load_recipe
from xtune.config.recipe import Recipe
from xtune.data import languages_of, load_split
from xtune.errors import InputError, did_you_mean
from xtune.pocket.supplies import encoder, ready
from xtune.report.compare import Comparison, compare, name_of, read_run
from xtune.report.page import page
from xtune.report.tables import comparison_table
from xtune.runs.files import check_writable, write_text
from xtune.runs.fit import fit
from xtune.schema import Kind
from xtune.tasks.datasets import dataset
from xtune.training.overview import Overview, Planned
from xtune.training.threads import one_thread

TASKS = ("topic", "nli", "paraphrase", "ner", "pos", "qa")

OWN: dict[Kind, str] = {
    "classification": "xtune train text-classification data.train=my.csv data.dev=dev.csv",
    "tagging": "xtune train tagging data.train=train.conll data.dev=dev.conll",
    "span": "xtune train span data.train=train.json data.dev=dev.json",
}
"""How each kind of task is trained on one's own data."""
METHODS = ("plain", "xtune")
STAGES = {
    "plain/stage1": Planned("plain", 1.0),
    "xtune/stage1": Planned("xtune, stage 1", 2.0),  # two views of each example
    "xtune/stage2": Planned("xtune, stage 2", 4.0),  # and twice as many examples
}
"""What is trained, and about what each stage costs beside the first."""


def quickstart(task: str, folder: Path, seed: int, console: Console) -> Comparison:
    """Write the benchmark, train `plain` and `xtune`, show and report both; what is there already is not done again.

    Args:
        task: One of `TASKS`.
        folder: Where `data/`, both runs and `report.html` go.
        seed: Of the benchmark and of both runs.
        console: Where to talk to.

    Returns:
        Both runs beside each other.

    Raises:
        InputError: An unknown task, or a folder that cannot be written or holds something else.
    """
    if task not in TASKS:
        raise InputError(f"there is no quickstart '{task}'", field="--task", remedy=did_you_mean(task, TASKS))
    folder = folder.expanduser()  # transformers does the same with a stage's folder
    check_writable(folder)
    with console.status("writing the data …"):
        data = ready(folder.absolute() / "data", seed, (task,), field="--output-dir")
    both = recipes(task, data, seed)
    _introduce(both["plain"], folder, data, console)
    with one_thread():
        _train(both, folder, console)
    comparison = compare([read_run(folder / method) for method in METHODS])
    write_text(folder / "report.html", page(comparison))
    write_texts(data, task, folder / "new.csv")
    _conclude(comparison, folder, console)
    return comparison


def recipes(task: str, data: Path, seed: int) -> dict[str, Recipe]:
    """The two recipes, which differ in their method alone.

    Args:
        task: One of `TASKS`.
        data: The folder of the benchmark.
        seed: Of both runs.
    """
    keys = {"model": str(encoder()), "data.dir": str(data), "seed": seed}
    return {method: load_recipe(f"pocket-{task}", {**keys, "method": method}) for method in METHODS}


def _introduce(recipe: Recipe, folder: Path, data: Path, console: Console) -> None:
    record = json.loads((data / "benchmark.json").read_text(encoding="utf-8"))
    sizes, row = record["examples"][recipe.task], dataset(recipe.task)
    train = min(sizes["train"], recipe.data.max_train_examples or sizes["train"])
    texts = {"tagging": "sentences", "span": "questions"}.get(row.kind, "texts" if row.texts == 1 else "pairs of texts")
    console.print(f"[bold]{row.description}[/] Labels in English, tests in {len(row.languages)} languages.\n")
    for name, said in (
        ("data", f"{train:,} English {texts}; {sizes['test']} tests a language: {folder / 'data'}"),
        ("encoder", f"XLM-R in miniature, {_megabytes(encoder()):.1f} MB, ships with xtune"),
        ("plain", "fine-tuned on the English labels, as everybody does"),
        ("xtune", "the same labels, and the same answers when some words are switched"),
    ):
        console.print(f"  {name:<9}{escape(said)}", highlight=False, soft_wrap=True)
    console.print()


def _train(recipes: Mapping[str, Recipe], folder: Path, console: Console) -> None:
    stages = {folder / name: planned for name, planned in STAGES.items()}
    with Overview(stages, console) as overview:
        for method, recipe in recipes.items():
            fit(recipe, output_dir=folder / method, console=Console(quiet=True), callbacks=[overview])
            overview.finished(folder / method)


def _conclude(comparison: Comparison, folder: Path, console: Console) -> None:
    console.print()
    console.print(comparison_table(comparison))
    console.print(f"\n{escape(sentence(comparison))}\n", highlight=False)
    console.print(f"[bold]{'report':<9}[/]{escape(str(folder / 'report.html'))}", highlight=False, soft_wrap=True)
    runs = "  ".join(str(folder / method) for method in METHODS)
    console.print(f"[bold]{'runs':<9}[/]{escape(runs)}\n\n[bold]Next[/]", highlight=False, soft_wrap=True)
    for what, command in next_steps(folder, comparison.task):
        console.print(f"  {what}\n    [cyan]{escape(command)}[/]", highlight=False, soft_wrap=True)


def sentence(comparison: Comparison) -> str:
    """What the comparison comes to, in words; a second line of the languages without dictionary."""
    plain, xtune = (comparison.mean(run, comparison.targets) for run in comparison.runs)
    assert plain is not None and xtune is not None
    gain = f"plain {plain:.1f} %, xtune {xtune:.1f} % ({xtune - plain:+.1f} points)"
    said = f"In the {len(comparison.targets)} languages without labels: {gain}."
    bare = " and ".join(name_of(code) for code in sorted(comparison.without_help))
    return f"{said}\n{bare} had neither labels nor a dictionary." if bare else said


def next_steps(folder: Path, task: str) -> list[tuple[str, str]]:
    """What to try next: what it is for, and the command."""
    run, data, new = (shlex.quote(str(folder / name)) for name in ("xtune", "data", "new.csv"))
    own = OWN[dataset(task).kind]
    return [
        ("let the new model read some texts:", f"xtune predict {run} --input {new} --output labels.jsonl"),
        (
            "score it in some languages:",
            f"xtune evaluate {run} --data-dir {data} --languages de,sw --output-dir scores",
        ),
        ("fine-tune a full-size encoder, from the Hub, on your own data:", own),
    ]


def write_texts(data: Path, task: str, path: Path) -> None:
    """A file to label: a test text, or pair of texts, of each language, another one in each."""
    source = dataset(task).locate(folder=data)
    languages = languages_of(source, "test")
    examples = [next(islice(load_split(source, "test", code), row, None)) for row, code in enumerate(languages)]
    pair = ["question", "context"] if dataset(task).kind == "span" else ["text_a", "text_b"]
    columns = ["text"] if len(examples[0].texts) == 1 else pair
    written = StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(["language", *columns])
    writer.writerows([example.language, *(text.text for text in example.texts)] for example in examples)
    write_text(path, written.getvalue())


def _megabytes(folder: Path) -> float:
    return float(sum(path.stat().st_size for path in folder.iterdir())) / 1e6
