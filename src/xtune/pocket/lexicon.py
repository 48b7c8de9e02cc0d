"""The lexicon: hand-written concepts, each with the forms that the grammar needs in every language.

`lexicon/*.tsv` has one file a part of speech and one row a concept. A column without a dot says something about the
concept (`topic`, `hypernym`); a column such as `de.acc` holds a form. In a form, blanks separate words, `[…]` encloses
an entity, `~` after a word says that no blank follows it, `word/TAG` gives a word another part of speech than the
rest, and `-` stands for a form that the concept does not have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "de", "es", "fr", "ru", "tr", "ja", "ar", "id", "sw")
WITHOUT_DICTIONARY = ("sw",)
"""Languages that stand for those that have no dictionary, as Swahili and Urdu in the paper."""

TOPICS = ("food", "health", "money", "music", "sport", "travel", "weather")
TABLES = (
    "things",
    "people",
    "verbs",
    "adjectives",
    "places",
    "times",
    "numerals",
    "cities",
    "organisations",
    "first_names",
    "last_names",
)
NONE = "-"
_FOLDER = Path(__file__).parent / "lexicon"


@dataclass(frozen=True)
class Concept:
    """One row of the lexicon.

    Args:
        id: Unique in its table.
        table: One of `TABLES`.
        values: The cells by column.
    """

    id: str
    table: str
    values: Mapping[str, str]

    @property
    def key(self) -> str:
        """Unique in the lexicon, for example `things/apple`."""
        return f"{self.table}/{self.id}"

    def form(self, language: str, name: str) -> str:
        """A form, for example `form("de", "acc")`.

        Raises:
            KeyError: If the concept has no such form: the plan asks for what the lexicon does not say.
        """
        value = self.values.get(f"{language}.{name}", NONE)
        if value == NONE:
            raise KeyError(f"{self.key} has no form {language}.{name}")
        return value

    def has(self, language: str, name: str) -> bool:
        """Whether there is such a form."""
        return self.values.get(f"{language}.{name}", NONE) != NONE

    def fact(self, name: str) -> str:
        """What a column without language says; empty where it says nothing."""
        value = self.values.get(name, NONE)
        return "" if value == NONE else value

    def facts(self, name: str) -> tuple[str, ...]:
        """The blank-separated values of a column without language."""
        return tuple(self.fact(name).split())


@dataclass(frozen=True, eq=False)
class Lexicon:
    """All concepts, the parts of speech of function words, and the word orders.

    Args:
        tables: Concepts by id, by table.
        function_words: Part of speech by language and word.
        orders: The templates of `grammar`, by language and name.
    """

    tables: Mapping[str, Mapping[str, Concept]]
    function_words: Mapping[tuple[str, str], str]
    orders: Mapping[tuple[str, str], str]

    def __getitem__(self, key: str) -> Concept:
        table, _, id = key.partition("/")
        return self.tables[table][id]

    def all(self, table: str) -> tuple[Concept, ...]:
        """The concepts of a table, in the file's order."""
        return tuple(self.tables[table].values())

    def __len__(self) -> int:
        return sum(map(len, self.tables.values()))


@cache
def load_lexicon() -> Lexicon:
    """Read the lexicon of the package.

    >>> load_lexicon()["things/apple"].form("tr", "acc")
    'elmayı'
    """
    tables = {table: {row["id"]: Concept(row["id"], table, row) for row in _rows(f"{table}.tsv")} for table in TABLES}
    function_words = {(row["language"], row["word"]): row["tag"] for row in _rows("function_words.tsv")}
    orders = {(row["language"], name): row[name] for row in _rows("orders.tsv") for name in row if name != "language"}
    return Lexicon(tables, function_words, orders)


def _rows(name: str) -> list[dict[str, str]]:
    lines = (_FOLDER / name).read_text(encoding="utf-8").splitlines()
    header = lines[0].split("\t")
    return [dict(zip(header, line.split("\t"), strict=True)) for line in lines[1:]]
