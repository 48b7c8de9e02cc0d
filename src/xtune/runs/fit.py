"""A recipe to a run: `xtune.fit`, which is what `xtune train` calls."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from accelerate import PartialState
from rich.console import Console
from rich.markup import escape
from transformers import TrainerCallback

from xtune.config.load import load_recipe, parse_recipe, to_dict, write_recipe
from xtune.config.recipe import Recipe
from xtune.data import ExampleTable
from xtune.errors import InputError
from xtune.evaluation.suite import LanguageResult, average, evaluate_languages
from xtune.runs.augmentations import names_in
from xtune.runs.card import model_card
from xtune.runs.files import check_writable, read_json, scratch_folder, write_json, write_text
from xtune.runs.models import load_model, model_options, quiet
from xtune.runs.prepare import Prepared, prepare
from xtune.runs.resolve import resolve
from xtune.runs.results import build_results, write_predictions
from xtune.runs.reuse import take_over
from xtune.runs.stage import StageInputs, StageResult, check_arguments, eval_batch_size, run_stage
from xtune.training.trainer import Evaluate, replace_folder


def fit(
    recipe: Recipe | Mapping[str, Any] | str | Path,
    overrides: Sequence[str] | Mapping[str, Any] = (),
    *,
    output_dir: str | Path | None = None,
    console: Console | None = None,
    callbacks: Sequence[TrainerCallback] = (),
    others: Sequence[Path] = (),
) -> dict[str, Any]:
    """Train all stages of a recipe, evaluate the model in all languages, and leave a run.

    The same call again resumes a run that was interrupted, and gives back the results of one that is finished.

    Args:
        recipe: A `Recipe`, the nested mapping of one, the name of one, or the path of a YAML file.
        overrides: `["seed=2", …]` or `{"seed": 2, …}`: keys of the recipe to set otherwise.
        output_dir: The run's folder; None: `default_folder`.
        console: Where progress is shown; None: standard output.
        callbacks: Further callbacks of every stage's training.
        others: Folders of other runs; a stage that one of them has trained in the same way is taken from there.

    Returns:
        What `results.json` holds.

    Raises:
        InputError: For anything in the recipe or its files that cannot be used; nothing is written then.
    """
    recipe = _as_recipe(recipe, overrides)
    run, console = Path(output_dir or default_folder(recipe)), console or Console()
    quiet()
    _check_folder(run)
    recipe = resolve(recipe)
    check_arguments(recipe, run)
    with scratch_folder(run, PartialState().process_index) as scratch:
        with console.status("reading the model and the data …"):
            prepared = prepare(recipe, scratch)
        _claim(run, prepared.recipe)
        if not PartialState().is_main_process:
            console.quiet = True  # one process speaks for all
        if (results := run / "results.json").is_file():
            said = f"{run} is finished; to train it again, name another --output-dir"
            console.print(escape(said), highlight=False, soft_wrap=True)
            finished: dict[str, Any] = read_json(results, "remove it, and the same command writes it anew")
            return finished
        _announce(prepared, run, console)
        if PartialState().is_main_process:
            take_over(prepared.recipe, run, others)
        PartialState().wait_for_everyone()
        inputs = _stage_inputs(prepared)
        planned = prepared.recipe.stages or ()
        stages = {stage.name: run_stage(inputs, stage, run, console, callbacks) for stage in planned}
        return _conclude(prepared, stages, run)


def _as_recipe(recipe: Recipe | Mapping[str, Any] | str | Path, overrides: Sequence[str] | Mapping[str, Any]) -> Recipe:
    if isinstance(recipe, str | Path):
        return load_recipe(str(recipe), overrides)
    if isinstance(recipe, Recipe) and not overrides:
        return recipe
    return parse_recipe(to_dict(recipe) if isinstance(recipe, Recipe) else recipe, overrides)


def default_folder(recipe: Recipe) -> Path:
    """Where a run goes that names no folder."""
    return Path("runs") / f"{recipe.task}-{recipe.method}-{Path(recipe.model).name}-seed{recipe.seed}"


def _stage_inputs(prepared: Prepared) -> StageInputs:
    return StageInputs(
        recipe=prepared.recipe,
        task=prepared.task,
        examples=prepared.train,
        encoder=prepared.encoder,
        augmentations=prepared.augmentations,
        copies=prepared.copies,
        evaluate=_selector(prepared),
    )


def _selector(prepared: Prepared) -> Evaluate | None:
    """What checkpoints are selected by: a dev score of the source, or the mean of all languages."""
    selection, dev = prepared.recipe.selection, prepared.evaluation["dev"]
    if selection.by == "last":
        return None
    source = prepared.recipe.source_language
    languages = [source] if selection.by == "source-dev" else list(dev)
    metric = selection.metric or prepared.task.metrics[0]
    batch_size = eval_batch_size(prepared.recipe)

    def evaluate(model: Any) -> dict[str, float]:
        chosen = {code: dev[code] for code in languages}
        results = evaluate_languages(model, prepared.encoder, prepared.task, chosen, batch_size)
        scores = {code: result.scores for code, result in results.items()}
        return {"selection": average(scores)[metric], **{f"{code}_{metric}": scores[code][metric] for code in scores}}

    return evaluate


def _conclude(prepared: Prepared, stages: Mapping[str, StageResult], run: Path) -> dict[str, Any]:
    """Evaluate the last stage's model everywhere and write what the run leaves."""
    recipe, last = prepared.recipe, list(stages.values())[-1]
    model = load_model(prepared.task, str(last.model), **model_options(recipe)).to(PartialState().device)

    def evaluate(sets: Mapping[str, ExampleTable]) -> dict[str, LanguageResult]:
        return evaluate_languages(model, prepared.encoder, prepared.task, sets, eval_batch_size(recipe))

    results = {split: evaluate(languages) for split, languages in prepared.evaluation.items()}
    pairs = {"test": evaluate(prepared.pairs)} if prepared.pairs else None
    summary = build_results(recipe, results, stages, len(prepared.train), pairs)
    summary["code_switch_rate"] = prepared.code_switch_rate
    summary["resources"] = dict(prepared.resources)
    if PartialState().is_main_process:
        _write_model(last.model, run / "model", model_card(summary, to_dict(recipe)))
        write_predictions(run / "predictions", recipe.task, results, pairs)
        write_json(run / "results.json", summary)
    PartialState().wait_for_everyone()
    return summary


