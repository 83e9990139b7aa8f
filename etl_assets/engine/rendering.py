"""Renders templates with Jinja2, once plainly and once with marks that tell where each line comes from.

Belongs here: all that needs Jinja2. Does not belong here: files and what is remembered of them (template.py).
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from etl_assets.engine.errors import SqlFileError

_MARK = re.compile("\x00([0-9]+):([0-9]+)\x00")


def rendered(root: Path, texts: Mapping[str, str], variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return, as JSON has them, `text` and `origins` of the first of `texts` (name -> text; see `template.Rendered`).

    Raises SqlFileError, naming file and line.
    """
    first = next(iter(texts))
    text = _render(root, texts, first, variables, marked=False)
    marked = _render(root, texts, first, variables, marked=True)
    origins = list(_origins(marked))
    # A template may ask what another part of it came to; the marks are then of no use, and its first line is told.
    if _MARK.sub("", marked) != text:
        origins = [(0, 1)] * len(text.splitlines())
    return {"text": text, "origins": origins}


class _Marks(Extension):
    """Puts file and line before every line of a template's text."""

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        number = list(self.environment.loader.texts).index(stream.name)  # type: ignore[union-attr]
        for token in stream:
            yield token if token.type != "data" else Token(token.lineno, "data", _mark(token, number))


def _mark(token: Token, file: int) -> str:
    lines = token.value.split("\n")
    return "\n".join(f"\x00{file}:{token.lineno + n}\x00{line}" for n, line in enumerate(lines))


def _origins(marked: str) -> Iterator[tuple[int, int]]:
    last = (0, 1)
    for line in marked.split("\n"):
        # The first mark that is followed by something says where the line's own text begins.
        for found in _MARK.finditer(line):
            last = (int(found[1]), int(found[2]))
            if line[found.end() :].strip() and not line[found.end() :].startswith("\x00"):
                break
        yield last


class _Texts(BaseLoader):
    """Gives the texts that are known, and no others: what a text was made of must not go unnoticed."""

    def __init__(self, root: Path, texts: Mapping[str, str]) -> None:
        self.root, self.texts = root, texts

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:
        if template not in self.texts:
            raise TemplateNotFound(template)
        return self.texts[template], str(self.root / template), None


def _render(root: Path, texts: Mapping[str, str], name: str, variables: Mapping[str, Any], *, marked: bool) -> str:
    environment = Environment(
        loader=_Texts(root, texts),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=[_Marks] if marked else [],
    )
    try:
        return environment.get_template(name).render(variables)
    except TemplateSyntaxError as error:
        raise SqlFileError(f"{error.filename or root / name}:{error.lineno}: {error.message}") from error
    except TemplateNotFound as error:
        raise SqlFileError(
            f"{_line(error, root, texts) or root / name}: {error.name} is not found; write out its name, "
            "as in {% from 'macros/…' import … %}"
        ) from error
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise SqlFileError(f"{_line(error, root, texts) or root / name}: {error}") from error


def _line(error: BaseException, root: Path, texts: Mapping[str, str]) -> str | None:
    """`file:line` of the innermost template that was being rendered."""
    files = {str(root / name) for name in texts}
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in files]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else None
