"""The rows of a stage, seen through an encoder whose ids are the characters of the text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xtune.augment.compose import identity
from xtune.augment.noise import GaussianNoise
from xtune.augment.translation import Translate, TranslateTo
from xtune.data import TranslationTable, write_examples
from xtune.data.store import write_translations
from xtune.errors import InputError
from xtune.schema import Example, Text, View
from xtune.tasks.classification import Classification
from xtune.tasks.task import UNLABELLED
from xtune.training.known import KnownLogits
from xtune.training.rows import StageRows
from xtune.training.sampler import Key
from xtune.views.collate import Row
from xtune.views.encode import EncodedView

TASK = Classification("text-classification", ("x", "y", "z"))


class Readable:
    """Encodes a text as its characters, so that a row can be read."""

    def __call__(self, view: View) -> EncodedView:
        ids = [ord(char) for text in view.example.texts for char in text.text]
        return EncodedView(ids, [0] * len(ids), [0] * len(ids), [(0, 0)] * len(ids), view.noise)

    def lengths(self, examples: list[Example]) -> list[int]:
        return [len(self(View(item)).ids) for item in examples]


@dataclass(frozen=True)
class Mark:
    """Writes its name and a number from the generator behind the text."""

    name: str

    def __call__(self, view: View, rng: np.random.Generator) -> View:
        number = int(rng.integers(10**9))
        text = Text.from_string(f"{view.example.texts[0].text} {self.name}{number}")
        return replace(view, example=replace(view.example, texts=(text,)))


def examples(count: int = 5, language: str = "en") -> list[Example]:
    labels = ["x", "y", None, "z"]
    return [Example(f"id{n}", language, (Text.from_string(f"text{n}" + "!" * n),), labels[n % 4]) for n in range(count)]


def stage_rows(**options: Any) -> StageRows:
    return StageRows(**{"examples": examples(), "encoder": Readable(), "task": TASK, **options})


def read(view: EncodedView | None) -> str:
    assert view is not None
    return "".join(map(chr, view.ids))


def both(row: Row) -> tuple[str, str]:
    return read(row.view), read(row.partner)


def test_plain_rows_are_the_examples() -> None:
    rows = stage_rows()
    assert len(rows) == 5
    for index, example in enumerate(examples()):
        row = rows[Key(3, index)]
        assert read(row.view) == example.texts[0].text
        assert row.partner is None and row.teacher is None
        assert not row.partner_sites and not row.guided
        assert row.sites == [(0,)]
        assert row.labels == [UNLABELLED if example.target is None else "xyz".index(str(example.target))]


def test_augmented_data_is_the_examples_and_a_copy_of_each() -> None:
    rows = stage_rows(copies=(Mark("A"),))
    assert len(rows) == 10
    assert [rows.locate(index) for index in (0, 4, 5, 9)] == [(0, None), (4, None), (0, 0), (4, 0)]
    for index, example in enumerate(examples()):
        assert read(rows[Key(0, index)].view) == example.texts[0].text
        copy = rows[Key(0, 5 + index)]
        assert read(copy.view).startswith(f"{example.texts[0].text} A")
        assert copy.labels == rows[Key(0, index)].labels  # the source's


def test_several_copies_stand_one_behind_the_other() -> None:
    rows = stage_rows(copies=(Mark("A"), Mark("B"), Mark("C")))
    assert len(rows) == 20
    assert [rows.locate(index) for index in (5, 9, 10, 15, 19)] == [(0, 0), (4, 0), (0, 1), (0, 2), (4, 2)]
    assert " B" in read(rows[Key(0, 12)].view)


@pytest.mark.parametrize(("ratio", "copied"), [(1.0, 5), (0.5, 3), (0.2, 1), (0.61, 4), (0.0, 0)])
def test_the_ratio_is_that_of_copies_to_examples_rounded_up(ratio: float, copied: int) -> None:
    rows = stage_rows(copies=(Mark("A"), Mark("B")), ratio=ratio)
    assert len(rows) == 5 + 2 * copied
    assert [rows.locate(5 + index) for index in range(2 * copied)] == [
        (position, copy) for copy in (0, 1) for position in range(copied)
    ]


def test_lengths_are_those_of_the_source_examples_for_each_row() -> None:
    rows = stage_rows(copies=(Mark("A"), Mark("B")), ratio=0.5)
    own = [len(f"text{n}") + n for n in range(5)]
    assert rows.lengths().tolist() == own + 2 * own[:3]


def test_copies_are_drawn_anew_each_epoch_or_once() -> None:
    anew, once = stage_rows(copies=(Mark("A"),)), stage_rows(copies=(Mark("A"),), resample="once")
    for index in range(5, 10):
        drawn = [read(anew[Key(epoch, index)].view) for epoch in range(4)]
        assert len(set(drawn)) == 4
        assert drawn == [read(anew[Key(epoch, index)].view) for epoch in range(4)]  # asked again, the same
        assert {read(once[Key(epoch, index)].view) for epoch in range(4)} == {drawn[0]}


def test_partners_are_drawn_anew_each_epoch_even_where_copies_are_not() -> None:
    rows = stage_rows(copies=(Mark("A"),), partner=Mark("P"), resample="once")
    for index in range(10):
        assert len({read(rows[Key(epoch, index)].partner) for epoch in range(4)}) == 4


def test_copy_and_partner_are_independent_draws_from_the_source_text() -> None:
    """A'(x), not A'(A(x)); and not the same draw as A."""
    rows = stage_rows(copies=(Mark("M"),), partner=Mark("M"))
    seen = set()
    for index in range(10):
        view, partner = both(rows[Key(0, index)])
        source = examples()[index % 5].texts[0].text
        assert partner.startswith(f"{source} M") and partner.count("M") == 1
        seen.add(partner.rpartition("M")[2])
        if index >= 5:
            assert view.count("M") == 1
            seen.add(view.rpartition("M")[2])
    assert len(seen) == 15  # five copies, ten partners, all different


@pytest.mark.parametrize("change", [{"seed": 2}, {"stage": "stage2"}])
def test_seed_and_stage_change_every_draw(change: dict[str, Any]) -> None:
    options = {"copies": (Mark("A"),), "partner": Mark("P")}
    one, other = stage_rows(**options), stage_rows(**options, **change)
    for index in range(10):
        first, second = both(one[Key(0, index)]), both(other[Key(0, index)])
        assert first[1] != second[1]
        assert (first[0] == second[0]) == (index < 5)


def test_draws_belong_to_the_example_and_not_to_its_place() -> None:
    turned = stage_rows(examples=examples()[::-1], copies=(Mark("A"),), partner=Mark("P"))
    rows = stage_rows(copies=(Mark("A"),), partner=Mark("P"))
    for index in range(5):
        assert both(rows[Key(2, index)]) == both(turned[Key(2, 4 - index)])
        assert both(rows[Key(2, 5 + index)]) == both(turned[Key(2, 9 - index)])


def test_identity_makes_the_partner_the_view() -> None:
    row = stage_rows(partner=identity)[Key(0, 1)]
    assert read(row.partner) == read(row.view)
    assert row.partner_sites == [(0,)]


def test_noise_is_drawn_for_each_view() -> None:
    rows = stage_rows(copies=(GaussianNoise("normal", 0.1),), partner=GaussianNoise("normal", 0.2))
    row = rows[Key(0, 5)]
    assert row.view.noise is not None and row.partner is not None and row.partner.noise is not None
    assert (row.view.noise.eps, row.partner.noise.eps) == (0.1, 0.2)
    assert row.view.noise.seed != row.partner.noise.seed
    assert rows[Key(0, 0)].view.noise is None


@pytest.mark.parametrize(
    ("guided", "expected"),
    [(None, [False] * 10), ("augmented", [False] * 5 + [True] * 5), ("all", [True] * 10)],
)
def test_rows_that_the_teacher_guides(guided: str | None, expected: list[bool]) -> None:
    rows = stage_rows(copies=(Mark("A"),), partner=Mark("P"), guided=guided)
    assert [rows[Key(0, index)].guided for index in range(10)] == expected


@pytest.mark.parametrize(
    ("guided", "resample", "expected"),
    [
        (None, "once", []),
        ("augmented", "epoch", []),
        ("augmented", "once", [5, 6, 7, 8, 9]),
        ("all", "epoch", [0, 1, 2, 3, 4]),
        ("all", "once", list(range(10))),
    ],
)
def test_rows_that_the_teacher_need_see_once(guided: str | None, resample: str, expected: list[int]) -> None:
    rows = stage_rows(copies=(Mark("A"),), guided=guided, resample=resample)
    assert rows.unchanging() == expected
    for index in range(10):
        same = read(rows[Key(0, index)].view) == read(rows[Key(1, index)].view)
        assert same or index not in expected


def known(folder: Path, rows: list[int]) -> KnownLogits:
    values = np.arange(3 * len(rows), dtype=np.float32).reshape(-1, 1, 3)
    return KnownLogits.write(folder / "known", 10, zip(rows, values, strict=True))


def test_known_teacher_logits_go_with_the_rows_that_are_guided(tmp_path: Path) -> None:
    rows = stage_rows(copies=(Mark("A"),), guided="augmented", teacher=known(tmp_path, [0, 1, 6]))
    assert rows[Key(0, 0)].teacher is None  # known, but not guided
    assert rows[Key(0, 5)].teacher is None  # guided, but not known
    teacher = rows[Key(0, 6)].teacher
    assert teacher is not None and teacher.tolist() == [[6, 7, 8]]


def test_a_row_that_does_not_count_is_asked_nothing(tmp_path: Path) -> None:
    teacher = known(tmp_path, list(range(10)))
    rows = stage_rows(copies=(Mark("A"),), partner=Mark("P"), guided="all", teacher=teacher)
    row, filler = rows[Key(0, 5)], rows[Key(0, 5, counts=False)]
    assert (row.labels, row.partner_sites, row.guided) == ([0], [(0,)], True)
    assert (filler.labels, filler.partner_sites, filler.guided) == ([UNLABELLED], [()], False)
    assert filler.partner_labels == [UNLABELLED]
    assert filler.teacher is None
    assert both(filler) == both(row)


def test_a_label_outside_the_label_space() -> None:
    odd = [Example("7", "en", (Text.from_string("a"),), "w")]
    with pytest.raises(InputError, match="not in the label space"):
        stage_rows(examples=odd)[Key(0, 0)]


# ---- translations


@pytest.fixture
def sources(tmp_path: Path) -> Any:
    return write_examples(examples(), tmp_path / "sources.arrow")


@pytest.fixture
def translations(tmp_path: Path) -> TranslationTable:
    """Into de and fr of all but the last example."""
    rows = [
        Example(item.id, language, (Text.from_string(f"{item.id} in {language}"),), item.target)
        for language in ("de", "fr")
        for item in examples(4)
    ]
    return write_translations(rows, tmp_path / "translations")


def test_the_partner_of_a_translation_is_made_of_the_translation(sources: Any, translations: Any) -> None:
    """A' acts on the translation; everywhere else on the source text."""
    translate = Translate(translations, sources)
    rows = stage_rows(examples=sources, copies=(translate,), partner=translate)
    pairs = set()
    for epoch in range(30):
        for index in range(10):
            view, partner = both(rows[Key(epoch, index)])
            tongues = tuple(text.rpartition(" in ")[2] if " in " in text else "en" for text in (view, partner))
            if index % 5 == 4:  # without translation
                assert tongues == ("en", "en")
            else:
                pairs.add(("copy" if index >= 5 else "own", *tongues))
    assert pairs == {
        *(("own", "en", language) for language in ("de", "fr")),
        *(("copy", language, other) for language, other in (("de", "fr"), ("fr", "de"))),
        *(("copy", language, "en") for language in ("de", "fr")),
    }


def test_all_translations_are_one_copy_a_language(sources: Any, translations: Any) -> None:
    rows = stage_rows(examples=sources, copies=tuple(TranslateTo(translations, code) for code in ("de", "fr")))
    assert len(rows) == 15
    for index in range(4):
        assert read(rows[Key(0, 5 + index)].view) == f"id{index} in de"
        assert read(rows[Key(0, 10 + index)].view) == f"id{index} in fr"
        assert rows[Key(0, 5 + index)].labels == rows[Key(0, index)].labels
    assert read(rows[Key(0, 9)].view) == examples()[4].texts[0].text  # without translation


def test_a_translation_without_label_has_no_task_loss(tmp_path: Path, sources: Any) -> None:
    bare = [Example("id0", "de", (Text.from_string("ohne"),), None)]
    rows = stage_rows(
        examples=sources,
        copies=(TranslateTo(write_translations(bare, tmp_path / "bare"), "de"),),
        guided="augmented",
    )
    row = rows[Key(0, 5)]
    assert read(row.view) == "ohne"
    assert row.labels == [UNLABELLED]
    assert row.guided  # R2 acts on it all the same
    assert rows[Key(0, 0)].labels == [0]
