"""The printed figures: their shapes, their averages, and where the paper does not agree with itself."""

from __future__ import annotations

import pytest

from xtune.errors import InputError
from xtune.reproduce.figures import TABLES, Row, appendix_b, inconsistencies, numbers, table
from xtune.reproduce.plans import BY_LANGUAGE, DATASETS
from xtune.tasks.datasets import dataset

SHAPES = {  # rows and columns, counted in the paper
    "table1": (10, 8),
    "table2": (9, 7),
    "table3": (7, 16),
    "table4": (13, 3),
    "table5": (5, 2),
    "table6": (7, 2),
    "table7": (5, 7),
    "table8": (5, 7),
    "table9": (13, 4),
    "table10": (4, 8),
    "table11": (4, 12),
    "table12": (4, 8),
    "table13": (4, 10),
    "table14": (4, 34),
    "table15": (4, 40),
    "figure3": (3, 0),
}

SUMS = {  # of all figures, added up from the paper's text, so that no digit changes unseen
    "table1": 7329.4,
    "table2": 5741.9,
    "table3": 9212.7,
    "table4": 3208.8,
    "table5": 798.9,
    "table9": 764.2,
    "table10": 2874.6,
    "table11": 6999.0,
    "table12": 4170.9,
    "table13": 4997.5,
    "table14": 10491.5,
    "table15": 10897.2,
}

TRANSFER, TRANSLATE = "cross-lingual-transfer", "translate-train-all"


def cell(name: str, group: str, row: str, column: str) -> str:
    return table(name).row(group, row).cells[column]


def values(name: str, row: Row) -> list[tuple[float, ...]]:
    return [found for column in table(name).parts if (found := numbers(row.cells[column])) is not None]


def mean(name: str, group: str, row: str) -> float:
    """F1 and exact match averaged first, as the paper does."""
    cells = [sum(found) / len(found) for found in values(name, table(name).row(group, row))]
    return sum(cells) / len(cells)


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_the_rows_and_columns_of_the_paper(name: str) -> None:
    shown = table(name)
    assert (len(shown.rows), len(shown.columns)) == SHAPES[name]
    assert len({(row.group, row.name) for row in shown.rows}) == len(shown.rows)
    assert shown.title and shown.definition


def test_some_cells_as_printed() -> None:
    assert cell("table1", TRANSFER, "X-STILTs", "TyDiQA") == "76.0/59.5"
    assert cell("table2", TRANSLATE, "no stop-gradient", "MLQA") == "69.9/52.1"
    assert cell("table3", TRANSFER, "R4F", "vi") == "80.9"
    assert cell("table4", "machine translation", "only R1", "POS") == "-"
    assert cell("table5", TRANSLATE, "xTune", "BUCC") == "82.2"
    assert cell("table6", "Classification", "PAWS-X", "train") == "49.4K"
    assert cell("table8", "weights", "λ2", "XQuAD") == "0.1"
    assert cell("table9", "code-switch", "only R2", "XNLI") == "8.8"
    assert cell("table11", TRANSLATE, "FILTER", "th") == "79.6/73.2"
    assert cell("table13", TRANSFER, "XLM-R large", "ko") == "31.9/10.9"
    assert cell("table14", TRANSFER, "XLM-R large", "ja") == "15.9"
    assert cell("table14", TRANSLATE, "FILTER", "yo") == "43.1"
    assert cell("table15", TRANSLATE, "xTune", "th") == "1.1"


@pytest.mark.parametrize("name", SUMS)
def test_no_digit_has_changed(name: str) -> None:
    printed = [numbers(cell) or () for row in table(name).rows for cell in row.cells.values()]
    assert sum(number for found in printed for number in found) == pytest.approx(SUMS[name], abs=0.01)


def averages() -> list[tuple[str, Row]]:
    tables = [table(name) for name in TABLES]
    rows = [(shown, row) for shown in tables if shown.average for row in shown.rows]
    return [(shown.name, row) for shown, row in rows if "-" not in row.cells.values()]


def test_most_tables_with_an_average_are_whole() -> None:
    assert len(averages()) == 9 + 7 + 11 + 5 * 4  # table 1 has a row with gaps, table 9 two


@pytest.mark.parametrize(("name", "row"), averages(), ids=lambda item: item if isinstance(item, str) else item.name)
def test_a_rows_mean_is_the_printed_average(name: str, row: Row) -> None:
    shown = table(name)
    assert shown.average is not None
    printed, cells = numbers(row.cells[shown.average]), values(name, row)
    assert printed is not None
    if len(printed) == 1:
        cells = [(sum(found) / len(found),) for found in cells]
    for place, average in enumerate(printed):
        assert sum(found[place] for found in cells) / len(cells) == pytest.approx(average, abs=0.1)


def test_the_entities_of_table_15_have_the_averages_of_table_1() -> None:
    for row in table("table15").rows:
        printed = float(cell("table1", row.group, row.name, "NER"))
        assert mean("table15", row.group, row.name) == pytest.approx(printed, abs=0.1)


