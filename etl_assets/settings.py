"""The environment contract, typed: which databases there are, how they are reached, what is not configured.

Belongs here: reading variables (and `.env`), assembling URLs, falling back to the embedded PostgreSQL, refusing
nonsense by the variable's name. Does not belong here: opening connections.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import sqlalchemy as sa
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from etl_assets.engine.errors import SettingsError

PROJECT_ROOT = Path(__file__).resolve().parents[1]
SYSTEMS = ("chatwoot", "ecommerce")
DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg2": "postgresql+psycopg",
}


class Settings(BaseSettings):
    """One field per variable of the contract; unset ones have a stated fallback."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True)

    chatwoot_source_url: SecretStr | None = Field(
        None, description="Chatwoot's PostgreSQL, read only. Unset: demo data"
    )
    chatwoot_warehouse_url: SecretStr | None = Field(
        None, description="Warehouse of the Chatwoot system. Unset: embedded"
    )
    chatwoot_source_mode: Literal["tables", "view"] = Field(
        "tables", description="`tables` mirrors Chatwoot's tables; `view` mirrors vw_conversations_analytics_final"
    )
    source_db_host: str | None = Field(
        None, description="Seed's variable: part of CHATWOOT_SOURCE_URL where that is unset"
    )
    source_db_port: int = Field(5432, description="Seed's variable: part of CHATWOOT_SOURCE_URL")
    source_db_name: str | None = Field(None, description="Seed's variable: part of CHATWOOT_SOURCE_URL")
    source_db_user: str | None = Field(None, description="Seed's variable: part of CHATWOOT_SOURCE_URL")
    source_db_password: SecretStr | None = Field(None, description="Seed's variable: part of CHATWOOT_SOURCE_URL")
    local_db_host: str | None = Field(
        None, description="Seed's variable: part of CHATWOOT_WAREHOUSE_URL where that is unset"
    )
    local_db_port: int = Field(5432, description="Seed's variable: part of CHATWOOT_WAREHOUSE_URL")
    local_db_name: str | None = Field(None, description="Seed's variable: part of CHATWOOT_WAREHOUSE_URL")
    local_db_user: str | None = Field(None, description="Seed's variable: part of CHATWOOT_WAREHOUSE_URL")
    local_db_password: SecretStr | None = Field(None, description="Seed's variable: part of CHATWOOT_WAREHOUSE_URL")
    ecommerce_oltp_url: SecretStr | None = Field(None, description="The shop's database, read only. Unset: demo data")
    ecommerce_dw_url: SecretStr | None = Field(
        None, description="Data warehouse of the e-commerce system. Unset: embedded"
    )
    dagster_postgres_url: SecretStr | None = Field(None, description="Dagster's own storage. Unset: embedded")
    etl_systems: str | None = Field(
        None, description="Systems to show, separated by commas. Unset: those with a database of their own, else all"
    )
    etl_env: Literal["development", "production"] = Field(
        "development", description="Which schedules are on by default"
    )

    def chatwoot_source(self) -> sa.URL:
        return self._database("CHATWOOT_SOURCE_URL", self.chatwoot_source_url, "source_db", "chatwoot_source")

    def chatwoot_warehouse(self) -> sa.URL:
        return self._database("CHATWOOT_WAREHOUSE_URL", self.chatwoot_warehouse_url, "local_db", "chatwoot_warehouse")

    def ecommerce_oltp(self) -> sa.URL:
        return self._database("ECOMMERCE_OLTP_URL", self.ecommerce_oltp_url, None, "ecommerce_oltp")

    def ecommerce_dw(self) -> sa.URL:
        return self._database("ECOMMERCE_DW_URL", self.ecommerce_dw_url, None, "dw_ecommerce")

    def dagster_storage(self) -> sa.URL:
        """URL of Dagster's storage, for psycopg2: with psycopg 3 dagster-postgres breaks (stack.md, trap 1)."""
        url = self._database("DAGSTER_POSTGRES_URL", self.dagster_postgres_url, None, "dagster")
        return url.set(drivername="postgresql+psycopg2")

    def chosen_systems(self) -> tuple[str, ...]:
        """Names of the systems to show: those of ETL_SYSTEMS, else those with a database of their own, else all.

        Nobody who runs one system wants another on demo data beside it. Raises SettingsError for an unknown name.
        """
        if self.etl_systems:
            names = tuple(n.strip() for n in self.etl_systems.split(",") if n.strip())
            unknown = sorted(set(names) - set(SYSTEMS))
            if unknown:
                raise SettingsError(f"ETL_SYSTEMS names {', '.join(unknown)}; there is {', '.join(SYSTEMS)}")
            return tuple(n for n in SYSTEMS if n in names)
        return tuple(n for n in SYSTEMS if any(self._given(n).values())) or SYSTEMS

    def demo_systems(self) -> tuple[str, ...]:
        """Chosen systems whose source is not configured, so that the demo's own database stands in for it."""
        return tuple(n for n in self.chosen_systems() if not self._given(n)["source"])

    def _given(self, system: str) -> dict[str, bool]:
        """Which ends of a system are configured."""
        given: dict[str, dict[str, bool]] = {
            "chatwoot": {
                "source": self.chatwoot_source_url is not None or self.source_db_host is not None,
                "warehouse": self.chatwoot_warehouse_url is not None or self.local_db_host is not None,
            },
            "ecommerce": {
                "source": self.ecommerce_oltp_url is not None,
                "warehouse": self.ecommerce_dw_url is not None,
            },
        }
        return given[system]

    def _database(self, variable: str, given: SecretStr | None, parts: str | None, embedded_name: str) -> sa.URL:
        if given is not None:
            return _parse(variable, given.get_secret_value())
        if parts and getattr(self, f"{parts}_host"):
            return self._assembled(parts)
        return embedded_url(embedded_name)

    def _assembled(self, parts: str) -> sa.URL:
        values = {n: getattr(self, f"{parts}_{n}") for n in ("host", "port", "name", "user", "password")}
        missing = [f"{parts}_{n}".upper() for n in ("name", "user", "password") if values[n] is None]
        if missing:
            raise SettingsError(
                f"{f'{parts}_host'.upper()} is set but {', '.join(missing)} is not; set all parts or the URL"
            )
        return sa.URL.create(
            "postgresql+psycopg",
            username=values["user"],
            password=values["password"].get_secret_value(),
            host=values["host"],
            port=values["port"],
            database=values["name"],
        )


