"""Runs of a toy task in processes that can be killed.

The processes are forked from a server that has imported everything already, so that each starts at once; being single
threaded and free of pytest, it is safe to fork, also for the data workers.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from tests import toy

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.invariant.runs", "xtune.runs.fit", "xtune.training.trainer"])


@dataclass(frozen=True)
class Setup:
    """A model and the files of the toy task; `keys` are what every run of it sets."""

    folder: Path
    keys: dict[str, Any]

    def fit(self, name: str, **sections: Any) -> Path:
        """Train in this process; sections are laid over `keys`. Gives back the run's folder."""
        from rich.console import Console

        from xtune.runs.fit import fit

        fit(
            "text-classification", {**self.keys, **sections}, output_dir=self.folder / name, console=Console(quiet=True)
        )
        return self.folder / name

    def fit_apart(self, name: str, death: tuple[str, int] | None = None, **sections: Any) -> int:
        """Train in a process of its own, which may kill itself (see `DEATHS`); gives back its exit code."""
        process = CONTEXT.Process(target=_fit, args=(self, name, death, sections))
        process.start()
        process.join(600)
        if process.exitcode is None:
            process.kill()
            raise AssertionError("the run hangs")
        return process.exitcode


def make_setup(model: Path, folder: Path, *, dropout: bool) -> Setup:
    """21 training examples, so that neither D nor D_A fills its last step; dev sets in two languages."""
    folder.mkdir(parents=True, exist_ok=True)
    _loud(shutil.copytree(model, folder / "model"), dropout)
    toy.write_csv(folder / "train.csv", toy.rows(21))
    for language in ("en", "de"):
        toy.write_csv(folder / f"dev-{language}.csv", toy.into(language, toy.rows(9, seed=1)))
    toy.write_dictionaries(folder / "dictionaries")
    keys = {
        "model": str(folder / "model"),
        "max_length": 48,
        "data.train": str(folder / "train.csv"),
        "data.dev": str(folder / "dev-{lang}.csv"),
        "data.dictionaries": str(folder / "dictionaries"),
        "train.learning_rate": 1e-3,
        "train.num_train_epochs": 2,
        "train.per_device_train_batch_size": 8,
        "train.logging_steps": 1,
        "train.use_cpu": True,
    }
    return Setup(folder, keys)


def _loud(model: Path, dropout: bool) -> None:
    """Make a random model's weights large: as they are, it says nearly the same of every text, and all tests pass."""
    config = json.loads((model / "config.json").read_text("utf-8"))
    config["initializer_range"] = 0.5  # of the head
    if not dropout:
        config |= {name: 0.0 for name in config if "dropout" in name and config[name] is not None}
    (model / "config.json").write_text(json.dumps(config), encoding="utf-8")
    tensors = load_file(model / "model.safetensors")
    tensors = {name: 8 * tensor if tensor.ndim > 1 else tensor for name, tensor in tensors.items()}
    save_file(tensors, model / "model.safetensors", {"format": "pt"})


def log_of(run: Path) -> list[dict[str, Any]]:
    """The run's log but for the time that it took."""
    lines = [json.loads(line) for line in (run / "train_log.jsonl").read_text("utf-8").splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


def losses(run: Path) -> list[dict[str, float]]:
    """The loss and its components at each step."""
    return [{name: line[name] for name in ("loss", "task", "r1", "r2") if name in line} for line in steps(run)]


def steps(run: Path) -> list[dict[str, Any]]:
    return [line for line in log_of(run) if "loss" in line]


def weights(run: Path) -> str:
    """A digest of the model that a run left."""
    return hashlib.sha256((run / "model" / "model.safetensors").read_bytes()).hexdigest()


# ---- ways to die


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _patch(owner: Any, name: str, count: int, last: Callable[..., None]) -> None:
    """Do something else at the `count`th call of a function, after which the process is dead."""
    real, calls = getattr(owner, name), 0

    def counted(*args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == count:
            last(*args, **options)
            _die()
        return real(*args, **options)

    setattr(owner, name, counted)


def _in_a_step(count: int) -> None:
    from xtune.training.trainer import XTuneTrainer

    _patch(XTuneTrainer, "compute_loss", count, lambda *_, **__: None)


def _while_saving(count: int) -> None:
    """Optimizer, scheduler and random state are written by `torch.save`: half of one is there."""

    def half(_: object, path: Any, *__: object, **___: object) -> None:
        Path(path).write_bytes(b"half")

    _patch(torch, "save", count, half)


def _before_a_rename(count: int) -> None:
    _patch(os, "replace", count, lambda *_, **__: None)


def _after_a_rename(count: int) -> None:
    real = os.replace
    _patch(os, "replace", count, lambda *names, **options: real(*names, **options))


def _while_removing(count: int) -> None:
    def one_file(path: Any, *_: object, **__: object) -> None:
        for file in sorted(Path(path).glob("**/*")):
            if file.is_file():
                file.unlink()
                return

    _patch(shutil, "rmtree", count, one_file)


def _in_a_line_of_the_log(count: int) -> None:
    from xtune.training.callbacks import JsonLog

    def half(log: Any, *_: object, **__: object) -> None:
        with log.path.open("a", encoding="utf-8") as file:
            file.write('{"stage": "stage')

    _patch(JsonLog, "on_log", count, half)


DEATHS: dict[str, Callable[[int], None]] = {
    "in a step": _in_a_step,
    "while saving": _while_saving,
    "before a rename": _before_a_rename,
    "after a rename": _after_a_rename,
    "while removing": _while_removing,
    "in a line of the log": _in_a_line_of_the_log,
}


def _fit(setup: Setup, name: str, death: tuple[str, int] | None, sections: dict[str, Any]) -> None:
    torch.set_num_threads(1)
    if death is not None:
        DEATHS[death[0]](death[1])
    setup.fit(name, **sections)
