from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from xtune.data import Columns, Source, languages_of, load_split
from xtune.data.dictionaries import load_dictionaries
from xtune.data.store import write_examples
from xtune.data.translations import load_translations
from xtune.pocket import LANGUAGES, BenchmarkStats, Sizes, write_benchmark
from xtune.pocket.benchmark import stream
from xtune.pocket.draw import Drawer
from xtune.pocket.lexicon import TOPICS, load_lexicon
from xtune.pocket.pairs import NLI_LABELS, inference

SPLITS = ("train", "dev", "test")
SIZE = {"train": 60, "dev": 42, "test": 42}


def languages(split: str) -> tuple[str, ...]:
    return ("en",) if split == "train" else LANGUAGES


def sources(folder: Path) -> dict[str, Source]:
    topic = dict.fromkeys(SPLITS, f"{folder}/topic")
    pairs = {task: Source(folder=folder, task=task) for task in ("nli", "paraphrase")}
    return {"topic": Source(files=topic, columns=Columns(text=("text",))), **pairs}


def sentences(path: Path) -> list[list[tuple[str, str]]]:
    blocks = path.read_text(encoding="utf-8").rstrip("\n").split("\n\n")
    return [[(line.split("\t")[0], line.split("\t")[1]) for line in block.split("\n")] for block in blocks]


def entities(path: Path) -> set[str]:
    found = set()
    for sentence in sentences(path):
        name: list[str] = []
        for word, tag in [*sentence, ("", "O")]:
            if name and not tag.startswith("I-"):
                found.add(" ".join(name))
                name = []
            if tag != "O":
                name.append(word)
    return found


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    small = Sizes(train=12, dev=6, test=6, retrieval=3, mono=3)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_benchmark(tmp_path / name, seed, sizes=small, anchors=0.5)
    files = {
        name: {p.relative_to(tmp_path / name): p.read_bytes() for p in (tmp_path / name).rglob("*.*")} for name in "abc"
    }
    assert files["a"] == files["b"]
    assert files["a"].keys() == files["c"].keys()
    same = {path for path in files["a"] if files["a"][path] == files["c"][path]}
    assert not same


@pytest.mark.parametrize("task", ["topic", "nli", "paraphrase"])
def test_files_load_and_labels_balance(folder: Path, task: str) -> None:
    source = sources(folder)[task]
    for split in SPLITS:
        assert sorted(languages_of(source, split)) == sorted(languages(split))
        for language in languages(split):
            examples = list(load_split(source, split, language, labelled=True))
            assert len(examples) == SIZE[split]
            counts = Counter(example.target for example in examples)
            assert set(counts) == {"topic": {*TOPICS}, "nli": {*NLI_LABELS}, "paraphrase": {"0", "1"}}[task]
            assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.parametrize("task", ["topic", "nli", "paraphrase"])
def test_no_example_of_a_split_is_in_another(folder: Path, task: str) -> None:
    texts = {
        split: [tuple(t.text for t in e.texts) for e in load_split(sources(folder)[task], split, "en")]
        for split in SPLITS
    }
    for split in SPLITS:
        assert len(set(texts[split])) == len(texts[split])
    assert not set(texts["train"]) & {*texts["dev"], *texts["test"]}
    assert not set(texts["dev"]) & set(texts["test"])


def test_no_hypothesis_of_a_split_is_in_another(folder: Path) -> None:
    said = {split: {e.texts[1].text for e in load_split(sources(folder)["nli"], split, "en")} for split in SPLITS}
    assert not said["train"] & said["test"]
    assert not said["train"] & said["dev"]


@pytest.mark.parametrize("task", ["topic", "nli", "paraphrase"])
def test_translations_join_by_id(folder: Path, tmp_path: Path, task: str) -> None:
    source = sources(folder)[task]
    table = write_examples(load_split(source, "train", "en", labelled=True), tmp_path / "examples")
    columns = Columns(text=("text",) if task == "topic" else ("text_a", "text_b"))
    place = str(folder / task / "translations")
    _, counts = load_translations(place, table, tmp_path / "translations", columns=columns)
    assert {count.language for count in counts} == {*LANGUAGES} - {"en"}
    assert all(count.by_id == SIZE["train"] and not count.missing for count in counts)


def test_answers_stand_where_they_are_said_to(folder: Path) -> None:
    asked = Counter[str]()
    for split in SPLITS:
        for language in languages(split):
            data = json.loads((folder / "qa" / f"{split}-{language}.json").read_text(encoding="utf-8"))
            paragraphs = data["data"][0]["paragraphs"]
            assert len(paragraphs) == SIZE[split]
            for paragraph in paragraphs:
                (question,) = paragraph["qas"]
                (answer,) = question["answers"]
                start, text = answer["answer_start"], answer["text"]
                assert text and text.strip() == text
                assert paragraph["context"][start : start + len(text)] == text
                assert question["question"].endswith(("?", "؟", "か。"))
                asked[question["question"].split()[0] if language == "en" else ""] += 1
    assert asked["Who"] == asked["Where"] == asked["What"] == 20 + 14 + 14


