from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from xtune.evaluation.predict import predict_outputs
from xtune.schema import Answer, Example, Text
from xtune.tasks.qa import QuestionAnswering, SpanWindow, best_spans
from xtune.views.encode import Encoder

TASK = QuestionAnswering("span")


def example(context: str, answer: str | None = None, *others: str, language: str = "en") -> Example:
    target = None if answer is None else Answer(answer, context.index(answer), others)
    return Example(context[:9], language, (Text.from_string("what is it?"), Text.from_string(context)), target)


def window(rng: np.random.Generator, tokens: int, own: tuple[int, int]) -> SpanWindow:
    start, end = rng.normal(size=(2, tokens)).astype(np.float32)
    offsets = [(3 * n, 3 * n + 2) for n in range(tokens)]
    return SpanWindow(start, end, offsets, np.array([own[0] <= n < own[1] for n in range(tokens)]))


@pytest.mark.parametrize("seed", range(20))
def test_the_best_spans_are_those_of_all_spans(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tokens, longest = int(rng.integers(1, 40)), int(rng.integers(1, 12))
    one = window(rng, tokens, (tokens // 4, tokens - tokens // 5))
    every = sorted(
        (-(float(one.start_logits[a]) + float(one.end_logits[b])), a, b)
        for a in range(tokens)
        for b in range(a, min(tokens, a + longest))
        if one.own[a]
    )[:7]
    found = best_spans(one, 7, longest)
    assert [(a, b) for a, b, _ in found] == [(a, b) for _, a, b in every]
    assert [score for *_, score in found] == pytest.approx([-score for score, *_ in every])


def test_an_answer_is_a_stretch_of_the_context_whichever_window_saw_it() -> None:
    context = "aa bb  cc dd"
    low, high = np.full(4, -9.0, np.float32), np.array([-9, 5, -9, -9], np.float32)
    offsets = [(0, 2), (2, 5), (5, 9), (9, 12)]  # as tokenizers that count the space before a word to it
    seen = SpanWindow(high, np.roll(high, 1), offsets, np.ones(4, dtype=bool))
    elsewhere = SpanWindow(low + 1, low, offsets, np.ones(4, dtype=bool))
    not_own = SpanWindow(high + 90, high, offsets, np.zeros(4, dtype=bool))
    (best,) = TASK.decode([example(context)], [[elsewhere, seen, not_own]])
    assert (best.label, best.start) == ("bb  cc", 3)
    assert sum(each["probability"] for each in best.probabilities) == pytest.approx(1)
    assert all(context[each["start"] : each["end"]] == each["text"] for each in best.probabilities)
    spans = [(each["start"], each["end"]) for each in best.probabilities]
    assert len(set(spans)) == len(spans) == 10  # each once, though two windows saw it


def test_a_context_without_tokens_has_no_answer() -> None:
    empty = SpanWindow(np.empty(0, np.float32), np.empty(0, np.float32), [], np.empty(0, dtype=bool))
    (best,) = TASK.decode([example("x")], [[empty]])
    assert (best.label, best.probabilities) == ("", [])


def test_scores_take_the_best_of_the_right_answers_and_mlqa_its_own_articles() -> None:
    examples = [example("the dog ran", "dog", "the old dog"), example("a cat sat", "cat")]
    said = TASK.decode(
        examples, [[spoken(item, answer)] for item, answer in zip(examples, ("the dog", "sat"), strict=True)]
    )
    assert [each.label for each in said] == ["the dog", "sat"]
    assert TASK.score(examples, said) == {"f1": 50.0, "exact_match": 50.0, "mean": 50.0}
    german = [example("es war der Hund", "Hund", language="de")]
    found = TASK.decode(german, [[spoken(german[0], "der Hund")]])
    assert TASK.score(german, found)["exact_match"] == 0
    assert QuestionAnswering("mlqa").score(german, found)["exact_match"] == 100


def spoken(item: Example, answer: str) -> SpanWindow:
    """A model that is sure of an answer."""
    context = item.texts[1].text
    start, count = context.index(answer), len(context)
    logits = np.full((2, count), -20, np.float32)
    logits[0, start] = logits[1, start + len(answer) - 1] = 20
    return SpanWindow(*logits, [(n, n + 1) for n in range(count)], np.ones(count, dtype=bool))


@pytest.mark.parametrize("family", ["xlm-roberta", "bert", "modernbert"])
def test_a_long_context_is_seen_whole(family: str, tiny_model: Callable[[str], Path]) -> None:
    """Through windows the model sees every character once as its own, and the answer may be anywhere."""
    folder = tiny_model(family)
    torch.manual_seed(0)
    model, encoder = TASK.load_model(str(folder)), Encoder(AutoTokenizer.from_pretrained(folder), 40, stride=12)
    item = example(" ".join(f"the {n} dog sees a house" for n in range(20)))
    (windows,) = predict_outputs(model, encoder, TASK, [item], batch_size=3)
    assert len(windows) > 3
    own = [offset for window in windows for offset, mine in zip(window.offsets, window.own, strict=True) if mine]
    assert own == encoder.layout(item.texts[1])[0]
    for window in windows:
        assert len(window.start_logits) == len(window.end_logits) == len(window.offsets)
    (best,) = TASK.decode([item], [windows])
    assert best.label and item.texts[1].text[best.start :].startswith(best.label)
