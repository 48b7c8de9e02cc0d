"""The model card that is saved with a model."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from string import Template
from typing import Any

import yaml

from xtune.runs.generic import kind_of
from xtune.schema import Kind

PIPELINES = {
    "classification": "text-classification",
    "tagging": "token-classification",
    "span": "question-answering",
}
"""What transformers calls the kinds of tasks."""


def model_card(results: Mapping[str, Any], recipe: Mapping[str, Any]) -> str:
    """The card of a run's model: scores by language, how it was made, how to use it, what to cite.

    Args:
        results: What `results.json` holds.
        recipe: What `config.yaml` holds.
    """
    kind = kind_of(results["task"])
    template = Template(resources.files("xtune.runs").joinpath("card.md").read_text("utf-8"))
    splits = [split for split, scores in results["scores"].items() if scores]
    languages = sorted({code for split in splits for code in results["scores"][split]})
    return template.substitute(
        front_matter=yaml.safe_dump(
            {
                "library_name": "transformers",
                "pipeline_tag": PIPELINES[kind],
                "base_model": results["model"],
                "language": languages or [results["source_language"]],
                "tags": ["xtune", "cross-lingual"],
            },
            sort_keys=False,
        ).strip(),
        use=_use(kind, recipe.get("pooling", "first")),
        task=results["task"],
        method=results["method"],
        setting=results["setting"],
        model=results["model"],
        source_language=results["source_language"],
        scores=_score_table(results, splits, languages) or "There were no labelled dev or test sets.",
        train_examples=f"{results['examples']['train']:,}",
        selection=results["selection"]["by"],
        seed=results["seed"],
        recipe=yaml.safe_dump(dict(recipe), sort_keys=False, allow_unicode=True).strip(),
        versions=", ".join(f"{name} {results['environment'][name]}" for name in ("python", "torch", "transformers")),
        xtune=results["xtune"],
    )


def _use(kind: Kind, pooling: str) -> str:
    """How transformers alone uses the model, and where it would say something else than xtune."""
    load = f'predict = pipeline("{PIPELINES[kind]}", model="path/to/this/folder")'
    if kind == "span":
        return _ANSWER
    if kind != "tagging":
        return f"{_PYTHON}\n{load}\n```"
    call = 'predict([["Two", "dogs", "."]], is_split_into_words=True)  # a word has the tag of its first sub-word'
    if pooling == "first":
        return f"{_PYTHON}\n{load}\n{call}\n```"
    says = {"mean": "the mean", "sum": "the sum, with the bias of the head counted once,"}[pooling]
    return (
        f"{_PYTHON}\n{load}\n```\n\nThis model was trained to tag a word by {says} of the logits of all its sub-words. "
        "The pipeline does not add up logits; `xtune predict` does."
    )


_PYTHON = "```python\nfrom transformers import pipeline\n"

_ANSWER = """```python
import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

folder = "path/to/this/folder"
tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForQuestionAnswering.from_pretrained(folder)
question, context = "Who lives in Oslo?", "Anna Berg lives in Oslo."
inputs = tokenizer(question, context, return_offsets_mapping=True, return_tensors="pt")
offsets = inputs.pop("offset_mapping")[0]
with torch.no_grad():
    outputs = model(**inputs)
ours = torch.tensor([text == 1 for text in inputs.sequence_ids()])  # tokens of the context
scores = outputs.start_logits[0, :, None] + outputs.end_logits[0]
scores = scores.masked_fill(~(ours[:, None] & ours).triu(), -torch.inf)
first, last = divmod(int(scores.argmax()), len(ours))
answer = context[offsets[first, 0] : offsets[last, 1]].strip()
```

transformers 5 has no pipeline for this. `xtune predict` also looks at contexts that are too long for the model."""


def _score_table(results: Mapping[str, Any], splits: list[str], languages: list[str]) -> str:
    """A Markdown table: languages down, splits and metrics across."""
    columns = [(split, metric) for split in splits for metric in results["average"].get(split, {})]
    if not columns:
        return ""
    rows = [
        "| language | " + " | ".join(f"{split} {metric}" for split, metric in columns) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    for code in sorted(languages, key=lambda code: (code != results["source_language"], code)):
        cells = [results["scores"][split].get(code, {}).get(metric) for split, metric in columns]
        rows.append(f"| {code} | " + " | ".join("" if cell is None else f"{cell:.1f}" for cell in cells) + " |")
    means = [results["average"][split][metric] for split, metric in columns]
    rows.append("| **average** | " + " | ".join(f"{mean:.1f}" for mean in means) + " |")
    return "\n".join(rows)
