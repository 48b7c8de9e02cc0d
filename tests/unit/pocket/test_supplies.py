from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.pocket.conftest import SIZES
from xtune.config.load import load_recipe
from xtune.data import load_split, load_translations, write_examples
from xtune.errors import InputError
from xtune.pocket import supplies
from xtune.pocket.benchmark import write_benchmark
from xtune.pocket.supplies import ENCODER, GENERATOR, cache_folder, furnish, furnish_by_seed, ready, sentences
from xtune.runs.resolve import resolve
from xtune.tasks.datasets import dataset


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """Small benchmarks, a cache of the test's own, and the folders that were written."""
    written: list[Path] = []

    def write(folder: Path, *arguments: Any, **options: Any) -> Any:
        written.append(folder)
        return write_benchmark(folder, *arguments, **options, sizes=SIZES)

    monkeypatch.setattr(supplies, "write_benchmark", write)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return written


def test_a_pocket_recipe_gets_encoder_and_data_which_later_runs_find(small: list[Path]) -> None:
    recipe = furnish(load_recipe("pocket-topic"))
    assert recipe.model == str(ENCODER)
    folder = Path(str(recipe.data.dir))
    assert folder.parent == cache_folder()
    assert furnish(load_recipe("pocket-topic", {"seed": 2, "method": "plain"})).data.dir == str(folder)
    assert len(small) == 1
    assert [path.name for path in cache_folder().iterdir()] == [folder.name]  # nothing half-made beside it
    assert Path(str(furnish(load_recipe("pocket-nli")).data.dir)) != folder


def test_each_seed_can_have_a_benchmark_of_its_own(small: list[Path]) -> None:
    one, two = (furnish_by_seed(load_recipe("pocket-topic", {"seed": seed})) for seed in (1, 2))
    assert one.data.dir == furnish(load_recipe("pocket-topic", {"seed": 2})).data.dir  # the one of `xtune train`
    assert two.data.dir != one.data.dir and len(small) == 2
    records = [json.loads((Path(str(each.data.dir)) / "benchmark.json").read_text("utf-8")) for each in (one, two)]
    assert [record["seed"] for record in records] == [1, 2]


def test_sentences_and_translations_of_a_seed(small: list[Path]) -> None:
    one, two = sentences(1), sentences(2)
    assert sentences(1) == one and len(small) == 2
    assert sorted(path.name for path in one.iterdir()) == ["benchmark.json", "dictionaries", "tatoeba"]
    assert (one / "tatoeba" / "de-en.en").read_text("utf-8") != (two / "tatoeba" / "de-en.en").read_text("utf-8")


def test_what_the_user_names_stays() -> None:
    named = load_recipe("pocket-topic", {"model": "some/encoder", "data.dir": "mine"})
    assert furnish(named) == named
    other = load_recipe("text-classification", {"data.train": "my.csv"})
    assert furnish(other) == other
    own = furnish(load_recipe("text-classification", {"model": "pocket", "data.train": "my.csv"}))
    assert (own.model, own.data) == (str(ENCODER), other.data)


def test_a_checkout_without_encoder_says_how_to_build_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(supplies, "ENCODER", tmp_path)
    with pytest.raises(InputError, match="xtune pocket build"):
        furnish(load_recipe("pocket-topic"))


@pytest.mark.parametrize("task", ["topic", "nli", "paraphrase"])
def test_the_data_are_read_like_any_other(tmp_path: Path, task: str) -> None:
    folder, row = ready(tmp_path / "data", 3, (task,)), dataset(task)
    source = row.locate(folder=folder)
    for split, count in (("train", 60), ("dev", 42), ("test", 42)):
        for language in row.languages if split != "train" else ("en",):
            examples = list(load_split(source, split, language, labelled=True))
            assert len(examples) == count
            assert {example.target for example in examples} == set(row.labels)
            assert all(len(example.texts) == row.texts for example in examples)
    recipe = load_recipe(f"pocket-{task}", {"data.dir": str(folder), "setting": "translate-train-all"})
    recipe = resolve(recipe)
    assert recipe.data.translations == str(folder / task / "translations")
    train = write_examples(load_split(source, "train", "en"), tmp_path / "train.arrow")
    table, counts = load_translations(recipe.data.translations, train, tmp_path / "translations")
    assert set(table.languages) == set(row.languages) - {"en"}
    assert all((count.by_id, count.missing) == (60, 0) for count in counts)


def test_the_setting_decides_whether_code_switch_or_translations_are_used(tmp_path: Path) -> None:
    folder = ready(tmp_path / "data", 3, ("topic",))
    transfer = resolve(load_recipe("pocket-topic", {"data.dir": str(folder)}))
    assert (transfer.setting, transfer.data.translations) == ("cross-lingual-transfer", None)
    assert {stage.r1 and stage.r1.augmentation for stage in transfer.stages or ()} == {"cs"}
    keys = {"data.dir": str(folder), "setting": "translate-train-all"}
    translate = resolve(load_recipe("pocket-topic", keys))
    assert {stage.r1 and stage.r1.augmentation for stage in translate.stages or ()} == {"mt"}


def test_a_benchmark_is_written_once_and_belongs_to_its_seed(tmp_path: Path, small: list[Path]) -> None:
    folder = ready(tmp_path / "data", 3, ("topic",))
    record = json.loads((folder / "benchmark.json").read_text("utf-8"))
    assert (record["seed"], record["parts"], record["examples"]["topic"]["test"]) == (3, ["topic"], 42)
    assert ready(folder, 3, ("topic",)) == folder and len(small) == 1
    with pytest.raises(InputError, match="another seed"):
        ready(folder, 4, ("topic",))
    with pytest.raises(InputError, match="other tasks or another version"):
        ready(folder, 3, ("nli",))


def test_a_folder_of_the_users_is_left_alone_and_an_empty_one_is_filled(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    assert ready(tmp_path / "mine", 1, ("topic",)).is_dir() and (tmp_path / "mine" / "topic").is_dir()
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="holds no benchmark"):
        ready(tmp_path / "thesis", 1, ("topic",))
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["chapter.tex"]


def test_an_interrupted_writing_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupt(folder: Path, *_: Any, **__: Any) -> None:
        folder.mkdir()
        (folder / "half").write_text("x", encoding="utf-8")
        raise KeyboardInterrupt

    monkeypatch.setattr(supplies, "write_benchmark", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ready(tmp_path / "data", 1, ("topic",))
    assert list(tmp_path.iterdir()) == []


def test_the_fingerprint_covers_every_module_that_the_benchmark_is_written_by() -> None:
    code = (
        "import sys, xtune.pocket.benchmark; print(*(name for name in sys.modules if name.startswith('xtune.pocket.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {name.removeprefix("xtune.pocket.") for name in done.stdout.split()} == set(GENERATOR)
