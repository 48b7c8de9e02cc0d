"""The pocket benchmark: our own miniature of XTREME, written from a lexicon and a grammar.

A seed gives parallel sentences in ten languages with gold tags, entities, answers and labels, in the file formats
that the library reads (`write_benchmark`).
"""

from __future__ import annotations

from xtune.pocket.benchmark import BenchmarkStats, Sizes, write_benchmark
from xtune.pocket.lexicon import LANGUAGES, WITHOUT_DICTIONARY

__all__ = ["LANGUAGES", "WITHOUT_DICTIONARY", "BenchmarkStats", "Sizes", "write_benchmark"]
