"""What all tests share: one thread, no network, no GPU, and a tiny model of each family, made once."""

from __future__ import annotations

import os

for _name, _value in {  # before torch and transformers are imported
    "OMP_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
    "CUDA_VISIBLE_DEVICES": "",
}.items():
    os.environ.setdefault(_name, _value)
os.environ.pop("COLUMNS", None)  # workers of pytest-xdist have it; a test that sets a width sets it for a console too

from collections.abc import Callable  # noqa: E402
from functools import cache  # noqa: E402
from pathlib import Path  # noqa: E402

import pytest  # noqa: E402


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A folder with a random model of a family (`tests.tiny.FAMILIES`) and its tokenizer; not to be changed."""
    from tests.tiny import tiny_model_dir

    return cache(lambda family: tiny_model_dir(family, tmp_path_factory))
