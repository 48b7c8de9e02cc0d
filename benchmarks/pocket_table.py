"""Every method and augmentation on the pocket benchmark, with fresh seeds: our tables 2 and 4.

    python benchmarks/pocket_table.py --output-dir RUNS [--tasks topic nli paraphrase pos ner qa] [--seeds 201 …]

A seed draws a benchmark of its own (texts, dictionaries, translations) and everything random in its runs, so a spread
over seeds is one over data and training. The differences from `plain` are paired: same seed, same data; p is of a
two-sided paired t-test over the seeds. A run that is finished is not repeated, so the same command again goes on.
Design is done with other seeds and on dev sets: `--split dev --seeds 1 2`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import mean, stdev
from typing import Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: two threads are slower than one on such models

from scipy.stats import ttest_rel  # noqa: E402

SOURCE, UNAIDED = "en", "sw"  # the language of the labels, and the one without dictionary
METHODS = ("data-augmentation", "r-drop", "r1", "r2", "xtune", "xtune-no-stopgrad")
MAIN = ("data-augmentation", "r1", "r2", "xtune")
AUGMENTATIONS = ("ss", "gn", "cs", "mt")
TRANSLATED = {"setting": "translate-train-all", "augmentation": "mt"}
ALIGNED_BY_WORDS = {  # R1 needs words that correspond: so sub-word sampling instead (section 4.2)
    "setting": "translate-train-all",
    "augmentation": {"stage1": "ss", "data": "mt", "consistency": "ss"},
}


class Cell(NamedTuple):
    """One row of a table: what is run with every seed."""

    task: str
    name: str
    keys: dict[str, Any]


def cells(tasks: Sequence[str]) -> Iterator[Cell]:
    """All rows: every augmentation, and translations, but for pairs of texts, which have code-switch alone."""
    for task in tasks:
        yield Cell(task, "plain", {"method": "plain"})
        yield Cell(task, "plain, steps of xtune", {"method": "plain", "longer": 3})  # stage 1 on D, stage 2 on 2 D
        methods = METHODS if task in ("topic", "nli", "paraphrase") else MAIN
        yield from (Cell(task, f"{method}, cs", {"method": method, "augmentation": "cs"}) for method in methods)
        if task not in ("nli", "paraphrase"):
            for augmentation, method in itertools.product(AUGMENTATIONS[:2], MAIN):
                yield Cell(task, f"{method}, {augmentation}", {"method": method, "augmentation": augmentation})
            yield from translated(task)


def translated(task: str) -> Iterator[Cell]:
    """The rows with translations: those that the paper's table 4 has for such a task, and xtune."""
    if task == "topic":
        for method in (*MAIN, "xtune-no-stopgrad"):
            yield Cell(task, f"{method}, mt", {"method": method, **TRANSLATED})
        return
    without_tags = task in ("pos", "ner")  # a translation has no tags to learn
    for method in ("r2", "xtune") if without_tags else ("data-augmentation", "r2", "xtune"):
        yield Cell(task, f"{method}, mt", {"method": method, **ALIGNED_BY_WORDS})


def run(cell: Cell, seed: int, folder: Path, data: Path, options: argparse.Namespace) -> Path:
    """Train one cell with one seed, if that is not done."""
    import torch
    from rich.console import Console

    from xtune.config.load import load_recipe
    from xtune.pocket.supplies import ENCODER
    from xtune.runs.fit import fit

    torch.set_num_threads(1)
    place = folder / cell.task / cell.name.replace(", ", "-").replace(" ", "-") / str(seed)
    if (place / "results.json").is_file():
        return place
    keys = dict(cell.keys)
    loaded = load_recipe(f"pocket-{cell.task}", options.set)
    if longer := keys.pop("longer", None):
        keys["train.num_train_epochs"] = longer * loaded.train["num_train_epochs"]
    if "setting" in keys:
        keys["data.translations"] = str(data / cell.task / "translations")
    keys |= {"seed": seed, "model": options.model or str(ENCODER), "data.dir": str(data)}
    fit(loaded, keys, output_dir=place, console=Console(quiet=True))
    return place


