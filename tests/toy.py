"""A toy task that a tiny random model learns in seconds, and the files of section "what a run reads" made of it.

The label of a text is the kind of thing that it names. Other languages name the same things by other words, so what is
learnt from English says nothing of them, unless a dictionary or a translation does.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from pathlib import Path

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
