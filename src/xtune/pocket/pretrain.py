"""Masked language modelling in plain torch: documents as pieces, batches of like length, a linear schedule."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from transformers import PreTrainedTokenizerFast, XLMRobertaForMaskedLM

from xtune.pocket.tokenizer import MAX_LENGTH, SPECIAL

_SENTENCE = re.compile(r"(?<=[.?؟])\s+|(?<=。)")
_NOISE = (0.8, 0.9)  # of the chosen pieces: masked; masked or replaced; the rest stay (Devlin et al. 2019)


@dataclass(frozen=True)
class Training:
    """How the encoder is pre-trained.

    Args:
        steps: Optimizer steps.
        pieces: Pieces of a batch, padding included.
        masked: Share of the pieces that are predicted.
        paired: Share of the documents whose sentences are given as the two texts of a pair.
        learning_rate: The highest; it falls linearly to 0.
        warmup: Share of the steps until it is reached.
        weight_decay: Of AdamW.
    """

    steps: int = 5000
    pieces: int = 1536
    masked: float = 0.25
    paired: float = 0.3
    learning_rate: float = 2e-3
    warmup: float = 0.06
    weight_decay: float = 0.01


Progress = Callable[[int, float], None]
"""Told of each step its number, from 1, and its loss."""


@dataclass(frozen=True)
class Outcome:
    """What pre-training came to.

    Args:
        loss: Mean of the last hundredth of the steps, at least of one.
        seconds: Of training alone, by the clock.
        busy: Seconds that the processor worked for it, fewer where others work too.
    """

    loss: float
    seconds: float
    busy: float


def encode(
    tokenizer: PreTrainedTokenizerFast, texts: Sequence[str], rng: np.random.Generator, paired: float
) -> list[list[int]]:
    """Documents as pieces with special tokens, some as pairs of texts."""
    inputs: list[str | tuple[str, str]] = []
    for text in texts:
        cuts = [match.end() for match in _SENTENCE.finditer(text) if match.end() < len(text)]
        if cuts and rng.random() < paired:
            cut = cuts[int(rng.integers(len(cuts)))]
            inputs.append((text[:cut].strip(), text[cut:]))
        else:
            inputs.append(text)
    pairs = [item for item in inputs if isinstance(item, tuple)]
    single = [item for item in inputs if isinstance(item, str)]
    options = {"truncation": True, "max_length": MAX_LENGTH, "return_attention_mask": False}
    encoded: list[list[int]] = tokenizer(single, **options)["input_ids"] if single else []
    if pairs:
        first, second = zip(*pairs, strict=True)
        encoded += tokenizer(list(first), list(second), **options)["input_ids"]
    return encoded


def pretrain(
    model: XLMRobertaForMaskedLM,
    documents: Sequence[Sequence[int]],
    training: Training,
    rng: np.random.Generator,
    progress: Progress = lambda step, loss: None,
) -> Outcome:
    """Train the model in place.

    Args:
        model: Untrained.
        documents: Pieces of each, special tokens included.
        training: How.
        rng: Decides batches and masks. Without dropout, which this model has no use for, nothing else is random.
        progress: Told of each step.
    """
    model.eval()  # no dropout: a small model on much text underfits
    optimizer = torch.optim.AdamW(_groups(model, training.weight_decay), lr=training.learning_rate, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, training))
    losses: list[float] = []
    started, worked = time.monotonic(), time.process_time()
    stream = _batches(documents, training.pieces, rng)
    for step in range(1, training.steps + 1):
        ids, mask = next(stream)
        loss = _loss(model, ids, mask, rng, training.masked)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        progress(step, losses[-1])
    last = losses[-max(1, training.steps // 100) :]
    return Outcome(sum(last) / len(last), time.monotonic() - started, time.process_time() - worked)


def _groups(model: XLMRobertaForMaskedLM, decay: float) -> list[dict[str, object]]:
    """Matrices decay; biases and norms do not."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return [
        {"params": [parameter for parameter in parameters if parameter.dim() > 1], "weight_decay": decay},
        {"params": [parameter for parameter in parameters if parameter.dim() < 2], "weight_decay": 0.0},
    ]


def _rate(step: int, training: Training) -> float:
    rise = max(1, round(training.warmup * training.steps))
    fall = (training.steps - step) / max(1, training.steps - rise)
    return min((step + 1) / rise, max(fall, 0.0))


def _batches(
    documents: Sequence[Sequence[int]], pieces: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches (rows, length) of documents of like length, and which of their pieces are no padding; without end."""
    pad = SPECIAL.index("<pad>")
    lengths = np.array([len(document) for document in documents])
    while True:
        order = np.argsort(lengths + rng.random(len(lengths)) * 3, kind="stable")
        cuts, width = [0], 0
        for row, index in enumerate(order):
            width = int(lengths[index]) if row == cuts[-1] else max(width, int(lengths[index]))
            if (row - cuts[-1] + 1) * width > pieces and row > cuts[-1]:
                cuts.append(row)
        spans = list(zip(cuts, [*cuts[1:], len(order)], strict=True))
        for which in rng.permutation(len(spans)):
            rows = order[spans[which][0] : spans[which][1]]
            ids = np.full((len(rows), int(lengths[rows].max())), pad)
            for row, index in enumerate(rows):
                ids[row, : lengths[index]] = documents[index]
            yield ids, ids != pad


def _loss(
    model: XLMRobertaForMaskedLM, ids: np.ndarray, mask: np.ndarray, rng: np.random.Generator, share: float
) -> torch.Tensor:
    """Cross-entropy of the chosen pieces; the vocabulary's logits are computed for these alone."""
    size = model.config.vocab_size
    chosen = (rng.random(ids.shape) < share) & (ids >= len(SPECIAL))
    if not chosen.any():
        chosen[:, 1] = True
    fate = rng.random(ids.shape)
    noisy = np.where(chosen & (fate < _NOISE[0]), size - 1, ids)
    replaced = chosen & (fate >= _NOISE[0]) & (fate < _NOISE[1])
    noisy = np.where(replaced, rng.integers(len(SPECIAL), size - 1, ids.shape), noisy)
    hidden = model.roberta(torch.from_numpy(noisy), attention_mask=torch.from_numpy(mask.astype(np.int64)))
    logits = model.lm_head(hidden.last_hidden_state[torch.from_numpy(chosen)])
    loss: torch.Tensor = cross_entropy(logits, torch.from_numpy(ids[chosen]))
    if not math.isfinite(loss.item()):
        raise FloatingPointError("the loss is not finite")
    return loss
