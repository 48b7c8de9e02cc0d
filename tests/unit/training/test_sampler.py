from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import pytest

from xtune.training.sampler import Key, StepSampler

LENGTHS = np.random.default_rng(0).integers(5, 200, 203).tolist()  # no multiple of anything

SPLITS = [(8, 1, 1), (4, 2, 1), (2, 4, 1), (1, 8, 1), (4, 1, 2), (2, 2, 2), (1, 1, 8), (1, 4, 2)]
"""Batch size, accumulation, processes: eight rows a step."""


def samplers(batch_size: int = 8, accumulation: int = 1, world: int = 1, **options: Any) -> list[StepSampler]:
    """One for each process."""
    return [
        StepSampler(
            options.get("lengths", LENGTHS),
            batch_size=batch_size,
            accumulation=accumulation,
            world=world,
            rank=rank,
            seed=options.get("seed", 1),
            stage=options.get("stage", "stage1"),
        )
        for rank in range(world)
    ]


def steps(made: list[StepSampler], epoch: int = 0) -> list[list[Key]]:
    """The rows of each optimizer step over all processes."""
    for sampler in made:
        sampler.set_epoch(epoch)
    accumulation = made[0].accumulation
    streams = [list(sampler) for sampler in made]
    assert {len(stream) for stream in streams} == {len(made[0])}  # else processes would wait for each other for ever
    assert all(batch for stream in streams for batch in stream)
    return [
        list(chain.from_iterable(batch for stream in streams for batch in stream[start : start + accumulation]))
        for start in range(0, len(made[0]), accumulation)
    ]


def rows(keys: list[Key]) -> list[int]:
    return sorted(key.row for key in keys if key.counts)


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("count", [203, 8, 7, 1, 17, 200])
def test_every_row_once_an_epoch(split: tuple[int, int, int], count: int) -> None:
    made = samplers(*split, lengths=LENGTHS[:count])
    for epoch in (0, 1):
        assert rows(list(chain.from_iterable(steps(made, epoch)))) == list(range(count))


@pytest.mark.parametrize("split", SPLITS)
def test_steps_have_the_same_rows_however_they_are_split(split: tuple[int, int, int]) -> None:
    for epoch in (0, 3):
        expected = [rows(step) for step in steps(samplers(), epoch)]
        assert [rows(step) for step in steps(samplers(*split), epoch)] == expected
        assert len(expected) == -(-203 // 8)
        assert sorted(map(len, expected)) == [3] + [8] * 25


@pytest.mark.parametrize("split", SPLITS)
def test_micro_batches_are_as_large_as_said_at_most_and_never_empty(split: tuple[int, int, int]) -> None:
    for sampler in samplers(*split):
        sizes = [len(batch) for batch in sampler]
        assert max(sizes) == split[0]
        assert min(sizes) >= 1


def test_rows_that_fill_an_empty_micro_batch_do_not_count() -> None:
    made = samplers(2, 2, 2, lengths=LENGTHS[:9])  # the second step has one row for four micro-batches
    short = next(step for step in steps(made) if len(rows(step)) == 1)
    assert len(short) == 4
    assert [key.counts for key in short].count(False) == 3
    assert {key.row for key in short} == {rows(short)[0]}  # a row of the same step, so padding does not grow


def test_keys_carry_the_epoch() -> None:
    (sampler,) = samplers()
    sampler.set_epoch(5)
    assert {key.epoch for batch in sampler for key in batch} == {5}


def test_the_order_is_a_pure_function_of_seed_stage_and_epoch() -> None:
    def order(**options: Any) -> list[list[Key]]:
        (sampler,) = samplers(**{key: value for key, value in options.items() if key != "epoch"})
        sampler.set_epoch(options.get("epoch", 0))
        return [[key._replace(epoch=0) for key in batch] for batch in sampler]

    (again,) = samplers()
    list(again)
    np.random.seed(9)
    assert order() == list(again)  # having been asked before, or the global generator, changes nothing
    variants = [order(), order(epoch=1), order(epoch=2), order(seed=2), order(stage="stage2")]
    for number, one in enumerate(variants):
        for other in variants[:number]:
            assert one != other
            assert {frozenset(batch) for batch in one} != {frozenset(batch) for batch in other}  # not only moved


def padding(batches: list[list[Key]], lengths: list[int]) -> int:
    return sum(max(lengths[key.row] for key in batch) * len(batch) for batch in batches) - sum(lengths)


@pytest.mark.parametrize("split", [(8, 1, 1), (2, 4, 1)])
def test_buckets_of_lengths_save_most_padding(split: tuple[int, int, int]) -> None:
    lengths = np.random.default_rng(1).integers(5, 200, 3000).tolist()
    (sampler,) = samplers(*split, lengths=lengths)
    shuffled = np.random.default_rng(2).permutation(3000)
    at_random = [[Key(0, int(row)) for row in part] for part in np.split(shuffled, 3000 // split[0])]
    assert padding(list(sampler), lengths) < 0.1 * padding(at_random, lengths)


def test_long_and_short_steps_come_in_no_order() -> None:
    """Buckets must not make a curriculum: what comes first in an epoch is neither short nor long."""
    lengths = np.random.default_rng(1).integers(5, 200, 4000).tolist()
    (sampler,) = samplers(lengths=lengths)
    firsts = []
    for epoch in range(20):
        sampler.set_epoch(epoch)
        means = [np.mean([lengths[key.row] for key in batch]) for batch in sampler]
        firsts.append(np.mean(means[:50]) - np.mean(means[-50:]))
    spread = np.std(lengths) * np.sqrt(2 / 50 / 20)  # of a mean difference of random steps over 20 epochs
    assert abs(np.mean(firsts)) < 4 * spread
    assert abs(np.corrcoef(np.arange(len(means)), means)[0, 1]) < 0.2


def test_equal_lengths_are_shuffled_as_well() -> None:
    (sampler,) = samplers(lengths=[10] * 64)
    together = {frozenset(key.row for key in batch) for batch in sampler}
    assert together != {frozenset(range(start, start + 8)) for start in range(0, 64, 8)}
