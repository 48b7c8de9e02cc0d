"""Predictions and labels for all nine tasks of XTREME, small enough to be scored by hand."""

from __future__ import annotations

import json
from pathlib import Path

from xtune.evaluation.xtreme import TASKS

GOLD = {
    "xnli": "entailment\nneutral\ncontradiction\nneutral\n",
    "pawsx": "0\n1\n1\n0\n",
    "udpos": "NOUN\nNOUN\nVERB\n\nSCONJ\nSCONJ\n",
    "panx": "B-PER\nI-PER\nO\n\nB-LOC\n",
    "xquad": {"q1": ["the old bridge", "bridge over the river"]},
    "mlqa": {"q1": ["alpha beta"]},
    "tydiqa": {"q1": ["the old bridge"]},
    "bucc2018": "x-1\ten-7\nx-2\ten-3\n",
    "tatoeba": "3\n0\n2\n1\n",
}
GOOD = {
    "xnli": "entailment\nneutral\nneutral\nneutral\n",  # 3 of 4
    "pawsx": "0\n1\n0\n0\n",
    "udpos": GOLD["udpos"],
    "panx": GOLD["panx"],
    "xquad": {"q1": "Old bridge."},
    "mlqa": {"q1": "Alpha, beta"},
    "tydiqa": {"q1": "old bridge"},
    "bucc2018": "x-2\ten-3\nx-1\ten-7\n",
    "tatoeba": "3\n0\n2\n3\n",
}
BAD = {
    "xnli": "neutral\nneutral\nneutral\nentailment\n",  # 1 of 4
    "pawsx": "1\n1\n0\n1\n",
    "udpos": "NOUN\nADJ\nVERB\n\nSCONJ\nSCONJ\n",  # 3 of the 5 found are among the 4 runs; 4 of 5 words
    "panx": "B-PER\nO\nO\n\nB-LOC\n",  # 1 of 2 found, of 2
    "xquad": {"q1": "bridge"},  # 1 of 1 word, of 2
    "mlqa": {"q1": "beta"},
    "tydiqa": {"q1": "bridge"},
    "bucc2018": "x-2\ten-3\n",  # 1 of 1, of 2
    "tatoeba": "3\n1\n0\n3\n",
}
"""What is predicted in the first of a task's languages; `GOOD` in all others."""

TWO_THIRDS = 200 / 3
FIGURES: dict[str, tuple[dict[str, float], dict[str, float]]] = {
    "xnli": ({"accuracy": 25}, {"accuracy": 75}),
    "pawsx": ({"accuracy": 25}, {"accuracy": 75}),
    "udpos": (
        {"f1": TWO_THIRDS, "precision": 60, "recall": 75, "accuracy": 80},
        {"f1": 100, "precision": 100, "recall": 100, "accuracy": 100},
    ),
    "panx": ({"f1": 50, "precision": 50, "recall": 50}, {"f1": 100, "precision": 100, "recall": 100}),
    "xquad": ({"exact_match": 0, "f1": TWO_THIRDS}, {"exact_match": 100, "f1": 100}),
    "mlqa": ({"exact_match": 0, "f1": TWO_THIRDS}, {"exact_match": 100, "f1": 100}),
    "tydiqa": ({"exact_match": 0, "f1": TWO_THIRDS}, {"exact_match": 100, "f1": 100}),
    "bucc2018": ({"f1": TWO_THIRDS, "precision": 100, "recall": 50}, {"f1": 100, "precision": 100, "recall": 100}),
    "tatoeba": ({"accuracy": 25}, {"accuracy": 75}),
}
"""By hand: the scores of `BAD` and of `GOOD`."""


def squad(references: dict[str, list[str]]) -> str:
    """Questions with their reference answers, in SQuAD's format."""
    questions = [
        {"id": id, "question": "?", "answers": [{"text": text, "answer_start": 0} for text in texts]}
        for id, texts in references.items()
    ]
    return json.dumps({"version": "1.1", "data": [{"title": "t", "paragraphs": [{"context": "c", "qas": questions}]}]})


def write_submission(folder: Path, *tasks: str) -> tuple[Path, Path]:
    """Write `predictions/` and `labels/` of some tasks, or of all, in each of their languages."""
    for name in tasks or TASKS:
        task = TASKS[name]
        for place, language in enumerate(task.languages):
            gold, predicted = GOLD[name], (GOOD if place else BAD)[name]
            for kind, content in (("labels", gold), ("predictions", predicted)):
                file = folder / kind / name / task.predictions.format(lang=language)
                file.parent.mkdir(parents=True, exist_ok=True)
                text = content if isinstance(content, str) else json.dumps(content)
                file.write_text(squad(content) if kind == "labels" and isinstance(content, dict) else text, "utf-8")  # type: ignore[arg-type]
    return folder / "predictions", folder / "labels"
