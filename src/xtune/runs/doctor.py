"""`xtune doctor`: what this machine has, what can be reached, and what to do about the rest."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's: what was looked at, what was found, and what to do if it is not well."""

    what: str
    found: str
    remedy: str | None = None


def examine(timeout: float = 5.0) -> Iterator[Finding]:
    """Look at versions, devices, memory, disk and the Hub, one finding at a time.

    Args:
        timeout: Seconds to wait for the Hub.
    """
    yield Finding("python", f"{platform.python_version()} ({sys.executable})")
    for package in ("xtune", "torch", "transformers", "tokenizers", "accelerate", "datasets"):
        yield _package(package)
    yield from _device()
    yield _memory()
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    low = "checkpoints of a base model take about 4 GB; name a folder on a larger disk" if free < 10 else None
    yield Finding("disk", f"{free:.0f} GiB free here", low)
    yield from _hub(timeout)


def _package(name: str) -> Finding:
    try:
        return Finding(name, version(name))
    except PackageNotFoundError:
        return Finding(name, "not installed", f"pip install {name}")


def _device() -> Iterator[Finding]:
    import torch

    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(index)
            bf16 = "bf16: train.bf16=true" if torch.cuda.is_bf16_supported() else "no bf16: train.fp16=true"
            yield Finding(f"gpu {index}", f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB, {bf16}")
        if torch.cuda.device_count() > 1:
            yield Finding("gpus", "several", f"torchrun --nproc-per-node {torch.cuda.device_count()} -m xtune train …")
        return
    if torch.backends.mps.is_available():
        yield Finding("gpu", "Apple MPS")
        return
    remedy = "small models train on a CPU; for base size use a GPU and PyTorch's build for it (pytorch.org)"
    yield Finding("gpu", f"none; {torch.get_num_threads()} CPU threads", remedy)


def _memory() -> Finding:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (ValueError, OSError, AttributeError):
        return Finding("memory", "unknown")
    return Finding("memory", f"{total:.0f} GiB", "use a smaller model or batch" if total < 8 else None)


def _hub(timeout: float) -> Iterator[Finding]:
    import huggingface_hub
    from huggingface_hub import constants

    cache = Path(constants.HF_HUB_CACHE)
    cached = sorted(path.name.replace("--", "/").removeprefix("models/") for path in cache.glob("models--*"))
    yield Finding("cache", f"{cache}: {', '.join(cached) or 'no model yet'}")
    if constants.HF_HUB_OFFLINE:
        yield Finding("hub", "switched off by HF_HUB_OFFLINE", "unset it, or use model=FOLDER and data.dir=FOLDER")
        return
    try:
        huggingface_hub.HfApi().model_info("FacebookAI/xlm-roberta-base", timeout=timeout)
        yield Finding("hub", "reached")
    except Exception as failure:  # whatever keeps us from the Hub, the finding is the same
        remedy = "work offline with model=FOLDER and data.dir=FOLDER, or set HF_ENDPOINT to a mirror"
        yield Finding("hub", f"not reached ({type(failure).__name__})", remedy)
