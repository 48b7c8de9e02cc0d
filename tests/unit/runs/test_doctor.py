from __future__ import annotations

import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import torch
from huggingface_hub import constants

from xtune.runs import doctor
from xtune.runs.doctor import Finding, examine


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """The Hub can be reached, there is a cache and a large disk; the calls to the Hub are noted."""
    calls: list[Any] = []

    class Api:
        def model_info(self, name: str, timeout: float) -> None:
            calls.append((name, timeout))

    monkeypatch.setattr(huggingface_hub, "HfApi", Api)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    set_disk(monkeypatch, 500)
    return calls


def set_disk(monkeypatch: pytest.MonkeyPatch, gigabytes: int) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, gigabytes * 2**30))


def findings() -> dict[str, Finding]:
    return {finding.what: finding for finding in examine(timeout=0.5)}


def test_all_is_well(asked: list[Any]) -> None:
    found = findings()
    for package in ("xtune", "torch", "transformers", "tokenizers", "accelerate", "datasets", "python", "memory"):
        assert found[package].found
    assert (found["hub"].found, found["hub"].remedy) == ("reached", None)
    assert "500 GiB" in found["disk"].found and found["disk"].remedy is None
    assert found["torch"].found == torch.__version__
    assert [timeout for _, timeout in asked] == [0.5]


def test_the_hub_cannot_be_reached(asked: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    class Api:
        def model_info(self, *_: object, **__: object) -> None:
            raise TimeoutError("no route")

    monkeypatch.setattr(huggingface_hub, "HfApi", Api)
    hub = findings()["hub"]
    assert "not reached (TimeoutError)" in hub.found
    assert hub.remedy is not None and "data.dir=FOLDER" in hub.remedy


def test_the_hub_is_switched_off(asked: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    hub = findings()["hub"]
    assert "HF_HUB_OFFLINE" in hub.found and hub.remedy
    assert asked == []  # then nobody asks


def test_models_in_the_cache_are_named(asked: list[Any], tmp_path: Path) -> None:
    assert "no model yet" in findings()["cache"].found
    for name in ("models--FacebookAI--xlm-roberta-base", "datasets--facebook--xnli", "models--bert"):
        (tmp_path / name).mkdir()
    assert findings()["cache"].found.endswith(": FacebookAI/xlm-roberta-base, bert")


def test_little_disk_and_little_memory(asked: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    set_disk(monkeypatch, 3)
    monkeypatch.setattr(doctor.os, "sysconf", lambda name: 4096 if name == "SC_PAGE_SIZE" else 2**20)  # 4 GiB
    found = findings()
    assert found["disk"].remedy and found["memory"].remedy
    assert found["memory"].found == "4 GiB"


def test_a_package_that_is_not_there(asked: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[[str], str] = doctor.version

    def version(name: str) -> str:
        if name == "datasets":
            raise doctor.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(doctor, "version", version)
    found = findings()
    assert (found["datasets"].found, found["datasets"].remedy) == ("not installed", "pip install datasets")
    assert found["torch"].remedy is None


@pytest.mark.parametrize("count", [1, 2])
def test_gpus(asked: list[Any], monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    properties = namedtuple("properties", "name total_memory")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: properties("H1", 80 * 2**30))
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    found = findings()
    assert found[f"gpu {count - 1}"].found == "H1, 80 GiB, bf16: train.bf16=true"
    assert ("gpus" in found) == (count > 1)
    if count > 1:
        assert "torchrun --nproc-per-node 2" in str(found["gpus"].remedy)


def test_no_gpu(asked: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    gpu = findings()["gpu"]
    assert gpu.found.startswith("none") and gpu.remedy
