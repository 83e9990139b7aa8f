"""Settings whose values are in files: `NAME_FILE=/run/secrets/name` instead of `NAME=value`, for every setting.

Belongs here: reading those files. Does not belong here: which settings there are (settings/).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource

from etl_assets.engine.errors import SettingsError

SUFFIX = "_file"


class SecretFiles(PydanticBaseSettingsSource):
    """The files that the variables of another source (the environment, or `.env`) name.

    Raises SettingsError, by the variable's name and without any content, for a file that cannot be read or is empty,
    and where a value is given in both ways.
    """

    def __init__(self, settings: type[BaseSettings], named_by: EnvSettingsSource) -> None:
        super().__init__(settings)
        self._variables = named_by.env_vars

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        path = self._variables.get(f"{field_name}{SUFFIX}")
        if not path:
            return None, field_name, False
        variable = f"{field_name}{SUFFIX}".upper()
        if self._variables.get(field_name):
            raise SettingsError(f"{field_name.upper()} and {variable} are both set; leave one")
        return read_secret(variable, Path(path)), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def read_secret(variable: str, path: Path) -> str:
    """What a file holds, without the line's end. Raises SettingsError, for which `variable` stands, without content."""
    problem = None
    try:
        text = path.read_text(encoding="utf-8").strip("\r\n")
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
    except UnicodeDecodeError:
        problem = "is no text in UTF-8"
    else:
        if text:
            return text
        problem = "is empty"
    raise SettingsError(f"{variable}: {path} {problem}; it must hold the value alone")