def _write_model(source: Path, target: Path, card: str) -> None:
    temporary = target.with_name(f".{target.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.copytree(source, temporary)
    write_text(temporary / "README.md", card)
    replace_folder(temporary, target)


def _check_folder(run: Path) -> None:
    """Refuse a folder that cannot be written or holds something else, before anything is loaded."""
    check_writable(run)
    if (run / "config.yaml").is_file() or not run.is_dir():
        return
    if found := next((path.name for path in sorted(run.iterdir()) if not path.name.startswith(".")), None):
        problem = f"the folder holds no run, and is not empty: there is {found}"
        raise InputError(problem, file=run, field="--output-dir", remedy="name a new folder")


def _claim(run: Path, recipe: Recipe) -> None:
    """Write `config.yaml`, or make sure that the one that is there is the same run."""
    config = run / "config.yaml"
    if config.is_file():
        different = first_difference(_settings(_read_config(config)), _settings(recipe))
        if different:
            raise InputError(
                f"the folder holds another run: it has {different[1]!r} where this one has {different[2]!r}",
                file=config,
                field=different[0],
                remedy="name another --output-dir, or remove that folder",
            )
        return
    PartialState().wait_for_everyone()
    if PartialState().is_main_process:
        run.mkdir(parents=True, exist_ok=True)
        write_recipe(recipe, config)
    PartialState().wait_for_everyone()


def _read_config(config: Path) -> Recipe:
    try:
        return load_recipe(str(config))
    except InputError as failure:
        remedy = "name another --output-dir; or mend this file, or remove the folder"
        problem = f"the run that is there cannot be read: {failure.problem}"
        raise InputError(problem, file=config, line=failure.line, field=failure.field, remedy=remedy) from None


def _settings(recipe: Recipe) -> dict[str, Any]:
    """What a recipe makes a run do, without its words to the reader."""
    return {key: value for key, value in to_dict(recipe).items() if key not in ("note", "augmentation_reasons")}


def first_difference(there: Mapping[str, Any], here: Mapping[str, Any], prefix: str = "") -> tuple[Any, ...] | None:
    """The first key, dotted, that two nested mappings differ in, and its two values; None if they are the same."""
    for key in {**there, **here}:
        old, new = there.get(key), here.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            if found := first_difference(old, new, f"{prefix}{key}."):
                return found
        elif old != new:
            return f"{prefix}{key}", old, new
    return None


def _announce(prepared: Prepared, run: Path, console: Console) -> None:
    recipe = prepared.recipe
    languages = sorted({code for split in prepared.evaluation.values() for code in split})
    title = f"[bold]{recipe.task}[/]  {recipe.method}, {recipe.setting}, seed {recipe.seed}"
    lines = [
        f"model     {recipe.model}",
        f"data      {len(prepared.train):,} training examples in {recipe.source_language}; "
        + (f"evaluated in {len(languages)}: {' '.join(languages)}" if languages else "nothing to evaluate on"),
        *([f"labels    {_some(prepared.task.labels)}"] if prepared.task.labels else []),
        *(f"augment   {reason}" for reason in (recipe.augmentation_reasons if names_in(recipe) else ())),
        *(f"notice    {notice}" for notice in prepared.notices),
    ]
    if prepared.code_switch_rate is not None:
        lines.append(
            f"switched  {prepared.code_switch_rate:.1f} % of words (asked {100 * recipe.code_switch.ratio:g} %)"
        )
    lines.append(f"run       {run}")
    console.print("\n".join([title, *map(escape, lines)]), highlight=False, soft_wrap=True)


def _some(names: Sequence[str], shown: int = 12) -> str:
    """The first names, and how many more there are."""
    more = f" … {len(names)} in all" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
