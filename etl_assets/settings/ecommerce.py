"""Settings of the e-commerce system.

Belongs here: its variables, and what is made of them. Does not belong here: variables that several systems have.
"""

from __future__ import annotations

import sqlalchemy as sa
from pydantic import Field, SecretStr

from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.dialects.servers import POSTGRES, SQL_SERVER, dialect_of
from etl_assets.engine.errors import SettingsError
from etl_assets.settings import fallbacks
from etl_assets.settings.urls import Ends, UrlSettings

_ANY = (POSTGRES, SQL_SERVER)
# The old system's own variables: what both URLs are assembled from where they are unset, field by field.
_SQL_PARTS = {n: f"etl_sql_{n}" for n in ("port", "user", "password")} | {"host": "etl_sql_server"}


class EcommerceSettings(UrlSettings):
    """The shop's database and the data warehouse, on two servers of one kind."""

    ecommerce_oltp_url: SecretStr | None = Field(
        None, description="The shop's database (SQL Server or PostgreSQL), read only. Unset: demo data"
    )
    ecommerce_dw_url: SecretStr | None = Field(
        None, description="Data warehouse of the e-commerce system, on a server of the same kind. Unset: embedded"
    )
    etl_sql_server: str | None = Field(
        None, description="Seed's variable: SQL Server's host, for ECOMMERCE_OLTP_URL and _DW_URL where those are unset"
    )
    etl_sql_port: int = Field(1433, description="Seed's variable: SQL Server's port")
    etl_sql_user: str | None = Field(None, description="Seed's variable: SQL Server's login")
    etl_sql_password: SecretStr | None = Field(None, description="Seed's variable: the login's password")
    etl_oltp_db: str = Field("ECOMMERCE_OLTP", description="Seed's variable: the shop's database on SQL Server")
    etl_dw_db: str = Field("DW_ECOMMERCE", description="Seed's variable: the warehouse's database on SQL Server")

    def ecommerce_oltp(self) -> sa.URL:
        return self._ecommerce_given("oltp") or fallbacks.embedded_url("ecommerce_oltp")

    def ecommerce_dw(self) -> sa.URL:
        return self._ecommerce_given("dw") or fallbacks.embedded_url("dw_ecommerce")

    def ecommerce_dialect(self) -> Dialect:
        """The dialect of both ends of the e-commerce system: SQL Server's or PostgreSQL's.

        Raises SettingsError when they are servers of two kinds: rows are moved between two of one kind only.
        """
        ends = {"ECOMMERCE_OLTP_URL": self._ecommerce_given("oltp"), "ECOMMERCE_DW_URL": self._ecommerce_given("dw")}
        kinds = {name: dialect_of(url.drivername) if url else POSTGRES for name, url in ends.items()}
        if len(set(kinds.values())) > 1:
            found = " and ".join(f"{n} is {'unset: ' if ends[n] is None else ''}{d.kind}" for n, d in kinds.items())
            raise SettingsError(f"{found}; source and warehouse must be servers of one kind: set both URLs alike")
        return kinds["ECOMMERCE_DW_URL"]

    def _ecommerce_given(self, end: str) -> sa.URL | None:
        return self._given_url(f"ecommerce_{end}_url", {**_SQL_PARTS, "name": f"etl_{end}_db"}, _ANY, SQL_SERVER)

    def _ecommerce_ends(self) -> Ends:
        return Ends(
            source=self.ecommerce_oltp_url is not None or self.etl_sql_server is not None,
            warehouse=self.ecommerce_dw_url is not None or self.etl_sql_server is not None,
        )
