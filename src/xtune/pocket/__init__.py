"""The pocket benchmark: our own miniature of XTREME, written from a lexicon and a grammar.

A seed gives parallel sentences in ten languages with gold tags, entities, answers and labels, in the file formats
that the library reads (`write_benchmark`); `furnish` gives a recipe that needs them the benchmark and the encoder.

The names below are imported when first used, so that the command line does not wait for them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xtune.pocket.benchmark import BenchmarkStats, Sizes, write_benchmark
    from xtune.pocket.lexicon import LANGUAGES, WITHOUT_DICTIONARY
    from xtune.pocket.supplies import furnish

__all__ = ["LANGUAGES", "WITHOUT_DICTIONARY", "BenchmarkStats", "Sizes", "furnish", "write_benchmark"]

_HOMES = {
    "LANGUAGES": "lexicon",
    "WITHOUT_DICTIONARY": "lexicon",
    "BenchmarkStats": "benchmark",
    "Sizes": "benchmark",
    "furnish": "supplies",
    "write_benchmark": "benchmark",
}


def __getattr__(name: str) -> object:
    """Import a public name from its home, once."""
    if name not in _HOMES:
        raise AttributeError(f"module 'xtune.pocket' has no attribute {name!r}")
    value: object = getattr(import_module(f"xtune.pocket.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
