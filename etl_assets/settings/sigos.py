"""Settings of the SIGOS system: portal, browser, warehouse, the copy for analysts.

Belongs here: its variables, and what is made of them. Does not belong here: variables that several systems have.
"""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa
from pydantic import Field, SecretStr

from etl_assets.engine.dialects.servers import SQL_SERVER
from etl_assets.engine.errors import SettingsError
from etl_assets.settings import fallbacks
from etl_assets.settings.urls import Ends, UrlSettings

# The old system's own variables: what a URL is assembled from where it is unset, field by field.
_DB_PARTS = {n: f"db_{n}" for n in ("host", "port", "name", "user")} | {"password": "db_pass"}


class SigosSettings(UrlSettings):
    """The portal, the browser it is read with, the files, and where rows go."""

    sigos_portal_url: str | None = Field(
        None, description="Address of the SIGOS portal, ending in /sigos/. Unset: the stand-in portal"
    )
    sigos_usuario: SecretStr | None = Field(None, description="Who logs in to the portal. Required with its URL")
    sigos_senha: SecretStr | None = Field(None, description="The portal's password. Required with its URL")
    sigos_warehouse_url: SecretStr | None = Field(None, description="Warehouse of the SIGOS system. Unset: embedded")
    sigos_analytics_url: SecretStr | None = Field(
        None, description="SQL Server that gets a copy of SIGOS' gold tables. Unset: none"
    )
    sigos_hash_salt: SecretStr | None = Field(
        None, description="Secret that goes into pseudonyms of people named in the reports. Required with a real portal"
    )
    sigos_download_dir: Path | None = Field(
        None, description="Where the portal's files are kept, with inbox and failures. Unset: beside the demo's data"
    )
    sigos_archive_days: int = Field(
        90, ge=1, description="Days the portal's files are kept at least; those bronze was loaded from stay longer"
    )
    sigos_download_timeout_s: float = Field(120, gt=0, description="Seconds within which an export must be there")
    db_host: str | None = Field(None, description="Seed's variable: part of SIGOS_WAREHOUSE_URL where that is unset")
    db_port: int = Field(5432, description="Seed's variable: part of SIGOS_WAREHOUSE_URL")
    db_name: str | None = Field(None, description="Seed's variable: part of SIGOS_WAREHOUSE_URL")
    db_user: str | None = Field(None, description="Seed's variable: part of SIGOS_WAREHOUSE_URL")
    db_pass: SecretStr | None = Field(None, description="Seed's variable: part of SIGOS_WAREHOUSE_URL")
    headless: bool = Field(True, description="false shows the browser; it needs a display then")
    chrome_bin: str | None = Field(None, description="Chromium. Unset: the one on PATH or in the usual folders")
    chromedriver_path: str | None = Field(None, description="Its driver. Unset: as for Chromium")
    selenium_url: str | None = Field(
        None, description="A remote WebDriver instead; SIGOS_DOWNLOAD_DIR must be the same folder there"
    )

    def sigos_access(self) -> tuple[str, str, str]:
        """Address, user and password of the portal, or of the stand-in, started when needed, where none is configured.

        Raises SettingsError for an address that is none, and for one without user or password of its own.
        """
        if self.sigos_portal_url is None:
            return fallbacks.stand_in_portal()
        url = self.sigos_portal_url.strip()
        if not re.match(r"https?://[^/\s@]+(/\S*)?$", url):
            raise SettingsError("SIGOS_PORTAL_URL is not an address like https://portal.example.com/sigos/")
        given = {"SIGOS_USUARIO": self.sigos_usuario, "SIGOS_SENHA": self.sigos_senha}
        missing = [name for name, value in given.items() if value is None or not value.get_secret_value()]
        if missing:
            raise SettingsError(f"SIGOS_PORTAL_URL is set but {' and '.join(missing)} is not; the portal asks for both")
        user, password = (value.get_secret_value() for value in given.values() if value)
        return url if url.endswith("/") else f"{url}/", user, password

    def sigos_salt(self) -> str:
        """The secret of pseudonyms; the demo's where the portal is. Raises SettingsError for any other portal."""
        return self._salt("sigos_hash_salt", "sigos_portal_url")

    def sigos_warehouse(self) -> sa.URL:
        """The warehouse's database; over TLS where it is assembled from DB_HOST and its like, as before."""
        url = self._given_url("sigos_warehouse_url", _DB_PARTS)
        if url is not None and self.sigos_warehouse_url is None:
            url = url.update_query_dict({"sslmode": "require"})
        return url or fallbacks.embedded_url("sigos_warehouse")

    def sigos_analytics(self) -> sa.URL | None:
        """Where gold is copied to; None when nowhere."""
        return self._given_url("sigos_analytics_url", among=(SQL_SERVER,))

    def sigos_downloads(self) -> Path:
        """The folder of the portal's files, absolute; not created here."""
        return (self.sigos_download_dir or fallbacks.demo_folder("sigos")).expanduser().absolute()

    def _sigos_ends(self) -> Ends:
        return Ends(
            source=self.sigos_portal_url is not None,
            warehouse=self.sigos_warehouse_url is not None or self.db_host is not None,
        )
