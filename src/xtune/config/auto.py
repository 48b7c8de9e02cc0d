"""`augmentation: auto`: the paper's appendix D as code, given what the user has."""

from __future__ import annotations

from xtune.config.recipe import AugmentationConfig
from xtune.schema import Kind


def choose_augmentation(
    kind: Kind, *, translations: bool, dictionaries: bool
) -> tuple[AugmentationConfig, tuple[str, ...]]:
    """A*, A and A' for a kind of task, and why.

    Args:
        kind: The kind of task.
        translations: The training set is translated and the setting may use it.
        dictionaries: There are bilingual dictionaries.

    Source: appendix D; the choice of stage 1 for span extraction follows tables 7 and 8.

    >>> choose_augmentation("classification", translations=False, dictionaries=True)[0]
    AugmentationConfig(stage1='cs', data='cs', consistency='cs')
    >>> choose_augmentation("tagging", translations=True, dictionaries=True)[0]
    AugmentationConfig(stage1='ss', data='mt', consistency='ss')
    """
    if kind == "classification":
        return _classification(translations, dictionaries)
    data = "mt" if translations else "ss"
    stage1 = "cs" if kind == "span" and dictionaries else "ss"
    reasons = (
        f"stage1={stage1}: "
        + (
            "code-switch is preferred for R1 of span extraction where there are dictionaries (D.2)"
            if stage1 == "cs"
            else "sub-word sampling is the safest partner of fine-grained tasks (D.3, tables 7 and 8)"
        ),
        f"data={data}: "
        + (
            "translations are available (D.2, D.3)"
            if translations
            else "there are no translations; sub-word sampling comes next (table 7)"
        ),
        "consistency=ss: predictions of a text and its translation cannot be aligned, and dictionaries "
        "between arbitrary languages are rare (D.2, D.3)",
    )
    return AugmentationConfig(stage1=stage1, data=data, consistency="ss"), reasons


def _classification(translations: bool, dictionaries: bool) -> tuple[AugmentationConfig, tuple[str, ...]]:
    if translations:
        name, reason = "mt", "translations are available, and one distribution an example always aligns (D.1)"
    elif dictionaries:
        name, reason = "cs", "there are no translations; code-switch comes next, and there are dictionaries (D.1)"
    else:
        name, reason = "ss", "there are neither translations nor dictionaries; sub-word sampling comes next (D.1)"
    reasons = (f"{name} everywhere (stage1, data, consistency): {reason}",)
    return AugmentationConfig(stage1=name, data=name, consistency=name), reasons
