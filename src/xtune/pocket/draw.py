"""Drawing plans at random, such that no clause of one split is drawn for another.

A clause belongs to a split by its core (subject, verb, object or place); the names of persons, cities and
organisations by themselves. So a test set holds no clause and no name that the training set has.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal, TypeVar

import numpy as np

from xtune.pocket.lexicon import Concept, Lexicon
from xtune.pocket.plan import Clause, Noun

Split = Literal["train", "dev", "test"]
_T = TypeVar("_T")
_SHARES: tuple[tuple[Split, int], ...] = (("train", 60), ("dev", 78), ("test", 100))
_NAMES = ("first_names", "last_names", "cities", "organisations")
_INTRANSITIVE = ("live", "sleep", "dance", "run", "swim", "laugh")
_TRIES = 2000
_SPLIT_OF_ROW: tuple[Split, ...] = (
    *("test", "train", "train", "dev", "train"),
    *("test", "train", "train", "test", "train"),
)


def split_of_name(lexicon: Lexicon, key: str) -> Split:
    """The split that a name belongs to, by its row: of ten, six are for train, one for dev, three for test."""
    table, _, id = key.partition("/")
    return _SPLIT_OF_ROW[list(lexicon.tables[table]).index(id) % 10]


class Drawer:
    """Draws nouns and clauses.

    Args:
        lexicon: The lexicon.
        rng: Where the randomness comes from.
        split: The split to draw for; None: of all, as text for pre-training is.
    """

    def __init__(self, lexicon: Lexicon, rng: np.random.Generator, split: Split | None) -> None:
        self.lexicon, self.rng, self.split = lexicon, rng, split
        self._names = {
            table: [
                concept.key
                for concept in lexicon.all(table)
                if split is None or split_of_name(lexicon, concept.key) == split
            ]
            for table in _NAMES
        }
        self._objects = {verb.id: self._objects_of(verb) for verb in lexicon.all("verbs")}
        self._verbs = [verb.id for verb in lexicon.all("verbs") if self._objects[verb.id]]
        self._known: dict[tuple[str, str | None], list[Concept]] = {}
        self._fitting: dict[str, list[str]] = {}
        for adjective in lexicon.all("adjectives"):
            for kind in adjective.facts("kinds"):
                self._fitting.setdefault(kind, []).append(adjective.id)
        self._personal = [verb.id for verb in lexicon.all("verbs") if "person" in verb.facts("objects")]

    def pick(self, options: Sequence[_T]) -> _T:
        """One of some."""
        return options[int(self.rng.integers(len(options)))]

    def chance(self, share: float) -> bool:
        """True in this share of the cases."""
        return bool(self.rng.random() < share)

    def until(self, draw: Callable[[], Clause]) -> Clause:
        """Draw until the clause belongs to the split."""
        for _ in range(_TRIES):
            clause = draw()
            if self.owns(clause):
                return clause
        raise RuntimeError(f"no clause was found for {self.split}")

    def owns(self, clause: Clause) -> bool:
        """Whether a clause may be said in the split."""
        if self.split is None or clause.subject.table == "first_names":
            return True
        place = zlib.crc32(clause.core.encode()) % 100
        return next(split for split, bound in _SHARES if place < bound) == self.split

    def objects(self, verb: str, topic: str | None = None) -> list[Concept]:
        """The things that a verb acts on, of a topic if one is named."""
        if (verb, topic) not in self._known:
            things = [thing for thing in self._objects[verb] if topic is None or thing.fact("topic") == topic]
            self._known[verb, topic] = things
        return self._known[verb, topic]

    def person(self, topic: str | None = None, plural: bool = True, names: float = 0.45) -> Noun:
        """Someone: by name, or by what they do."""
        if self.chance(names):
            last = self.pick(self._names["last_names"]) if self.chance(0.5) else ""
            return Noun(self.pick(self._names["first_names"]), last=last)
        people = [one for one in self.lexicon.all("people") if topic is None or one.fact("topic") in (topic, "none")]
        number = "pl" if plural and self.chance(0.25) else "sg"
        adjective = self.pick(self.adjectives("person")) if number == "sg" and self.chance(0.2) else ""
        return Noun(self.pick(people).key, number=number, adjective=adjective)

    def other_person(self, *others: Noun, topic: str | None = None, plural: bool = True) -> Noun:
        """Someone else."""
        while True:
            noun = self.person(topic, plural)
            if all(noun.head != other.head for other in others):
                return noun

    def adjectives(self, kind: str) -> list[str]:
        """The adjectives that fit a kind of things."""
        return self._fitting.get(kind, [])

    def thing(self, concept: Concept, adjective: float = 0.3, numeral: float = 0.15) -> Noun:
        """A thing, some with an adjective and some counted."""
        fitting = self.adjectives(concept.fact("kind"))
        if fitting and self.chance(adjective):
            return Noun(concept.key, adjective=self.pick(fitting))
        if concept.fact("countable") == "1" and self.chance(numeral):
            return Noun(concept.key, number=self.pick(list(self.lexicon.tables["numerals"])))
        return Noun(concept.key)

    def place(self, topic: str | None = None, cities: float = 0.35) -> str:
        """A place that suits the topic, or a city."""
        if self.chance(cities):
            return self.pick(self._names["cities"])
        places = [place for place in self.lexicon.all("places") if topic is None or place.fact("topic") == topic]
        return self.pick(places).key

    def time(self) -> str:
        """A time."""
        return self.pick(list(self.lexicon.tables["times"]))

    def doing(self, topic: str | None = None) -> Clause:
        """Someone does something with a thing."""

        def draw() -> Clause:
            verb = self.pick([verb for verb in self._verbs if self.objects(verb, topic)])
            thing = self.thing(self.pick(self.objects(verb, topic)))
            return Clause(self.person(topic), verb, thing)

        return self.until(draw)

    def meeting(self) -> Clause:
        """Someone does something with someone."""

        def draw() -> Clause:
            subject = self.person()
            return Clause(subject, self.pick(self._personal), self.other_person(subject, plural=False))

        return self.until(draw)

    def being(self, topic: str | None = None) -> Clause:
        """Something is of some quality."""

        def draw() -> Clause:
            things = [t for t in self.lexicon.all("things") if topic is None or t.fact("topic") == topic]
            fitting = [thing for thing in things if self.adjectives(thing.fact("kind"))]
            thing = self.pick(fitting)
            predicate = self.pick(self.adjectives(thing.fact("kind")))
            return Clause(Noun(thing.key), predicate=predicate, negative=self.chance(0.2))

        return self.until(draw)

    def moving(self) -> Clause:
        """Someone is somewhere: sleeps, works, visits a city."""

        def draw() -> Clause:
            choice = int(self.rng.integers(3))
            if choice == 0:
                return Clause(self.person(), "work", place=self.pick(self._names["organisations"]))
            if choice == 1:
                return Clause(self.person(), "visit", Noun(self.pick(self._names["cities"])))
            return Clause(self.person(), self.pick(_INTRANSITIVE), place=self.place())

        return self.until(draw)

    def dressed(self, clause: Clause, topic: str | None = None, negative: float = 0.15) -> Clause:
        """The clause with place, time and order drawn; denied ones stay without."""
        if clause.predicate:
            return clause
        if self.chance(negative) and not (clause.object and clause.object.counted):
            return replace(clause, negative=True)
        place = clause.place or (self.place(topic) if self.chance(0.45) and clause.verb != "visit" else "")
        time = self.time() if self.chance(0.3) else ""
        return self.fronted(replace(clause, place=place, time=time))

    def fronted(self, clause: Clause) -> Clause:
        """The clause with its place or time first, in some cases."""
        can: list[Literal["place", "time"] | None] = [None, None]
        can += ["place"] if clause.place and not clause.place.startswith("organisations") else []
        can += ["time"] if clause.time else []
        return replace(clause, front=self.pick(can))

    def any(self) -> Clause:
        """A sentence of any kind, without topic."""
        kinds = (self.doing, self.meeting, self.moving, self.being)
        return self.dressed(kinds[int(self.rng.choice(4, p=(0.45, 0.2, 0.25, 0.1)))]())

    def neutral(self) -> Clause:
        """A sentence that says nothing of a topic."""
        if self.chance(0.5):
            return replace(self.meeting(), time=self.time() if self.chance(0.3) else "")
        return replace(self.doing("none"), time=self.time() if self.chance(0.3) else "")

    def _objects_of(self, verb: Concept) -> list[Concept]:
        classes = verb.facts("objects")
        return [thing for thing in self.lexicon.all("things") if thing.fact("class") in classes]
