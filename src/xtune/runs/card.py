"""The model card that is saved with a model."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from string import Template
from typing import Any

import yaml


def model_card(results: Mapping[str, Any], recipe: Mapping[str, Any]) -> str:
    """The card of a run's model: scores by language, how it was made, how to use it, what to cite.

    Args:
        results: What `results.json` holds.
        recipe: What `config.yaml` holds.
    """
    template = Template(resources.files("xtune.runs").joinpath("card.md").read_text("utf-8"))
    splits = [split for split, scores in results["scores"].items() if scores]
    languages = sorted({code for split in splits for code in results["scores"][split]})
    return template.substitute(
        front_matter=yaml.safe_dump(
            {
                "library_name": "transformers",
                "pipeline_tag": "text-classification",
                "base_model": results["model"],
                "language": languages or [results["source_language"]],
                "tags": ["xtune", "cross-lingual"],
            },
            sort_keys=False,
        ).strip(),
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
