"""Span extraction: an answer's start and end in a context (paper, section 3.3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xtune.metrics import answer_scores, normaliser
from xtune.schema import Answer, Example, Positions, Span
from xtune.tasks.task import Reading


@dataclass(frozen=True, slots=True)
class SpanWindow:
    """What a model said of the part of a context that one window shows.

    Args:
        start_logits: `[tokens]`, of those that belong to the context.
        end_logits: `[tokens]`.
        offsets: Characters of the context that each covers: `[tokens]`.
        own: The window is the one with the most context for this token, so that an answer may start here: `[tokens]`.
    """

    start_logits: NDArray[np.float32]
    end_logits: NDArray[np.float32]
    offsets: Sequence[Span]
    own: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SpanPrediction:
    """The best answer, where it stands in the context, and the n best, each with its probability among them."""

    label: str
    start: int
    probabilities: list[dict[str, Any]]


@dataclass(frozen=True)
class QuestionAnswering:
    """Extraction of an answer from a context.

    Args:
        name: The dataset's name, or `span`.
        metrics: `f1`, `exact_match`; the first is the one to select by.
        n_best: How many answers are kept.
        max_answer_length: Longest answer, in tokens.
        positions: Which words of a context R1 compares.
    """

    name: str
    metrics: tuple[str, ...] = ("f1", "exact_match")
    n_best: int = 20
    max_answer_length: int = 30
    positions: Positions = "unchanged"

    @property
    def labels(self) -> tuple[str, ...]:
        """None: outcomes are positions of the text."""
        return ()

    @property
    def reading(self) -> Reading:
        """Two distributions over a row's positions."""
        return Reading("span", positions=self.positions)

    def targets(self, example: Example) -> tuple[int, ...]:
        """None: which tokens the answer has, `xtune.views.correspond` finds."""
        return ()

    def load_model(self, name: str, **options: Any) -> Any:
        """The pre-trained encoder with a new head, or a checkpoint of this task with its own.

        Args:
            name: Hub id or folder.
            options: Passed on to `from_pretrained`; `dtype` is fp32 unless it is given, as in classification.
        """
        from transformers import AutoModelForQuestionAnswering

        return AutoModelForQuestionAnswering.from_pretrained(name, **{"dtype": "float32", **options})

    def decode(self, examples: Sequence[Example], outputs: Sequence[Sequence[SpanWindow]]) -> list[SpanPrediction]:
        """The best spans over all windows of a context; each is a stretch of the context itself."""
        return [self._best(example.texts[-1].text, windows) for example, windows in zip(examples, outputs, strict=True)]

    def score(self, examples: Sequence[Example], predictions: Sequence[SpanPrediction]) -> dict[str, float]:
        """`f1`, `exact_match` and their `mean` over annotated examples of one language, in percent."""
        gold = [
            (example.id, (example.target.text, *example.target.alternatives))
            for example in examples
            if isinstance(example.target, Answer)
        ]
        answers = {example.id: each.label for example, each in zip(examples, predictions, strict=True)}
        scores = answer_scores(gold, answers, normaliser(self.name, examples[0].language))
        return {**{name: scores[name] for name in self.metrics}, "mean": (scores["f1"] + scores["exact_match"]) / 2}

    def _best(self, context: str, windows: Sequence[SpanWindow]) -> SpanPrediction:
        found: dict[Span, float] = {}
        for window in windows:
            for first, last, score in best_spans(window, self.n_best, self.max_answer_length):
                span = _trimmed(context, window.offsets[first][0], window.offsets[last][1])
                if span is not None:
                    found[span] = max(score, found.get(span, score))
        ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))[: self.n_best]
        if not ranked:
            return SpanPrediction("", 0, [])
        weights = np.exp(np.array([score for _, score in ranked]) - ranked[0][1])
        likely = weights / weights.sum()
        best: list[dict[str, Any]] = [
            {"text": context[start:end], "start": start, "end": end, "probability": float(probability)}
            for ((start, end), _), probability in zip(ranked, likely, strict=True)
        ]
        return SpanPrediction(best[0]["text"], best[0]["start"], best)


def best_spans(window: SpanWindow, n_best: int, longest: int) -> list[tuple[int, int, float]]:
    """The first and last token of the best spans, and start logit + end logit, best first.

    Every span that begins in the window's own part and is no longer than `longest` tokens is looked at.

    >>> window = SpanWindow(np.array([0.0, 2.0]), np.array([1.0, 0.5]), [(0, 1), (1, 2)], np.array([True, True]))
    >>> best_spans(window, 2, 30)
    [(1, 1, 2.5), (0, 0, 1.0)]
    """
    tokens = len(window.offsets)
    if not tokens:
        return []
    lengths = np.arange(min(longest, tokens))
    last = np.arange(tokens)[:, None] + lengths
    there = (last < tokens) & window.own[:, None]
    ends = window.end_logits[np.minimum(last, tokens - 1)].astype(np.float64)
    scores = np.where(there, window.start_logits[:, None].astype(np.float64) + ends, -np.inf).ravel()
    order = np.argsort(-scores, kind="stable")[:n_best]
    chosen = [(int(at) // len(lengths), int(at) % len(lengths), float(scores[at])) for at in order]
    return [(first, first + length, score) for first, length, score in chosen if score > -np.inf]


def _trimmed(context: str, start: int, end: int) -> Span | None:
    """A span without the white space around it, which some tokenizers count to a token; None if nothing is left."""
    text = context[start:end]
    start, end = start + len(text) - len(text.lstrip()), end - (len(text) - len(text.rstrip()))
    return (start, end) if start < end else None
