"""The languages that xtune knows, and one name for each: its ISO 639-1 code.

A user's file may say `zh-CN`, `zho`, `cmn` or `zho_Hans` (NLLB); `check_language` makes all of them `zh`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from xtune.errors import InputError, did_you_mean


@dataclass(frozen=True, slots=True)
class Language:
    """One language.

    Args:
        code: ISO 639-1.
        name: In English.
        iso3: ISO 639-3 as Tatoeba writes it (`cmn`, `pes`, `swh`).
        script: ISO 15924, of the script that most of its text is written in.
    """

    code: str
    name: str
    iso3: str
    script: str


# code, ISO 639-3 (others that mean the same after a slash), script, name. All of XTREME, XLM-R and MUSE are here.
_TABLE = """
af afr Latn Afrikaans|am amh Ethi Amharic|ar ara/arb Arab Arabic|as asm Beng Assamese|az aze/azj Latn Azerbaijani
be bel Cyrl Belarusian|bg bul Cyrl Bulgarian|bn ben Beng Bengali|br bre Latn Breton|bs bos Latn Bosnian
ca cat Latn Catalan|cs ces Latn Czech|cy cym Latn Welsh|da dan Latn Danish|de deu/ger Latn German
el ell Grek Greek|en eng Latn English|eo epo Latn Esperanto|es spa Latn Spanish|et est/ekk Latn Estonian
eu eus Latn Basque|fa pes/fas Arab Persian|fi fin Latn Finnish|fr fra/fre Latn French|fy fry Latn Western Frisian
ga gle Latn Irish|gd gla Latn Scottish Gaelic|gl glg Latn Galician|gn grn/gug Latn Guarani|gu guj Gujr Gujarati
ha hau Latn Hausa|he heb Hebr Hebrew|hi hin Deva Hindi|hr hrv Latn Croatian|ht hat Latn Haitian Creole
hu hun Latn Hungarian|hy hye Armn Armenian|id ind Latn Indonesian|ig ibo Latn Igbo|is isl Latn Icelandic
it ita Latn Italian|ja jpn Jpan Japanese|jv jav Latn Javanese|ka kat Geor Georgian|kk kaz Cyrl Kazakh
km khm Khmr Khmer|kn kan Knda Kannada|ko kor Hang Korean|ku kur/kmr Latn Kurdish|ky kir Cyrl Kyrgyz
la lat Latn Latin|lb ltz Latn Luxembourgish|lg lug Latn Ganda|ln lin Latn Lingala|lo lao Laoo Lao
lt lit Latn Lithuanian|lv lav/lvs Latn Latvian|mg mlg/plt Latn Malagasy|mi mri Latn Maori|mk mkd Cyrl Macedonian
ml mal Mlym Malayalam|mn mon/khk Cyrl Mongolian|mr mar Deva Marathi|ms msa/zsm Latn Malay|mt mlt Latn Maltese
my mya Mymr Burmese|ne nep/npi Deva Nepali|nl nld/dut Latn Dutch|no nor/nob Latn Norwegian|ny nya Latn Chichewa
oc oci Latn Occitan|om orm/gaz Latn Oromo|or ori/ory Orya Odia|pa pan Guru Punjabi|pl pol Latn Polish
ps pus/pbt Arab Pashto|pt por Latn Portuguese|qu que/quy Latn Quechua|ro ron Latn Romanian|ru rus Cyrl Russian
rw kin Latn Kinyarwanda|sa san Deva Sanskrit|sd snd Arab Sindhi|si sin Sinh Sinhala|sk slk Latn Slovak
sl slv Latn Slovenian|sn sna Latn Shona|so som Latn Somali|sq sqi/als Latn Albanian|sr srp Cyrl Serbian
st sot Latn Southern Sotho|su sun Latn Sundanese|sv swe Latn Swedish|sw swh/swa Latn Swahili|ta tam Taml Tamil
te tel Telu Telugu|tg tgk Cyrl Tajik|th tha Thai Thai|ti tir Ethi Tigrinya|tk tuk Latn Turkmen|tl tgl Latn Tagalog
tn tsn Latn Tswana|tr tur Latn Turkish|tt tat Cyrl Tatar|ug uig Arab Uyghur|uk ukr Cyrl Ukrainian|ur urd Arab Urdu
uz uzb/uzn Latn Uzbek|vi vie Latn Vietnamese|wo wol Latn Wolof|xh xho Latn Xhosa|yi yid/ydd Hebr Yiddish
yo yor Latn Yoruba|zh cmn/zho Hans Chinese|zu zul Latn Zulu
"""

LANGUAGES: dict[str, Language] = {}
"""By ISO 639-1 code."""

_CODES: dict[str, str] = {}  # every code, two letters or three, to the ISO 639-1 code
for _row in _TABLE.strip().replace("\n", "|").split("|"):
    _code, _iso3, _script, _name = _row.split(" ", 3)
    LANGUAGES[_code] = Language(_code, _name, _iso3.partition("/")[0], _script)
    _CODES.update(dict.fromkeys([_code, *_iso3.split("/")], _code))
_BY_NAME = {language.name.lower(): language.code for language in LANGUAGES.values()}


def find_language(code: str) -> str | None:
    """The ISO 639-1 code that `code` stands for; None where it stands for no language of the table.

    >>> find_language("zh-CN"), find_language("deu_Latn"), find_language("set")
    ('zh', 'de', None)
    """
    return _CODES.get(re.split("[-_]", code.strip().lower(), maxsplit=1)[0])


def check_language(
    code: str, *, file: str | Path | None = None, line: int | None = None, field: str | None = None
) -> str:
    """The ISO 639-1 code that `code` stands for.

    Args:
        code: ISO 639-1 or 639-3, with or without a region or script.
        file: Where the code stands, for the error.
        line: Its line, counted from 1.
        field: Its column or option.

    Raises:
        InputError: For a code that is not in the table.

    >>> check_language("pt-BR")
    'pt'
    >>> check_language("german", field="data.languages")
    Traceback (most recent call last):
        ...
    xtune.errors.InputError: field 'data.languages': there is no language 'german'
      remedy: did you mean 'de'?
    """
    if found := find_language(code):
        return found
    near = difflib.get_close_matches(code.strip().lower(), [*_BY_NAME, *_CODES], n=1, cutoff=0.7)
    remedy = f"did you mean '{_BY_NAME.get(near[0], near[0])}'?" if near else "use ISO 639-1 codes: en, de, zh …"
    raise InputError(f"there is no language '{code}'", file=file, line=line, field=field, remedy=remedy)


def languages_among(asked: Iterable[str], there: Collection[str], problem: str) -> list[str]:
    """The codes of the languages that a user names, once it is known that they are there.

    Args:
        asked: As the user writes them.
        there: Codes that there are.
        problem: What the matter is with another one.

    Raises:
        InputError: For a code that is none, or is not there.

    >>> languages_among(["deu", "fr-CA"], ["de", "fr"], "there is no test set")
    ['de', 'fr']
    >>> languages_among(["es"], ["de", "fr"], "there is no test set")
    Traceback (most recent call last):
        ...
    xtune.errors.InputError: field '--languages': there is no test set in 'es'
      remedy: known: de, fr
    """
    wanted = [check_language(code, field="--languages") for code in asked]
    for code in wanted:
        if code not in there:
            remedy = did_you_mean(code, there)
            raise InputError(f"{problem} in '{code}'", field="--languages", remedy=remedy)
    return wanted
