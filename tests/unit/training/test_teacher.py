from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from tests.tiny import FAMILIES, SENTENCES
from xtune.augment.compose import Compose
from xtune.augment.noise import GaussianNoise
from xtune.augment.segmentation import SubwordSampling, sampler_for
from xtune.schema import Example, Text
from xtune.tasks.classification import Classification
from xtune.training.known import KnownLogits
from xtune.training.rows import StageRows
from xtune.training.sampler import Key
from xtune.training.teacher import Teacher
from xtune.views.collate import Collator
from xtune.views.encode import Encoder

TASK = Classification("text-classification", ("x", "y", "z"))


@pytest.fixture(params=FAMILIES)
def model_dir(request: pytest.FixtureRequest, tiny_model: Callable[[str], Path]) -> Path:
    return tiny_model(request.param)


@pytest.fixture
def teacher(model_dir: Path) -> Teacher:
    torch.manual_seed(0)
    return Teacher(TASK.load_model(str(model_dir)).train())


@pytest.fixture
def rows(model_dir: Path) -> StageRows:
    tokenizer = AutoTokenizer.from_pretrained(model_dir)
    lines = [SENTENCES["en"][0], SENTENCES["de"][2], "a", SENTENCES["th"][0], SENTENCES["fr"][4]]
    augment = Compose((SubwordSampling(sampler_for(tokenizer, alpha=0.1, dropout=0.5)), GaussianNoise("normal", 0.3)))
    return StageRows(
        examples=[Example(str(n), "en", (Text.from_string(line),), "x") for n, line in enumerate(lines)],
        encoder=Encoder(tokenizer, 32),
        task=TASK,
        copies=(augment,),
        partner=augment,
        guided="all",
        resample="once",
    )


def live(teacher: Teacher, rows: StageRows, indices: list[int]) -> torch.Tensor:
    """What the trainer would ask for these rows in one merged batch."""
    batch: Any = Collator(rows.encoder.tokenizer, TASK.reading)([rows[Key(0, index)] for index in indices])
    return teacher.logits(TASK.reading, batch["model_inputs"], batch["sites"][batch["guided"]], batch["noise"])


def known(teacher: Teacher, rows: StageRows, path: Path, batch_size: int = 64) -> np.ndarray:
    """What was computed beforehand, `[rows, outcomes]`, NaN where nothing was."""
    found = teacher.precompute(rows, path, batch_size)
    assert found is not None
    logits = [found.of(row, sites=1) for row in range(len(rows))]
    return np.concatenate([np.full((1, 3), np.nan) if each is None else each for each in logits])


def test_logits_computed_beforehand_are_those_of_the_live_model(
    teacher: Teacher, rows: StageRows, tmp_path: Path
) -> None:
    """For noisy copies too; and whatever stands beside a row, partners among it."""
    table = known(teacher, rows, tmp_path / "logits", batch_size=3)
    assert table.shape == (10, 3)
    for indices in ([0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [2], [7], [9, 2, 5]):
        torch.testing.assert_close(
            live(teacher, rows, indices), torch.tensor(table[indices]).float(), atol=1e-5, rtol=0
        )
    assert np.abs(table[5:] - table[:5]).max() > 1e-4  # the copies' own: the augmentation shows


def test_logits_of_rows_that_change_are_not_known(teacher: Teacher, rows: StageRows, tmp_path: Path) -> None:
    rows.resample = "epoch"
    table = known(teacher, rows, tmp_path / "logits")
    assert not np.isnan(table[:5]).any() and np.isnan(table[5:]).all()
    rows.guided = "augmented"
    assert teacher.precompute(rows, tmp_path / "other") is None
    assert not (tmp_path / "other").exists()


def test_the_file_is_what_counts_once_it_is_there(teacher: Teacher, rows: StageRows, tmp_path: Path) -> None:
    """So that a resumed run sees the very numbers of the interrupted one."""
    path = tmp_path / "logits"
    KnownLogits.write(path, 10, ((row, np.full((1, 3), 7.0, np.float32)) for row in range(10)))
    assert (known(teacher, rows, path) == 7).all()
    assert [file.name for file in tmp_path.iterdir()] == ["logits"]


def test_the_teacher_is_frozen_and_silent(teacher: Teacher, rows: StageRows) -> None:
    assert not teacher.model.training  # no dropout
    assert not any(parameter.requires_grad for parameter in teacher.model.parameters())
    first, second = live(teacher, rows, [0, 5]), live(teacher, rows, [0, 5])
    assert torch.equal(first, second)
    assert not first.requires_grad and first.dtype == torch.float32
    assert live(teacher, rows, [0, 1])[:1].shape == (1, 3)


def test_only_the_rows_asked_for_are_answered_in_their_order(teacher: Teacher, rows: StageRows) -> None:
    batch: Any = Collator(rows.encoder.tokenizer, TASK.reading)([rows[Key(0, index)] for index in (0, 1, 2, 6)])
    every = teacher.logits(TASK.reading, batch["model_inputs"], batch["sites"], batch["noise"])
    some = teacher.logits(TASK.reading, batch["model_inputs"], batch["sites"][[3, 0]], batch["noise"])
    torch.testing.assert_close(some, every[[3, 0]], atol=1e-5, rtol=0)
    assert (every[3] - every[0]).abs().max() > 1e-5
