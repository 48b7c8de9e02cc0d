"""The published implementation's losses of tagging, through rows, collator, reading and objective.

The golden logits stand at the words of four sentences: one, a translation of it without tags, another one, and a
re-segmented copy of that. Everywhere else the model says something wild, which no loss may see.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.golden import reference_losses_cases as golden
from tests.tiny import TOKENIZERS
from xtune.augment.segmentation import SubwordSampling, sampler_for
from xtune.consistency.objective import Objective, Sites
from xtune.schema import Example, Text, View
from xtune.tasks.tagging import Tagging
from xtune.training.rows import StageRows
from xtune.training.sampler import Key
from xtune.views.collate import Collator, Row
from xtune.views.encode import EncodedView, Encoder
from xtune.views.read import site_logits

TAGS = tuple("0123456")
ENGLISH = [
    Example("a", "en", (Text.from_words(["Unbelievable", "stories", "sleeps"]),), ("1", "2", "3")),
    Example("b", "en", (Text.from_words(["colleague", "teaches", "mathematics"]),), ("1", "2", "3")),
]
GERMAN = Example("a", "de", (Text.from_words(["Straßenbahnhaltestelle", "geschlossen", "Mathematik"]),))


def rows(family: str) -> list[Row]:
    """The four rows, in the order of the golden ones; the teacher's logits as if they were computed before."""
    sampled = SubwordSampling(sampler_for(TOKENIZERS[family](), alpha=0.1, dropout=0.5), 1.0)

    def augmented(view: View, rng: np.random.Generator) -> View:
        return View(GERMAN) if view.example.id == "a" else sampled(view, rng)

    task = Tagging("panx", TAGS, ("f1",))
    stage = StageRows(
        ENGLISH, Encoder(TOKENIZERS[family](), 64), task, copies=(augmented,), partner=sampled, guided="augmented"
    )
    made = [stage[Key(0, index)] for index in (0, 2, 1, 3)]
    teacher = np.array(golden.TAG_TEACHER, dtype=np.float32).reshape(2, 3, 7)
    return [made[0], replace(made[1], teacher=teacher[0]), made[2], replace(made[3], teacher=teacher[1])]


def output(views: list[EncodedView], words: Tensor, width: int, left: bool) -> Tensor:
    """What a model says at `[views, positions, tags]`: golden at each word's first sub-word."""
    logits = torch.randn(len(views), width, len(TAGS)) * 30
    for number, view in enumerate(views):
        shift = width - len(view.ids) if left else 0
        for word in range(3):
            logits[number, shift + list(view.words).index(word)] = words[3 * number + word]
    return logits


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("family", ["unigram", "wordpiece", "bpe"])
def test_the_published_losses(family: str, left: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = TOKENIZERS[family]()
    monkeypatch.setattr(tokenizer, "padding_side", "left" if left else "right")
    made, reading = rows(family), Tagging("panx", TAGS, ("f1",)).reading
    batch = Collator(tokenizer, reading)(made)
    mask = batch["model_inputs"]["attention_mask"]
    views = [row.view for row in made] + [row.partner for row in made if row.partner is not None]
    assert len({len(view.ids) for view in views}) > 1  # so that there is padding
    words = torch.cat([torch.tensor(golden.TAG_CLEAN), torch.tensor(golden.TAG_NOISED)])
    outputs = SimpleNamespace(logits=output(views, words, mask.shape[1], left))
    sites = Sites(
        logits=site_logits(reading, None, outputs, mask, batch["sites"]),
        labels=batch["labels"],
        partner=site_logits(reading, None, outputs, mask, batch["partner_sites"]),
        corresponds=batch["corresponds"],
        teacher=batch["teacher_logits"],
        guided=batch["guided"],
    )
    assert tuple(batch["labels"].tolist()) == golden.TAG_LABELS
    assert tuple(batch["guided"].tolist()) == golden.TAG_AUGMENTED
    losses = Objective(golden.TAG_LAMBDA1, golden.TAG_LAMBDA2, "mean")(sites)
    total, task, _, r1, r2 = golden.TAG_TOTAL
    found = [float(losses[name]) for name in ("task", "r1", "r2")]
    assert found == pytest.approx([task, r1, r2], abs=1e-5)
    assert sum(found) == pytest.approx(total, abs=2e-5)
