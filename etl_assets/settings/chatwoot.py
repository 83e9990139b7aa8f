"""Settings of the Chatwoot system.

Belongs here: its variables, and what is made of them. Does not belong here: variables that several systems have.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import sqlalchemy as sa
from pydantic import Field, SecretStr

from etl_assets.engine.errors import SettingsError
from etl_assets.settings import fallbacks
from etl_assets.settings.urls import Ends, UrlSettings

# The old system's own variables: what a URL is assembled from where it is unset, field by field.
_SOURCE_PARTS = {n: f"source_db_{n}" for n in ("host", "port", "name", "user", "password")}
_LOCAL_PARTS = {n: f"local_db_{n}" for n in ("host", "port", "name", "user", "password")}


class ChatwootSettings(UrlSettings):
    """Source, warehouse, and what is done with months that have passed."""

    chatwoot_source_url: SecretStr | None = Field(
        None, description="Chatwoot's PostgreSQL, read only. Unset: demo data"
    )
    chatwoot_warehouse_url: SecretStr | None = Field(
        None, description="Warehouse of the Chatwoot system. Unset: embedded"
    )
    chatwoot_source_mode: Literal["tables", "view"] = Field(
        "tables", description="`tables` mirrors Chatwoot's tables; `view` mirrors vw_conversations_analytics_final"
    )
    chatwoot_partition_rows: int = Field(
        100_000,
        ge=0,
        description="Rows beyond which chatwoot_keep cuts conversas_analytics into monthly partitions; 0: never",
    )
    chatwoot_archive_dir: Path | None = Field(
        None,
        description="Folder to which chatwoot_keep moves message texts of months more than 6 months old. Unset: none",
    )
    chatwoot_export_dir: Path | None = Field(
        None,
        description="Where Chatwoot's Parquet export goes. Unset: beside the demo's data; required with a real one",
    )
    export_hash_salt: SecretStr | None = Field(
        None, description="Secret that goes into pseudonyms of exports. Required to export a real Chatwoot"
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

    def chatwoot_source(self) -> sa.URL:
        given = self._given_url("chatwoot_source_url", _SOURCE_PARTS)
        return given or fallbacks.embedded_url("chatwoot_source")

    def chatwoot_warehouse(self) -> sa.URL:
        given = self._given_url("chatwoot_warehouse_url", _LOCAL_PARTS)
        return given or fallbacks.embedded_url("chatwoot_warehouse")

    def chatwoot_exports(self) -> Path:
        """The folder of Chatwoot's export, absolute; not created here. Raises SettingsError for a real Chatwoot's."""
        if self.chatwoot_export_dir is None and self._chatwoot_ends().source:
            raise SettingsError("CHATWOOT_EXPORT_DIR is not set: name the folder the export of Chatwoot goes to")
        return (self.chatwoot_export_dir or fallbacks.demo_folder("chatwoot_export")).expanduser().absolute()

    def export_salt(self) -> str:
        """The secret of exports' pseudonyms; the demo's where Chatwoot is. Raises SettingsError for any other."""
        return self._salt("export_hash_salt", "source_db_host" if self.source_db_host else "chatwoot_source_url")

    def _chatwoot_ends(self) -> Ends:
        return Ends(
            source=self.chatwoot_source_url is not None or self.source_db_host is not None,
            warehouse=self.chatwoot_warehouse_url is not None or self.local_db_host is not None,
        )