def test_names_of_test_are_not_in_training(folder: Path) -> None:
    train = entities(folder / "ner" / "train-en.tsv")
    words = {word for name in train for word in name.split()} - {"Bank", "University"}
    for split in ("dev", "test"):
        names = entities(folder / "ner" / f"{split}-en.tsv")
        assert len(names) > 5
        assert not words & {word for name in names for word in name.split()}


@pytest.mark.parametrize("task", ["pos", "ner"])
def test_tagged_sentences_are_parallel(folder: Path, task: str) -> None:
    for split in SPLITS:
        counts = {language: len(sentences(folder / task / f"{split}-{language}.tsv")) for language in languages(split)}
        assert set(counts.values()) == {SIZE[split]}
    kinds = {
        language: [
            sorted(tag[2:] for _, tag in sentence if tag.startswith("B-"))
            for sentence in sentences(folder / "ner" / f"test-{language}.tsv")
        ]
        for language in LANGUAGES
    }
    assert all(found == kinds["en"] for found in kinds.values())
    tags = {tag for s in sentences(folder / "pos" / "train-en.tsv") for _, tag in s}
    assert tags <= {"ADJ", "ADP", "ADV", "AUX", "DET", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "VERB"}


def test_dictionaries(folder: Path, stats: BenchmarkStats) -> None:
    dictionaries = load_dictionaries(folder / "dictionaries")
    assert sorted(dictionaries.languages) == sorted({*LANGUAGES} - {"en", "sw"})
    assert not (folder / "dictionaries" / "en-sw.txt").exists()
    for language in dictionaries.languages:
        assert stats.dictionary_coverage[language] == pytest.approx(0.7, abs=0.01)
        assert stats.dictionary_noise[language] == pytest.approx(0.06, abs=0.01)
    known = [dictionaries.translations("de", thing.form("en", "sg")) for thing in load_lexicon().all("things")]
    assert 0.6 < np.mean([bool(found) for found in known]) < 0.8


def test_retrieval_files_have_as_many_rows(folder: Path) -> None:
    for language in LANGUAGES[1:]:
        rows = [
            (folder / "tatoeba" / f"{language}-en.{side}").read_text(encoding="utf-8").splitlines()
            for side in (language, "en")
        ]
        assert [len(set(side)) for side in rows] == [20, 20]


def test_only_languages_with_a_dictionary_are_anchored(folder: Path, stats: BenchmarkStats) -> None:
    assert stats.anchored["sw"] == 0
    assert all(0.2 < share < 0.6 for language, share in stats.anchored.items() if language != "sw")
    for language in LANGUAGES:
        assert len((folder / "mono" / f"{language}.txt").read_text(encoding="utf-8").splitlines()) == 40


def test_a_classifier_that_sees_the_hypothesis_alone_is_at_chance() -> None:
    drawer = Drawer(load_lexicon(), stream(3, "hypotheses"), None)
    pairs = [inference(drawer, NLI_LABELS[row % 3]) for row in range(3000)]
    train, test = pairs[:2100], pairs[2100:]
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for pair in train:
        for feature in features(pair.second[0]):
            counts[feature][pair.label] += 1
    hits = sum(guess(counts, features(pair.second[0])) == pair.label for pair in test)
    assert hits / len(test) == pytest.approx(1 / 3, abs=0.05)  # 900 fair guesses: standard deviation 0.016


def features(clause: object) -> list[str]:
    """What a reader of the hypothesis sees: every field of its plan, and every pair of a field and the verb."""
    said = str(clause).replace("(", " ").replace(")", " ").replace(",", " ").split()
    return [*said, f"length {len(said)}"]


def guess(counts: dict[str, Counter[str]], seen: list[str]) -> str:
    """Naive Bayes."""
    score = dict.fromkeys(NLI_LABELS, 0.0)
    for feature in seen:
        for label in NLI_LABELS:
            score[label] += float(np.log(counts[feature][label] + 1.0) - np.log(counts[feature].total() + 3.0))
    return max(score, key=lambda label: score[label])


def test_every_pattern_of_inference_occurs() -> None:
    drawer = Drawer(load_lexicon(), stream(4, "patterns"), None)
    found = {(label, inference(drawer, label).pattern) for _ in range(600) for label in NLI_LABELS}
    entailed = {"addition", "place", "time", "attribute", "hypernym"}
    assert {pattern for label, pattern in found if label == "entailment"} == entailed
    assert {p for label, p in found if label == "neutral"} == {"roles", "verb", "place", "attribute", "hypernym"}
    contradicted = {"negation", "number", "place", "attribute", "sibling"}
    assert {pattern for label, pattern in found if label == "contradiction"} == contradicted


def test_a_paraphrase_has_the_words_of_what_is_none(folder: Path) -> None:
    for example in load_split(sources(folder)["paraphrase"], "test", "en"):
        bags = [Counter(text.text.lower().replace(",", "").replace(".", "").split()) for text in example.texts]
        assert bags[0] == bags[1]
        assert example.texts[0].text != example.texts[1].text
