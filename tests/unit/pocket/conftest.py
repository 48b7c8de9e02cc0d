from __future__ import annotations

from pathlib import Path

import pytest

from xtune.pocket import BenchmarkStats, Sizes, write_benchmark

SIZES = Sizes(train=60, dev=42, test=42, retrieval=20, mono=40)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, BenchmarkStats]:
    """A small benchmark, and what its writer says of it."""
    folder = tmp_path_factory.mktemp("pocket")
    return folder, write_benchmark(folder, 7, sizes=SIZES, anchors=0.5)


@pytest.fixture(scope="session")
def folder(written: tuple[Path, BenchmarkStats]) -> Path:
    return written[0]


@pytest.fixture(scope="session")
def stats(written: tuple[Path, BenchmarkStats]) -> BenchmarkStats:
    return written[1]
