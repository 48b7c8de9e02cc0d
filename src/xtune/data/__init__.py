"""From files and the Hub to annotated examples.

`load_split` gives the examples of a split and a language wherever they come from (`Source`): XTREME's folders, a
user's CSV, TSV, JSONL or CoNLL files, the Hub. `write_examples` puts them on disk as an `ExampleTable`, so that memory
does not grow with the training set; `load_translations` does the same for translations, joined to the examples they
translate. `load_dictionaries` reads MUSE's dictionaries. Whatever is wrong in a file is an `InputError` that names
the file, the line and the column.
"""

from __future__ import annotations

from xtune.data.columns import Columns
from xtune.data.dictionaries import Dictionaries, load_dictionaries
from xtune.data.hub import Hub
from xtune.data.load import commits, has_split, languages_of, load_file, load_pair, load_split, pairs_of, pin
from xtune.data.source import Source
from xtune.data.store import ExampleTable, TranslationTable, write_examples
from xtune.data.translations import TranslationCounts, load_translations

__all__ = [
    "Columns",
    "Dictionaries",
    "ExampleTable",
    "Hub",
    "Source",
    "TranslationCounts",
    "TranslationTable",
    "commits",
    "has_split",
    "languages_of",
    "load_dictionaries",
    "load_file",
    "load_pair",
    "load_split",
    "load_translations",
    "pairs_of",
    "pin",
    "write_examples",
]
