"""How fast one core makes views and rows: augmentation, encoding, whole training rows.

    python benchmarks/augmentation_speed.py [--model DIR --text FILE … --dictionaries DIR] [--output FILE.json]

Prints, for each text file, microseconds a word and words a second. `cold`: the first texts after everything was
built; `new`: other texts, with what the first have left in the caches, as in a first epoch; `again`: those texts once
more, as in later epochs. Each file should hold a few thousand lines, one text each; default: made-up texts with
spaces between words and without. The published implementation, measured on a toy, took 25.8 µs a word to encode alone.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import torch
from common import Times, conditions, finish, now, parser_of, show, spread
from material import dictionaries_of, made_up_texts, save_random_encoder
from torch.utils.data import DataLoader
from transformers.utils import logging

from xtune.augment.codeswitch import CodeSwitch
from xtune.augment.compose import Compose, generator_for
from xtune.augment.noise import GaussianNoise
from xtune.augment.segmentation import SubwordSampling, sampler_for
from xtune.data import Dictionaries, ExampleTable, write_examples
from xtune.runs.models import load_encoder
from xtune.schema import Augmentation, Example, Text, View
from xtune.tasks.classification import Classification
from xtune.training.rows import StageRows
from xtune.training.sampler import StepSampler
from xtune.views.collate import Collator
from xtune.views.encode import Encoder

PUBLISHED = 25.8
"""Microseconds a word for encoding alone: the published implementation, measured on a toy."""

Pass = Callable[[ExampleTable, Sequence[Example], int], None]
"""Once through the examples, on disk or in memory, in an epoch."""


def encode(encoder: Encoder, augment: Augmentation | None = None) -> Pass:
    """Views of examples in memory, each encoded; an augmented one has its generator made first."""

    def once(_: ExampleTable, examples: Sequence[Example], epoch: int) -> None:
        for example in examples:
            view = View(example)
            encoder(view if augment is None else augment(view, generator_for(1, "stage1", epoch, example.id, "data")))

    return once


def rows(encoder: Encoder, batch_size: int, copy: Augmentation | None, partner: Augmentation | None) -> Pass:
    """What training does in the data worker: examples from disk, view and partner, collated."""
    lengths: dict[Path, Any] = {}  # computed once a stage, so not part of an epoch

    def once(table: ExampleTable, _: Sequence[Example], epoch: int) -> None:
        made = StageRows(table, encoder, Classification("speed", ("0", "1")), partner=partner)
        if copy is not None:
            made.copies = (copy,)
        if table.path not in lengths:
            lengths[table.path] = made.lengths()
        sampler = StepSampler(lengths[table.path], batch_size=batch_size)
        sampler.set_epoch(epoch)
        for _batch in DataLoader(
            made, batch_sampler=sampler, collate_fn=Collator(encoder.tokenizer, made.task.reading)
        ):
            pass

    return once


def arms_of(model: str, dictionaries: Dictionaries, options: argparse.Namespace) -> dict[str, tuple[Pass, int]]:
    """What is measured, each with caches of its own, and the rows that it makes of one example."""

    def fresh() -> tuple[Encoder, Augmentation, Augmentation]:
        encoder = load_encoder(model, options.max_length)
        sampling = SubwordSampling(sampler_for(encoder.tokenizer, options.alpha), options.ratio)
        return encoder, sampling, CodeSwitch(dictionaries, options.ratio)

    arms: dict[str, tuple[Pass, int]] = {"encode": (encode(fresh()[0]), 1)}
    encoder, ss, cs = fresh()
    arms["GN + encode"] = encode(encoder, GaussianNoise("normal", 0.01)), 1
    arms["CS + encode"] = encode(encoder, cs), 1
    arms["SS + encode"] = encode(encoder, ss), 1
    encoder, ss, cs = fresh()
    arms["CS, SS + encode"] = encode(encoder, Compose((cs, ss))), 1
    encoder, ss, cs = fresh()
    arms["row: x"] = rows(encoder, options.batch_size, None, None), 1
    arms["row: x, CS(x)"] = rows(encoder, options.batch_size, None, cs), 1
    arms["row: x, SS(x)"] = rows(encoder, options.batch_size, None, ss), 1
    encoder, ss, cs = fresh()
    arms["row of D_A: CS, CS'"] = rows(encoder, options.batch_size, cs, cs), 2
    arms["row of D_A: SS, SS'"] = rows(encoder, options.batch_size, ss, ss), 2
    return arms


def measure(name: str, texts: Sequence[str], arms: dict[str, tuple[Pass, int]], repeats: int, scratch: Path) -> Any:
    """Time all arms on one file's texts, in turns, and print the table."""
    examples = [Example(str(i), "en", (Text.from_string(text),), "01"[i % 2]) for i, text in enumerate(texts)]
    halves = [examples[: len(examples) // 2], examples[len(examples) // 2 :]]
    tables = [write_examples(half, scratch / f"{number}.arrow") for number, half in enumerate(halves)]
    words = [sum(len(example.texts[0].words) for example in half) for half in halves]
    times: dict[str, list[Times]] = {arm: [] for arm in arms}
    for turn, half in enumerate([0, 1, *[1] * repeats]):
        for arm, (once, _) in arms.items():
            start = now()
            once(tables[half], halves[half], max(turn - 1, 0))
            times[arm].append(now().since(start).per(words[half] / 1e6))
    lines, result = [], {"words": sum(words), "texts": len(texts), "published": PUBLISHED, "arms": {}}
    for arm, (_, size) in arms.items():
        wall, cpu = [time.wall / size for time in times[arm]], [time.cpu / size for time in times[arm]]
        again, row = median(cpu[2:]), median(cpu[2:]) * words[1] / len(halves[1])
        columns = [f"{cpu[0]:.2f}", f"{cpu[1]:.2f}", spread(cpu[2:], 2), f"{median(wall[2:]):.2f}"]
        lines.append([arm, *columns, f"{1e6 / again:,.0f}", f"{row:.0f}", f"{PUBLISHED / again:.1f}"])
        result["arms"][arm] = {"wall": wall, "cpu": cpu, "words_per_second": 1e6 / again, "row": row}
    title = f"{name}: {len(texts)} texts, {sum(words)} words; µs of CPU a word of the rows' examples"
    header = ["", "cold", "new", "again: min med max", "wall", "words/s", "µs/row", f"{PUBLISHED} µs /"]
    show(title, header, lines)
    return result


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--text", type=Path, nargs="+", help="files of one text a line; default: made up")
    parser.add_argument("--texts", type=int, default=4000, help="at most so many of each file")
    parser.add_argument("--ratio", type=float, default=0.3)
    parser.add_argument("--alpha", type=float, default=0.3)
    options = parser.parse_args()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    before, results = conditions(), {}
    if options.text:
        files = {file.name: file.read_text(encoding="utf-8").splitlines()[: options.texts] for file in options.text}
    else:
        files = {kind: made_up_texts(options.texts, spaced=kind == "spaced") for kind in ("spaced", "unspaced")}
    with tempfile.TemporaryDirectory() as scratch:
        everything = [text for texts in files.values() for text in texts]
        model = options.model or save_random_encoder(Path(scratch) / "model", everything)
        dictionaries = dictionaries_of(options)
        for name, texts in files.items():
            arms = arms_of(model, dictionaries, options)
            kept = [text for text in texts if text.strip()]
            results[name] = measure(name, kept, arms, options.repeats, Path(scratch) / name)
    finish("augmentation_speed", options, before, results)


if __name__ == "__main__":
    main()
