"""XTREME's nine tasks as data: languages, files, scorer, and what of it enters the overall score.

Hu et al., *XTREME: A Massively Multilingual Multi-task Benchmark*, ICML 2020; the rules are those of its `evaluate.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from xtune.evaluation.score_files import (
    Scorer,
    score_answers,
    score_answers_by_language,
    score_entities,
    score_labels,
    score_pairs,
    score_parts_of_speech,
    score_retrieved,
)

GROUPS = ("classification", "tagging", "qa", "retrieval")


@dataclass(frozen=True)
class XtremeTask:
    """One task.

    Args:
        name: XTREME's, which its folders have.
        group: One of `GROUPS`.
        languages: In the order in which XTREME adds them up, which the last digit of an average depends on.
        predictions: What the file of a language's predictions is called.
        labels: What the file of a language's labels may be called, in the task's folder; the first counts.
        score: Two files to scores.
        counts: The metrics whose mean is the task's score in an overall score.
    """

    name: str
    group: str
    languages: tuple[str, ...]
    predictions: str
    labels: tuple[str, ...]
    score: Scorer
    counts: tuple[str, ...]


def _task(name: str, group: str, languages: str, score: Scorer, counts: str, *elsewhere: str) -> XtremeTask:
    """A row of the table; `elsewhere` is where a data folder has the labels, if not where a submission has them."""
    file = "test-{lang}.json" if group == "qa" else "test-{lang}.tsv"
    return XtremeTask(name, group, tuple(languages.split()), file, (file, *elsewhere), score, tuple(counts.split()))


_PANX = "ar he vi id jv ms tl eu ml ta te af nl en de el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw yo my zh kk tr"
_UDPOS = "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru ta te th tl tr ur vi yo zh"
_TATOEBA = "ar he vi id jv tl eu ml ta te af nl de el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw zh kk tr et fi hu"
_XNLI = "ar bg de el en es fr hi ru sw th tr ur vi zh"
_XQUAD = "en es de el ru tr ar vi th zh hi"
_MLQA = "en es de ar hi vi zh"
_MLQA_FILE = "MLQA_V1/test/test-context-{lang}-question-{lang}.json"
_TYDIQA = "en ar bn fi id ko ru sw te"
_TYDIQA_FILES = ("tydiqa-goldp-v1.1-dev/tydiqa.goldp.{lang}.dev.json", "tydiqa-goldp-v1.1-dev/tydiqa.{lang}.dev.json")
_BOTH = "exact_match f1"

TASKS = {
    task.name: task
    for task in (
        _task("xnli", "classification", _XNLI, score_labels, "accuracy"),
        _task("pawsx", "classification", "de en es fr ja ko zh", score_labels, "accuracy"),
        _task("udpos", "tagging", _UDPOS, score_parts_of_speech, "f1"),
        _task("panx", "tagging", f"{_PANX} et fi hu", score_entities, "f1"),
        _task("xquad", "qa", _XQUAD, score_answers, _BOTH, "xquad.{lang}.json"),
        _task("mlqa", "qa", _MLQA, score_answers_by_language, _BOTH, _MLQA_FILE),
        _task("tydiqa", "qa", _TYDIQA, score_answers, _BOTH, *_TYDIQA_FILES),
        _task("bucc2018", "retrieval", "de fr ru zh", score_pairs, "f1", "{lang}-en.test.gold"),
        _task("tatoeba", "retrieval", _TATOEBA, score_retrieved, "accuracy", "{lang}-en.{lang}"),
    )
}
"""XTREME's tasks by name."""
