"""Examples whose prediction differs between languages."""

from __future__ import annotations

from collections.abc import Sequence

from xtune.report.compare import Comparison, name_of
from xtune.report.disagree import Disagreements, Judged, disagreements
from xtune.report.html import Section, folded, stacking_row, stacking_table, text

LETTERS = 400
"""How much of a text is shown."""

RIGHT_TO_LEFT = {"ar", "fa", "he", "ps", "sd", "ug", "ur", "yi"}


def examples(comparison: Comparison) -> Section:
    """Up to ten of the last run; empty where the test sets are not parallel, or nothing differs."""
    run, name = comparison.runs[-1], comparison.names[-1]
    title = "Same example, other answer"
    found = disagreements(run, comparison.split, comparison.source, comparison.languages) if comparison.source else None
    if found is None or not found.shown:
        return Section("examples", title, "")
    parts = [
        folded(_summary(id, judged), _judgements(judged, found), "printed", opened=place == 0)
        for place, (id, judged) in enumerate(found.shown.items())
    ]
    return Section("examples", title, "\n".join([f"<p>{text(_lead(name, found))}</p>", *parts]))


def _lead(name: str, found: Disagreements) -> str:
    said = f"The test sets are translations of each other. Of {found.compared:,} examples that all of them have, "
    said += f"{name} answers {found.found:,} differently in one language than in another"
    said += f"; {len(found.shown)} of these, evenly chosen." if found.found > len(found.shown) else "."
    readable = any(one.texts is not None for judged in found.shown.values() for one in judged)
    return said if readable else f"{said} Their texts are not shown: the data cannot be read from here."


def _summary(id: str, judged: Sequence[Judged]) -> str:
    """What is to be seen when the example is opened."""
    wrong = [one.language for one in judged if not one.right]
    gold = f", gold: {judged[0].gold}" if _one_gold(judged) else ""
    places = f"wrong in {', '.join(wrong)}" if len(wrong) < len(judged) else "wrong everywhere, each in its way"
    return f"Example {text(id)}{text(gold)} <span class=soft>— {text(places)}</span>"


def _judgements(judged: Sequence[Judged], found: Disagreements) -> str:
    golds = not _one_gold(judged)
    texts = any(one.texts is not None for one in judged)
    heads = ["Language", "Answer", *["Gold"] * golds, *["Text"] * texts]
    caption = f"Answers in {len(found.languages)} languages"
    return stacking_table("judged", caption, heads, [_row(one, golds, texts) for one in judged])


def _row(one: Judged, golds: bool, texts: bool) -> str:
    kind, mark, said = ("better", "✓", "right") if one.right else ("worse", "✗", "wrong")
    answer = f'<span class="{kind}" aria-hidden="true">{mark}</span> {text(one.prediction)}'
    cells = [f'{answer}<span class="hidden">, {said}</span>', *[text(one.gold)] * golds]
    if texts:
        tongue = f'lang="{text(one.language)}" dir="{"rtl" if one.language in RIGHT_TO_LEFT else "auto"}"'
        cells.append("".join(f"<p {tongue}>{text(_short(words))}</p>" for words in one.texts or ()))
    return stacking_row(text(name_of(one.language)), cells)


def _one_gold(judged: Sequence[Judged]) -> bool:
    return len({one.gold for one in judged}) == 1


def _short(words: str) -> str:
    return words if len(words) <= LETTERS else f"{words[:LETTERS]}…"
