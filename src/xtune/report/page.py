"""`report.html`: runs, or a study, on one page that needs nothing else, neither network nor script.

A template of `string.Template` in `page.html`, as the model card has one: the few loops are functions in `sections`,
and every text from a run passes `html.text`. So the report needs no package that xtune does not need anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from string import Template

from xtune.report.compare import Comparison
from xtune.report.html import Section, text
from xtune.report.intervals import draw
from xtune.report.sections import studied
from xtune.report.sections.analysis import analysis
from xtune.report.sections.effects import effects
from xtune.report.sections.examples import examples
from xtune.report.sections.grid import grids
from xtune.report.sections.losses import losses
from xtune.report.sections.making import making
from xtune.report.sections.scores import languages, lead, tiles
from xtune.report.study import Study


def page(comparison: Comparison) -> str:
    """The page, as HTML.

    Args:
        comparison: What it shows; the first run is what the others are compared with.
    """
    runs, names, draws = comparison.runs, comparison.names, draw(comparison)
    sections = [
        languages(comparison, draws),
        losses(runs, names),
        examples(comparison),
        analysis(runs, names),
        making(runs, names),
    ]
    title = f"{comparison.task}: {_listed(names) if len(names) < 4 else f'{len(names)} runs'}"
    version = str(runs[-1].results.get("xtune", ""))
    kind = "alone" if len(runs) == 1 else "beside"
    return whole_page(title, lead(comparison), tiles(comparison, draws), sections, version, kind)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def whole_page(title: str, lead: str, tiles: str, sections: Sequence[Section], version: str, kind: str) -> str:
    """A page of sections.

    Args:
        title: As text.
        lead: A sentence, as HTML.
        tiles: A few numbers, as HTML.
        sections: Those without a body are left out.
        version: Of the xtune that made what is shown.
        kind: The page's class; `alone` where there is nothing to compare with.
    """
    shown = [section for section in sections if section.body]
    places = " ".join(f'<li><a href="#{section.id}">{text(section.title)}</a></li>' for section in shown)
    files = resources.files("xtune.report")
    return Template(files.joinpath("page.html").read_text("utf-8")).substitute(
        kind=kind,
        title=text(title),
        style=files.joinpath("page.css").read_text("utf-8"),
        lead=lead,
        places=places,
        figures=tiles,
        sections="\n".join(map(str, shown)),
        footer=text(f"xtune {version}. This page is whole in itself."),
    )


def study_page(study: Study) -> str:
    """The same of a study, as HTML: its tables, and how the first runs of its best cell and of the baseline went."""
    first = study.first_runs()
    shown = [grids(study), effects(study), studied.languages(study)]
    if first is not None:
        runs, names = first.runs, first.names
        parts = [losses(runs, names), examples(first), analysis(runs, names), making(runs, names)]
        shown += [replace(part, title=f"First runs: {part.title[0].lower()}{part.title[1:]}") for part in parts]
    title = f"{study.values['task']}: {study.values.get('kind', 'study')} of {len(study.cells)} cells"
    sections = [*shown, studied.runs(study)]
    version = str(study.values.get("xtune", ""))
    return whole_page(title, studied.lead(study), studied.tiles(study), sections, version, "beside")
