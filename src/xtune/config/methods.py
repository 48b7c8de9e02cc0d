"""What each method is: the stages it trains, built from a recipe's weights and augmentations (paper, section 3.1).

A method is one function; a table of the paper names the one that its cell uses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from xtune.config.recipe import AugmentationConfig, R1Stage, R2Stage, Recipe, Stage
from xtune.errors import InputError, did_you_mean

OTHER_FOLDERS = ("model", "predictions")
"""What else is in a run's folder, so that no stage can be called so."""

Method = Callable[[Recipe, AugmentationConfig], tuple[Stage, ...]]


def plain(recipe: Recipe, augmentation: AugmentationConfig) -> tuple[Stage, ...]:
    """Cross-entropy on D: conventional cross-lingual fine-tuning."""
    return (Stage(name="stage1"),)


def data_augmentation(recipe: Recipe, augmentation: AugmentationConfig) -> tuple[Stage, ...]:
    """Cross-entropy on D_A. With machine translation it is the paper's translate-train-all baseline."""
    return (Stage(name="stage1", augmentation=_need(augmentation.data, "data", "data-augmentation")),)


def r1(recipe: Recipe, augmentation: AugmentationConfig) -> tuple[Stage, ...]:
    """Cross-entropy and R1 on D; in translate-train-all on D_A, "to make a fair comparison" (paper, section 4.2)."""
    if recipe.setting == "translate-train-all":
        data = _need(augmentation.data, "data", "r1")
        partner = _need(augmentation.consistency, "consistency", "r1")
        return (Stage(name="stage1", augmentation=data, r1=_r1(recipe, partner)),)
    return (Stage(name="stage1", r1=_r1(recipe, _need(augmentation.stage1, "stage1", "r1"))),)


def r2(recipe: Recipe, augmentation: AugmentationConfig) -> tuple[Stage, ...]:
    """A plain teacher, then cross-entropy and R2 on D_A."""
    data = _need(augmentation.data, "data", "r2")
    return (*plain(recipe, augmentation), Stage(name="stage2", augmentation=data, r2=_r2(recipe), train=recipe.stage2))


def xtune(recipe: Recipe, augmentation: AugmentationConfig) -> tuple[Stage, ...]:
    """Both stages in full (paper, section 3.1.3)."""
    partner = _need(augmentation.stage1, "stage1", "xtune")
    data = _need(augmentation.data, "data", "xtune")
    partner_on_data = _need(augmentation.consistency, "consistency", "xtune")
    return (
        Stage(name="stage1", r1=_r1(recipe, partner)),
        Stage(name="stage2", augmentation=data, r1=_r1(recipe, partner_on_data), r2=_r2(recipe), train=recipe.stage2),
    )


def xtune_no_stopgrad(recipe: Recipe, augmentation: AugmentationConfig) -> tuple[Stage, ...]:
    """xTune whose R1 sends gradients through both sides (paper, table 2, last row)."""
    return tuple(
        replace(stage, r1=replace(stage.r1, stop_gradient=False) if stage.r1 else None)
        for stage in xtune(recipe, augmentation)
    )


def r_drop(recipe: Recipe, augmentation: AugmentationConfig) -> tuple[Stage, ...]:
    """R-Drop (Liang et al., 2021): the example beside itself, told apart by dropout only; both halves labelled."""
    weight = recipe.consistency.lambda_r_drop
    identity = R1Stage(augmentation="identity", weight=weight, stop_gradient=False, task_on_partner=True)
    return (Stage(name="stage1", r1=identity),)


