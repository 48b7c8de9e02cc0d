from __future__ import annotations

import pytest
import torch

from xtune.training.threads import one_thread


@pytest.mark.parametrize(
    ("told", "unless_told", "expected"), [("", False, 1), ("", True, 1), ("3", False, 1), ("3", True, 3)]
)
def test_one_thread_and_as_many_as_before_afterwards(
    monkeypatch: pytest.MonkeyPatch, told: str, unless_told: bool, expected: int
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", told)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with one_thread(unless_told):
            assert torch.get_num_threads() == expected
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
