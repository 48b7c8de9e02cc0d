"""A toy task that a tiny random model learns in seconds, and the files of section "what a run reads" made of it.

The label of a text is the kind of thing that it names. Other languages name the same things by other words, so what is
learnt from English says nothing of them, unless a dictionary or a translation does.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

THINGS: dict[str, tuple[str, ...]] = {
    "nature": ("dog", "apples", "garden", "rain"),
    "city": ("library", "bridge", "table", "festival"),
    "people": ("sister", "children", "singer", "fishermen"),
}
FILLERS = ("the", "a", "near", "under", "with", "after", "today", "and", "old", "new", "is", "was")

GERMAN = {
    **{"dog": "Hund", "apples": "Äpfel", "garden": "Garten", "rain": "Regen"},
    **{"library": "Bibliothek", "bridge": "Brücke", "table": "Tisch", "festival": "Weltmeisterschaft"},
    **{"sister": "Schwester", "children": "Kinder", "singer": "Sängerin", "fishermen": "Fischer"},
    **{"the": "der", "a": "ein", "near": "nahe", "under": "unter", "with": "mit", "after": "nach", "today": "heute"},
    **{"and": "und", "old": "alt", "new": "neu", "is": "ist", "was": "war"},
}
XNLI_LANGUAGES = ("ar", "bg", "de", "el", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh")
LABELS = {"xnli": ("contradiction", "entailment", "neutral"), "pawsx": ("0", "1")}

Row = tuple[tuple[str, ...], str]
"""Texts and label."""


def translate(text: str, language: str) -> str:
    """German by a word list; in other languages words that look like none of the others."""
    if language == "en":
        return text
    return " ".join(GERMAN[word] if language == "de" else f"{word[::-1]}{language}" for word in text.split())


def rows(count: int, *, seed: int = 0, texts: int = 1, labels: Sequence[str] = tuple(THINGS)) -> list[Row]:
    """English examples: each text names two things of its label's kind among fillers; a second text names one."""
    rng = random.Random(seed)
    made = []
    for number in range(count):
        which = number % len(labels)
        things = list(THINGS.values())[which]
        parts = []
        for place in range(texts):
            words = rng.choices(FILLERS, k=rng.randint(2, 6)) + rng.sample(things, 2 - place)
            rng.shuffle(words)
            parts.append(" ".join(words))
        made.append((tuple(parts), labels[which]))
    rng.shuffle(made)
    return made


def into(language: str, examples: Sequence[Row]) -> list[Row]:
    """The same examples in another language."""
    return [(tuple(translate(text, language) for text in texts), label) for texts, label in examples]


def write_xtreme(
    folder: Path, task: str, languages: Sequence[str] = ("en", "de"), *, train: int = 12, other: int = 6
) -> Path:
    """`folder/task/{train,dev,test}-{lang}.tsv`; the training set in English alone."""
    (folder / task).mkdir(parents=True)
    for seed, (split, count) in enumerate((("train", train), ("dev", other), ("test", other))):
        for language in languages if split != "train" else ("en",):
            examples = into(language, rows(count, seed=seed, texts=2, labels=LABELS[task]))
            write_tsv(folder / task / f"{split}-{language}.tsv", [(*texts, label) for texts, label in examples])
    return folder


def write_dictionaries(folder: Path, languages: Sequence[str] = ("de",)) -> Path:
    """MUSE's format: `en-{lang}.txt`, of every word."""
    folder.mkdir(parents=True)
    for language in languages:
        lines = [f"{word} {translate(word, language)}\n" for word in GERMAN]
        (folder / f"en-{language}.txt").write_text("".join(lines), encoding="utf-8")
    return folder


def write_translations(folder: Path, languages: Sequence[str], examples: Sequence[Row]) -> Path:
    """XTREME's translate-train files: `en-{lang}-translated.tsv`."""
    folder.mkdir(parents=True)
    for language in languages:
        lines = [
            (*texts, *translated, label)
            for (texts, label), (translated, _) in zip(examples, into(language, examples), strict=True)
        ]
        write_tsv(folder / f"en-{language}-translated.tsv", lines)
    return folder


