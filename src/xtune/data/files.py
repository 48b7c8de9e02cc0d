"""Opening text files, and finding the file of each language."""

from __future__ import annotations

import difflib
import glob
import gzip
import lzma
import re
import zlib
from collections.abc import Iterator
from contextlib import closing
from io import BufferedReader
from pathlib import Path

from xtune.errors import InputError
from xtune.languages import check_language, find_language

COMPRESSIONS = (".gz", ".xz")
_LANGUAGE = r"[A-Za-z]{2,3}(?:[-_](?:[A-Z]{2}|[A-Z][a-z]{3}))?"  # de, zh-CN, zho_Hans
_GZIP_MAGIC = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def open_text(path: Path, *, keep_ends: bool = False) -> Iterator[str]:
    r"""The lines of a UTF-8 text file, `.gz` and `.xz` unpacked on the way.

    A line ends at `\n` or `\r\n` and nowhere else: U+2028, U+0085 and their like stand inside texts. A byte order
    mark is dropped.

    Args:
        path: The file.
        keep_ends: Leave the line end on, as the `csv` module wants it.

    Raises:
        InputError: If there is no such file, it cannot be unpacked, ends early or is not UTF-8.
    """
    number = 0
    try:
        with closing(_open(path)) as stream:
            for number, raw in enumerate(stream, start=1):
                line = _decode(raw.removeprefix(_BOM) if number == 1 else raw, path, number)
                yield line if keep_ends else line.removesuffix("\n").removesuffix("\r")
    except FileNotFoundError:
        raise InputError("there is no such file", file=path, remedy=nearest(path)) from None
    except IsADirectoryError:
        raise InputError("this is a folder, not a file", file=path, remedy="name a file in it") from None
    except EOFError:
        problem = f"the compressed file ends early, after line {number}"
        raise InputError(problem, file=path, line=number, remedy="fetch it, or compress it, again") from None
    except (gzip.BadGzipFile, lzma.LZMAError, zlib.error) as failure:
        problem = f"this is not a whole {path.suffix} file ({failure})"
        raise InputError(problem, file=path, remedy="compress it again, or take the suffix off its name") from None
    except OSError as failure:
        raise InputError(f"it cannot be read: {failure.strerror}", file=path, remedy="check its permissions") from None


def file_format(path: str | Path) -> str:
    """The suffix that says how a file is written.

    >>> file_format("xnli/dev-en.tsv.gz")
    '.tsv'
    """
    return _unpacked(path).suffix.lower()


def language_in_name(path: str | Path) -> str | None:
    """The language that a file's name ends in.

    >>> language_in_name("reviews-pt-BR.csv.gz"), language_in_name("dev-set.csv")
    ('pt', None)
    """
    match = re.search(f"-({_LANGUAGE})$", _unpacked(path).stem)
    return find_language(match[1]) if match else None


def language_files(pattern: str) -> dict[str, Path]:
    """The files that a pattern with `{lang}` names, by language, in the languages' order.

    A file may also be there with `.gz` or `.xz` after the pattern; of several the plain one counts.

    Args:
        pattern: For example `data/train-{lang}.csv` or `{lang}/train.jsonl`.

    Raises:
        InputError: For a file whose `{lang}` is no language, or two files for one language (`zh-CN`, `zh-TW`).
    """
    first, *rest = pattern.split("{lang}")
    expression = re.escape(first) + f"({_LANGUAGE})" + r"\1".join(map(re.escape, [rest[0], *rest[1:]]))
    wildcard = "*".join(map(glob.escape, [first, *rest]))
    files: dict[str, Path] = {}
    spelling: dict[str, str] = {}
    for compression in ("", *COMPRESSIONS):
        for name in sorted(glob.glob(wildcard + compression)):
            if not (match := re.fullmatch(expression + re.escape(compression), name)):
                continue
            language = check_language(match[1], file=name)
            if spelling.setdefault(language, match[1]) != match[1]:
                problem = f"{files[language]} is '{language}' too"
                raise InputError(problem, file=name, remedy="keep one file a language")
            files.setdefault(language, Path(name))
    return dict(sorted(files.items()))


def _unpacked(path: str | Path) -> Path:
    """The path without the suffix of a compression."""
    path = Path(path)
    return path.with_suffix("") if path.suffix in COMPRESSIONS else path


def _open(path: Path) -> BufferedReader:
    if path.suffix == ".gz":
        return BufferedReader(gzip.GzipFile(path))  # buffered once more, because its own lines are slow
    return BufferedReader(lzma.LZMAFile(path)) if path.suffix == ".xz" else path.open("rb")


def _decode(raw: bytes, path: Path, number: int) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as failure:
        if number == 1 and raw.startswith(_GZIP_MAGIC):
            raise InputError("the file is compressed", file=path, remedy=f"name it {path.name}.gz") from None
        problem = f"byte {failure.start + 1} of the line, 0x{raw[failure.start]:02x}, is not UTF-8"
        likely = "UTF-16" if number == 1 and raw.startswith(_UTF_16) else "LATIN1"
        remedy = f"convert the file, for example: iconv -f {likely} -t UTF-8 {path.name} > utf8-{path.name}"
        raise InputError(problem, file=path, line=number, remedy=remedy) from None


def nearest(path: Path) -> str:
    """What may have been meant by a path that is not there."""
    folder = path.parent
    if not folder.is_dir():
        return f"there is no folder {folder} either; check the path"
    names = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean '{near[0]}'?" if near else f"{folder} holds {', '.join(names[:8]) or 'nothing'}"
