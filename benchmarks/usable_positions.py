"""How much of a text R1 compares in span extraction: positions with a counterpart, of all that are not padding.

    python benchmarks/usable_positions.py --questions FILE.json [--model DIR --dictionaries DIR --examples 500]

For subword sampling and code-switch at ratio 0.3, in the rows of both stages (stage 1: x beside A*(x); stage 2, where
half of the rows are augmented already: x or A(x) beside A'(x)), by two rules: `unchanged`, every word that both views
show alike (paper, section 3.3.2), and `untouched`, which is the published code's: no word that was sampled, even if it
came out as it was. On a toy that code kept .68 (stage 1, code-switch) and .65 (stage 2, subword sampling of
translations). Last comes how many rows use fewer positions by the first rule than by the second: it is to be 0.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from common import conditions, finish, parser_of, show
from material import dictionaries_of, save_random_encoder
from transformers.utils import logging

from xtune.config.load import load_recipe
from xtune.data import ExampleTable
from xtune.runs.augmentations import Resources, build_augmentations
from xtune.runs.kinds import make_task
from xtune.runs.models import load_encoder
from xtune.runs.prepare import load_train
from xtune.runs.resolve import resolve
from xtune.runs.source import source_of
from xtune.runs.stage import StageInputs, stage_rows
from xtune.training.sampler import Key

RULES = ("unchanged", "untouched")


def counts(table: ExampleTable, model: str, name: str, rule: str, options: Any) -> dict[str, list[tuple[int, int]]]:
    """By stage, the positions with a counterpart and all positions of each row of one epoch."""
    keys = {"model": model, "augmentation": name, "consistency.positions": rule, "max_length": options.max_length}
    recipe = resolve(load_recipe("span", {**keys, "subword_sampling.ratio": 0.3, "code_switch.ratio": 0.3}))
    encoder, task = (
        load_encoder(model, options.max_length),
        make_task("span", (), "first", recipe.consistency.positions),
    )
    dictionaries = dictionaries_of(options) if name == "cs" else None
    made = build_augmentations(recipe, Resources(encoder.tokenizer, table, dictionaries, only_last=True))
    inputs = StageInputs(recipe, task, table, encoder, *made, evaluate=None)
    found = {}
    for stage in recipe.stages or ():
        rows = stage_rows(inputs, stage)
        seen = [rows[Key(0, number)] for number in range(len(rows))]
        found[stage.name] = [(len(row.matched), len(row.view.ids)) for row in seen]
    return found


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--questions", type=Path, required=True, help="English questions in SQuAD's JSON")
    parser.add_argument("--examples", type=int, default=500)
    options = parser.parse_args()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    before, lines, results = conditions(), [], {}
    with tempfile.TemporaryDirectory() as scratch:
        keys = {"model": "any", "data.train": str(options.questions), "data.max_train_examples": options.examples}
        recipe = load_recipe("span", keys)
        table = load_train(recipe, source_of(recipe), Path(scratch))
        texts = [text.text for example in table for text in example.texts]
        model = options.model or save_random_encoder(Path(scratch) / "model", texts)
        for name in ("ss", "cs"):
            own, published = (counts(table, model, name, rule, options) for rule in RULES)
            for stage in own:
                pairs = list(zip(own[stage], published[stage], strict=True))
                every = sum(size for _, size in own[stage])
                shares = [sum(used for used, _ in each[stage]) / every for each in (own, published)]
                fewer = sum(ours < theirs for (ours, _), (theirs, _) in pairs)
                lines.append([f"{name}, {stage}", len(pairs), *(f"{share:.3f}" for share in shares), fewer])
                results[f"{name} {stage}"] = {
                    "rows": len(pairs),
                    **dict(zip(RULES, shares, strict=True)),
                    "fewer": fewer,
                }
    show(f"{len(table)} questions: usable share of positions", ["", "rows", *RULES, "rows with fewer"], lines)
    finish("usable_positions", options, before, results)


if __name__ == "__main__":
    main()
