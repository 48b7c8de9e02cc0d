from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from xtune.config.load import load_recipe, parse_recipe, recipe_names, recipe_text, to_dict, write_recipe
from xtune.config.recipe import AugmentationConfig, Recipe
from xtune.errors import InputError
from xtune.runs.resolve import resolve

MINE = """\
task: text-classification
model: some/encoder
seed: 7
code_switch:
  ratio: 0.4
  languages: [de, no]
train:
  learning_rate: 1e-5
  weight_decay: 1E-2
  adam_epsilon: 1.0e-8
  bf16: true
"""

Write = Callable[[str, str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def refused(name: str, overrides: Any = ()) -> InputError:
    with pytest.raises(InputError) as failure:
        load_recipe(name, overrides)
    return failure.value


def test_a_file_as_people_write_it(write: Write) -> None:
    """In YAML 1.1 `no` would be false and `1e-5` a string."""
    recipe = load_recipe(write("mine.yaml", MINE))
    assert recipe.code_switch.languages == ("de", "no")
    assert recipe.train == {"learning_rate": 1e-5, "weight_decay": 0.01, "adam_epsilon": 1e-8, "bf16": True}
    assert isinstance(recipe.train["learning_rate"], float)
    assert (recipe.seed, recipe.code_switch.ratio, recipe.consistency.lambda1) == (7, 0.4, 5.0)


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("seed=3", "seed", 3),
        ("train.learning_rate=2e-5", "train.learning_rate", 2e-5),
        ("train.learning_rate=2.5E-05", "train.learning_rate", 2.5e-5),
        ("train.fp16=false", "train.fp16", False),
        ("code_switch.languages=de,no", "code_switch.languages", ("de", "no")),
        ("code_switch.languages=[no, de]", "code_switch.languages", ("no", "de")),
        ("code_switch.languages=no", "code_switch.languages", ("no",)),
        ("code_switch.languages=", "code_switch.languages", None),
        ("code_switch.languages=null", "code_switch.languages", None),
        ("data.labels=yes,no", "data.labels", ("yes", "no")),
        ("data.text_columns=premise, hypothesis", "data.text_columns", ("premise", "hypothesis")),
        ("data.train=a=b.csv", "data.train", "a=b.csv"),
        ("augmentation=cs", "augmentation", AugmentationConfig(stage1="cs", data="cs", consistency="cs")),
        ("augmentation=cs+ss", "augmentation.data", "cs+ss"),
        ("augmentation.data=ss", "augmentation", AugmentationConfig(data="ss")),
        ("subword_sampling.nbest=null", "subword_sampling.nbest", None),
        ("consistency.lambda1=0", "consistency.lambda1", 0.0),
    ],
)
def test_keys_set_otherwise(write: Write, override: str, key: str, value: Any) -> None:
    recipe: Any = load_recipe(write("mine.yaml", MINE), [override])
    for part in key.split("."):
        recipe = recipe[part] if isinstance(recipe, dict) else getattr(recipe, part)
    assert recipe == value
    assert type(recipe) is type(value)


def test_overrides_as_a_mapping_and_in_order(write: Write) -> None:
    file = write("mine.yaml", MINE)
    recipe = load_recipe(file, {"data.train": "x.csv", "train.learning_rate": 3e-5, "seed": 2})
    assert (recipe.data.train, recipe.train["learning_rate"], recipe.seed) == ("x.csv", 3e-5, 2)
    assert recipe.train["weight_decay"] == 0.01  # the section's other keys stay
    assert load_recipe(file, ["seed=2", "seed=4"]).seed == 4


def test_include_lays_a_recipe_over_another(write: Write) -> None:
    base = write("base.yaml", MINE)
    recipe = load_recipe(
        write("above.yaml", f"include: {base}\nseed: 8\ntrain: {{weight_decay: 0.5}}\naugmentation: cs\n")
    )
    assert recipe.seed == 8
    assert recipe.train == {"learning_rate": 1e-5, "weight_decay": 0.5, "adam_epsilon": 1e-8, "bf16": True}
    assert recipe.code_switch.languages == ("de", "no")
    third = load_recipe(write("third.yaml", f"include: {Path(base).parent}/above.yaml\nmodel: other/one\n"))
    assert (third.model, third.seed, third.code_switch.ratio) == ("other/one", 8, 0.4)
    shipped = load_recipe(write("own.yaml", "include: xnli-transfer-base\nmodel: mine\n"))
    assert (shipped.model, shipped.train["learning_rate"]) == ("mine", 7e-6)


