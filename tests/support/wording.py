"""Read the words of the tree: prose in comments, strings and documents, and the names of things."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

Kind = Literal["name", "test", "prose"]

_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_CODE = re.compile(r"```.*?```|``.*?``|`[^`\n]*`", re.DOTALL)
"""Code in prose: a name in backticks is judged where it is defined."""
_SHELL = re.compile(r"^\s*else$", re.MULTILINE)
"""The shell's own word."""


class Text(NamedTuple):
    """A piece of text and where it stands."""

    path: str
    line: int
    kind: Kind
    text: str


def parts(name: str) -> tuple[str, ...]:
    """Split an identifier at underscores and camel case, in lower case."""
    return tuple(word.lower() for part in name.split("_") for word in _CAMEL.findall(part))


def room_of(path: str) -> str:
    """Return the folder that owns a file, at most two levels deep; "." for the top level."""
    folders = path.split("/")[:-1]
    return "/".join(folders[:2]) or "."


def tracked_files(root: Path) -> list[str]:
    """List the files under version control, with those not yet added."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return sorted(path for path in listing.stdout.splitlines() if (root / path).is_file())


def read_texts(root: Path, path: str) -> Iterator[Text]:
    """Yield what a file says: product code, names of tests, documents and deployment files."""
    product = path.startswith(("satellite/", "servers/", "deploy/"))
    if path.endswith(".md"):
        yield Text(path, 1, "prose", _blanked(_CODE, (root / path).read_text()))
    elif path.endswith(".py") and product:
        source = (root / path).read_text()
        yield from _product(path, source)
    elif path.endswith(".py") and path.startswith("tests/"):
        yield from _tests(path, (root / path).read_text())
    elif path.startswith("deploy/"):
        yield Text(path, 1, "prose", _blanked(_SHELL, (root / path).read_text()))


def _product(path: str, source: str) -> Iterator[Text]:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield Text(path, line, "name", node.name)
            case ast.arg():
                yield Text(path, line, "name", node.arg)
            case ast.Name(ctx=ast.Store()):
                yield Text(path, line, "name", node.id)
            case ast.Attribute(ctx=ast.Store()):
                yield Text(path, line, "name", node.attr)
            case ast.Constant(value=str() as text):
                yield Text(path, line, "prose", _blanked(_CODE, text))
            case _:
                pass
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token for token in tokens if token.type == tokenize.COMMENT]
    for line, text in _joined(comments):
        yield Text(path, line, "prose", _blanked(_CODE, text))


def _joined(comments: list[tokenize.TokenInfo]) -> Iterator[tuple[int, str]]:
    """Join comments on consecutive lines of one column, which are one sentence."""
    block: list[tokenize.TokenInfo] = []
    for comment in comments:
        line, column = comment.start
        if block and (line - 1, column) != block[-1].start:
            yield block[0].start[0], "\n".join(token.string.lstrip("# ") for token in block)
            block = []
        block.append(comment)
    if block:
        yield block[0].start[0], "\n".join(token.string.lstrip("# ") for token in block)


def _tests(path: str, source: str) -> Iterator[Text]:
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, functions) and node.name.startswith("test_"):
            yield Text(path, node.lineno, "test", " ".join(parts(node.name)))


def _blanked(pattern: re.Pattern[str], text: str) -> str:
    """Blank what matches, lines left as they are."""
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
