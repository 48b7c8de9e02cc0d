"""MUSE dictionaries from the lexicon: a part of the concepts, with some wrong pairs as the real ones have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xtune.pocket.lexicon import Concept, Lexicon
from xtune.pocket.words import join, parse

Pairs = list[tuple[str, str]]

_ALIGNED: dict[str, dict[str, dict[str, tuple[str, ...]]]] = {
    "things": {
        "sg": {"*": ("sg",), "ru": ("sg", "acc"), "tr": ("sg", "acc")},
        "pl": {"*": ("pl",), "ru": ("gen", "genpl"), "ar": ("count",)},
    },
    "people": {
        "sg": {"*": ("sg",), "de": ("sg", "acc"), "ru": ("sg", "acc"), "tr": ("sg", "acc")},
        "pl": {"*": ("pl",)},
    },
    "verbs": {
        "3": {"*": ("sg",), "tr": ("pos",), "ja": ("pos",), "ar": ("m", "f"), "id": ("verb",)},
        "base": {"*": ("pl",), "id": ("verb",)},
    },
    "adjectives": {
        "adj": {
            "*": ("adj",),
            "de": ("nom", "obl", "pred"),
            "es": ("m", "f"),
            "fr": ("m", "f", "vowel"),
            "ru": ("m", "f", "n", "accf", "accm"),
            "ja": ("attr",),
            "ar": ("m", "f"),
        }
    },
    "numerals": {"num": {"*": ("num",), "ar": ("m", "f")}},
    "cities": {"nom": {"*": ("nom",), "ru": ("nom", "acc"), "tr": ("nom", "acc", "loc")}},
    "places": {"loc": {"*": ("loc",)}},
    "times": {"adv": {"*": ("adv",)}},
}
"""Forms of a language (`*`: of the others) that translate an English form, by table and English form."""


@dataclass(frozen=True)
class Dictionary:
    """A dictionary out of English.

    Args:
        language: The language translated into.
        pairs: English and other word, in the file's order.
        coverage: Share of the translatable concepts that have an entry.
        noise: Share of the pairs that are wrong.
    """

    language: str
    pairs: tuple[tuple[str, str], ...]
    coverage: float
    noise: float


def make_dictionary(
    lexicon: Lexicon, language: str, rng: np.random.Generator, coverage: float, noise: float
) -> Dictionary:
    """Draw a dictionary: which concepts it has, and which of its words are translated wrongly.

    Args:
        lexicon: The lexicon.
        language: The language translated into.
        rng: Where the randomness comes from.
        coverage: Share of the concepts to take.
        noise: Share of the pairs to spoil, by a word of another concept of the same part of speech.
    """
    translatable = {
        concept.key: pairs
        for table in _ALIGNED
        for concept in lexicon.all(table)
        if (pairs := concept_pairs(lexicon, concept, language))
    }
    keys = list(translatable)
    taken = sorted(rng.permutation(len(keys))[: round(coverage * len(keys))])
    chosen = [(keys[index], pair) for index in taken for pair in translatable[keys[index]]]
    wrong = set(rng.permutation(len(chosen))[: round(noise * len(chosen))].tolist())
    pairs = []
    for index, (key, (source, target)) in enumerate(chosen):
        if index in wrong:
            table = key.partition("/")[0]
            others = [k for k in keys if k != key and k.startswith(f"{table}/")]
            others = [k for k in others if all(target != word for _, word in translatable[k])]
            options = translatable[others[int(rng.integers(len(others)))]]
            target = options[int(rng.integers(len(options)))][1]
        pairs.append((source, target))
    return Dictionary(language, tuple(dict.fromkeys(pairs)), len(taken) / len(keys), len(wrong) / len(chosen))


def concept_pairs(lexicon: Lexicon, concept: Concept, language: str) -> Pairs:
    """English words of a concept and what they are in another language; only single words, as in MUSE."""
    pairs: Pairs = []
    for source_form, forms in _ALIGNED[concept.table].items():
        source = _word(lexicon, concept, "en", source_form)
        for form in forms.get(language, forms["*"]):
            target = _word(lexicon, concept, language, form)
            if source and target and (source.lower(), target) not in pairs:
                pairs.append((source.lower(), target))
    return pairs


def _word(lexicon: Lexicon, concept: Concept, language: str, form: str) -> str:
    """The form, if it is one word beside articles and prepositions; else nothing."""
    if not concept.has(language, form):
        return ""
    words = [*parse(lexicon, language, concept.form(language, form), "NOUN", concept.key)]
    if concept.table in ("places", "times") and len(words) > 1:
        words = [word for word in words if word.tag not in ("ADP", "DET")]
    text = join(words, language)
    return "" if " " in text else text
