"""Table 5's second step: retrieval with its models, and with the encoder before fine-tuning."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.tiny import SENTENCES
from tests.unit.reproduce.runs import finished, write
from tests.unit.reproduce.test_collect import text_of
from xtune.config.recipe import Recipe
from xtune.errors import InputError
from xtune.reproduce.collect import ours
from xtune.reproduce.figures import table
from xtune.reproduce.job import Job
from xtune.reproduce.on_pocket import pocket_plan
from xtune.reproduce.plans import plan
from xtune.reproduce.retrieving import check_sentences, retrieve_all
from xtune.reproduce.show_cells import side_by_side
from xtune.reproduce.show_missing import retrieval_lines
from xtune.reproduce.subjects import with_encoder
from xtune.reproduce.variants import Variant

ENGLISH, GERMAN = SENTENCES["en"], SENTENCES["de"]
QUIET = Console(quiet=True)
RECIPE = "xnli-transfer-base"


def put(path: Path, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def put_tatoeba(folder: Path, own: int) -> Path:
    """German sentences, the first `own` of them in English."""
    put(folder / "tatoeba" / "de-en.de", [*ENGLISH[:own], *GERMAN[own:]])
    put(folder / "tatoeba" / "de-en.en", ENGLISH)
    return folder


def put_bucc(folder: Path) -> None:
    base = folder / "bucc2018" / "de-en.dev"
    put(Path(f"{base}.de"), [f"de-{row}\t{text}" for row, text in enumerate([*GERMAN, *ENGLISH[:6]])])
    put(Path(f"{base}.en"), [f"en-{row}\t{text}" for row, text in enumerate(ENGLISH)])
    put(Path(f"{base}.gold"), [f"de-{len(GERMAN) + row}\ten-{row}" for row in range(6)])


def retrieved(task: str, split: str, score: float) -> dict[str, Any]:
    metric = {"tatoeba": "accuracy", "bucc2018": "f1"}[task]
    scores = {"de": {metric: score}}
    return {"scores": {split: scores}, "examples": {split: {"de": 9, "fr": 9}}, "average": {split: scores["de"]}}


def job_in(output: Path, data: Path | None, seeds: tuple[int, ...] = (1,), pocket: bool = False) -> Job:
    cells = pocket_plan("table5") if pocket else plan("table5")
    return Job(table("table5"), cells, seeds, output, None if data is None else str(data), (), pocket)


@pytest.fixture
def models(tmp_path: Path, tiny_model: Callable[[str], Path]) -> Callable[[Variant, int], Path]:
    """Makes a finished run with a tiny model, which is as it was before."""

    def make(variant: Variant, seed: int) -> Path:
        finished(tmp_path / "out", variant, seed, 80.0)
        folder = tmp_path / "out" / variant.folder / f"seed{seed}"
        (folder / "config.yaml").write_text("task: xnli\n", "utf-8")
        shutil.copytree(tiny_model("xlm-roberta"), folder / "model")
        return folder

    return make


def test_a_value_is_the_mean_over_seeds_of_what_lies_beside_the_runs(tmp_path: Path) -> None:
    cell = next(cell for cell in plan("table5") if cell.row.name == "xTune")
    for seed, score in ((1, 81.0), (2, 82.0)):
        finished(tmp_path, cell.variant, seed, 80.0)
        place = tmp_path / cell.variant.folder / f"seed{seed}" / "retrieval"
        write(place / "tatoeba" / "results.json", retrieved("tatoeba", "test", score))
    write(place / "bucc2018" / "results.json", retrieved("bucc2018", "dev", 82.5))
    values = ours(table("table5"), cell, job_in(tmp_path, None, (1, 2)).found())
    assert (values["Tatoeba"].numbers, values["Tatoeba"].seeds) == ((81.5,), (1, 2))
    assert (values["BUCC"].numbers, values["BUCC"].seeds) == ((82.5,), (2,))
    tuned = "BUCC: dev, on which the threshold was tuned too"
    assert values["BUCC"].remarks == (tuned, "BUCC: 1 of 2 languages")


def test_what_is_not_retrieved_yet_and_the_commands_that_do_it(tmp_path: Path) -> None:
    cell = plan("table5")[0]
    finished(tmp_path, cell.variant, 201, 80.0)
    job, run = job_in(tmp_path, None, (201, 202)), (tmp_path / cell.variant.folder / "seed201").as_posix()
    write(Path(run) / "retrieval" / "tatoeba" / "results.json", retrieved("tatoeba", "test", 80.0))
    bare = f"{tmp_path.as_posix()}/retrieval/{RECIPE}"
    assert retrieval_lines(job, job.found())[1:] == [
        f"[cyan]xtune retrieve {run} --task bucc2018 --data-dir DATA --output-dir {run}/retrieval/bucc2018[/]",
        f"[cyan]xtune retrieve FacebookAI/xlm-roberta-base --task tatoeba --output-dir {bare}/tatoeba[/]",
        "[cyan]xtune retrieve FacebookAI/xlm-roberta-base --task bucc2018 --data-dir DATA "
        f"--output-dir {bare}/bucc2018[/]",
    ]
    pocket = job_in(tmp_path, None, (7,), pocket=True)
    assert retrieval_lines(pocket, pocket.found()) == []  # the command that makes the runs does it too
    for each in pocket.cells:
        finished(tmp_path, each.variant, 7, 80.0)
    assert retrieval_lines(pocket, pocket.found())[1:] == [
        f"[cyan]xtune reproduce table5 --pocket --seeds 7, --output-dir {tmp_path.as_posix()}[/]"
    ]


def test_all_models_and_the_encoder_retrieve_once(
    tmp_path: Path, models: Callable[[Variant, int], Path], tiny_model: Callable[[str], Path]
) -> None:
    data = put_tatoeba(tmp_path / "data", own=5)
    put_bucc(data)
    variants = [plan("table5")[0].variant, plan("table5")[2].variant]
    folders = [models(variant, seed) / "retrieval" for variant in variants for seed in (1, 2)]
    job = replace(job_in(tmp_path / "out", data, (1, 2)), more=(f"model={tiny_model('xlm-roberta')}",))

    def again() -> None:
        assert check_sentences(job, QUIET) == {}
        retrieve_all(job, {}, furnish=lambda recipe: recipe, sentences=_none, console=QUIET)

    again()
    places = [*folders, tmp_path / "out" / "retrieval" / RECIPE]
    written = [place / task / "results.json" for place in places for task in ("tatoeba", "bucc2018")]
    found = [json.loads(path.read_text("utf-8")) for path in written]
    assert [each["task"] for each in found] == ["tatoeba", "bucc2018"] * 5
    assert {each["average"]["test"]["accuracy"] for each in found[::2]} == {found[0]["average"]["test"]["accuracy"]}
    assert found[0]["average"]["test"]["accuracy"] >= 50 and found[0]["model"].endswith("plain/seed1/model")
    assert (folders[0] / "bucc2018" / "predictions" / "bucc2018" / "dev-de.tsv").is_file()

    before = [path.stat().st_mtime_ns for path in written]
    written[2].unlink()
    again()
    assert [path for path, old in zip(written, before, strict=True) if path.stat().st_mtime_ns != old] == [written[2]]

    assert retrieval_lines(job, job.found()) == []
    shown, cells, there = with_encoder(job, job.found())
    lines = [line.split() for line in text_of(side_by_side(shown, cells, there, 2, 100)).splitlines()]
    own, threshold = (f"{found[place]['average'][split][metric]:.1f}" for place, split, metric in _SHOWN)
    start = lines.index(["before", "fine-tuning"])
    assert lines[start + 1 : start + 4] == [  # a row of ours alone, and the same model as it was fine-tuned
        ["XLM-R", "base", "ours", own, threshold],
        ["cross-lingual-transfer"],
        ["XLM-R", "base", "ours", own, threshold],
    ]
    assert lines[start + 4] == ["paper", "74.2", "78.2"]


_SHOWN = ((8, "test", "accuracy"), (9, "dev", "f1"))


def _none(seed: int) -> Path:
    raise AssertionError(seed)


def test_on_pocket_each_seed_has_its_own_sentences(
    tmp_path: Path, models: Callable[[Variant, int], Path], tiny_model: Callable[[str], Path]
) -> None:
    job = job_in(tmp_path / "out", None, (201, 202), pocket=True)
    asked: list[int] = []
    folders = {seed: models(job.cells[0].variant, seed) for seed in job.seeds}

    def sentences(seed: int) -> Path:
        asked.append(seed)
        own = {201: 10, 202: 0}[seed]
        return tmp_path / f"data{seed}" if len(asked) > 2 else put_tatoeba(tmp_path / f"data{seed}", own)

    def furnish(recipe: Recipe) -> Recipe:
        return replace(recipe, model=str(tiny_model("xlm-roberta")))

    retrieve_all(job, {}, furnish=furnish, sentences=sentences, console=QUIET)
    assert asked == [201, 202, 201, 202]
    scores: dict[int, list[float]] = {}
    for seed, run in folders.items():
        for place in (run / "retrieval", tmp_path / "out" / "retrieval" / "pocket-nli" / f"seed{seed}"):
            results = json.loads((place / "tatoeba" / "results.json").read_text("utf-8"))
            scores.setdefault(seed, []).append(results["average"]["test"]["accuracy"])
    assert scores[201] == [100.0, 100.0] and max(scores[202]) < 100
    assert not list((tmp_path / "out").rglob("bucc2018"))


def test_what_cannot_be_done_does_not_keep_the_rest(tmp_path: Path, models: Callable[[Variant, int], Path]) -> None:
    """No BUCC, a run whose model is gone, and an encoder that cannot be had."""
    data = put_tatoeba(tmp_path / "data", own=5)
    first, other = (models(cell.variant, 1) for cell in plan("table5")[:2])
    shutil.rmtree(first / "model")
    job = replace(job_in(tmp_path / "out", data), more=(f"model={tmp_path / 'nothing'}",))
    told = Console(record=True, width=300, file=StringIO())
    refused = check_sentences(job, told)
    assert list(refused) == ["bucc2018"] and "! bucc2018: " in told.export_text()
    with pytest.raises(InputError) as caught:
        retrieve_all(job, refused, furnish=lambda recipe: recipe, sentences=_none, console=QUIET)
    assert "bucc2018, xnli: plain, seed 1, before fine-tuning. The first: no file is called" in str(caught.value)
    assert (other / "retrieval" / "tatoeba" / "results.json").is_file()
    assert not (first / "retrieval").exists()


def test_sorted_sentences_are_refused_and_the_hub_has_none_of_bucc(tmp_path: Path) -> None:
    put(tmp_path / "tatoeba" / "de-en.de", GERMAN)
    put(tmp_path / "tatoeba" / "de-en.en", sorted(ENGLISH))
    put_bucc(tmp_path)
    refused = check_sentences(job_in(tmp_path / "out", tmp_path), QUIET)
    assert list(refused) == ["tatoeba"]
    assert "alphabetical order" in str(refused["tatoeba"]) and "Hub's copy" in str(refused["tatoeba"])
    (tmp_path / "tatoeba").rename(tmp_path / "unused")
    assert check_sentences(job_in(tmp_path / "out", tmp_path), QUIET) == {}
    assert list(check_sentences(job_in(tmp_path / "out", None), QUIET)) == ["bucc2018"]
    assert check_sentences(job_in(tmp_path / "out", None, pocket=True), QUIET) == {}


def test_no_model_no_retrieval_and_no_row(tmp_path: Path) -> None:
    job = job_in(tmp_path, put_tatoeba(tmp_path / "data", own=5))
    retrieve_all(job, {}, furnish=lambda recipe: recipe, sentences=_none, console=QUIET)
    assert not (tmp_path / "retrieval").exists()
    assert with_encoder(job, {}) == (job.shown, job.cells, {})
