"""Parallel examples as the model of a finished run represents them: what the paper's figure 3 shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from xtune.config.recipe import DataConfig, Recipe
from xtune.data import Source, has_split, languages_of, load_split
from xtune.errors import InputError
from xtune.evaluation.analysis import Vectors, closeness, in_the_plane
from xtune.evaluation.predict import by_length
from xtune.evaluation.stitch import look
from xtune.languages import languages_among
from xtune.runs.apply import Checkpoint, load_checkpoint
from xtune.runs.generic import kind_of
from xtune.runs.source import source_of
from xtune.schema import Example
from xtune.views.collate import pad, shifts

FIGURE_LANGUAGES = ("de", "fr", "zh")
"""Those that the paper's figure 3 shows beside English."""


@dataclass(frozen=True)
class Parallel:
    """Examples that there are in several languages.

    Args:
        split: Which they are of.
        examples: By language, the source first; the same examples in the same order.
    """

    split: str
    examples: Mapping[str, Sequence[Example]]

    @property
    def labels(self) -> list[str]:
        """What each is annotated with."""
        return [str(example.target) for example in next(iter(self.examples.values()))]


def load_parallel(recipe: Recipe, data_dir: str | None, languages: Sequence[str] | None, count: int) -> Parallel:
    """The first examples of a run's dev sets that there are in several languages, else of its test sets.

    Args:
        recipe: The run's, resolved.
        data_dir: Where its data is now; None: where it was.
        languages: Which; None: the source and those of the paper's figure, or what there is in their place.
        count: How many examples.

    Raises:
        InputError: There are none, they have no labels, or the languages' are no translations of each other.
    """
    if kind_of(recipe.task) != "classification":
        problem = f"the figure shows texts with one label each, and {recipe.task} is {kind_of(recipe.task)}"
        raise InputError(problem, field="RUN", remedy="leave it out with --no-figure")
    source = recipe.source_language
    data = recipe.data if data_dir is None else _at(recipe.data, data_dir)
    where = source_of(replace(recipe, data=data))
    split, chosen = _choose(where, source, languages)
    sets = {code: {example.id: example for example in load_split(where, split, code)} for code in chosen}
    ids = [each for each in sets[source] if all(each in own for own in sets.values())][:count]
    for code, own in sets.items():
        if wrong := next((each for each in ids if own[each].target != sets[source][each].target), None):
            problem = f"the {split} set in {code} is no translation of that in {source}: example {wrong} differs"
            raise InputError(problem, field="--languages", remedy="name languages whose sets are parallel")
    if len(ids) < 2:
        problem = f"the {split} sets in {', '.join(chosen)} have no two examples in common"
        raise InputError(problem, field="--languages", remedy="name languages whose sets are parallel")
    return Parallel(split, {code: [own[each] for each in ids] for code, own in sets.items()})


def see(run: str, parallel: Parallel, seed: int) -> tuple[NDArray[np.float64], dict[str, Any]]:
    """Parallel examples as a run's model represents them.

    Args:
        run: The folder.
        parallel: The examples, in two languages or more.
        seed: Of t-SNE.

    Returns:
        Points in the plane, `[languages, examples, 2]`; and what they are, with the distances in the original space.
    """
    checkpoint = load_checkpoint(run)
    source, *others = parallel.examples
    vectors = [first_states(checkpoint, examples) for examples in parallel.examples.values()]
    distance = {code: closeness(vectors[0], own) for code, own in zip(others, vectors[1:], strict=True)}
    mean = {
        key: float(np.mean([each[key] for each in distance.values()])) for key in ("translation", "random", "ratio")
    }
    points = in_the_plane(np.concatenate(vectors), seed).reshape(len(vectors), -1, 2)
    said = {
        "split": parallel.split,
        "examples": len(vectors[0]),
        "languages": list(parallel.examples),
        "state": "first token, last layer",
        "projection": f"t-SNE, seed {seed}",
        "distance": {**distance, "mean": mean},
    }
    return points, said


def first_states(checkpoint: Checkpoint, examples: Sequence[Example], batch_size: int = 64) -> Vectors:
    """The last layer's state of each example's first token, `<s>` or `[CLS]`: `[examples, hidden]`, fp32."""
    encoder = checkpoint.encoder
    views = [look(checkpoint.task.reading, encoder, example)[0].encoded for example in examples]
    found = [np.empty(0, np.float32)] * len(views)
    for indices in by_length(views, batch_size):
        batch = [views[index] for index in indices]
        inputs = {name: tensor.to(checkpoint.model.device) for name, tensor in pad(encoder.tokenizer, batch).items()}
        first = shifts(encoder.tokenizer, batch, inputs["input_ids"].shape[1])
        with torch.inference_mode():
            states = checkpoint.model.base_model(**inputs).last_hidden_state
        own = states[torch.arange(len(batch)), torch.tensor(first)].float().cpu().numpy()
        for index, state in zip(indices, own, strict=True):
            found[index] = state
    return np.stack(found)


def _at(data: DataConfig, folder: str) -> DataConfig:
    """The same data at another place."""
    return replace(data, dir=folder, train=None, dev=None, test=None)


def _choose(where: Source, source: str, asked: Sequence[str] | None) -> tuple[str, list[str]]:
    """The split that has several of the languages, and which."""
    there = {split: languages_of(where, split) for split in ("dev", "test") if has_split(where, split)}
    split = next((split for split, codes in there.items() if source in codes and len(codes) > 1), None)
    if split is None:
        problem = f"there is no dev or test set in {source} and another language"
        raise InputError(problem, field="--data-dir", remedy="name the folder that holds them, or --no-figure")
    others = [code for code in there[split] if code != source]
    if asked is None:
        return split, [source, *sorted(others, key=lambda code: (code not in FIGURE_LANGUAGES, code))[:3]]
    wanted = languages_among(asked, there[split], f"there is no {split} set")
    return split, list(dict.fromkeys([source, *wanted]))
