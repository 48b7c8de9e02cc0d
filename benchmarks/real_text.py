"""Parts of speech, names and questions of real text: plain, R1 and xTune with subword sampling and with code-switch.

    python benchmarks/real_text.py --data DIR --model ENCODER --known en de … --output DIR [--tasks udpos panx tydiqa]

Reads `udpos/`, `panx/`, `tydiqa/` and `dictionaries/` of the data folder (XTREME's formats). 4,000 English sentences or
1,500 questions, 3 epochs, the first 500 test items of each language; the rest is as in the paper's recipes for XLM-R
base. Checkpoints are selected on English dev, which of TyDiQA is the English test set, as in the paper. The same
command again goes on; it may be stopped at any time. Prints the tables of docs/results.md, with the languages that the
encoder was pre-trained on apart. The interval of a difference is of 95 %, by a bootstrap over seeds and test items.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from statistics import mean
from typing import Any

from rich.console import Console

from xtune.evaluation.statistics import mean_sd
from xtune.runs.grids.study import ablate

SHARED: dict[str, Any] = {
    **{"selection.by": "source-dev", "data.max_dev_examples": 500, "data.max_test_examples": 500},
    **{"train.num_train_epochs": 3, "train.learning_rate": 5e-4, "train.warmup_steps": 0.1},
    **{"train.per_device_train_batch_size": 32, "stage2.max_steps": -1},  # TyDiQA's recipe counts steps, not epochs
}

EXAMPLES = {"udpos": 4000, "panx": 4000, "tydiqa": 1500}
"""Of the training set, by task."""


def grouped(languages: Collection[str], known: Collection[str]) -> dict[str, list[str]]:
    """Languages by what the encoder knows of them, those groups that there are.

    >>> grouped(["fi", "sw", "ko"], {"fi"}), grouped(["fi"], ())
    ({'1 that it knows': ['fi'], '2 others': ['sw', 'ko']}, {'1 others': ['fi']})
    """
    groups = {"that it knows": [c for c in languages if c in known], "others": [c for c in languages if c not in known]}
    return {f"{len(codes)} {name}": codes for name, codes in groups.items() if codes}


def spread(values: Mapping[str, Any]) -> str:
    """Mean, and standard deviation where there is one.

    >>> spread({"mean": 2.0, "sd": 1.41}), spread({"mean": -1.0, "sd": None})
    ('2.0 ± 1.4', '−1.0')
    """
    return (f"{values['mean']:.1f}" + ("" if values["sd"] is None else f" ± {values['sd']:.1f}")).replace("-", "−")


def gain(values: Mapping[str, Any]) -> str:
    """A difference and its interval of 95 %.

    >>> gain({"mean": 0.27, "interval": [-0.5, 1.1]})
    '+0.3 [−0.5, 1.1]'
    """
    low, high = values["interval"]
    return f"{values['mean']:+.1f} [{low:.1f}, {high:.1f}]".replace("-", "−")


def show(study: Mapping[str, Any], folder: Path, known: Collection[str]) -> None:
    """The table of a task, in Markdown.

    Args:
        study: What its `study.json` holds.
        folder: Where that is.
        known: The languages that the encoder was pre-trained on.
    """
    source, seeds = study["source_language"], len(study["seeds"])
    languages = study["cells"][study["baseline"]]["languages"]
    groups = grouped([code for code in languages if code != source], known)
    title = f"{study['task']}, {seeds} seed{'s' if seeds > 1 else ''}"
    header = [title, source, *groups, "average", f"average − {study['baseline']}", "transfer gap", "training, s"]
    print("\n|", " | ".join(header), "|")
    print("|---|" + "---:|" * (len(header) - 1))
    for name, cell in study["cells"].items():
        runs = [folder / run["run"] / "results.json" for run in study["runs"] if run["cell"] == name]
        results = [json.loads(path.read_text(encoding="utf-8")) for path in runs]
        tests = [{code: s[study["metric"]] for code, s in each["scores"]["test"].items()} for each in results]
        means = [mean_sd([mean(test[code] for code in codes) for test in tests]) for codes in groups.values()]
        columns = [spread(values) for values in (cell["languages"][source], *means, cell["average"])]
        columns += [gain(cell["difference"]["average"]) if "difference" in cell else "", spread(cell["transfer_gap"])]
        seconds = mean(each["timing"]["train_seconds"] for each in results)
        print("|", " | ".join([name.replace("-", ", "), *columns, f"{seconds:,.0f}"]), "|")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", required=True, help="folder or Hub id of an encoder")
    parser.add_argument("--known", nargs="*", default=[], help="languages that it was pre-trained on")
    parser.add_argument("--output", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--tasks", nargs="+", choices=EXAMPLES, default=list(EXAMPLES))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="TyDiQA takes the first alone")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("keys", nargs="*", metavar="KEY=VALUE", help="keys to set in all runs")
    options = parser.parse_args()
    for task in options.tasks:
        keys = {**SHARED, "data.max_train_examples": EXAMPLES[task], "model": options.model, "data.dir": options.data}
        study = ablate(
            f"{task}-transfer-base",
            [*(f"{key}={value}" for key, value in keys.items()), *options.keys],
            methods=("plain", "r1", "xtune"),
            augmentations=("ss", "cs"),
            seeds=options.seeds[:1] if task == "tydiqa" else options.seeds,
            output_dir=options.output / task,
            jobs=options.jobs,
            console=Console(),
        )
        show(study, options.output / task, options.known)


if __name__ == "__main__":
    main()
