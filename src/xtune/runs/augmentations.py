"""The augmentations that a recipe names, built from its sections: a new one is one row of `BUILDERS`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from xtune.augment.codeswitch import CodeSwitch
from xtune.augment.compose import Compose, identity
from xtune.augment.noise import GaussianNoise
from xtune.augment.segmentation import SubwordSampling, sampler_for
from xtune.augment.translation import Translate, TranslateTo
from xtune.config.recipe import Recipe
from xtune.data import Dictionaries, ExampleTable, TranslationTable
from xtune.errors import InputError, did_you_mean
from xtune.schema import Augmentation


@dataclass(frozen=True)
class Resources:
    """What augmentations are made of; None where the run has none."""

    tokenizer: Any
    sources: ExampleTable
    dictionaries: Dictionaries | None = None
    translations: TranslationTable | None = None
    only_last: bool = False
    """Of several texts words of the last alone are changed: of span extraction the context, not the question."""


def subword_sampling(recipe: Recipe, resources: Resources) -> Augmentation:
    """`ss`: sample the segmentation of some words."""
    options = recipe.subword_sampling
    sampler = sampler_for(resources.tokenizer, alpha=options.alpha, nbest=options.nbest, dropout=options.dropout)
    keep_all = recipe.consistency.positions == "untouched"
    return SubwordSampling(sampler, options.ratio, resources.only_last, keep_all)


def gaussian_noise(recipe: Recipe, resources: Resources) -> Augmentation:
    """`gn`: noise on the input embeddings."""
    options = recipe.gaussian_noise
    assert options.eps is not None  # `xtune.runs.prepare` has settled it
    return GaussianNoise(options.kind, options.eps)


def code_switch(recipe: Recipe, resources: Resources) -> Augmentation:
    """`cs`: words of other languages through dictionaries."""
    if resources.dictionaries is None:
        raise InputError(
            "code-switch needs bilingual dictionaries",
            field="data.dictionaries",
            remedy="name a folder with MUSE dictionaries (en-XX.txt), or use augmentation=ss",
        )
    ratio, only_last = recipe.code_switch.ratio, resources.only_last
    return CodeSwitch(resources.dictionaries, ratio, recipe.source_language, only_last)


def machine_translation(recipe: Recipe, resources: Resources) -> Augmentation:
    """`mt`: the example in a random language."""
    return Translate(_translations(resources), resources.sources, recipe.translation.languages)


BUILDERS: dict[str, Callable[[Recipe, Resources], Augmentation]] = {
    "ss": subword_sampling,
    "gn": gaussian_noise,
    "cs": code_switch,
    "mt": machine_translation,
    "identity": lambda recipe, resources: identity,
}


def names_in(recipe: Recipe) -> list[str]:
    """The augmentations that a resolved recipe's stages use, as written (`ss`, `cs+ss` …)."""
    stages = recipe.stages or ()
    used = [stage.augmentation for stage in stages] + [stage.r1.augmentation for stage in stages if stage.r1]
    return sorted({name for name in used if name})


def check_names(recipe: Recipe) -> None:
    """Refuse an unknown augmentation before anything is loaded for it."""
    for name in names_in(recipe):
        for part in name.split("+"):
            if part not in BUILDERS:
                raise InputError(
                    f"there is no augmentation '{part}'", field="augmentation", remedy=did_you_mean(part, BUILDERS)
                )


def build_augmentations(
    recipe: Recipe, resources: Resources
) -> tuple[dict[str, Augmentation], dict[str, tuple[Augmentation, ...]]]:
    """Every augmentation that the recipe's stages name; `cs+ss` is both, the first first.

    Returns:
        By name, the augmentation; and by name, what makes the augmented copies of D: that one, or with
        `translation.draw=all` one a language, the concatenation of English and all its translations that the paper
        describes (section 4.1).
    """
    part = cache(lambda name: BUILDERS[name](recipe, resources))  # caches of samplers are worth sharing
    augmentations: dict[str, Augmentation] = {}
    copies: dict[str, tuple[Augmentation, ...]] = {}
    for name in names_in(recipe):
        parts = name.split("+")
        augmentations[name] = _compose([part(each) for each in parts])
        if "mt" not in parts or recipe.translation.draw == "sampled":
            copies[name] = (augmentations[name],)
            continue
        table = _translations(resources)
        languages = recipe.translation.languages or table.languages
        copies[name] = tuple(
            _compose([TranslateTo(table, language) if each == "mt" else part(each) for each in parts])
            for language in languages
        )
    return augmentations, copies


def _compose(parts: Sequence[Augmentation]) -> Augmentation:
    return parts[0] if len(parts) == 1 else Compose(tuple(parts))


def _translations(resources: Resources) -> TranslationTable:
    if resources.translations is None:
        raise InputError(
            "machine translation needs translations of the training set",
            field="data.translations",
            remedy="name a file, or a folder of en-{lang}-translated.tsv or .jsonl files",
        )
    return resources.translations