def load_settings() -> Settings:
    """Read the environment and `.env`. Raises SettingsError naming each variable whose value cannot be used."""
    try:
        return Settings(_env_file=(PROJECT_ROOT / ".env", ".env"))
    except ValidationError as error:
        # The offending value may be a secret: name the variable and the rule only.
        found = "; ".join(f"{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors(include_input=False))
    raise SettingsError(f"environment: {found}. See .env.example")


def embedded_url(database: str) -> sa.URL:
    """URL of a database of the embedded PostgreSQL, started and created when needed."""
    from etl_assets.demo import embedded

    return sa.make_url(_embedded(embedded.start().url("postgres"), database))


@cache
def _embedded(_server: str, database: str) -> str:
    from etl_assets.demo import embedded

    return embedded.ensure_database(embedded.start(), database)


def _parse(variable: str, text: str) -> sa.URL:
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        # ValueError: a port that is no number, for instance because the password has an @ or : as it is.
        raise SettingsError(
            f"{variable} is not a URL like postgresql://user:password@host:5432/database "
            "(percent-encode @ : / ? # in user and password)"
        ) from None
    if url.drivername in DRIVERS:
        url = url.set(drivername=DRIVERS[url.drivername])
    if url.drivername != "postgresql+psycopg":
        raise SettingsError(f"{variable} must be a postgresql:// URL, not {url.drivername}://")
    if not url.database or not url.host:
        raise SettingsError(f"{variable} names no {'database' if url.host else 'host'}")
    return url
