"""How the costs of a table were counted, in words and with the source of every number; and what finished runs took."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table as Grid
from rich.text import Text

from xtune.reproduce.cost import (
    BYTES,
    EVALUATED_AT_ONCE,
    WHILE_TRAINING,
    dataset_of,
    device,
    subwords,
    tokens_of,
    weights,
)
from xtune.reproduce.planning import Planning, amount_of, label
from xtune.reproduce.plans import SIZES, size_of
from xtune.reproduce.variants import loaded


def counting(planning: Planning) -> list[RenderableType]:
    """Paragraphs below the table of costs."""
    on = planning.on(planning.all_variants[0], size_of(planning.job.shown.name))
    half = device(planning.device, half=True)
    texts = [
        f"* the paper's size. All hours are estimates, for one run at a time on one device: {on.name}, {on.precision}, "
        f"{on.used:.0%} of {on.peak / 1e12:,.4g} TFLOPS (assumed), a forward pass of a layer taking "
        f"{on.launch * 1000:g} ms at least (assumed). EFLOP, hours and GB are those of all runs in a line.",
        *([_halved(planning)] if on.precision == "fp32" and half.peak > on.peak else []),
        "Counted: training, 6 × weights × tokens × views, over all epochs and stages (R1 makes two views of a row); "
        "the teacher, 2 × weights × tokens, on the rows of R2; evaluation, 2 × weights × tokens, dev once an epoch, "
        f"dev and test at the end, {EVALUATED_AT_ONCE} examples at once. Weights are those of the layers: "
        f"{weights('base')} base, {weights('large')} large.",
        "Left out: attention's own products, embeddings, padding, windows of long texts, what augmentation adds to "
        "texts, MLQA's pairs of languages, reading and writing.",
        f"GB: a model of {BYTES} bytes a parameter for each stage, and one for the result; while a run trains, "
        f"{WHILE_TRAINING} bytes a parameter more.",
        f"Tokens: words between blanks of English texts × {subwords():g} sub-words (assumed), and the special tokens; "
        "other languages count the same.",
    ]
    lines: list[RenderableType] = [Text(text, style="dim") for text in texts]
    return [*lines, _tokens_table(planning), *_measured(planning)]


def _halved(planning: Planning) -> str:
    """The hours at half precision, in a sentence."""
    half, seeds = device(planning.device, half=True), len(planning.job.seeds)
    hours = {
        size: seeds * sum(half.hours(planning.cost(variant, size)) for variant in planning.all_variants)
        for size in SIZES
    }
    key = "train.fp16=true" if planning.device == "v100" else "train.bf16=true"
    said = " and ".join(f"{amount_of(hours[size])} hours {size}" for size in SIZES)
    return f"With {key}, at {half.used:.0%} of {half.peak / 1e12:,.4g} TFLOPS (assumed): {said}."


def _tokens_table(planning: Planning) -> Grid:
    """What is known of each dataset."""
    table = Grid(box=None, pad_edge=False, style="dim", header_style="dim")
    table.add_column("dataset")
    for name in ("train", "dev", "test", "words", "tokens"):
        table.add_column(name, justify="right")
    table.add_column("words counted on")
    for task in dict.fromkeys(loaded(variant.recipe).task for variant in planning.all_variants):
        row = dataset_of(task)
        sizes = [f"{row[name]:,}" for name in ("train", "dev", "test")]
        table.add_row(task, *sizes, str(row["words"]), f"{tokens_of(task):.0f}", str(row["counted_on"]))
    return table


def _measured(planning: Planning) -> list[RenderableType]:
    """What the training of finished runs took, beside the estimate of the same runs."""
    lines: list[RenderableType] = []
    size = size_of(planning.job.shown.name)
    for variant in planning.all_variants:
        hours = planning.on(variant, size).hours(planning.cost(variant, size))
        for seed, run in planning.found.get(variant, {}).items():
            took, where = run["timing"]["train_seconds"] / 3600, run["environment"]["device"]
            said = f"training took {amount_of(took)} hours on {where}; estimate, with evaluation: {amount_of(hours)}"
            lines.append(Text(f"  {label(variant)}, seed {seed}: {said}"))
    return ["", Text("Measured", style="bold"), *lines] if lines else []
