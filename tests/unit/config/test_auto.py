"""The paper's appendix D as a table, and what a run makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from xtune.config.auto import choose_augmentation
from xtune.config.load import load_recipe
from xtune.config.recipe import AugmentationConfig
from xtune.errors import InputError
from xtune.runs.resolve import resolve


@pytest.mark.parametrize(
    ("kind", "translations", "dictionaries", "expected"),
    [
        # D.1: translation first, then code-switch, then sub-word sampling; tables 7 and 8 for XNLI and PAWS-X.
        ("classification", True, True, ("mt", "mt", "mt")),
        ("classification", True, False, ("mt", "mt", "mt")),
        ("classification", False, True, ("cs", "cs", "cs")),
        ("classification", False, False, ("ss", "ss", "ss")),
        # Tables 7 and 8, XQuAD and MLQA with dictionaries, TyDiQA without.
        ("span", True, True, ("cs", "mt", "ss")),
        ("span", True, False, ("ss", "mt", "ss")),
        ("span", False, True, ("cs", "ss", "ss")),
        ("span", False, False, ("ss", "ss", "ss")),
        # POS and NER.
        ("tagging", True, True, ("ss", "mt", "ss")),
        ("tagging", True, False, ("ss", "mt", "ss")),
        ("tagging", False, True, ("ss", "ss", "ss")),
        ("tagging", False, False, ("ss", "ss", "ss")),
    ],
)
def test_the_choice(kind: Any, translations: bool, dictionaries: bool, expected: tuple[str, ...]) -> None:
    chosen, reasons = choose_augmentation(kind, translations=translations, dictionaries=dictionaries)
    assert (chosen.stage1, chosen.data, chosen.consistency) == expected
    assert reasons
    for slot in ("stage1", "data", "consistency"):
        assert any(slot in reason.partition(":")[0] for reason in reasons)


@pytest.mark.parametrize(
    ("keys", "setting", "augmentation"),
    [
        ({}, "cross-lingual-transfer", "ss"),
        ({"data.dictionaries": "d"}, "cross-lingual-transfer", "cs"),
        ({"data.translations": "t"}, "translate-train-all", "mt"),
        ({"data.translations": "t", "data.dictionaries": "d"}, "translate-train-all", "mt"),
        # Translations that the setting forbids are not used.
        ({"data.translations": "t", "setting": "cross-lingual-transfer"}, "cross-lingual-transfer", "ss"),
        (
            {"data.translations": "t", "data.dictionaries": "d", "setting": "cross-lingual-transfer"},
            "cross-lingual-transfer",
            "cs",
        ),
    ],
)
def test_a_run_chooses_by_what_it_is_given(keys: dict[str, str], setting: str, augmentation: str) -> None:
    recipe = resolve(load_recipe("text-classification", keys))
    assert recipe.setting == setting
    assert recipe.augmentation == AugmentationConfig(stage1=augmentation, data=augmentation, consistency=augmentation)
    assert recipe.augmentation_reasons
    assert recipe.stages is not None
    assert [stage.r1 and stage.r1.augmentation for stage in recipe.stages] == [augmentation] * 2


def test_dictionaries_beside_the_data_are_found(tmp_path: Any) -> None:
    (tmp_path / "dictionaries").mkdir()
    recipe = resolve(load_recipe("text-classification", {"data.dir": str(tmp_path)}))
    assert recipe.data.dictionaries == str(tmp_path / "dictionaries")
    assert recipe.augmentation == AugmentationConfig(stage1="cs", data="cs", consistency="cs")
    named = resolve(load_recipe("text-classification", {"data.dir": str(tmp_path), "data.dictionaries": "d"}))
    assert named.data.dictionaries == "d"


def test_languages_are_known_by_one_code_from_then_on() -> None:
    keys = ("data.languages", "code_switch.languages", "translation.languages")
    recipe = resolve(
        load_recipe("text-classification", {**dict.fromkeys(keys, "zh-CN,deu,zh"), "source_language": "en-GB"})
    )
    assert recipe.source_language == "en"
    assert recipe.data.languages == recipe.code_switch.languages == recipe.translation.languages == ("zh", "de")


@pytest.mark.parametrize("key", ["data.languages", "code_switch.languages", "translation.languages"])
def test_languages_that_there_are_not(key: str) -> None:
    with pytest.raises(InputError) as failure:
        resolve(load_recipe("text-classification", {key: "de,german"}))
    assert failure.value.field == key


def test_what_the_user_names_is_not_chosen() -> None:
    recipe = resolve(load_recipe("text-classification", {"augmentation": "gn", "data.dictionaries": "d"}))
    assert recipe.augmentation == AugmentationConfig(stage1="gn", data="gn", consistency="gn")
    assert recipe.augmentation_reasons == ()


@pytest.mark.parametrize(
    ("keys", "field", "said"),
    [
        ({"augmentation": "mt"}, "setting", "no translations"),
        ({"augmentation": {"stage1": "cs", "data": "cs+mt", "consistency": "cs"}}, "setting", "no translations"),
        ({"augmentation": "cz"}, "augmentation", "known: cs, gn, identity, mt, ss"),
        ({"augmentation": "ss+noise"}, "augmentation", "no augmentation 'noise'"),
        ({"task": "xnly"}, "task", "did you mean 'xnli'?"),
        ({"source_language": "english"}, "source_language", "did you mean 'en'?"),
        ({"method": "rdrop"}, "method", "did you mean 'r-drop'?"),
    ],
)
def test_names_that_there_are_not(keys: dict[str, Any], field: str, said: str) -> None:
    with pytest.raises(InputError) as failure:
        resolve(load_recipe("text-classification", keys))
    assert failure.value.field == field
    assert said in str(failure.value)