def test_languages_and_datasets_are_those_that_xtune_knows() -> None:
    for name, column in BY_LANGUAGE.items():
        assert set(table(name).parts) == set(dataset(DATASETS[column]).languages), name
    for row in table("table6").rows:
        assert int(row.cells["languages"]) == len(dataset(DATASETS[row.name]).languages)


def same_cells() -> list[tuple[frozenset[str], str, tuple[str, str]]]:
    """Every figure that the paper prints in two places: the tables, where, and both."""
    found = []
    for name, column in BY_LANGUAGE.items():
        for row in table(name).rows if table(name).average else ():
            if row.name not in ("R3F", "R4F"):
                both = (cell("table1", row.group, row.name, column), row.cells["Avg."])
                found.append((frozenset({"table1", name}), f"{column}, {row.name}, {row.group}", both))
    for column in ("XNLI", "POS", "MLQA"):
        used = {"CS": "code-switch", "SS": "subword sampling"}
        a, partner = (
            used[cell("table7", stage, slot, column)] for stage, slot in (("stage 2", "A"), ("stage 1", "A*"))
        )
        transfer = [("only R1", partner), ("only R2", a)]
        pairs = [(TRANSFER, "XLM-R base", "baseline", "XLM-R base")]
        pairs += [(TRANSFER, name, group, name) for name, group in transfer]
        pairs += [(TRANSLATE, "XLM-R base", "machine translation", "data augmentation")]
        pairs += [(TRANSLATE, "only R2", "machine translation", "only R2")]
        for setting, row_name, group, name in pairs:
            both = (cell("table2", setting, row_name, column), cell("table4", group, name, column))
            where = f"{column}, {row_name} with {group}, {setting}"
            found.append((frozenset({"table2", "table4"}), where, both))
    return found


def test_the_list_of_cells_that_disagree_is_exact() -> None:
    listed = {(frozenset(each.tables), each.where, each.printed) for each in inconsistencies()}
    listed = {each for each in listed if not each[1].startswith(("section", "appendix", "caption", "heading"))}
    assert len(same_cells()) == 4 * 5 + 5 + 15
    assert {each for each in same_cells() if each[2][0] != each[2][1]} == listed
    assert len(listed) == 5


def test_what_the_text_says_of_the_tables_and_what_they_say() -> None:
    """The sentences of sections 4.2 and 4.3 that state a figure: all but the listed ones hold."""
    listed = {each.where: each.printed for each in inconsistencies()}
    gain = {
        code: float(cell("table3", TRANSFER, "xTune", code)) - float(cell("table3", TRANSFER, "XLM-R large", code))
        for code in ("sw", "ur")
    }
    assert gain["ur"] == pytest.approx(5.4)
    assert listed["section 4.2, Swahili, cross-lingual-transfer"] == ("+2.2", f"{gain['sw']:+.1f}")
    best = {
        code: max((float(row.cells[code]), row.name) for row in table("table3").rows[:3])
        for code in table("table3").parts
    }
    ties = [code for code in best if best[code][0] >= float(cell("table3", TRANSFER, "xTune", code))]
    assert ties == ["en"] and best["en"][1] == "R4F"
    assert listed["section 4.2, English, cross-lingual-transfer"] == ("89.6", "89.6")
    ours = table("table1").row(TRANSFER, "xTune")
    worse = [
        (column, row.name)
        for column in table("table1").parts
        for row in table("table1").rows[:5]
        if (numbers(row.cells[column]) or ()) > (numbers(ours.cells[column]) or ())
    ]
    assert worse == [("TyDiQA", "X-STILTs")]
    assert listed["section 4.2, TyDiQA, cross-lingual-transfer"] == ("76.0/59.5", ours.cells["TyDiQA"])
    for setting, row, other, points in (
        (TRANSFER, "xTune", "XLM-R base", 2.8),
        (TRANSFER, "xTune", "only R1", 0.4),
        (TRANSFER, "xTune", "only R2", 1.0),
        (TRANSLATE, "xTune", "only R2", 1.1),
        (TRANSLATE, "xTune", "no stop-gradient", 0.5),
    ):
        assert round(mean("table2", setting, row) - mean("table2", setting, other), 1) == points


def test_the_weights_are_of_the_grid_but_for_the_listed_one() -> None:
    outside = [
        (name, column, weight)
        for name in ("table7", "table8")
        for row, grid in (("λ1", "lambda1"), ("λ2", "lambda2"))
        for column, weight in table(name).row("weights", row).cells.items()
        if float(weight) not in appendix_b()[grid]
    ]
    assert outside == [("table8", "XQuAD", "0.1")]
    listed = next(each for each in inconsistencies() if each.where == "appendix B, XQuAD, λ2")
    assert listed.printed == (str(min(appendix_b()["lambda2"])), "0.1")


def test_every_inconsistency_is_one_of_a_table_that_shows_it() -> None:
    assert len(inconsistencies()) == 11
    for each in inconsistencies():
        assert all(each in table(name).notes for name in each.tables)


def test_a_table_that_there_is_not() -> None:
    with pytest.raises(InputError, match="the paper has no 'table16'") as caught:
        table("table16")
    assert "did you mean 'table6'" in str(caught.value)
