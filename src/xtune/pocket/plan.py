"""What a sentence says, without any language: the plan that the grammar realises in each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Front = Literal["place", "time"]
Asked = Literal["who", "where", "what"]


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun phrase, always definite unless it is counted.

    Args:
        head: `people/doctor`, `things/apple`, `cities/paris`, or a person: `first_names/anna`.
        last: `last_names/weber`, for a person with both names.
        number: `sg`, `pl` (people only), or the id of a numeral (countable things only).
        adjective: Id of an adjective; only in the singular.
    """

    head: str
    last: str = ""
    number: str = "sg"
    adjective: str = ""

    @property
    def table(self) -> str:
        """The table of the head."""
        return self.head.partition("/")[0]

    @property
    def person(self) -> bool:
        """Whether this is someone."""
        return self.table in ("people", "first_names")

    @property
    def counted(self) -> bool:
        """Whether there is a numeral."""
        return self.number not in ("sg", "pl")


@dataclass(frozen=True, slots=True)
class Clause:
    """One sentence.

    Args:
        subject: Who or what it is about.
        verb: Id of a verb; empty for a sentence with a predicative adjective.
        object: What the verb acts on.
        predicate: Id of the predicative adjective.
        place: Key of a place, a city, or the organisation that someone works at.
        time: Id of a time.
        negative: Whether it is denied; then without numeral.
        front: What stands first.
    """

    subject: Noun
    verb: str = ""
    object: Noun | None = None
    predicate: str = ""
    place: str = ""
    time: str = ""
    negative: bool = False
    front: Front | None = None

    @property
    def core(self) -> str:
        """What decides which split the clause belongs to, so that none says in test what train has said."""
        if self.predicate:
            return f"{self.subject.head} {self.predicate} {self.negative}"
        return f"{self.subject.head} {self.verb} {self.object.head if self.object else self.place}"