@pytest.mark.parametrize(
    ("override", "field", "remedy"),
    [
        ("modl=x", "modl", "'model'"),
        ("consistency.lamda1=1", "consistency.lamda1", "'lambda1'"),
        ("data.dictionary=x", "data.dictionary", "'dictionaries'"),
        ("code_switch.lenguages=de", "code_switch.lenguages", "'languages'"),
        ("subword_sampling.n_best=2", "subword_sampling.n_best", "'nbest'"),
        ("selection.metrik=f1", "selection.metrik", "'metric'"),
    ],
)
def test_unknown_keys_and_what_was_meant(override: str, field: str, remedy: str) -> None:
    failure = refused("text-classification", [override])
    assert failure.field == field
    assert f"did you mean {remedy}" in str(failure)


def test_unknown_keys_of_the_augmentation_and_what_was_meant() -> None:
    failure = refused("text-classification", ["augmentation.dat=cs"])
    assert failure.field == "augmentation.dat"
    assert "did you mean 'data'" in str(failure)


@pytest.mark.parametrize(
    ("override", "field"),
    [
        ("consistency.lambda1=-1", "consistency.lambda1"),
        ("consistency.lambda2=-0.1", "consistency.lambda2"),
        ("consistency.lambda1=a", "consistency.lambda1"),
        ("consistency.reduction=sum", "consistency.reduction"),
        ("consistency.rows=none", "consistency.rows"),
        ("ratio=1.5", "ratio"),
        ("ratio=-0.1", "ratio"),
        ("code_switch.ratio=30", "code_switch.ratio"),
        ("subword_sampling.alpha=0", "subword_sampling.alpha"),
        ("subword_sampling.nbest=0", "subword_sampling.nbest"),
        ("gaussian_noise.eps=-1", "gaussian_noise.eps"),
        ("gaussian_noise.kind=gauss", "gaussian_noise.kind"),
        ("setting=zero-shot", "setting"),
        ("seed=-1", "seed"),
        ("seed=1.5", "seed"),
        ("max_length=4", "max_length"),
        ("selection.by=test", "selection.by"),
        ("translation.draw=some", "translation.draw"),
        ("data.max_train_examples=0", "data.max_train_examples"),
        ("train=3", "train"),
        ("model=", "model"),
        ("data.revision=[main]", "data.revision"),
    ],
)
def test_values_out_of_bounds(override: str, field: str) -> None:
    failure = refused("text-classification", [override])
    assert failure.field == field
    assert "does not fit" in str(failure)
    assert failure.remedy


@pytest.mark.parametrize("override", ["seed", "=3", "train.learning_rate"])
def test_what_is_no_pair(override: str) -> None:
    assert "key=value" in str(refused("text-classification", [override]))


def test_unknown_recipes() -> None:
    assert "did you mean 'xnli-transfer-base'?" in str(refused("xnli-transfer-bas"))
    failure = refused("folder/none.yaml")
    assert failure.file == "folder/none.yaml"
    assert "no such recipe file" in str(failure)


def test_broken_files(write: Write) -> None:
    failure = refused(write("a.yaml", "task: x\nmodel: [a\n"))
    assert (Path(str(failure.file)).name, failure.line) == ("a.yaml", 3)
    assert "mapping" in str(refused(write("b.yaml", "- a\n")))
    assert "mapping" in str(refused(write("c.yaml", "")))
    missing = refused(write("d.yaml", "task: xnli\n"))
    assert (missing.field, missing.problem) == ("model", "the key is missing")
    latin = Path(write("e.yaml", "")).with_name("latin.yaml")
    latin.write_bytes(b"task: caf\xe9\n")
    assert "UTF-8" in str(refused(str(latin)))


