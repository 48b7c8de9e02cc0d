"""`xtune reproduce` as it is typed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.reproduce.runs import finished
from xtune.cli import main
from xtune.reproduce.counts import is_rounded
from xtune.reproduce.figures import table
from xtune.reproduce.plans import DATASETS, plan
from xtune.reproduce.settings import compare_settings

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def xtune(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """The command line in an empty folder: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["xtune", "reproduce", *words])
        try:
            main()
            code = 0
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_a_dry_run_says_what_a_table_takes_and_trains_nothing(xtune: Command, tmp_path: Path) -> None:
    code, out, _ = xtune("table2", "--dry-run", "--device", "a100")
    assert code == 0 and list(tmp_path.iterdir()) == []
    assert "295 runs; a cell is the mean over 5 seeds." in out
    assert "base *" in out and "large *" not in out
    assert "NVIDIA A100 SXM, fp32, 70% of 19.5 TFLOPS (assumed)" in " ".join(out.split())
    lines = [line.split() for line in out.splitlines()]
    assert [line[:3] for line in lines].count(["xnli:", "xtune", "5"]) == 2  # transfer and translate
    (total,) = [line for line in lines if line[:1] == ["all"]]
    assert total[1] == "295" and len(total) == 8
    assert out.count("for seed in 1 2 3 4 5; do xtune train") == 59
    assert "392,702" in out and "3,000 pairs of MultiNLI" in out


def test_a_narrow_terminal_breaks_no_figure(xtune: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = xtune("table1", "--dry-run")
    assert "…" not in out and "hours" in out


def test_seeds_and_keys_change_the_plan_and_the_estimate(xtune: Command) -> None:
    def total(*words: str) -> list[str]:
        _, out, _ = xtune("table10", "--dry-run", *words)
        return next(line.split() for line in out.splitlines() if line.startswith("all"))

    assert total("--seeds", "2")[1] == total("--seeds", "201,202")[1] == "6"
    fast, slow = (float(total(*keys, "--device", "v100")[6]) for keys in (["train.fp16=true"], []))
    assert fast < slow


def test_seeds_are_a_number_or_a_list_in_headings_and_commands(xtune: Command, tmp_path: Path) -> None:
    variant = plan("table10")[1].variant
    for seed in (1, 202):  # seed 1 is not asked for
        finished(tmp_path / "reproduction", variant, seed, 80.0)
    code, out, _ = xtune("table10", "--dry-run", "--seeds", "201,202")
    assert code == 0
    assert "6 runs, 1 finished; a cell is the test score of the seed that is best on dev, of 2 seeds (201, 202)" in out
    assert out.count("; 2 seeds (201, 202)\n") == 2  # above what it takes, and above our values
    assert "pawsx: xtune, seed 202: training took" in out and "seed 202 is the best on dev" in out
    assert out.count("for seed in 201 202; do xtune train") == 2 and out.count(" seed=201 ") == 1
    assert "; 3 seeds\n" in xtune("table10", "--dry-run", "--seeds", "3")[1]
    _, out, _ = xtune("table4", "--pocket", "--dry-run", "--seeds", "7,")
    assert "--pocket --seeds 7, --output-dir" in out


def test_finished_runs_are_counted_measured_and_put_beside_the_paper(xtune: Command, tmp_path: Path) -> None:
    cell = plan("table10")[1]
    finished(tmp_path / "reproduction", cell.variant, 3, 88.0)
    _, out, _ = xtune("table10", "--dry-run")
    assert "15 runs, 1 finished" in out
    assert "pawsx: xtune, seed 3: training took 1.0 hours on a test; estimate, with evaluation:" in out
    assert "difference" in out and "14 missing runs" in out


def test_on_pocket_the_plan_has_no_estimate(xtune: Command) -> None:
    code, out, _ = xtune("table4", "--pocket", "--dry-run")
    assert code == 0 and "245 runs" in out and "EFLOP" not in out
    assert "xtune reproduce table4 --pocket --seeds 5 --output-dir reproduction" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["table16"], "the paper has no 'table16'"),
        (["table7", "--pocket"], "no counterpart"),
        (["table4", "--dry-run", "--device", "tpu"], "there is no device 'tpu'"),
        (["table4", "--dry-run", "train.epochs=1", "lamda=2"], "there is no such key"),
        (["table4", "--dry-run", "--seeds", "five"], "'five' is no number of seeds and no list of them"),
        (["table4", "--dry-run", "--seeds", "0"], "0 seeds are too few"),
        (["table4", "--pocket", "--data-dir", "x"], "written at its first use"),
        (["table6", "--data-dir", "nowhere"], "there is no such folder"),
        (["table6", "--data-dir", "."], "none of the datasets is in"),
    ],
)
def test_wrong_input_is_one_message(xtune: Command, words: list[str], said: str) -> None:
    code, _, errors = xtune(*words)
    assert code == 2
    assert said in " ".join(errors.split()) and "remedy" in errors


def test_a_table_without_its_data_says_so_of_every_recipe(xtune: Command, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    code, out, errors = xtune("table10", "--data-dir", "data", "--seeds", "1")
    assert code == 2
    assert "pawsx-translate-large" in out and "needs translations of the training set" in " ".join(errors.split())


def test_table_6_counts_what_is_there(xtune: Command, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "pawsx"
    folder.mkdir(parents=True)
    (folder / "train-en.tsv").write_text("a\tb\t0\n" * 3, encoding="utf-8")
    for code in ("en", "de"):
        (folder / f"test-{code}.tsv").write_text("a\tb\t1\n", encoding="utf-8")
    code, out, _ = xtune("table6", "--data-dir", str(tmp_path / "data"))
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line.split()[:1] != []}
    assert code == 0
    assert rows["PAWS-X"] == ["3", "!", "49.4K", "2", "!", "7"]
    assert rows["XNLI"] == ["392K", "15"]
    assert "XNLI: no training set: no file is called" in out


def test_counts_agree_with_what_is_printed() -> None:
    sizes = {"XNLI": 392_702, "PAWS-X": 49_401, "POS": 21_253, "NER": 20_000, "XQuAD": 87_599, "TyDiQA": 3_696}
    for row in table("table6").rows:
        count = sizes.get(row.name, sizes["XQuAD"])
        assert is_rounded(count, row.cells["train"]), row.name
        assert not is_rounded(count // 2, row.cells["train"]), row.name


@pytest.mark.parametrize("name", ["table7", "table8"])
def test_our_recipes_have_the_values_of_the_tables_and_differ_where_the_code_does(name: str) -> None:
    settings = compare_settings(table(name))
    different = {(each.name, column) for each in settings for column in DATASETS if not each.agree[column]}
    steps = {(f"stage 2, {size}", column) for size in ("base", "large") for column in ("XQuAD", "MLQA", "TyDiQA")}
    assert different == steps | {("warm-up", "XNLI"), ("warm-up", "PAWS-X")}
    rates = next(each for each in settings if each.name == "rate, large")
    assert rates.ours["NER"] == "7e-6" and rates.agree["NER"]


def test_settings_are_marked_where_they_differ(xtune: Command) -> None:
    _, out, _ = xtune("table7")
    warmup = out.splitlines().index(next(line for line in out.splitlines() if line.startswith("warm-up")))
    assert out.splitlines()[warmup + 1].split() == ["recipe", "0%", "!", "0%", "!", *["10%"] * 5]
    assert "! 8 values differ" in out
