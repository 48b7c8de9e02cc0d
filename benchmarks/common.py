"""What the benchmarks share: clocks, plain tables, conditions and JSON. Not run itself."""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import torch
from transformers import TrainerCallback


class Times(NamedTuple):
    """Seconds on the wall, and of processor time that this process used."""

    wall: float
    cpu: float

    def since(self, start: Times) -> Times:
        """What went by."""
        return Times(self.wall - start.wall, self.cpu - start.cpu)

    def per(self, count: float) -> Times:
        """Of one among `count`."""
        return Times(self.wall / count, self.cpu / count)


def now() -> Times:
    """Both clocks, once an accelerator has done what it was asked for."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return Times(time.perf_counter(), time.process_time())


class Clock(TrainerCallback):  # type: ignore[misc]
    """The time from before the first training step to after the last."""

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        """Start."""
        self.started = now()

    def on_train_end(self, *_: Any, **__: Any) -> None:
        """Stop."""
        self.spent = now().since(self.started)


def parser_of(doc: str | None) -> argparse.ArgumentParser:
    """A parser whose help is the script's docstring, with the options that all scripts have."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="folder or Hub id of an encoder; default: a small random one")
    parser.add_argument("--dictionaries", help="folder of MUSE dictionaries, en-XX.txt; default: generated ones")
    parser.add_argument("--languages", nargs="+", help="of the dictionaries; default: all there, or five generated")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--output", type=Path, help="write JSON here")
    return parser


def spread(values: Sequence[float], digits: int = 3) -> str:
    """Least, median and greatest.

    >>> spread([3.0, 1.0, 2.0], 1)
    '1.0  2.0  3.0'
    """
    if not values:
        return "-"
    return "  ".join(f"{value:.{digits}f}" for value in (min(values), median(values), max(values)))


def show(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a plain table, the first column to the left, the others to the right."""
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    print(f"\n{title}")
    for number, row in enumerate(cells):
        rest = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        print("  ".join([row[0].ljust(widths[0]), *rest]).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))


def conditions() -> dict[str, Any]:
    """What figures depend on beside the code: versions, machine, threads, and how busy the machine is."""
    names = ("xtune", "torch", "transformers", "tokenizers", "numpy")
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in names},
        "machine": platform.machine(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "cores": os.cpu_count(),
        "torch_threads": torch.get_num_threads(),
        "load_average": [round(value, 2) for value in os.getloadavg()] if hasattr(os, "getloadavg") else None,
    }


def finish(benchmark: str, options: argparse.Namespace, before: Mapping[str, Any], results: Mapping[str, Any]) -> None:
    """Print the conditions before and after, and write all as JSON if a file is named."""
    after = conditions()
    known = ", ".join(f"{name} {value}" for name, value in before.items() if name != "load_average")
    print(f"\n{known}\nload average {before['load_average']} before, {after['load_average']} after")
    if options.output is not None:
        given = {name: value for name, value in vars(options).items() if name != "output"}
        record = {"benchmark": benchmark, "options": given, "before": before, "after": after, "results": results}
        options.output.write_text(json.dumps(record, indent=2, default=str) + "\n", encoding="utf-8")
        print(f"written: {options.output}")
