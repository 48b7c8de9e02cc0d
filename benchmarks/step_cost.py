"""What a step of xTune costs beside a step of a stock `transformers.Trainer`.

    python benchmarks/step_cost.py [--model DIR --train FILE.csv --dictionaries DIR] [--output FILE.json]

Every arm trains the same model for one epoch of the same examples at the same batch size; the arms take turns, and
each ratio is of two runs of the same turn. By arithmetic, at equal padding, stage 1 costs 2.0 (twice the rows) and
stage 2 costs (2·3 + ½)/3 = 2.17 (a backward pass counts two forward ones; the teacher sees the augmented half of the
rows). `expected` is the same arithmetic on the positions that were really computed, padding included.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from common import Clock, Times, conditions, finish, now, parser_of, show, spread
from datasets import Dataset
from material import stage_inputs
from transformers import DataCollatorWithPadding, PrinterCallback, Trainer, TrainingArguments, set_seed
from transformers.utils import logging

from xtune.config.recipe import Stage
from xtune.runs.stage import StageInputs, stage_objective, stage_rows
from xtune.training.arguments import training_arguments
from xtune.training.teacher import Teacher
from xtune.training.trainer import XTuneTrainer

BASES = ("stock", "stock, group_by_length", "xtune, plain")
"""What the ratios are over: the third has xTune's own batches, so that only the rows differ."""


def stock_arm(inputs: StageInputs, options: Mapping[str, Any], folder: Path, strategy: str) -> Callable[[], Any]:
    """What a user has without xtune: tokenized beforehand, padded batch by batch."""
    tokenizer, examples = inputs.encoder.tokenizer, inputs.examples
    texts = [[example.texts[which].text for example in examples] for which in range(len(examples[0].texts))]
    encoded = dict(tokenizer(*texts, truncation=True, max_length=inputs.encoder.max_length))
    data = Dataset.from_dict({**encoded, "labels": [inputs.task.targets(example)[0] for example in examples]})
    own = {"save_strategy": "no", "report_to": "none", "disable_tqdm": True, "train_sampling_strategy": strategy}
    arguments = TrainingArguments(str(folder), **own, **options)
    load, name = inputs.task.load_model, inputs.recipe.model
    return lambda: Trainer(load(name), arguments, DataCollatorWithPadding(tokenizer), data)


def xtune_arm(inputs: StageInputs, options: Mapping[str, Any], folder: Path, stage: Stage) -> Callable[[], Any]:
    """One stage as `xtune train` runs it."""
    values = {**options, "save_strategy": "no"}
    arguments = training_arguments(values, output_dir=folder, seed=1, evaluates=False)
    load, name = inputs.task.load_model, inputs.recipe.model
    rows, objective = stage_rows(inputs, stage), stage_objective(inputs.recipe, stage)
    teacher = Teacher(load(name)) if stage.r2 else None
    return lambda: XTuneTrainer(load(name), arguments, rows=rows, objective=objective, teacher=teacher)


def train(make: Callable[[], Any]) -> Times:
    """Seconds a step over one epoch, from the same weights."""
    set_seed(1)
    trainer, clock = make(), Clock()
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(clock)
    trainer.train()
    return clock.spent.per(trainer.state.global_step)


def count(trainer: Any) -> dict[str, float]:
    """One pass over an arm's batches: what a step computes on, and the time that making its batch takes."""
    start, totals = now(), np.zeros(4)
    for batch in trainer.get_train_dataloader():
        mask, teacher = batch.get("model_inputs", batch)["attention_mask"], 0
        if getattr(trainer, "teacher", None) is not None:
            asked = mask[: len(batch["guided"])][batch["guided"].to(mask.device)]
            teacher = len(asked) * int(asked.any(0).sum())
        totals += [1, int(mask.sum()), mask.numel(), teacher]
    spent, (steps, tokens, positions, asked_for) = now().since(start), totals.tolist()
    means = {"tokens": tokens / steps, "positions": positions / steps, "teacher_positions": asked_for / steps}
    return {"steps": steps, **means, "padding": 1 - tokens / positions, "data_cpu": spent.cpu / steps}


def report(times: Mapping[str, Sequence[Times]], counts: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """Print both tables; the same as plain values."""
    rows, ratios = [], []
    result: dict[str, Any] = {}
    work = {arm: own["positions"] + own["teacher_positions"] / 3 for arm, own in counts.items()}
    for arm, own in counts.items():
        cells = [f"{own['tokens']:.0f}", f"{100 * own['padding']:.1f}", f"{1000 * own['data_cpu']:.1f}"]
        wall, cpu = [time.wall for time in times[arm]], [time.cpu for time in times[arm]]
        rows.append([arm, int(own["steps"]), *cells, spread(wall), spread(cpu)])
        result[arm] = {**own, "wall": wall, "cpu": cpu, "over": {}}
        for base in [name for name in BASES if name != arm and arm != "stock"]:
            pairs = list(zip(times[arm], times[base], strict=True))
            wall, cpu = [a.wall / b.wall for a, b in pairs], [a.cpu / b.cpu for a, b in pairs]
            expected = work[arm] / work[base]
            result[arm]["over"][base] = {"wall": wall, "cpu": cpu, "expected": expected}
            ratios.append([f"{arm} / {base}", spread(wall, 2), spread(cpu, 2), f"{expected:.2f}"])
    header = ["arm", "steps", "tokens/step", "padding %", "data CPU ms", "wall s/step", "CPU s/step"]
    show("A step (min, median, max; 'data' is making its batch, and part of the step)", header, rows)
    show("Ratios, turn by turn (min, median, max)", ["ratio", "wall", "CPU", "expected"], ratios)
    return result


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--train", type=Path, help="labelled CSV, TSV or JSONL with one or two texts; default: made up")
    parser.add_argument("--examples", type=int, default=512)
    parser.add_argument("--augmentation", default="ss", help="ss, cs, gn or several, as cs+ss")
    parser.add_argument("--layers", type=int, default=4, help="of the random encoder")
    parser.add_argument("--hidden", type=int, default=192, help="of the random encoder")
    parser.add_argument("--bf16", action="store_true")
    options = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    warnings.filterwarnings("ignore", message="'pin_memory'")
    before = conditions()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        inputs = stage_inputs(options, folder)
        settings = {"per_device_train_batch_size": options.batch_size, "num_train_epochs": 1, "bf16": options.bf16}
        stages = [Stage(name="plain"), *(inputs.recipe.stages or ())]
        makers = [stock_arm(inputs, settings, folder, strategy) for strategy in ("random", "group_by_length")]
        makers += [xtune_arm(inputs, settings, folder, stage) for stage in stages]
        arms = dict(zip((*BASES, "xtune, stage 1", "xtune, stage 2"), makers, strict=True))
        times: dict[str, list[Times]] = {name: [] for name in arms}
        for turn in range(options.repeats):
            if turn == 0:
                train(arms["stock"])  # the first run of a process is slower than all others
            for name, make in arms.items():
                times[name].append(train(make))
        results = report(times, {name: count(make()) for name, make in arms.items()})
    if options.repeats:
        one, two = (median(results[f"xtune, stage {n}"]["over"]["stock"]["cpu"]) for n in (1, 2))
        print(f"\nBoth stages, each as many epochs as plain fine-tuning: {one + 2 * two:.1f} times its CPU time")
    finish("step_cost", options, before, results)


if __name__ == "__main__":
    main()
