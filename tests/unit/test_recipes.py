"""The recipes that come with xtune against the published values, written down here from the paper and its code.

Paper: tables 7 and 8 (A*, A, A', λ), appendix B (epochs, batch size 32, linear schedule, warm-up), section 4.1 (ratio
1.0, models, selection). Code: learning rates, word ratios, lengths, which languages, no warm-up for XNLI and PAWS-X, KL
averaged over labels, R2 on augmented rows only and for entities with hard targets, parts of speech from sums over
sub-words, augmentation drawn anew each epoch, and of span extraction windows, micro-batches and the steps of stage 2.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from typing import Any

import pytest
import yaml

from xtune.config.load import load_recipe, recipe_names
from xtune.config.recipe import AugmentationConfig, DataConfig
from xtune.runs.resolve import resolve
from xtune.tasks.datasets import dataset

XNLI = ["ar", "bg", "de", "el", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh"]
PAWSX = ["de", "es", "fr", "ja", "ko", "zh"]
BASE, LARGE = "FacebookAI/xlm-roberta-base", "FacebookAI/xlm-roberta-large"
TRANSFER, TRANSLATE = "cross-lingual-transfer", "translate-train-all"

# model, setting, A* A A', word ratio of code-switch, λ1, λ2, learning rate, micro-batch, accumulation, languages
PAPER: dict[str, tuple[Any, ...]] = {
    "xnli-transfer-base": (BASE, TRANSFER, "cs cs cs", 0.3, 5.0, 5.0, 7e-6, 32, 1, XNLI),
    "xnli-transfer-large": (LARGE, TRANSFER, "cs cs cs", 0.3, 5.0, 5.0, 5e-6, 16, 2, XNLI),
    "xnli-translate-base": (BASE, TRANSLATE, "mt mt mt", None, 5.0, 1.0, 7e-6, 32, 1, XNLI),
    "xnli-translate-large": (LARGE, TRANSLATE, "mt mt mt", None, 5.0, 1.0, 5e-6, 16, 2, XNLI),
    "pawsx-transfer-base": (BASE, TRANSFER, "cs cs cs", 0.5, 5.0, 2.0, 1e-5, 32, 1, PAWSX),
    "pawsx-transfer-large": (LARGE, TRANSFER, "cs cs cs", 0.5, 5.0, 2.0, 1e-5, 16, 2, PAWSX),
    "pawsx-translate-base": (BASE, TRANSLATE, "mt mt mt", None, 5.0, 1.0, 1e-5, 32, 1, PAWSX),
    "pawsx-translate-large": (LARGE, TRANSLATE, "mt mt mt", None, 5.0, 1.0, 1e-5, 16, 2, PAWSX),
}

UDPOS = "af ar bg de el es et eu fa fi fr he hi hu id it kk mr nl pt ru te tl tr ur vi yo"
PANX = f"{UDPOS} bn jv ka ms sw"

# model, setting, A, word ratio of subword sampling, λ2, targets, pooling, learning rate, languages translated into;
# A* and A' are subword sampling and λ1 is 5 throughout, the batch is 32 × 1 for both sizes
TAGGING: dict[str, tuple[Any, ...]] = {
    "udpos-transfer-base": (BASE, TRANSFER, "ss", 0.5, 0.3, "soft", "sum", 2e-5, None),
    "udpos-transfer-large": (LARGE, TRANSFER, "ss", 0.5, 0.3, "soft", "sum", 5e-6, None),
    "udpos-translate-base": (BASE, TRANSLATE, "mt", 0.5, 0.3, "soft", "sum", 2e-5, UDPOS),
    "udpos-translate-large": (LARGE, TRANSLATE, "mt", 0.5, 0.3, "soft", "sum", 5e-6, UDPOS),
    "panx-transfer-base": (BASE, TRANSFER, "ss", 0.3, 5.0, "hard", "first", 1e-5, None),
    "panx-transfer-large": (LARGE, TRANSFER, "ss", 0.3, 5.0, "hard", "first", 7e-6, None),
    "panx-translate-base": (BASE, TRANSLATE, "mt", 0.3, 1.0, "hard", "first", 1e-5, PANX),
    "panx-translate-large": (LARGE, TRANSLATE, "mt", 0.3, 1.0, "hard", "first", 7e-6, PANX),
}

XQUAD, MLQA, TYDIQA = "ar de el es hi ru th tr vi zh", "ar de es hi vi zh", "ar bn fi id ko ru sw te"

# setting, A*, A, λ2, selection, learning rate, epochs, steps of stage 2, languages translated into; A' is subword
# sampling, λ1 is 5 throughout; base and large differ in model, rate, micro-batch (32 × 1, 4 × 8), in TyDiQA steps
SPAN: dict[str, tuple[Any, ...]] = {
    "xquad-transfer-base": (TRANSFER, "cs", "ss", 5.0, "dev-mean", 3e-5, 4, 24000, None),
    "xquad-transfer-large": (TRANSFER, "cs", "ss", 5.0, "dev-mean", 1.5e-5, 4, 24000, None),
    "xquad-translate-base": (TRANSLATE, "cs", "mt", 0.1, "dev-mean", 3e-5, 4, 24000, XQUAD),
    "xquad-translate-large": (TRANSLATE, "cs", "mt", 0.1, "dev-mean", 1.5e-5, 4, 24000, XQUAD),
    "mlqa-transfer-base": (TRANSFER, "cs", "ss", 5.0, "dev-mean", 3e-5, 4, 24000, None),
    "mlqa-transfer-large": (TRANSFER, "cs", "ss", 5.0, "dev-mean", 1.5e-5, 4, 24000, None),
    "mlqa-translate-base": (TRANSLATE, "cs", "mt", 0.5, "dev-mean", 3e-5, 4, 24000, MLQA),
    "mlqa-translate-large": (TRANSLATE, "cs", "mt", 0.5, "dev-mean", 1.5e-5, 4, 24000, MLQA),
    "tydiqa-transfer-base": (TRANSFER, "ss", "ss", 5.0, "source-dev", 3e-5, 20, 5000, None),
    "tydiqa-transfer-large": (TRANSFER, "ss", "ss", 5.0, "source-dev", 1.5e-5, 10, 2500, None),
    "tydiqa-translate-base": (TRANSLATE, "ss", "mt", 0.3, "source-dev", 3e-5, 20, 5000, TYDIQA),
    "tydiqa-translate-large": (TRANSLATE, "ss", "mt", 0.3, "source-dev", 1.5e-5, 10, 2500, TYDIQA),
}

# F1/EM: tables 2 (base) and 1 (large)
SPAN_SCORES = {
    "xquad": ("73.9/59.0", "79.4/64.4", "78.1/64.4", "82.5/69.0"),
    "mlqa": ("68.1/50.2", "74.4/56.2", "69.7/52.1", "75.0/57.1"),
    "tydiqa": ("61.2/45.2", "74.8/59.4", "65.9/51.1", "75.4/60.8"),
}

# Encoders that nobody published values for, with those of XLM-R base.
OTHERS = {
    "xnli-transfer-mbert": "google-bert/bert-base-multilingual-cased",
    "xnli-transfer-mdeberta": "microsoft/mdeberta-v3-base",
    "xnli-transfer-mmbert": "jhu-clsp/mmBERT-base",
}


POCKET = ("pocket-topic", "pocket-nli", "pocket-paraphrase", "pocket-pos", "pocket-ner", "pocket-qa")

# learning rates
GENERIC = {"text-classification": 1e-5, "text-pair": 1e-5, "tagging": 2e-5, "span": 3e-5}


@pytest.mark.parametrize("name", PAPER)
def test_published_values(name: str) -> None:
    model, setting, names, ratio, lambda1, lambda2, rate, micro, accumulation, languages = PAPER[name]
    recipe = resolve(load_recipe(name))
    stage1, data, consistency = names.split()
    assert (recipe.task, recipe.model, recipe.setting) == (name.partition("-")[0], model, setting)
    assert recipe.method == "xtune"
    assert recipe.augmentation == AugmentationConfig(stage1=stage1, data=data, consistency=consistency)
    if ratio is not None:
        assert recipe.code_switch.ratio == ratio
        assert list(recipe.code_switch.languages or ()) == languages
    if setting == TRANSLATE:
        assert recipe.translation.draw == "sampled"
        assert list(recipe.translation.languages or ()) == languages
    assert (recipe.consistency.lambda1, recipe.consistency.lambda2) == (lambda1, lambda2)
    assert (recipe.consistency.reduction, recipe.consistency.rows) == ("mean", "augmented")
    assert recipe.consistency.targets == "soft"
    assert (recipe.ratio, recipe.resample, recipe.max_length) == (1.0, "epoch", 256)
    assert recipe.selection.by == "dev-mean"
    assert recipe.source_language == "en"
    train = recipe.train
    assert train["learning_rate"] == rate
    assert train["num_train_epochs"] == 10
    assert (train["per_device_train_batch_size"], train["gradient_accumulation_steps"]) == (micro, accumulation)
    assert micro * accumulation == 32
    assert (train["warmup_steps"], train["lr_scheduler_type"]) == (0, "linear")
    assert (train["weight_decay"], train["max_grad_norm"], train["adam_epsilon"]) == (0.0, 1.0, 1e-8)


@pytest.mark.parametrize("name", [*PAPER, *TAGGING, *SPAN])
def test_the_stages_carry_the_published_values(name: str) -> None:
    if name in PAPER:
        _, _, names, _, lambda1, lambda2, *_ = PAPER[name]
    elif name in SPAN:
        names, lambda1, lambda2 = f"{SPAN[name][1]} {SPAN[name][2]} ss", 5.0, SPAN[name][3]
    else:
        names, lambda1, lambda2 = f"ss {TAGGING[name][2]} ss", 5.0, TAGGING[name][4]
    a_star, a, a_prime = names.split()
    first, second = resolve(load_recipe(name)).stages or ()
    assert first.augmentation is None and first.r2 is None and first.r1 is not None
    assert (first.r1.augmentation, first.r1.weight, first.r1.stop_gradient) == (a_star, lambda1, True)
    assert second.augmentation == a and second.r1 is not None and second.r2 is not None
    assert (second.r1.augmentation, second.r1.weight, second.r1.stop_gradient) == (a_prime, lambda1, True)
    assert (second.r2.teacher, second.r2.weight) == ("stage1", lambda2)
    assert first.train == {}
    # Of the others ten epochs each, in stage 2 over D_A.
    assert second.train == ({"max_steps": SPAN[name][7]} if name in SPAN else {})


@pytest.mark.parametrize("name", TAGGING)
def test_published_values_of_tagging(name: str) -> None:
    model, setting, data, ratio, lambda2, targets, pooling, rate, languages = TAGGING[name]
    recipe = resolve(load_recipe(name))
    assert (recipe.task, recipe.model, recipe.setting) == (name.partition("-")[0], model, setting)
    assert (recipe.method, recipe.pooling, recipe.max_length) == ("xtune", pooling, 128)
    assert recipe.augmentation == AugmentationConfig(stage1="ss", data=data, consistency="ss")
    sampling = recipe.subword_sampling
    assert (sampling.ratio, sampling.alpha, sampling.nbest) == (ratio, 0.3, None)
    assert recipe.translation.draw == "sampled"
    assert sorted(recipe.translation.languages or ()) == sorted((languages or "").split())
    consistency = recipe.consistency
    assert (consistency.lambda1, consistency.lambda2, consistency.targets) == (5.0, lambda2, targets)
    assert (consistency.reduction, consistency.rows) == ("mean", "augmented")
    assert (recipe.ratio, recipe.resample) == (1.0, "epoch")
    assert (recipe.selection.by, recipe.selection.metric, recipe.source_language) == ("dev-mean", "f1", "en")
    train = recipe.train
    assert (train["learning_rate"], train["num_train_epochs"]) == (rate, 10)
    assert (train["per_device_train_batch_size"], train["gradient_accumulation_steps"]) == (32, 1)
    assert (train["warmup_steps"], train["lr_scheduler_type"]) == (0.1, "linear")
    assert (train["weight_decay"], train["max_grad_norm"], train["adam_epsilon"]) == (0.0, 1.0, 1e-8)


@pytest.mark.parametrize("name", SPAN)
def test_published_values_of_span_extraction(name: str) -> None:
    setting, stage1, data, lambda2, by, rate, epochs, _, languages = SPAN[name]
    large = name.endswith("large")
    recipe = resolve(load_recipe(name))
    assert (recipe.task, recipe.setting, recipe.method) == (name.partition("-")[0], setting, "xtune")
    assert recipe.model == (LARGE if large else BASE)
    assert (recipe.max_length, recipe.stride, recipe.max_question_length) == (384, 128, 64)
    assert recipe.augment_question is False
    assert recipe.augmentation == AugmentationConfig(stage1=stage1, data=data, consistency="ss")
    sampling = recipe.subword_sampling
    assert (sampling.ratio, sampling.alpha, sampling.nbest) == (0.3, 0.3, None)
    switched = {"xquad": "ar de el es hi ru th tr vi zh", "mlqa": "ar de es hi vi zh"}.get(recipe.task)
    assert (recipe.code_switch.ratio, recipe.code_switch.languages) == (0.3, switched and tuple(switched.split()))
    assert recipe.translation.draw == "sampled"
    assert sorted(recipe.translation.languages or ()) == sorted((languages or "").split())
    consistency = recipe.consistency
    assert (consistency.lambda1, consistency.lambda2, consistency.targets) == (5.0, lambda2, "soft")
    assert (consistency.reduction, consistency.rows, consistency.positions) == ("batchmean", "augmented", "unchanged")
    assert (recipe.ratio, recipe.resample) == (1.0, "epoch")
    assert (recipe.selection.by, recipe.selection.metric, recipe.source_language) == (by, "f1", "en")
    train = recipe.train
    assert (train["learning_rate"], train["num_train_epochs"]) == (rate, epochs)
    micro, accumulation = train["per_device_train_batch_size"], train["gradient_accumulation_steps"]
    assert (micro, accumulation) == ((4, 8) if large else (32, 1))
    assert (train["warmup_steps"], train["lr_scheduler_type"], train["eval_strategy"]) == (0.1, "linear", "epoch")
    assert (train["weight_decay"], train["max_grad_norm"], train["adam_epsilon"]) == (0.0, 1.0, 1e-8)


@pytest.mark.parametrize("name", SPAN)
def test_span_recipes_say_what_was_published_and_what_was_selected_on_test(name: str) -> None:
    task, setting, size = name.split("-")
    score = SPAN_SCORES[task][2 * (setting == "translate") + (size == "large")]
    note = load_recipe(name).note or ""
    assert f"table {1 if size == 'large' else 2}: {score} F1/EM" in note
    assert ("selected on test" in note) == (task == "tydiqa")


@pytest.mark.parametrize("task", SPAN_SCORES)
def test_translations_are_into_all_target_languages(task: str) -> None:
    row = dataset(task)
    assert row.languages == ("en", *(load_recipe(f"{task}-translate-base").translation.languages or ()))


@pytest.mark.parametrize("name", OTHERS)
def test_other_encoders_have_the_values_of_the_base_model(name: str) -> None:
    recipe, base = load_recipe(name), load_recipe("xnli-transfer-base")
    assert recipe.model == OTHERS[name]
    for section in ("train", "consistency", "code_switch", "augmentation", "selection", "max_length", "task", "method"):
        assert getattr(recipe, section) == getattr(base, section)


def test_no_recipe_is_missing_from_here() -> None:
    assert set(recipe_names()) == {*PAPER, *TAGGING, *SPAN, *OTHERS, *POCKET, *GENERIC}


@pytest.mark.parametrize("name", POCKET)
def test_pocket_recipes_need_nothing_and_use_no_labels_but_the_sources(name: str) -> None:
    recipe = load_recipe(name)
    assert (recipe.task, recipe.model) == (name.removeprefix("pocket-"), "pocket")
    assert (recipe.method, recipe.setting) == ("xtune", TRANSFER)
    assert recipe.augmentation in ("auto", AugmentationConfig(stage1="cs", data="cs", consistency="cs"))
    assert recipe.selection.by == "source-dev"
    assert replace(recipe.data, max_train_examples=None) == DataConfig()


def test_generic_recipes_suit_any_label_space_and_use_no_labels_but_the_sources() -> None:
    for name, rate in GENERIC.items():
        recipe = load_recipe(name)
        assert (recipe.task, recipe.augmentation, recipe.setting) == (name, "auto", "auto")
        assert recipe.consistency.reduction == "batchmean"
        assert recipe.selection.by == "source-dev"
        assert recipe.data.train is None
        assert load_recipe(name, {"augmentation": "ss"}).train["learning_rate"] == rate


@pytest.mark.parametrize("name", recipe_names())
def test_paper_recipes_give_the_source_of_every_value(name: str) -> None:
    """A value without a word on where it comes from cannot be checked."""
    text = resources.files("xtune.recipes").joinpath(f"{name}.yaml").read_text("utf-8")
    assert yaml.safe_load(text)["note"]
    if name in (*PAPER, *TAGGING, *SPAN):
        unexplained = [
            line
            for line in text.splitlines()
            if line.strip() and "#" not in line and not line.endswith(":")
            if line.partition(":")[0].strip() not in ("task", "method", "setting", "include", "note")
        ]
        assert unexplained == []