def r3f(recipe: Recipe, augmentation: AugmentationConfig) -> tuple[Stage, ...]:
    """R3F: the example beside itself with noise on its input embeddings; the clean half alone is labelled.

    L = L_task(x) + λ (KL(p ‖ q) + KL(q ‖ p)), with p the outcomes of x and q those of x + z: a sum over outcomes, the
    mean over sites, both directions added, no stop-gradient. z is normal or uniform, as the recipe's `gaussian_noise`
    says; their code has `kind: uniform`, `eps: 1e-5`, beside which dropout is nearly all that tells the halves apart.
    Their code, not their formula, also holds the embedding matrix constant in the noisy half; here it is trained.

    References:
        Aghajanyan et al. (2021), Better Fine-Tuning by Reducing Representational Collapse, ICLR (arXiv 2008.03156);
        code: fairseq, examples/rxf.
    """
    noisy = R1Stage(augmentation="gn", weight=recipe.consistency.lambda_r3f, stop_gradient=False)
    return (Stage(name="stage1", r1=noisy),)


def r4f(recipe: Recipe, augmentation: AugmentationConfig) -> tuple[Stage, ...]:
    """R4F: R3F whose head's output layer is divided by its spectral norm, which makes that layer 1-Lipschitz."""
    return tuple(replace(stage, spectral_norm=True) for stage in r3f(recipe, augmentation))


METHODS: dict[str, Method] = {
    "plain": plain,
    "data-augmentation": data_augmentation,
    "r1": r1,
    "r2": r2,
    "xtune": xtune,
    "xtune-no-stopgrad": xtune_no_stopgrad,
    "r-drop": r_drop,
    "r3f": r3f,
    "r4f": r4f,
}


def stages_of(recipe: Recipe, augmentation: AugmentationConfig) -> tuple[Stage, ...]:
    """The stages that the recipe's method trains.

    Raises:
        InputError: For an unknown method, or one whose augmentation the recipe does not name.
    """
    if recipe.method not in METHODS:
        raise InputError(
            f"there is no method '{recipe.method}'", field="method", remedy=did_you_mean(recipe.method, METHODS)
        )
    return METHODS[recipe.method](recipe, augmentation)


def check_stages(recipe: Recipe, file: str | Path | None = None) -> None:
    """Refuse stages, the user's own mostly, that cannot be trained one after the other.

    Args:
        recipe: Its stages are known.
        file: Where they stand, for the error.

    Raises:
        InputError: Naming the key, for a name that is no folder's or there twice, a teacher that is not trained
            before, or an R2 that no row would see; or if there is no stage.
    """
    names: list[str] = []
    for number, stage in enumerate(recipe.stages or ()):
        key = f"stages.{number}"
        if not re.fullmatch(r"\w[\w.-]*", stage.name) or stage.name in OTHER_FOLDERS:
            problem = f"a stage is a folder of the run, which cannot be called '{stage.name}'"
            raise InputError(problem, file=file, field=f"{key}.name", remedy="call it stage1, stage2 …")
        if stage.name in names:
            problem = f"another stage is called '{stage.name}' too"
            raise InputError(problem, file=file, field=f"{key}.name", remedy="give each stage a name of its own")
        if stage.r2 and stage.r2.teacher not in names:
            problem = f"no stage before this one is called '{stage.r2.teacher}'"
            remedy = f"name one of {', '.join(names)}" if names else "move r2 to a later stage"
            raise InputError(problem, file=file, field=f"{key}.r2.teacher", remedy=remedy)
        if stage.r2 and stage.augmentation is None and recipe.consistency.rows == "augmented":
            problem, remedy = "R2 acts on augmented rows, and the stage has none", "name one, or consistency.rows=all"
            raise InputError(problem, file=file, field=f"{key}.augmentation", remedy=remedy)
        names.append(stage.name)
    if not names:
        raise InputError("there is no stage", file=file, field="stages", remedy="name one, or set stages=null")


def _r1(recipe: Recipe, augmentation: str) -> R1Stage:
    return R1Stage(augmentation=augmentation, weight=recipe.consistency.lambda1)


def _r2(recipe: Recipe) -> R2Stage:
    return R2Stage(teacher="stage1", weight=recipe.consistency.lambda2)


def _need(name: str | None, slot: str, method: str) -> str:
    if name is None:
        raise InputError(
            f"the method '{method}' needs an augmentation",
            field=f"augmentation.{slot}",
            remedy=f"set augmentation.{slot}=ss (or gn, cs, mt), or augmentation=auto",
        )
    return name
