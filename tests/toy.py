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
