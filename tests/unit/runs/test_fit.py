from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModel

import xtune
from tests.invariant.runs import make_setup
from xtune.config.load import load_recipe, to_dict, write_recipe
from xtune.runs.prepare import with_noise
from xtune.runs.resolve import resolve


@pytest.mark.parametrize("kind", ["name", "recipe", "mapping", "path"])
def test_a_recipe_may_come_in_any_form_and_keys_be_set_otherwise(
    kind: str, tiny_model: Callable[[str], Path], tmp_path: Path
) -> None:
    setup = make_setup(tiny_model("xlm-roberta"), tmp_path, dropout=False)
    keys = {**setup.keys, "method": "plain", "train.max_steps": 1}
    loaded = load_recipe("text-classification", keys)
    write_recipe(loaded, tmp_path / "recipe.yaml")
    recipe: dict[str, Any] = {
        "name": "text-classification",
        "recipe": loaded,
        "mapping": to_dict(loaded),
        "path": tmp_path / "recipe.yaml",
    }
    overrides = {**(keys if kind == "name" else {}), "seed": 3, "data.max_train_examples": 9}
    results = xtune.fit(recipe[kind], overrides, output_dir=tmp_path / "run")
    assert (results["seed"], results["examples"]["train"], results["method"]) == (3, 9, "plain")


def test_parts_of_augmentations_are_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from xtune.runs import augmentations

    built = []

    def build(recipe: Any, resources: Any) -> Any:
        built.append(recipe)
        return lambda view, rng: view

    monkeypatch.setattr(augmentations, "BUILDERS", dict.fromkeys(("ss", "gn"), build))
    recipe = resolve(load_recipe("text-classification", ["augmentation={stage1: ss, data: ss+gn, consistency: gn}"]))
    made, copies = augmentations.build_augmentations(recipe, resources=None)  # type: ignore[arg-type]
    assert len(built) == 2
    assert set(made) == set(copies) == {"ss", "ss+gn", "gn"}
    assert copies["ss"] == (made["ss"],)


def test_noise_is_as_loud_as_the_embeddings_say(tiny_model: Callable[[str], Path], tmp_path: Path) -> None:
    setup = make_setup(tiny_model("xlm-roberta"), tmp_path, dropout=False)
    keys = {**setup.keys, "train.max_steps": 1, "augmentation": "gn", "method": "r1"}
    xtune.fit("text-classification", keys, output_dir=tmp_path / "run")
    written = load_recipe(str(tmp_path / "run" / "config.yaml")).gaussian_noise
    model = AutoModel.from_pretrained(keys["model"])
    expected = written.scale * float(model.get_input_embeddings().weight.std())
    assert written.eps == pytest.approx(expected, rel=1e-2) and expected > 0


def test_noise_that_is_given_or_not_used_stays() -> None:
    for keys, eps in (({"augmentation": "cs+gn", "gaussian_noise.eps": 1e-5}, 1e-5), ({"augmentation": "cs"}, None)):
        recipe = resolve(load_recipe("text-classification", keys))
        assert with_noise(recipe, embedding_scale=7.0).gaussian_noise.eps == eps