def scores(place: Path, split: str) -> dict[str, float]:
    """What a run says: source, mean of the targets with a dictionary, the one without, mean of all targets, gap."""
    results = json.loads((place / "results.json").read_text("utf-8"))
    metric = results["selection"]["metric"]
    by_language = {code: values[metric] for code, values in results["scores"][split].items()}
    targets = [score for code, score in by_language.items() if code not in (SOURCE, UNAIDED)]
    everywhere = mean([*targets, by_language[UNAIDED]])
    return {
        "en": by_language[SOURCE],
        "targets": everywhere,
        "with dictionary": mean(targets),
        UNAIDED: by_language[UNAIDED],
        "gap": by_language[SOURCE] - everywhere,
        "seconds": results["timing"]["train_seconds"],
    }


def table(task: str, found: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """A Markdown table of a task: mean ± standard deviation over seeds, and the paired difference from `plain`."""
    columns = ("en", "targets", "with dictionary", UNAIDED, "gap")
    lines = [
        f"| {task} | {' | '.join(columns)} | targets − plain | p | train s |",
        f"|---|{'---:|' * (len(columns) + 3)}",
    ]
    base = [each["targets"] for each in found["plain"]]
    for name, values in found.items():
        shown = [f"{mean(v[c] for v in values):.1f} ± {_sd([v[c] for v in values]):.1f}" for c in columns]
        gains = [value["targets"] - plain for value, plain in zip(values, base, strict=True)]
        p = ttest_rel([v["targets"] for v in values], base).pvalue if name != "plain" and len(base) > 1 else None
        gain = (
            ""
            if name == "plain"
            else f"{mean(gains):+.1f} ± {_sd(gains):.1f}, {sum(g > 0 for g in gains)}/{len(gains)}"
        )
        lines.append(f"| {name} | {' | '.join(shown)} | {gain} | {_p(p)} | {mean(v['seconds'] for v in values):.0f} |")
    return "\n".join(lines)


def _p(value: float | None) -> str:
    return "" if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


def _sd(values: Sequence[float]) -> float:
    return stdev(values) if len(values) > 1 else 0.0


def main() -> None:
    """Run what is missing, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output-dir", type=Path, required=True)
    parser.add_argument("--tasks", nargs="+", default=["topic", "nli", "paraphrase"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[201, 202, 203, 204, 205])
    parser.add_argument("--split", choices=("dev", "test"), default="test")
    parser.add_argument("--only", nargs="+", help="names of rows; `plain` is needed")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="keys of the recipes")
    parser.add_argument("--model", help="folder of an encoder; default: the one in the package")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    from xtune.pocket.supplies import ready

    wanted = [cell for cell in cells(options.tasks) if not options.only or cell.name in options.only]
    data = {
        (task, seed): options.output_dir / f"data-{task}-{seed}" for task in options.tasks for seed in options.seeds
    }
    for (task, seed), folder in data.items():
        ready(folder, seed, (task,))
    jobs = [(cell, seed) for task in options.tasks for seed in options.seeds for cell in wanted if cell.task == task]
    places: dict[tuple[str, str, int], Path] = {}
    with ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn")) as pool:
        futures = {
            (cell.task, cell.name, seed): pool.submit(
                run, cell, seed, options.output_dir, data[cell.task, seed], options
            )
            for cell, seed in jobs
        }
        for number, (key, future) in enumerate(futures.items(), 1):
            places[key] = future.result()
            print(f"{number}/{len(futures)} {key}", scores(places[key], options.split), flush=True)
    for task in options.tasks:
        names = [cell.name for cell in wanted if cell.task == task]
        found = {name: [scores(places[task, name, s], options.split) for s in options.seeds] for name in names}
        print(f"\n{table(task, found)}")
        target = options.output_dir / f"table-{task}-{options.split}.json"
        target.write_text(json.dumps({"seeds": options.seeds, "rows": found}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
