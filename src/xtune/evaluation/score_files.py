"""One language's file of predictions against its file of labels.

Predictions are as XTREME wants them submitted: a label or tag a line, an empty line between sentences, a pair of BUCC
with a tab between, JSON of question id and answer. Labels are as XTREME's evaluator wants them, which is the same but
for questions (SQuAD's JSON), or a file of a data folder, which has the texts beside them. Each may be `.gz` or `.xz`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from xtune.data.parallel import english_beside, read_aligned
from xtune.errors import InputError
from xtune.evaluation.read_scored import read_answers, read_questions, read_rows, read_sentences
from xtune.metrics import (
    Normalise,
    accuracy,
    answer_scores,
    entity_scores,
    normalise_mlqa,
    normalise_squad,
    pair_scores,
    tag_scores,
)

_KNOWN_TAG = re.compile("O|[BIES]-.+|ADJ|ADP|ADV|AUX|CCONJ|DET|INTJ|NOUN|NUM|PART|PRON|PROPN|PUNCT|SCONJ|SYM|VERB|X|_")


@dataclass(frozen=True)
class FileScores:
    """The scores of one file in percent, by metric; none where it has no labels, as `remark` then says."""

    scores: dict[str, float]
    remark: str = ""


Scorer = Callable[[Path, Path, str], FileScores]
"""The files of labels and of predictions, and their language, to scores.

Raises:
    InputError: For what is wrong in either, or if they do not belong together.
"""


def score_labels(gold: Path, predicted: Path, language: str) -> FileScores:
    """Accuracy of a label an example (XNLI, PAWS-X)."""
    rows = read_rows(gold, widths=(1, 2, 3))
    if len(rows[0].fields) == 2:  # XTREME's unlabelled test files: two texts
        return FileScores({}, "no labels, only texts")
    return _accuracy([row.last(gold) for row in rows], gold, predicted)


def score_retrieved(gold: Path, predicted: Path, language: str) -> FileScores:
    """Accuracy of the row, counted from 0, in which each English sentence's translation was found (Tatoeba).

    Where the labels are the sentences themselves (`de-en.de`, beside it `de-en.en`), a row translates the same row.
    XTREME's own copy has the English ones in alphabetical order, so that nothing says what translates what.
    """
    if gold.name.startswith("test-"):
        return _accuracy([row.last(gold) for row in read_rows(gold, widths=(1,))], gold, predicted)
    sentences, _, known = read_aligned(gold)
    if not known:
        remark = f"no labels: {english_beside(gold).name} is in alphabetical order, not in that of {gold.name}"
        return FileScores({}, remark)
    return _accuracy([str(row) for row in range(len(sentences))], gold, predicted)


def score_pairs(gold: Path, predicted: Path, language: str) -> FileScores:
    """F1, precision and recall of mined pairs (BUCC); a file without predictions is one that found nothing."""
    pairs, found = read_rows(gold, widths=(2,)), read_rows(predicted, widths=(2,), empty=True)
    return FileScores(pair_scores([row.pair for row in pairs], [row.pair for row in found]))


def score_entities(gold: Path, predicted: Path, language: str) -> FileScores:
    """F1, precision and recall of entities (PAN-X)."""
    tags = _tags(gold, predicted)
    return FileScores(entity_scores(*tags)) if tags else FileScores({}, "no tags, only words")


def score_parts_of_speech(gold: Path, predicted: Path, language: str) -> FileScores:
    """XTREME's F1, precision and recall of runs of one tag (UD-POS), and the accuracy of words beside them."""
    tags = _tags(gold, predicted)
    return FileScores(tag_scores(*tags)) if tags else FileScores({}, "no tags, only words")


def score_answers(gold: Path, predicted: Path, language: str) -> FileScores:
    """Exact match and F1 of answers, by SQuAD's rules in every language (XQuAD, TyDiQA)."""
    return _answers(gold, predicted, normalise_squad)


def score_answers_by_language(gold: Path, predicted: Path, language: str) -> FileScores:
    """Exact match and F1 of answers, by MLQA's rules for the language of the contexts."""
    return _answers(gold, predicted, normalise_mlqa(language))


def _accuracy(right: Sequence[str], gold: Path, predicted: Path) -> FileScores:
    rows = read_rows(predicted, widths=(1,))
    if len(rows) != len(right):
        problem = f"there are {len(rows):,} predictions for the {len(right):,} examples of {gold}"
        line = rows[min(len(rows) - 1, len(right))].line
        raise InputError(problem, file=predicted, line=line, remedy="write one a line for each example, in their order")
    return FileScores({"accuracy": accuracy(right, [row.last(predicted) for row in rows])})


def _tags(gold: Path, predicted: Path) -> tuple[list[list[str]], list[list[str]]] | None:
    """The sentences of both files; None where the words of the first have no tags."""
    right, found = read_sentences(gold), read_sentences(predicted)
    words = [row for sentence in right for row in sentence]
    known = sum(_KNOWN_TAG.fullmatch(row.fields[-1]) is not None for row in words)
    if len(words[0].fields) == 1 and 2 * known < len(words):  # XTREME's unlabelled test files: a word a line
        return None
    remedy = f"write a tag for each word of {gold} and an empty line after each sentence"
    for number, (sentence, tags) in enumerate(zip(right, found, strict=False), start=1):
        if len(sentence) != len(tags):
            problem = f"sentence {number:,} has {len(tags)} tags for {len(sentence)} words"
            raise InputError(problem, file=predicted, line=tags[0].line, remedy=remedy)
    if len(right) != len(found):
        problem = f"there are {len(found):,} sentences for the {len(right):,} of {gold}"
        line = found[min(len(found) - 1, len(right))][0].line
        raise InputError(problem, file=predicted, line=line, remedy=remedy)
    return [[row.last(gold) for row in rows] for rows in right], [
        [row.last(predicted) for row in rows] for rows in found
    ]


def _answers(gold: Path, predicted: Path, normalise: Normalise) -> FileScores:
    questions, answers = read_questions(gold), read_answers(predicted)
    if not any(reference for _, references in questions for reference in references):
        return FileScores({}, "no labels, only questions")
    for id, references in questions:
        if not references:
            problem = f"question {id} has no answer, and others do"
            raise InputError(problem, file=gold, field="answers", remedy="give each question at least one")
    known = {id for id, _ in questions}
    if answers and known.isdisjoint(answers):
        example = next(iter(answers))
        problem = f"none of its questions ({example} …) is one of {gold}"
        raise InputError(problem, file=predicted, remedy="check that both are of one task and language")
    bare = sum(id not in answers for id, _ in questions)
    remark = f"{bare:,} of {len(questions):,} questions have no prediction, which counts 0" if bare else ""
    return FileScores(answer_scores(questions, answers, normalise), remark)
