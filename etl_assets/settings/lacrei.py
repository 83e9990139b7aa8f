"""Settings of the Lacrei system.

Belongs here: its variables, and what is made of them. Does not belong here: variables that several systems have.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from pydantic import Field, SecretStr

from etl_assets.engine.errors import SettingsError
from etl_assets.settings import fallbacks
from etl_assets.settings.urls import Ends, UrlSettings

_DEMO_SCHEMA = "lacreisaude-relacional"


class LacreiSettings(UrlSettings):
    """Source, warehouse, and what the model is made with."""

    lacrei_source_url: SecretStr | None = Field(None, description="Lacrei's PostgreSQL, read only. Unset: demo data")
    lacrei_source_schema: str = Field(
        _DEMO_SCHEMA, min_length=1, description="Schema of the platform's tables in that database"
    )
    lacrei_warehouse_url: SecretStr | None = Field(None, description="Warehouse of the Lacrei system. Unset: embedded")
    lacrei_hash_salt: SecretStr | None = Field(
        None, description="Secret the model's keys are hashed with. Required with LACREI_SOURCE_URL"
    )
    lacrei_business_zone: str = Field(
        "UTC", description="Time zone in which Lacrei's model takes the day of a moment; another rebuilds it"
    )
    lacrei_min_group_size: int = Field(
        1, ge=1, description="Groups of fewer people are shown as N/I in Lacrei's marts; 1 shows all, 5 is recommended"
    )

    def lacrei_source(self) -> sa.URL:
        """Where Lacrei's tables are. Raises SettingsError without a salt of one's own for people of flesh and blood."""
        given = self._given_url("lacrei_source_url")
        if given is not None:
            self.lacrei_salt()
        return given or fallbacks.embedded_url("lacrei_source")

    def lacrei_schema(self) -> str:
        """The source's schema, or the demo's. Raises SettingsError where `schema.table` could be read in two ways."""
        if self.lacrei_source_url is None:
            return _DEMO_SCHEMA
        if "." in self.lacrei_source_schema:
            raise SettingsError("LACREI_SOURCE_SCHEMA has a dot in it; give the schema alone, without quotes")
        return self.lacrei_source_schema

    def lacrei_zone(self) -> str:
        """Raises SettingsError when there is no such time zone."""
        try:
            return ZoneInfo(self.lacrei_business_zone).key
        except (ZoneInfoNotFoundError, ValueError):
            raise SettingsError(
                f"LACREI_BUSINESS_ZONE {self.lacrei_business_zone!r} is no time zone; write UTC or America/Sao_Paulo"
            ) from None

    def lacrei_warehouse(self) -> sa.URL:
        return self._given_url("lacrei_warehouse_url") or fallbacks.embedded_url("lacrei_warehouse")

    def lacrei_salt(self) -> str:
        """The secret of the model's keys; the demo's where the source is. Raises SettingsError for any other source."""
        return self._salt("lacrei_hash_salt", "lacrei_source_url")

    def _lacrei_ends(self) -> Ends:
        return Ends(source=self.lacrei_source_url is not None, warehouse=self.lacrei_warehouse_url is not None)
