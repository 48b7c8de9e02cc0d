"""Pairs of texts: inference, and paraphrases.

Inference draws the hypothesis first, from one distribution for all labels, and then a premise to its label: so the
hypothesis alone says nothing of the label. Paraphrases differ in order alone; what is none has the same words, with
the actors exchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from xtune.pocket.draw import Drawer
from xtune.pocket.plan import Clause, Noun

_NEAR = (
    *({"eat", "taste"}, {"drink", "taste"}, {"open", "close"}, {"find", "lose"}, {"buy", "sell"}),
    *({"love", "criticise"}, {"examine", "treat"}, {"examine", "study"}, {"watch", "see"}, {"draw", "see"}),
    *({"photograph", "see"}, {"greet", "see"}, {"examine", "see"}, {"treat", "see"}, {"show", "see"}, {"check", "see"}),
    *({"use", "see"}, {"find", "see"}, {"repair", "see"}, {"drive", "see"}, {"wash", "see"}, {"build", "see"}),
    *({"open", "see"}, {"close", "see"}, {"carry", "see"}, {"hide", "show"}, {"win", "lose"}, {"win", "find"}),
    *({"drive", "use"}, {"carry", "bring"}, {"check", "read"}, {"pay", "reduce"}),
    *({"support", "save"}, {"support", "defeat"}, {"support", "criticise"}),
)
"""Verbs of which one says something of the other, so that neither leaves the other open."""
_MUTUAL = {"know", "defeat"}
"""Verbs that say something of the same with the roles exchanged: known is who knows, beaten does not beat."""

NLI_LABELS = ("entailment", "neutral", "contradiction")
Text = tuple[Clause, ...]
Change = Callable[[], Text]


@dataclass(frozen=True)
class Pair:
    """Two texts and their label; `pattern` says how the first was made from the second."""

    first: Text
    second: Text
    label: str
    pattern: str


def inference(draw: Drawer, label: str) -> Pair:
    """A premise and a hypothesis that it entails, leaves open or contradicts.

    Args:
        draw: Where the plans come from.
        label: One of `NLI_LABELS`.
    """
    hypothesis = _hypothesis(draw)
    ways = {name: find(draw, hypothesis) for name, find in _WAYS.items()}
    while not all(ways.values()):  # whatever the label, so that the hypothesis does not depend on it
        hypothesis = _hypothesis(draw)
        ways = {name: find(draw, hypothesis) for name, find in _WAYS.items()}
    changes = ways[label]
    pattern = draw.pick(list(changes))
    premise = changes[pattern]()
    if len(premise) == 1 and draw.chance(0.3):
        premise = _with_other(draw, premise[0], hypothesis)
    return Pair(premise, (hypothesis,), label, pattern)


def _hypothesis(draw: Drawer) -> Clause:
    clause = draw.meeting() if draw.chance(0.3) else draw.doing()
    counted = clause.object is not None and clause.object.counted
    if not counted and draw.chance(0.3):
        return replace(clause, negative=True)
    return replace(clause, place=draw.place() if draw.chance(0.35) else "")


def _with_other(draw: Drawer, clause: Clause, hypothesis: Clause) -> Text:
    """The clause beside another one, about someone else."""
    people = [noun for noun in (hypothesis.subject, hypothesis.object, clause.subject) if noun is not None]
    while True:
        other = draw.doing()
        if all(other.subject.head != noun.head for noun in people):
            return (clause, other) if draw.chance(0.5) else (other, clause)


def _entailing(draw: Drawer, said: Clause) -> dict[str, Change]:
    """Premises that say at least as much."""
    changes: dict[str, Change] = {"addition": lambda: _with_other(draw, said, said)}
    if said.negative or said.object is None:
        return changes
    if not said.place:
        changes["place"] = lambda: (replace(said, place=draw.place()),)
    if not said.time:
        changes["time"] = lambda: (replace(said, time=draw.time()),)
    plain = not said.object.adjective and said.object.number == "sg" and said.object.table == "things"
    fitting = draw.adjectives(draw.lexicon[said.object.head].fact("kind")) if plain else []
    if fitting:
        changes["attribute"] = lambda: (_about(said, adjective=draw.pick(fitting)),)
    narrower = _narrower(draw, said) if plain else []
    if narrower:
        changes["hypernym"] = lambda: (_about(said, head=draw.pick(narrower)),)
    return changes


def _neutral(draw: Drawer, said: Clause) -> dict[str, Change]:
    """Premises that leave it open."""
    changes: dict[str, Change] = {}
    assert said.object is not None
    if said.object.person and said.verb not in _MUTUAL:
        changes["roles"] = lambda: (exchange_roles(said),)
    verbs = _other_verbs(draw, said)
    if verbs:
        changes["verb"] = lambda: (replace(said, verb=draw.pick(verbs)),)
    if said.negative:
        return changes
    if said.place:
        changes["place"] = lambda: (replace(said, place=""),)
    if said.object.adjective:
        changes["attribute"] = lambda: (_about(said, adjective=""),)
    wider = _wider(draw, said)
    if wider:
        changes["hypernym"] = lambda: (_about(said, head=wider),)
    return changes


def _contradicting(draw: Drawer, said: Clause) -> dict[str, Change]:
    """Premises under which it cannot be."""
    assert said.object is not None
    changes: dict[str, Change] = {"negation": lambda: (replace(said, negative=not said.negative, place=""),)}
    if said.object.counted:
        others = [number for number in draw.lexicon.tables["numerals"] if number != said.object.number]
        changes = {"number": lambda: (_about(said, number=draw.pick(others)),)}
    if said.negative:
        return changes
    if said.place:
        changes["place"] = lambda: (replace(said, place=_other_place(draw, said.place)),)
        changes.pop("negation", None)
    opposed = _opposed(draw, said.object)
    if opposed:
        changes["attribute"] = lambda: (_about(said, adjective=draw.pick(opposed)),)
    siblings = _siblings(draw, said)
    if siblings:
        changes["sibling"] = lambda: (_about(said, head=draw.pick(siblings)),)
    return changes


_WAYS = {"entailment": _entailing, "neutral": _neutral, "contradiction": _contradicting}


def _about(clause: Clause, **changes: str) -> Clause:
    assert clause.object is not None
    return replace(clause, object=replace(clause.object, **changes))


def exchange_roles(clause: Clause) -> Clause:
    """Who acted is acted on, and the other way round; only the singular is acted on."""
    assert clause.object is not None
    return replace(clause, subject=clause.object, object=replace(clause.subject, number="sg"))


def _other_verbs(draw: Drawer, said: Clause) -> list[str]:
    """Verbs that the same object can have."""
    assert said.object is not None
    kind = "person" if said.object.person else draw.lexicon[said.object.head].fact("class")
    verbs = draw.lexicon.all("verbs")
    others = [verb.id for verb in verbs if kind in verb.facts("objects") and verb.id != said.verb]
    return [verb for verb in others if {verb, said.verb} not in _NEAR]


def _narrower(draw: Drawer, said: Clause) -> list[str]:
    assert said.object is not None
    fitting = draw.objects(said.verb)
    return [thing.key for thing in fitting if f"things/{thing.fact('hypernym')}" == said.object.head]


def _wider(draw: Drawer, said: Clause) -> str:
    assert said.object is not None
    noun = said.object
    wider = draw.lexicon[noun.head].fact("hypernym") if noun.table == "things" else ""
    plain = not noun.adjective and not noun.counted
    return f"things/{wider}" if wider and plain else ""


def _siblings(draw: Drawer, said: Clause) -> list[str]:
    assert said.object is not None
    noun = said.object
    wider = draw.lexicon[noun.head].fact("hypernym") if noun.table == "things" else ""
    if not wider:
        return []
    return [t.key for t in draw.objects(said.verb) if t.fact("hypernym") == wider and t.key != noun.head]


def _opposed(draw: Drawer, noun: Noun) -> list[str]:
    """Adjectives of the same group that fit the thing."""
    if not noun.adjective or noun.person:
        return []
    group = draw.lexicon[f"adjectives/{noun.adjective}"].fact("group")
    fitting = draw.adjectives(draw.lexicon[noun.head].fact("kind"))
    same = [other for other in fitting if group and draw.lexicon[f"adjectives/{other}"].fact("group") == group]
    return [other for other in same if other != noun.adjective]


def _other_place(draw: Drawer, place: str) -> str:
    """Another place of the same kind."""
    while True:
        other = draw.place(cities=float(place.startswith("cities")))
        if other != place:
            return other


def paraphrase(draw: Drawer, label: str) -> Pair:
    """Two texts of two sentences that say the same, label `1`, or the same of others, label `0`."""
    first, second = _clause(draw), _clause(draw)
    while second.subject.head == first.subject.head or _shared(first, second):
        second = _clause(draw)
    told, pattern = (first, second), "order"
    if label == "0":
        meetings = [clause.object is not None and clause.object.person for clause in told]
        roles = [index for index, meets in enumerate(meetings) if meets and told[index].verb != "know"]
        if roles and draw.chance(0.5):
            which, pattern = draw.pick(roles), "roles"
            told = (exchange_roles(first), second) if which == 0 else (first, exchange_roles(second))
        else:
            pattern = "subjects"
            told = replace(first, subject=second.subject), replace(second, subject=first.subject)
    told = (draw.fronted(told[0]), draw.fronted(told[1]))
    if told == (first, second) or draw.chance(0.5):
        told = (told[1], told[0])
    return Pair((first, second), told, label, pattern)


def _clause(draw: Drawer) -> Clause:
    clause = draw.meeting() if draw.chance(0.5) else draw.doing()
    subject = replace(clause.subject, number="sg")
    place, time = draw.place() if draw.chance(0.4) else "", draw.time() if draw.chance(0.3) else ""
    return draw.fronted(replace(clause, subject=subject, place=place, time=time))


def _shared(first: Clause, second: Clause) -> bool:
    """Whether someone occurs in both, so that an exchange could go unnoticed."""
    nouns = {noun.head for noun in (first.subject, first.object) if noun is not None}
    return any(noun.head in nouns for noun in (second.subject, second.object) if noun is not None)
