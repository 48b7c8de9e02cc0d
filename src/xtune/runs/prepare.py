"""From a recipe to all that a run needs, checked before anything is written to the run's folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xtune.augment.codeswitch import realised_rate
from xtune.augment.compose import generator_for
from xtune.config.recipe import Recipe
from xtune.data import (
    Columns,
    ExampleTable,
    Source,
    commits,
    has_split,
    languages_of,
    load_dictionaries,
    load_pair,
    load_split,
    load_translations,
    pairs_of,
    pin,
    write_examples,
)
from xtune.errors import InputError, did_you_mean
from xtune.runs.augmentations import Resources, build_augmentations, names_in
from xtune.runs.generic import kind_of
from xtune.runs.kinds import labels_in, make_task
from xtune.runs.models import check_vocabulary, load_encoder, use_cache_if_unreachable
from xtune.runs.source import source_of
from xtune.runs.start import check_start
from xtune.schema import Augmentation, View
from xtune.tasks.datasets import dataset, datasets
from xtune.tasks.task import Task
from xtune.views.encode import Encoder

SAMPLE = 1000
"""Examples that the realised code-switch rate, and what the tokenizer knows, are measured on."""


@dataclass(frozen=True)
class Prepared:
    """A run that can start.

    Args:
        recipe: Resolved: method, setting, augmentations, stages, labels and revision are settled.
        task: With its label space.
        train: D.
        evaluation: Split to language to examples; `dev` may be empty, `test` too.
        pairs: Test sets whose questions are in another language than their contexts, by `context-question`.
        encoder: With the model's tokenizer.
        augmentations: By the names in the recipe's stages.
        copies: By the same names, what makes the augmented copies of D.
        notices: What the user should know.
        code_switch_rate: Share of words that code-switch changes, in percent; None without code-switch.
        resources: Languages that there are `dictionaries` and `translations` of; None where the run uses none.
    """

    recipe: Recipe
    task: Task
    train: ExampleTable
    evaluation: dict[str, dict[str, ExampleTable]]
    pairs: dict[str, ExampleTable]
    encoder: Encoder
    augmentations: dict[str, Augmentation]
    copies: dict[str, tuple[Augmentation, ...]]
    notices: tuple[str, ...]
    code_switch_rate: float | None
    resources: Mapping[str, tuple[str, ...] | None]


def prepare(recipe: Recipe, scratch: Path) -> Prepared:
    """Load everything that a recipe names.

    Args:
        recipe: What `xtune.runs.resolve.resolve` made of the user's.
        scratch: Folder for tables on disk; no longer needed when the run has ended.

    Raises:
        InputError: For anything that cannot be used.
    """
    encoder = load_encoder(
        recipe.model, recipe.max_length, stride=recipe.stride, question_length=recipe.max_question_length
    )
    source = source_of(recipe)
    if source.hub and source.folder is None:
        use_cache_if_unreachable()
    source = pin(source)
    if recipe.data.labels is not None:
        _check_labels(recipe, source, recipe.data.labels)
    train = load_train(recipe, source, scratch)
    labels = source.labels or labels_in(source.kind, train)
    if source.kind != "span":
        _check_labels(recipe, source, labels)
    task = make_task(recipe.task, labels, recipe.pooling, recipe.consistency.positions)
    _check_metric(recipe, task)
    source = replace(source, labels=labels)
    evaluation, notices = load_evaluation(recipe, source, scratch)
    check_vocabulary(recipe.model, encoder, train[:SAMPLE])
    start = check_start(recipe, task, encoder)
    recipe = with_noise(recipe, start.embedding_scale)
    resources, more = load_resources(recipe, encoder, train, scratch)
    data = replace(recipe.data, labels=labels or None, revision=commits(source) or recipe.data.revision)
    augmentations, copies = build_augmentations(recipe, resources)
    return Prepared(
        recipe=replace(recipe, data=data),
        task=task,
        train=train,
        evaluation=evaluation,
        pairs=_pairs(recipe, source, scratch),
        encoder=encoder,
        augmentations=augmentations,
        copies=copies,
        notices=(*start.notices, *notices, *more),
        code_switch_rate=_rate(recipe, train, augmentations),
        resources={
            "dictionaries": resources.dictionaries.languages if resources.dictionaries else None,
            "translations": resources.translations.languages if resources.translations else None,
        },
    )


def load_train(recipe: Recipe, source: Source, scratch: Path) -> ExampleTable:
    """D, labelled and in the source language, on disk."""
    examples = load_split(
        source, "train", recipe.source_language, labelled=True, max_examples=recipe.data.max_train_examples
    )
    return write_examples(examples, scratch / "train.arrow")


def load_evaluation(
    recipe: Recipe, source: Source, scratch: Path
) -> tuple[dict[str, dict[str, ExampleTable]], list[str]]:
    """The dev and test sets in the languages wanted, and notices of what is not there."""
    limits = {"dev": recipe.data.max_dev_examples, "test": recipe.data.max_test_examples}
    evaluation: dict[str, dict[str, ExampleTable]] = {}
    wanted, notices = _languages(recipe, source)
    for split, languages in wanted.items():
        limit = limits[split]
        evaluation[split] = {
            language: write_examples(
                load_split(source, split, language, labelled=split == "dev", max_examples=limit),
                scratch / f"{split}-{language}.arrow",
            )
            for language in languages
        }
    _check_selection(recipe, evaluation["dev"])
    if bare := [code for code, examples in evaluation["test"].items() if not examples.annotated]:
        notices.append(f"the test set has no labels in {', '.join(bare)}: predicted, not scored")
    return evaluation, notices


def _pairs(recipe: Recipe, source: Source, scratch: Path) -> dict[str, ExampleTable]:
    """The pairs of the languages wanted, where the dataset has some."""
    limit = recipe.data.max_test_examples
    return {
        pair: write_examples(load_pair(source, "test", pair, max_examples=limit), scratch / f"test-{pair}.arrow")
        for pair in pairs_of(source, "test", recipe.data.languages)
    }


def with_noise(recipe: Recipe, embedding_scale: float) -> Recipe:
    """The recipe with the noise's eps, which depends on how large the model's input embeddings are."""
    noise = recipe.gaussian_noise
    if noise.eps is not None or not any("gn" in name.split("+") for name in names_in(recipe)):
        return recipe
    eps = float(f"{noise.scale * embedding_scale:.3g}")  # no machine's last digits, so that a run resumes elsewhere
    return replace(recipe, gaussian_noise=replace(noise, eps=eps))


def load_resources(recipe: Recipe, encoder: Encoder, train: ExampleTable, scratch: Path) -> tuple[Resources, list[str]]:
    """Dictionaries and translations, where the recipe's augmentations use them, and notices about them."""
    parts = {part for name in names_in(recipe) for part in name.split("+")}
    dictionaries = translations = None
    notices: list[str] = []
    if "cs" in parts and recipe.data.dictionaries is not None:
        dictionaries = load_dictionaries(
            recipe.data.dictionaries, recipe.code_switch.languages, source_language=recipe.source_language
        )
        notices += dictionaries.notices
    if "mt" in parts and recipe.data.translations is not None:
        row = dataset(recipe.task) if recipe.task in datasets() else None
        translations, counts = load_translations(
            recipe.data.translations,
            train,
            scratch / "translations",
            languages=recipe.translation.languages,
            columns=Columns(text=recipe.data.text_columns, label=recipe.data.label_column, id=recipe.data.id_column),
            kind=kind_of(recipe.task),
            aliases=row.aliases if row else None,
            untranslated=row.untranslated if row else None,
        )
        notices += [str(count) for count in counts]
    only_last = kind_of(recipe.task) == "span" and not recipe.augment_question
    return Resources(encoder.tokenizer, train, dictionaries, translations, only_last), notices


