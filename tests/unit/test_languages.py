from __future__ import annotations

import pytest

from xtune.errors import InputError
from xtune.languages import LANGUAGES, check_language, find_language

XTREME = (
    "af ar bg bn de el en es et eu fa fi fr he hi hu id it ja jv ka kk ko ml mr ms my nl pt ru sw ta te th tl tr ur "
    "vi yo zh"
)


def test_all_of_xtreme_is_known() -> None:
    assert len(XTREME.split()) == 40
    assert set(XTREME.split()) <= set(LANGUAGES)


def test_no_two_languages_share_a_name_or_a_code() -> None:
    assert len({language.name for language in LANGUAGES.values()}) == len(LANGUAGES)
    assert len({language.iso3 for language in LANGUAGES.values()}) == len(LANGUAGES)
    assert all(len(language.code) == 2 and len(language.iso3) == 3 for language in LANGUAGES.values())
    assert all(len(language.script) == 4 and language.script.istitle() for language in LANGUAGES.values())


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("de", "de"),
        (" DE ", "de"),
        ("de-AT", "de"),
        ("zh-CN", "zh"),
        ("zh_TW", "zh"),
        ("zho_Hans", "zh"),
        ("cmn", "zh"),
        ("deu", "de"),
        ("swh", "sw"),
        ("swa", "sw"),
        ("pes", "fa"),
        ("arb_Arab", "ar"),
        ("no", "no"),
    ],
)
def test_one_code_for_each_language(written: str, code: str) -> None:
    assert check_language(written) == code


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        ("swahili", "did you mean 'sw'?"),
        ("Portugese", "did you mean 'pt'?"),
        ("", "use ISO 639-1 codes"),
        ("xx", "use ISO 639-1 codes"),
    ],
)
def test_an_unknown_code_is_an_error_that_says_where_and_what_instead(written: str, remedy: str) -> None:
    assert find_language(written) is None
    with pytest.raises(InputError) as raised:
        check_language(written, file="dev.csv", line=7, field="language")
    assert str(raised.value).startswith(f"dev.csv, line 7, field 'language': there is no language '{written}'")
    assert remedy in str(raised.value)
