"""Answers in words: XQuAD and TyDiQA by SQuAD's rules, MLQA by its own for each language.

Two scores: whether an answer equals a reference (`exact_match`), and the F1 of the words that both have. Both compare
normalised texts, and the reference that fits best counts. The rules are those of SQuAD's `evaluate-v1.1.py`, which
XTREME and the paper use for every language of XQuAD and TyDiQA, and of MLQA's `mlqa_evaluation_v1.py`.
"""

from __future__ import annotations

import re
import string
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial

Normalise = Callable[[str], str]
"""A text to what is left of it to compare: words with one blank between them."""

_ASCII_PUNCTUATION = frozenset(string.punctuation)
_ENGLISH_ARTICLES = r"\b(a|an|the)\b"

_MLQA_ARTICLES = {
    "ar": "ال",  # anywhere, also within a word, as MLQA's own scorer has it
    "de": r"\b(ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b",
    "en": _ENGLISH_ARTICLES,
    "es": r"\b(un|una|unos|unas|el|la|los|las)\b",
    "hi": None,
    "vi": r"\b(của|là|cái|chiếc|những)\b",
    "zh": None,
}
"""What MLQA takes out of an answer in each of its languages."""

_CHINESE = re.compile("([\u4e00-\u9fa5])")


def answer_scores(
    gold: Sequence[tuple[str, Sequence[str]]], predicted: Mapping[str, str], normalise: Normalise
) -> dict[str, float]:
    """`exact_match` and `f1` of answers, in percent; a question without prediction counts 0 in both.

    Args:
        gold: Each question's id and its reference answers.
        predicted: Id to answer.
        normalise: `normalise_squad`, or `normalise_mlqa` with the language of the contexts.

    Raises:
        ValueError: There is no question, or one without reference.

    >>> answer_scores([("q", ["the Danube", "Danube river"])], {"q": "Danube River in Vienna"}, normalise_squad)
    {'exact_match': 0.0, 'f1': 66.66666666666666}
    """
    if not gold:
        raise ValueError("no question to score")
    exact, shared = 0, 0.0
    for question, references in gold:
        if not references:
            raise ValueError(f"question {question} has no reference answer")
        if question in predicted:
            answer = normalise(predicted[question])
            right = [normalise(reference) for reference in references]
            exact += answer in right
            shared += max(_word_f1(answer.split(), reference.split()) for reference in right)
    return {"exact_match": 100.0 * exact / len(gold), "f1": 100.0 * shared / len(gold)}


def normalise_squad(text: str) -> str:
    """Lower case, without ASCII punctuation and the English articles.

    >>> normalise_squad("The  U.S., a country")
    'us country'
    """
    return " ".join(re.sub(_ENGLISH_ARTICLES, " ", _without(text.lower(), _ASCII_PUNCTUATION)).split())


def normalise_mlqa(language: str) -> Normalise:
    """The normalisation of answers in contexts of a language: lower case, without punctuation and its articles.

    Chinese characters are words of their own.

    Args:
        language: One of MLQA's seven.

    Raises:
        ValueError: For another language.

    >>> normalise_mlqa("de")("Der »Rhein«"), normalise_mlqa("zh")("约 200 年")
    ('rhein', '约 200 年')
    """
    if language not in _MLQA_ARTICLES:
        raise ValueError(f"MLQA has no language '{language}', only {', '.join(_MLQA_ARTICLES)}")
    return partial(_normalise_mlqa, language=language)


def normaliser(task: str, language: str) -> Normalise:
    """How answers of a task are compared in a language: by MLQA's rules in MLQA, else by SQuAD's.

    Raises:
        ValueError: MLQA does not have the language.

    >>> normaliser("mlqa", "de")("der Rhein"), normaliser("xquad", "de")("der Rhein")
    ('rhein', 'der rhein')
    """
    return normalise_mlqa(language) if task == "mlqa" else normalise_squad


def _normalise_mlqa(text: str, language: str) -> str:
    text = _without(text.lower(), _punctuation())
    if articles := _MLQA_ARTICLES[language]:
        text = re.sub(articles, " ", text)
    if language == "zh":
        text = _CHINESE.sub(r" \1 ", text)
    return " ".join(text.split())


def _word_f1(predicted: list[str], reference: list[str]) -> float:
    common = sum((Counter(predicted) & Counter(reference)).values())
    if not common:
        return 0.0
    precision, recall = common / len(predicted), common / len(reference)
    return 2 * precision * recall / (precision + recall)


def _without(text: str, characters: frozenset[str]) -> str:
    return "".join(character for character in text if character not in characters)


@cache
def _punctuation() -> frozenset[str]:
    """Unicode's punctuation, and ASCII's, which Unicode counts in part as symbols ($ + < = > ^ ` | ~)."""
    every = map(chr, range(sys.maxunicode))
    return _ASCII_PUNCTUATION | {character for character in every if unicodedata.category(character)[0] == "P"}