STAGES = """\
task: text-classification
model: some/encoder
stages:
  - {name: stage1}
  - {name: stage2, augmentation: ss, r2: {teacher: stage1, weight: 2.0}, train: {num_train_epochs: 3}}
"""


def test_stages_may_be_spelt_out(write: Write) -> None:
    recipe = load_recipe(write("stages.yaml", STAGES), ["train.learning_rate=1e-5"])
    assert recipe.stages is not None
    assert recipe.stages[0].r1 is None and recipe.stages[1].r2 is not None
    assert (recipe.stages[1].r2.teacher, recipe.stages[1].r2.weight) == ("stage1", 2.0)
    assert resolve(recipe).stages == recipe.stages


@pytest.mark.parametrize(
    "override", ["method=plain", "consistency.lambda1=1", "augmentation=ss", "augmentation.data=ss", "setting=auto"]
)
def test_keys_that_spelt_out_stages_would_not_hear_of(write: Write, override: str) -> None:
    """`xtune train run/config.yaml method=plain` must not silently repeat xtune."""
    file = write("stages.yaml", STAGES)
    failure = refused(file, [override])
    assert failure.field == override.partition("=")[0]
    assert "stages=null" in str(failure)
    made_anew = resolve(load_recipe(file, ["stages=null", "method=plain"]))
    assert made_anew.stages is not None and [stage.name for stage in made_anew.stages] == ["stage1"]


def test_keys_that_are_read_when_stages_are_trained(write: Write) -> None:
    recipe = load_recipe(write("stages.yaml", STAGES), ["consistency.targets=hard", "consistency.reduction=mean"])
    assert (recipe.consistency.targets, recipe.consistency.reduction) == ("hard", "mean")


def test_keys_set_otherwise_in_a_mapping() -> None:
    values = {"task": "xnli", "model": "m", "train": {"learning_rate": 1e-5}}
    recipe = parse_recipe(values, ["seed=3", "train.learning_rate=2e-5"])
    assert (recipe.seed, recipe.train, values["train"]) == (3, {"learning_rate": 2e-5}, {"learning_rate": 1e-5})


def test_unknown_keys_of_a_stage(write: Write) -> None:
    failure = refused(write("stages.yaml", STAGES.replace("train:", "trian:")))
    assert failure.field == "stages.1.trian"
    assert "did you mean 'train'?" in str(failure)
    assert refused(write("stages.yaml", STAGES.replace("weight: 2.0", "weight: -2"))).field == "stages.1.r2.weight"
    assert refused(write("stages.yaml", STAGES.replace(", weight: 2.0", ""))).problem == "the key is missing"


@pytest.mark.parametrize("name", recipe_names())
@pytest.mark.parametrize("method", ["xtune", "r-drop"])
def test_every_recipe_resolves_is_written_and_read_back(tmp_path: Path, name: str, method: str) -> None:
    recipe = resolve(load_recipe(name, {"method": method, "seed": 5, "code_switch.languages": ["de", "no"]}))
    path = tmp_path / "config.yaml"
    write_recipe(recipe, path)
    assert load_recipe(str(path)) == recipe
    assert resolve(load_recipe(str(path))) == recipe
    assert parse_recipe(yaml.safe_load(path.read_text("utf-8"))) == recipe  # for whoever reads it otherwise
    assert parse_recipe(to_dict(recipe)) == recipe
    assert list(tmp_path.iterdir()) == [path]


def test_a_recipe_that_is_resolved_says_all_that_decides() -> None:
    recipe = resolve(load_recipe("text-classification", {"data.dictionaries": "folder"}))
    values = to_dict(recipe)
    assert set(values) == set(Recipe.__dataclass_fields__)
    assert values["setting"] == "cross-lingual-transfer"
    assert values["augmentation"] == {"stage1": "cs", "data": "cs", "consistency": "cs"}
    assert len(values["stages"]) == 2
    assert values["augmentation_reasons"]


def test_the_text_of_a_recipe_keeps_its_comments(write: Write) -> None:
    assert "# xtune train xnli-transfer-base" in recipe_text("xnli-transfer-base")
    assert recipe_text(write("mine.yaml", "# mine\n" + MINE)) == "# mine\n" + MINE
