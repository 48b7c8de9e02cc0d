"""Write the API reference: one Markdown page a package, from signatures and docstrings.

    python docs/generate_reference.py [FOLDER]     # default: docs/reference

The sources are read, not imported, so that the pages depend on nothing but the sources: not on what is installed, nor
on the order of imports. A module or name with a leading underscore is private and left out.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[1] / "src" / "xtune"
SECTIONS = ("Args", "Returns", "Yields", "Raises", "Attributes", "Example", "Examples", "Note", "References")
ITEM = re.compile(r"^(\*{0,2}\w+)(?: \(.+?\))?: (.*)$")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def main() -> None:
    """Write the pages to the folder named on the command line."""
    parser = argparse.ArgumentParser(description="Write the API reference.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parent / "reference")
    folder = parser.parse_args().folder
    pages = write_reference(folder)
    print(f"{len(pages)} pages in {os.path.relpath(folder)}")


def write_reference(folder: Path, sources: Path = SOURCES) -> list[Path]:
    """Replace what is in the folder by one page for the package's own modules, one a sub-package, and an index.

    Args:
        folder: Where the pages go; pages of an earlier run are removed.
        sources: Folder of the package.

    Returns:
        The pages, the index last.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in [folder / "index.md", *folder.glob(f"{sources.name}*.md")]:
        old.unlink(missing_ok=True)
    pages, rows = [], []
    for package in [sources, *sorted(path.parent for path in sources.rglob("__init__.py") if path.parent != sources)]:
        modules = [path for path in sorted(package.glob("*.py")) if is_public(path.stem) or path.stem == "__init__"]
        name = ".".join((sources.name, *package.relative_to(sources).parts))
        if any(part.startswith("_") for part in name.split(".")):
            continue
        body = [text for path in modules if (text := module_text(path, name))]
        summary = first_sentence(ast.get_docstring(parse(package / "__init__.py")))
        if not any("\n### `" in text for text in body):  # data only
            continue
        page = folder / f"{name}.md"
        page.write_text("\n".join([f"# `{name}`\n", *body]), encoding="utf-8")
        pages.append(page)
        rows.append(f"| [`{name}`]({page.name}) | {summary} |")
    index = folder / "index.md"
    head = "# Reference\n\nGenerated from the docstrings by `make docs`.\n\n| package | what it is |\n|---|---|\n"
    index.write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    return [*pages, index]


def module_text(path: Path, package: str) -> str:
    """A module's section of its package's page; empty where there is nothing to say."""
    tree = parse(path)
    name = package if path.stem == "__init__" else f"{package}.{path.stem}"
    parts = [f"## `{name}`\n"] if path.stem != "__init__" else []
    if docstring := ast.get_docstring(tree):
        parts.append(markdown(docstring))
    for before, node in zip([None, *tree.body], tree.body, strict=False):
        if isinstance(node, Function) and is_public(node.name):
            parts.append(function_text(node, name))
        elif isinstance(node, ast.ClassDef) and is_public(node.name):
            parts.append(class_text(node, name))
        elif (value := alias(before)) and is_docstring(node):
            parts.append(f"### `{name}.{value[0]}`\n\n```python\n{value[1]}\n```\n\n{markdown(node.value.value)}")
    return "\n".join(parts)


def class_text(node: ast.ClassDef, module: str) -> str:
    """A class: its bases and fields as written, its docstring, its public methods."""
    bases = ", ".join(ast.unparse(base) for base in node.bases)
    marks = "".join(f"@{ast.unparse(mark)}\n" for mark in node.decorator_list)
    fields = [
        f"    {ast.unparse(item)}"
        for item in node.body
        if isinstance(item, ast.AnnAssign) and is_public(ast.unparse(item))
    ]
    made = [item for item in node.body if isinstance(item, Function) and item.name == "__init__"]
    fields += [f"    {signature(item)}" for item in made]
    code = "\n".join([f"{marks}class {node.name}{f'({bases})' if bases else ''}:", *(fields or ["    ..."])])
    parts = [f"### `{module}.{node.name}`\n", f"```python\n{code}\n```\n", markdown(ast.get_docstring(node) or "")]
    for item in node.body:
        if isinstance(item, Function) and is_public(item.name):
            parts.append(function_text(item, f"{module}.{node.name}", level=4))
    return "\n".join(parts)


