"""Plans to files: each task in each language, in the formats that the library reads."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from xtune.pocket.grammar import ask, realise
from xtune.pocket.items import ASKED_ROLES, Question
from xtune.pocket.lexicon import LANGUAGES, Lexicon
from xtune.pocket.pairs import Pair
from xtune.pocket.plan import Clause
from xtune.pocket.words import Sentence, paragraph

Said = Callable[[Sequence[Clause], str], str]


class Writer:
    """Realises plans and writes them below a folder.

    Args:
        lexicon: The lexicon.
        folder: Where the tasks' folders go.
    """

    def __init__(self, lexicon: Lexicon, folder: Path) -> None:
        self.lexicon, self.folder = lexicon, folder

    def text(self, clauses: Sequence[Clause], language: str) -> str:
        """Clauses as one text."""
        return paragraph(self.sentences(clauses, language))[0]

    def sentences(self, clauses: Sequence[Clause], language: str) -> list[Sentence]:
        """Clauses as sentences."""
        return [realise(self.lexicon, clause, language) for clause in clauses]

    def topic(self, split: str, items: Sequence[tuple[tuple[Clause, ...], str]]) -> None:
        """`topic/{split}-{lang}.csv` with columns text and label."""
        for language in _languages(split):
            path = self._path("topic", f"{split}-{language}.csv")
            with path.open("w", encoding="utf-8", newline="") as stream:
                writer = csv.writer(stream, lineterminator="\n")
                writer.writerow(("text", "label"))
                writer.writerows((self.text(clauses, language), label) for clauses, label in items)
        if split == "train":
            self._translations("topic", [{"text": clauses} for clauses, _ in items])

    def pairs(self, task: str, split: str, items: Sequence[Pair]) -> None:
        """`{task}/{split}-{lang}.tsv`: two texts and a label, without header."""
        for language in _languages(split):
            rows = [(self.text(pair.first, language), self.text(pair.second, language), pair.label) for pair in items]
            _write_lines(self._path(task, f"{split}-{language}.tsv"), ["\t".join(row) for row in rows])
        if split == "train":
            self._translations(task, [{"text_a": pair.first, "text_b": pair.second} for pair in items])

    def tags(self, task: str, split: str, items: Sequence[Clause], *, entities: bool) -> None:
        """`{task}/{split}-{lang}.tsv`: word and tag on a line, a blank line between sentences."""
        for language in _languages(split):
            lines: list[str] = []
            for clause in items:
                words = realise(self.lexicon, clause, language).words
                lines += ["", *(f"{word.text}\t{word.entity if entities else word.tag}" for word in words)]
            _write_lines(self._path(task, f"{split}-{language}.tsv"), lines[1:])
        for language in LANGUAGES[1:] if split == "train" else ():  # of words, so that each keeps its place
            rows = [
                {"id": str(row), "language": language, "fields": {"tokens": [word.text for word in sentence.words]}}
                for row, sentence in enumerate(self.sentences(items, language))
            ]
            self._json_lines(task, language, rows)

    def questions(self, split: str, items: Sequence[Question]) -> None:
        """`qa/{split}-{lang}.json` in SQuAD's format."""
        for language in _languages(split):
            paragraphs = [self._paragraph(item, language, f"{split}-{row}") for row, item in enumerate(items)]
            data = {"version": "pocket", "data": [{"title": "pocket", "paragraphs": paragraphs}]}
            text = json.dumps(data, ensure_ascii=False, indent=1)
            self._path("qa", f"{split}-{language}.json").write_text(text + "\n", encoding="utf-8")
        if split == "train":
            self._question_translations(items)

    def parallel(self, items: Sequence[Clause]) -> None:
        """`tatoeba/{lang}-en.{lang}` and `.en`: row i of one translates row i of the other."""
        english = [self.text((clause,), "en") for clause in items]
        for language in LANGUAGES[1:]:
            lines = [self.text((clause,), language) for clause in items]
            _write_lines(self._path("tatoeba", f"{language}-en.{language}"), lines)
            _write_lines(self._path("tatoeba", f"{language}-en.en"), english)

    def _paragraph(self, item: Question, language: str, id: str) -> dict[str, Any]:
        sentences = self.sentences(item.context, language)
        context, starts = paragraph(sentences)
        begin, end = sentences[item.about].span(ASKED_ROLES[item.asked])
        answer = {"text": sentences[item.about].text[begin:end], "answer_start": starts[item.about] + begin}
        asked = ask(self.lexicon, item.context[item.about], item.asked, language).text
        return {"context": context, "qas": [{"id": id, "question": asked, "answers": [answer]}]}

    def _question_translations(self, items: Sequence[Question]) -> None:
        for language in LANGUAGES[1:]:
            rows = []
            for row, item in enumerate(items):
                said = self._paragraph(item, language, f"train-{row}")
                (asked,) = said["qas"]
                fields = {"question": asked["question"], "context": said["context"]}
                rows.append({"id": asked["id"], "language": language, "fields": fields, "answers": asked["answers"]})
            self._json_lines("qa", language, rows)

    def _translations(self, task: str, items: Sequence[dict[str, tuple[Clause, ...]]]) -> None:
        for language in LANGUAGES[1:]:
            said = [{name: self.text(clauses, language) for name, clauses in item.items()} for item in items]
            rows = [{"id": str(row), "language": language, "fields": fields} for row, fields in enumerate(said)]
            self._json_lines(task, language, rows)

    def _json_lines(self, task: str, language: str, rows: Sequence[dict[str, Any]]) -> None:
        path = self._path(f"{task}/translations", f"train-{language}.jsonl")
        _write_lines(path, [json.dumps(row, ensure_ascii=False) for row in rows])

    def _path(self, folder: str, name: str) -> Path:
        (self.folder / folder).mkdir(parents=True, exist_ok=True)
        return self.folder / folder / name


def _languages(split: str) -> tuple[str, ...]:
    return LANGUAGES[:1] if split == "train" else LANGUAGES


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
