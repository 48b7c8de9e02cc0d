"""Parts of speech, names and questions of real text: plain, R1 and xTune with sub-word sampling and with code-switch.

    python benchmarks/real_text.py --data DIR --model ENCODER --known en de … --output DIR [--tasks udpos panx tydiqa]

Reads `udpos/`, `panx/`, `tydiqa/` and `dictionaries/` of the data folder (XTREME's formats). 4,000 English sentences or
1,500 questions, 3 epochs, the first 500 test items of each language; the rest is as in the paper's recipes for XLM-R
base. Checkpoints are selected on English dev, which of TyDiQA is the English test set, as in the paper. The same
command again goes on; it may be stopped at any time. Prints the tables of docs/results.md, with the languages that the
encoder was pre-trained on apart, from the runs that are there.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from rich.console import Console

from xtune.runs.grids.study import ablate

SHARED: dict[str, Any] = {
    **{"selection.by": "source-dev", "data.max_dev_examples": 500, "data.max_test_examples": 500},
    **{"train.num_train_epochs": 3, "train.learning_rate": 5e-4, "train.warmup_steps": 0.1},
    "train.per_device_train_batch_size": 32,
}

OWN = {
    "udpos": {"data.max_train_examples": 4000},
    "panx": {"data.max_train_examples": 4000},
    "tydiqa": {"data.max_train_examples": 1500, "stage2.max_steps": -1},  # 3 epochs; its recipe counts 5,000 steps
}
"""Of each task alone."""

CELLS = ("plain", "r1-ss", "r1-cs", "xtune-ss", "xtune-cs")


def row(results: Sequence[Mapping[str, Any]], known: Collection[str]) -> list[str]:
    """The columns of one cell, over its seeds."""
    metric = results[0]["selection"]["metric"]
    tests = [{code: values[metric] for code, values in each["scores"]["test"].items()} for each in results]
    targets = [code for code in tests[0] if code != "en"]
    groups = (["en"], [code for code in targets if code in known], [code for code in targets if code not in known])
    columns = [[mean(test[code] for code in group) for test in tests] for group in (*groups, [*tests[0]])]
    columns.append([test["en"] - mean(test[code] for code in targets) for test in tests])
    return [*map(spread, columns), f"{mean(each['timing']['train_seconds'] for each in results):.0f}"]


def spread(values: Sequence[float]) -> str:
    """Mean, and standard deviation where there is one.

    >>> spread([1.0, 3.0]), spread([-1.0])
    ('2.0 ± 1.4', '−1.0')
    """
    said = f"{mean(values):.1f}" + (f" ± {stdev(values):.1f}" if len(values) > 1 else "")
    return said.replace("-", "−")


def show(task: str, folder: Path, known: Collection[str]) -> None:
    """The table of a task, in Markdown, of the runs that are finished."""
    lines, languages = [], []
    for cell in CELLS:
        paths = sorted((folder / "runs" / cell).glob("seed*/results.json"))
        if paths:
            results = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
            languages = [code for code in results[0]["scores"]["test"] if code != "en"]
            lines.append([cell.replace("-", ", "), str(len(paths)), *row(results, known)])
    count = sum(code in known for code in languages)
    header = [task, "seeds", "en", f"{count} that it knows", f"{len(languages) - count} others", "average"]
    print("\n|", " | ".join([*header, "transfer gap", "training, s"]), "|")
    print("|---|" + "---:|" * 7)
    for line in lines:
        print("|", " | ".join(line), "|")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", required=True, help="folder or Hub id of an encoder")
    parser.add_argument("--known", nargs="*", default=[], help="languages that it was pre-trained on")
    parser.add_argument("--output", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--tasks", nargs="+", choices=OWN, default=list(OWN))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="TyDiQA takes the first alone")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("keys", nargs="*", metavar="KEY=VALUE", help="keys to set in all runs")
    options = parser.parse_args()
    for task in options.tasks:
        keys = {**SHARED, **OWN[task], "model": options.model, "data.dir": options.data}
        ablate(
            f"{task}-transfer-base",
            [*(f"{key}={value}" for key, value in keys.items()), *options.keys],
            methods=("plain", "r1", "xtune"),
            augmentations=("ss", "cs"),
            seeds=options.seeds[:1] if task == "tydiqa" else options.seeds,
            output_dir=options.output / task,
            jobs=options.jobs,
            console=Console(),
        )
        show(task, options.output / task, options.known)


if __name__ == "__main__":
    main()
