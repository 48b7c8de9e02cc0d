"""How a run was made, in words: its losses, settings and environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from xtune.report.compare import Run


def made(run: Run) -> dict[str, str]:
    """What made a run what it is, by name; a value may have several lines, and what is not known is left out."""
    results, environment = run.results, run.results.get("environment") or {}
    timing, data = results.get("timing") or {}, run.recipe.get("data") or {}
    rows = {
        "Training": "\n".join(stage_in_words(stage) for stage in run.recipe.get("stages") or ()),
        "Setting": str(results.get("setting", "")),
        "Encoder": model_name(results),
        "Representation": _representation(results),
        "Data": str(data.get("dir") or ""),
        "Arguments": ", ".join(f"{name} {value}" for name, value in (run.recipe.get("train") or {}).items()),
        "Checkpoint": _checkpoint(results.get("selection") or {}),
        "Seed": run.seed.removeprefix("seed "),
        "Time": f"{timing['train_seconds']:.0f} s of training" if "train_seconds" in timing else "",
        "Machine": _machine(environment),
        "Versions": ", ".join(
            f"{name} {value}" for name, value in environment.items() if name not in _MACHINE and value is not None
        ),
        "Folder": str(run.folder),
    }
    return {name: said for name, said in rows.items() if said}


def stage_in_words(stage: Mapping[str, Any]) -> str:
    """The losses of a stage, as the method's formulas have them.

    >>> stage_in_words({"name": "stage2", "augmentation": "cs", "r1": {"augmentation": "ss", "weight": 2.0}})
    'stage2: task on D and a cs copy of it + 2 · R1(ss)'
    """
    said = f"{stage['name']}: task on D"
    if copy := stage.get("augmentation"):
        said += f" and a {copy} copy of it"
    if r1 := stage.get("r1"):
        said += f" + {r1['weight']:g} · R1({r1['augmentation']})"
    if r2 := stage.get("r2"):
        said += f" + {r2['weight']:g} · R2(teacher {r2['teacher']})"
    if stage.get("spectral_norm"):
        said += "; head of spectral norm 1"
    return said


def model_name(results: Mapping[str, Any]) -> str:
    """A model's name: a Hub id as it is, the end of a folder's path.

    >>> model_name({"model": "/usr/lib/xtune/pocket/encoder"})
    'pocket/encoder'
    """
    return "/".join(PurePath(str(results["model"])).parts[-2:])


def _checkpoint(selection: Mapping[str, Any]) -> str:
    if "by" not in selection:
        return ""
    steps = [f"{name.removesuffix('_step')} {step}" for name, step in selection.items() if name.endswith("_step")]
    return f"selected by {selection['by']}; steps: {', '.join(steps)}"


def _representation(results: Mapping[str, Any]) -> str:
    """Of sentences that are compared as they are."""
    if "layer" not in results:
        return ""
    layers = f" of {results['layers']}" if "layers" in results else ""
    others = [str(results[name]) for name in ("pooling", "similarity", "engine") if name in results]
    return ", ".join([f"layer {results['layer']}{layers}", *others])


_MACHINE = ("device", "threads")


def _machine(environment: Mapping[str, Any]) -> str:
    device, threads = (environment.get(name) for name in _MACHINE)
    said = [str(device)] * (device is not None)
    return ", ".join(said + [f"{threads} thread{'s' * (threads != 1)}"] * (threads is not None))