def function_text(node: Function, owner: str, level: int = 3) -> str:
    """A function or method: its signature and docstring."""
    marks = "".join(f"@{ast.unparse(mark)}\n" for mark in node.decorator_list)
    code = f"```python\n{marks}{signature(node)}\n```\n"
    return "\n".join([f"{'#' * level} `{owner}.{node.name}`\n", code, markdown(ast.get_docstring(node) or "")])


def signature(node: Function, width: int = 100) -> str:
    """The signature as code, one parameter a line where it is long."""
    start = f"{'async ' if isinstance(node, ast.AsyncFunctionDef) else ''}def {node.name}("
    end = f") -> {ast.unparse(node.returns)}" if node.returns else ")"
    arguments = ", ".join(parameters(node.args))
    if len(start) + len(arguments) + len(end) <= width:
        return f"{start}{arguments}{end}"
    return "\n".join([start, *(f"    {part}," for part in parameters(node.args)), end])


def parameters(arguments: ast.arguments) -> Iterator[str]:
    """Each parameter as code, with `/` and `*` where they stand."""
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    for index, (item, default) in enumerate(zip(positional, defaults, strict=True)):
        yield parameter(item, default)
        if arguments.posonlyargs and index + 1 == len(arguments.posonlyargs):
            yield "/"
    if arguments.vararg or arguments.kwonlyargs:
        yield f"*{ast.unparse(arguments.vararg) if arguments.vararg else ''}"
    for item, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield parameter(item, default)
    if arguments.kwarg:
        yield f"**{ast.unparse(arguments.kwarg)}"


def parameter(item: ast.arg, default: ast.expr | None) -> str:
    """`name: type = default`."""
    equals = " = " if item.annotation else "="
    return ast.unparse(item) + (f"{equals}{ast.unparse(default)}" if default else "")


def markdown(docstring: str) -> str:
    """A docstring in Google style as Markdown: sections become bold, items a list, doctests code."""
    blocks = [block_text(block) for block in blocks_of(docstring)]
    return "\n\n".join(blocks) + "\n" if blocks else ""


def blocks_of(docstring: str) -> Iterator[list[str]]:
    """Paragraphs, a section's heading apart from what it says; a doctest keeps its blank-free lines together."""
    block: list[str] = []
    for line in [*docstring.splitlines(), ""]:
        heading = line.rstrip(":") in SECTIONS and line.endswith(":")
        if (not line.strip() or heading or (line.lstrip().startswith(">>>") and not is_doctest(block))) and block:
            yield block
            block = []
        if heading:
            yield [line]
        elif line.strip():
            block.append(line)


def block_text(block: list[str]) -> str:
    """One block as Markdown."""
    if is_doctest(block):
        indent = len(block[0]) - len(block[0].lstrip())
        return "\n".join(["```python", *(line[indent:] for line in block), "```"])
    if block[0].rstrip(":") in SECTIONS and len(block) == 1:
        return f"**{block[0].rstrip(':')}**"
    if not block[0].startswith("    "):
        return "\n".join(block)
    lines: list[str] = []
    for line in (line[4:] for line in block):
        if found := ITEM.match(line):
            lines.append(f"- `{found[1]}`: {found[2]}")
        elif lines and line.startswith(" "):
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line)
    return "\n".join(lines)


def is_doctest(block: list[str]) -> bool:
    """Whether the block is an interactive session."""
    return bool(block) and block[0].lstrip().startswith(">>>")


def is_public(name: str) -> bool:
    """Whether a name is for users."""
    return not name.startswith("_")


def is_docstring(node: ast.stmt) -> bool:
    """Whether a statement is nothing but a string."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def alias(node: ast.stmt | None) -> tuple[str, str] | None:
    """The name and code of a public module-level assignment; what follows it may be its docstring."""
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(target, ast.Name) and is_public(target.id):
        return target.id, ast.unparse(node)
    return None


def parse(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def first_sentence(docstring: str | None) -> str:
    """The summary line of a docstring, for a table."""
    return (docstring or "").partition("\n")[0].replace("|", r"\|")


if __name__ == "__main__":
    main()