def write_csv(path: Path, examples: Sequence[Row], columns: Sequence[str] = ("text", "label")) -> Path:
    """A user's file: the texts' columns, then the label's."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows((*texts, label) for texts, label in examples)
    return path


def write_tsv(path: Path, lines: Sequence[Sequence[str]]) -> Path:
    """Tabs, and no header."""
    path.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")
    return path


# ---- words and tags

Sentence = tuple[tuple[str, ...], tuple[str, ...]]
"""Words and their tags."""

ENTITIES = {"nature": "LOC", "city": "ORG", "people": "PER"}
PARTS_OF_SPEECH = {
    **dict.fromkeys(("the", "a"), "DET"),
    **dict.fromkeys(("near", "under", "with", "after"), "ADP"),
    **dict.fromkeys(("old", "new"), "ADJ"),
    **dict.fromkeys(("is", "was"), "AUX"),
    **dict.fromkeys(THINGS["nature"] + THINGS["city"], "NOUN"),
    **dict.fromkeys(THINGS["people"], "PROPN"),
    **{"today": "ADV", "and": "CCONJ"},
}


def sentences(count: int, *, seed: int = 0, entities: bool = True) -> list[Sentence]:
    """English sentences that name one thing or two together, tagged as entities in BIO or with parts of speech."""
    rng = random.Random(seed)
    made = []
    for number in range(count):
        kind = list(THINGS)[number % len(THINGS)]
        named = rng.sample(THINGS[kind], rng.randint(1, 2))
        before, after = (rng.choices(FILLERS, k=rng.randint(1, 4)) for _ in range(2))
        words = (*before, *named, *after)
        bio = (*["O"] * len(before), *[f"{'I' if n else 'B'}-{ENTITIES[kind]}" for n in range(len(named))])
        tags = (*bio, *["O"] * len(after)) if entities else tuple(PARTS_OF_SPEECH[word] for word in words)
        made.append((words, tags))
    rng.shuffle(made)
    return made


def tagged_into(language: str, examples: Sequence[Sentence]) -> list[Sentence]:
    """The same sentences in another language, word by word, with the same tags."""
    return [(tuple(translate(word, language) for word in words), tags) for words, tags in examples]


def write_conll(path: Path, examples: Sequence[Sentence], between: str = "\t") -> Path:
    """A word and its tag a line, an empty line between sentences."""
    path.parent.mkdir(parents=True, exist_ok=True)
    blocks = ["".join(f"{word}{between}{tag}\n" for word, tag in zip(*one, strict=True)) for one in examples]
    path.write_text("\n".join(blocks), encoding="utf-8")
    return path


def write_tagged(folder: Path, task: str, languages: Sequence[str], *, train: int = 20, other: int = 6) -> Path:
    """`folder/task/{train,dev,test}-{lang}.tsv` as XTREME has them; the training set in English alone."""
    for seed, (split, count) in enumerate((("train", train), ("dev", other), ("test", other))):
        for language in languages if split != "train" else ("en",):
            examples = tagged_into(language, sentences(count, seed=seed, entities=task == "panx"))
            write_conll(folder / task / f"{split}-{language}.tsv", examples)
    return folder


def write_sentence_translations(path: Path, languages: Sequence[str], examples: Sequence[Sentence]) -> Path:
    """Source, language and translation, with tabs between: all languages in one file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        (" ".join(words), language, translate(" ".join(words), language))
        for words, _ in examples
        for language in languages
    ]
    return write_tsv(path, lines)


# ---- questions and answers


@dataclass(frozen=True)
class Question:
    """A question, its context, and the answer, which stands in the context once."""

    id: str
    question: str
    context: str
    answer: str

    @property
    def fields(self) -> dict[str, Any]:
        """As SQuAD has them."""
        answers = [{"text": self.answer, "answer_start": self.context.index(self.answer)}]
        return {"id": self.id, "question": self.question, "answers": answers}


def questions(count: int, *, seed: int = 0, long: int = 8) -> list[Question]:
    """English contexts of a thing of each kind, each question for one of them; every fourth has `long` sentences more.

    The answer is the thing, with the adjective before it where there is one.
    """
    rng = random.Random(seed)
    made = []
    for number in range(count):
        kind = list(THINGS)[number % len(THINGS)]
        named = {each: rng.choice(("", "old ", "new ")) + rng.choice(things) for each, things in THINGS.items()}
        sentences = [f"the {thing} is {rng.choice(('near', 'under', 'with'))} today ." for thing in named.values()]
        sentences += ["and a new was after the old ."] * (0 if number % 4 else long)
        rng.shuffle(sentences)
        made.append(Question(f"q{seed}-{number}", f"who is {kind} ?", " ".join(sentences), named[kind]))
    return made


def questions_into(language: str, examples: Sequence[Question]) -> list[Question]:
    """The same questions in another language, word by word, with the answers in their places."""

    def said(text: str) -> str:
        return " ".join(translate(word, language) if word in GERMAN else word for word in text.split())

    return [Question(each.id, said(each.question), said(each.context), said(each.answer)) for each in examples]


def write_squad(path: Path, examples: Sequence[Question], unknown: Collection[str] = ()) -> Path:
    """SQuAD's JSON, a paragraph a question; the answers whose ids are `unknown` stand nowhere in their contexts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    paragraphs = []
    for each in examples:
        fields = (
            {**each.fields, "answers": [{"text": "nowhere", "answer_start": 0}]} if each.id in unknown else each.fields
        )
        paragraphs.append({"context": each.context, "qas": [fields]})
    path.write_text(json.dumps({"version": "1.1", "data": [{"paragraphs": paragraphs}]}, indent=1), encoding="utf-8")
    return path


def write_questions(folder: Path, languages: Sequence[str], *, train: int = 12, other: int = 6) -> Path:
    """XQuAD and TyDiQA as XTREME's folders have them, and MLQA's dev sets; the training sets in English alone."""
    write_squad(folder / "squad/train-v1.1.json", questions(train))
    write_squad(folder / "tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.en.train.json", questions(train))
    for language in languages:
        dev, test = (questions_into(language, questions(other, seed=seed)) for seed in (1, 2))
        write_squad(folder / f"mlqa/MLQA_V1/dev/dev-context-{language}-question-{language}.json", dev)
        write_squad(folder / f"xquad/xquad.{language}.json", test)
        write_squad(folder / f"tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.{language}.dev.json", test)
    return folder
