"""Plans of single texts: documents with a topic, sentences to tag, contexts with a question."""

from __future__ import annotations

from dataclasses import dataclass, replace

from xtune.pocket.draw import Drawer
from xtune.pocket.plan import Asked, Clause

ASKED_ROLES: dict[Asked, str] = {"who": "subject", "where": "place", "what": "object"}


@dataclass(frozen=True)
class Question:
    """Clauses of a context, and what is asked of one of them."""

    context: tuple[Clause, ...]
    about: int
    asked: Asked


def document(draw: Drawer, topic: str) -> tuple[Clause, ...]:
    """Two to four sentences: at least half of them say something of the topic, the rest could stand anywhere.

    Args:
        draw: Where the plans come from.
        topic: One of `TOPICS`.
    """
    length = int(draw.rng.integers(2, 5))
    topical = 1 if length == 2 else 2
    clauses = []
    for index in range(length):
        if index >= topical:
            clauses.append(draw.neutral())
        elif draw.chance(0.25):
            clauses.append(draw.being(topic))
        else:
            clauses.append(draw.dressed(draw.doing(topic), topic))
    order = draw.rng.permutation(length)
    return tuple(clauses[index] for index in order)


def sentence_with_names(draw: Drawer) -> Clause:
    """A sentence for named entities: four in five have a name at least."""
    kind = int(draw.rng.choice(3, p=(0.5, 0.3, 0.2)))
    clause = (draw.moving, draw.meeting, draw.doing)[kind]()
    return draw.dressed(clause, negative=0.1)


def question(draw: Drawer, asked: Asked) -> Question:
    """Three or four sentences about different people, things and places, and a question with one answer.

    Args:
        draw: Where the plans come from.
        asked: What the question is after.
    """
    context: list[Clause] = []
    length = int(draw.rng.integers(3, 5))
    while len(context) < length:
        clause = _told(draw)
        if not any(_alike(clause, other) for other in context):
            context.append(clause)
    about = [index for index, clause in enumerate(context) if asked != "what" or not _team(draw, clause)]
    return Question(tuple(context), draw.pick(about), asked)


def _team(draw: Drawer, clause: Clause) -> bool:
    """Whether a team is acted on: the answer to a `who`, not to a `what`."""
    return clause.object is not None and draw.lexicon[clause.object.head].fact("class") == "team"


def _told(draw: Drawer) -> Clause:
    clause = draw.doing()
    assert clause.object is not None
    time = draw.time() if draw.chance(0.2) else ""
    single = replace(clause.object, number="sg")
    return draw.fronted(replace(clause, object=single, place=draw.place(), time=time))


def _alike(clause: Clause, other: Clause) -> bool:
    same_object = clause.object is not None and other.object is not None and clause.object.head == other.object.head
    return clause.subject.head == other.subject.head or clause.place == other.place or same_object
