"""What settings of every system are made of: a URL or its old parts, a secret of its own, which ends are configured.

Belongs here: reading and assembling URLs, refusing those that cannot be used by the variable's name. Does not belong
here: settings of a system, opening connections.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.dialects.servers import POSTGRES, dialect_of
from etl_assets.engine.errors import SettingsError
from etl_assets.secret_files import read_secret

# Stands in for the salt of a system whose source is the demo's. Known to everybody, so that it protects nobody.
DEMO_SALT = "etl_assets demo: protects nobody"


class Ends(NamedTuple):
    """Which ends of a system are configured."""

    source: bool
    warehouse: bool


class UrlSettings(BaseSettings):
    """Base of every group of settings that names a database; a source with people in it needs a salt of its own."""

    def _given_url(
        self,
        field: str,
        parts: Mapping[str, str] | None = None,
        among: tuple[Dialect, ...] = (POSTGRES,),
        assembled: Dialect = POSTGRES,
    ) -> sa.URL | None:
        """The URL configured in `field`, or its old parts; None when neither is. `among`: what it may be a URL of."""
        given: SecretStr | None = getattr(self, field)
        if given is not None:
            return _parse(field.upper(), given.get_secret_value(), among)
        if parts and getattr(self, parts["host"]):
            return self._assembled(parts, assembled)
        return None

    def _assembled(self, parts: Mapping[str, str], dialect: Dialect) -> sa.URL:
        values = {n: getattr(self, field) for n, field in parts.items()}
        missing = [parts[n].upper() for n in ("name", "user", "password") if values[n] is None]
        if missing:
            raise SettingsError(
                f"{parts['host'].upper()} is set but {', '.join(missing)} is not; set all parts or the URL"
            )
        return sa.URL.create(
            next(iter(dialect.schemes.values())),
            username=values["user"],
            password=values["password"].get_secret_value(),
            host=values["host"],
            port=values["port"],
            database=values["name"],
        )

    def _salt(self, name: str, source: str) -> str:
        secret: SecretStr | None = getattr(self, name)
        given = secret.get_secret_value() if secret else None
        if getattr(self, source) is None:
            return given or DEMO_SALT
        if not given or given == DEMO_SALT:
            raise SettingsError(
                f"{source.upper()} is set but {name.upper()} is {'the one of the demo' if given else 'not'}: what is "
                "made of people's ids and names could be undone. Set it to a long random text, and keep it"
            )
        return given


def read_url(path: Path) -> sa.URL:
    """The PostgreSQL URL a file holds. Raises SettingsError naming the file."""
    return _parse(str(path), read_secret(str(path), path), (POSTGRES,))


def _parse(variable: str, text: str, among: tuple[Dialect, ...]) -> sa.URL:
    example = next(iter(among[-1].schemes))
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        # ValueError: a port that is no number, for instance because the password has an @ or : as it is.
        raise SettingsError(
            f"{variable} is not a URL like {example}://user:password@host:port/database "
            "(percent-encode @ : / ? # in user and password)"
        ) from None
    try:
        url = url.set(drivername=dialect_of(url.drivername, among).schemes[url.drivername])
    except SettingsError as error:
        raise SettingsError(f"{variable} {error}") from None
    if not url.database or not url.host:
        raise SettingsError(f"{variable} names no {'database' if url.host else 'host'}")
    return url