def _languages(recipe: Recipe, source: Source) -> tuple[dict[str, list[str]], list[str]]:
    """The languages to evaluate on dev and test, and notices of those that one of them lacks.

    They are those asked for, else all there are; checkpoints are selected on the source language, asked for or not.
    """
    there = {split: languages_of(source, split) if has_split(source, split) else [] for split in ("dev", "test")}
    notices = [f"there is no {split} set" for split, languages in there.items() if not languages]
    if recipe.data.languages is None:
        return there, notices
    wanted = recipe.data.languages
    everywhere = sorted({*there["dev"], *there["test"]})
    for code in wanted:
        if code not in everywhere:
            problem, remedy = f"there is no dev or test set in '{code}'", f"there are some in: {', '.join(everywhere)}"
            raise InputError(problem, field="data.languages", remedy=remedy)
    for split, languages in there.items():
        if languages and (missing := [code for code in wanted if code not in languages]):
            notices.append(f"there is no {split} set in {', '.join(missing)}")
    selected = [recipe.source_language] if recipe.selection.by == "source-dev" else []
    asked = {"dev": dict.fromkeys([*wanted, *selected]), "test": dict.fromkeys(wanted)}
    return {split: [code for code in asked[split] if code in there[split]] for split in there}, notices


def _check_labels(recipe: Recipe, source: Source, labels: Sequence[str]) -> None:
    """Refuse a label space that nothing can be learnt in."""
    field = "data.labels" if recipe.data.labels else recipe.data.label_column
    file = None if recipe.data.labels else source.files.get("train")
    if len(labels) < 2:
        problem = f"a task needs two labels or more, and there is only {', '.join(labels)}"
        raise InputError(problem, file=file, field=field, remedy="check that data.label_column is the right column")
    if len(set(labels)) < len(labels):
        raise InputError("a label is named twice", file=file, field=field, remedy="name each label once")


def _check_selection(recipe: Recipe, dev: dict[str, ExampleTable]) -> None:
    if recipe.selection.by == "dev-mean" and not dev:
        remedy = "give them, or set selection.by=last"
        raise InputError("checkpoints are selected on dev sets, and there are none", field="data.dev", remedy=remedy)
    if recipe.selection.by == "source-dev" and recipe.source_language not in dev:
        raise InputError(
            f"checkpoints are selected on the source language, and there is no dev set in '{recipe.source_language}'",
            field="data.dev",
            remedy="give one, or set selection.by=last, or selection.by=dev-mean to select on the others",
        )


def _check_metric(recipe: Recipe, task: Task) -> None:
    if recipe.selection.metric not in (None, *task.metrics):
        raise InputError(
            f"the task has no metric '{recipe.selection.metric}'",
            field="selection.metric",
            remedy=did_you_mean(str(recipe.selection.metric), task.metrics),
        )


def _rate(recipe: Recipe, train: ExampleTable, augmentations: dict[str, Augmentation]) -> float | None:
    """The realised rate of code-switch on the first examples."""
    name = next((name for name in names_in(recipe) if name == "cs"), None)
    if name is None:
        return None
    views: list[Any] = [View(example) for example in train[:SAMPLE]]
    return realised_rate(augmentations[name], views, generator_for(recipe.seed, "rate", 0, "", "code-switch"))
