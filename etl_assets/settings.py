"""The environment contract, typed: which databases there are, how they are reached, what is not configured.

Belongs here: reading variables (and `.env`), assembling URLs, falling back to the embedded PostgreSQL, refusing
nonsense by the variable's name. Does not belong here: opening connections.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.dialects.servers import POSTGRES, SQL_SERVER, dialect_of
from etl_assets.engine.errors import SettingsError
from etl_assets.secret_files import SecretFiles, read_secret

PROJECT_ROOT = Path(__file__).resolve().parents[1]
SYSTEMS = ("chatwoot", "ecommerce", "lacrei", "sigos")
_DEMO_SCHEMA = "lacreisaude-relacional"
# Stands in for LACREI_HASH_SALT where the source is the demo's. Known to everybody, so that it protects nobody.
DEMO_SALT = "etl_assets demo: protects nobody"
_ANY = (POSTGRES, SQL_SERVER)
# The old systems' own variables: what a URL is assembled from where it is unset, field by field.
_SOURCE_PARTS = {n: f"source_db_{n}" for n in ("host", "port", "name", "user", "password")}
_LOCAL_PARTS = {n: f"local_db_{n}" for n in ("host", "port", "name", "user", "password")}
_DB_PARTS = {n: f"db_{n}" for n in ("host", "port", "name", "user")} | {"password": "db_pass"}
_SQL_PARTS = {n: f"etl_sql_{n}" for n in ("port", "user", "password")} | {"host": "etl_sql_server"}


def _cron(line: str) -> str:
    from dagster._utils.schedules import is_valid_cron_string

    if not is_valid_cron_string(line):
        raise ValueError(f"{line!r} is no cron line of five fields, as 0 3 * * * (minute hour day month weekday)")
    return line


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name!r} is no time zone; write UTC or America/Sao_Paulo") from None


Cron = Annotated[str, AfterValidator(_cron)]
Zone = Annotated[str, AfterValidator(_zone)]


def _days(value: int) -> int:
    """Health, freshness and the reaper look back a week."""
    if value != 0 and value < 14:
        raise ValueError("at least 14, since health looks back a week; or 0, to keep for ever")
    return value


Days = Annotated[int, AfterValidator(_days)]


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
    dagster_postgres_url: SecretStr | None = Field(None, description="Dagster's own storage. Unset: embedded")
    etl_broker_url: SecretStr | None = Field(
        None, description="Redis through which workers on several hosts take runs. Required by deploy/celery alone"
    )
    dagster_ui_url: str = Field(
        "http://127.0.0.1:3000", description="Address of Dagster's UI as people reach it, for the links of alerts"
    )
    alert_slack_webhook_url: SecretStr | None = Field(
        None, description="Incoming webhook of Slack, or of one that is compatible, for alerts. Unset: none"
    )
    alert_discord_webhook_url: SecretStr | None = Field(
        None, description="Webhook of Discord, or of one that is compatible, for alerts. Unset: none"
    )
    alert_smtp_url: SecretStr | None = Field(
        None, description="Mail server for alerts, smtp://user:password@host:587 or smtps://. Unset: no e-mail"
    )
    alert_email_from: str | None = Field(None, description="Sender of alerts by e-mail. Required with ALERT_SMTP_URL")
    alert_email_to: str | None = Field(
        None, description="Who gets them, separated by commas. Required with ALERT_SMTP_URL"
    )
    alert_file: Path | None = Field(None, description="File that gets every alert as a line of JSON. Unset: none")
    alert_mute: str | None = Field(
        None,
        description="Alerts nobody wants: patterns like sigos:check:*, separated by commas, @2026-12-24T08:00 ends",
    )
    retention_event_days: Days = Field(
        30, description="Days Dagster keeps every detail of ended runs: steps, messages. 0: for ever"
    )
    retention_run_days: Days = Field(
        90, description="Days it keeps ended runs and the history of assets; their state stays. 0: for ever"
    )
    retention_log_days: Days = Field(
        30, description="Days compute logs, artifacts of runs and daily logs are kept. 0: for ever"
    )
    retention_audit_days: Days = Field(
        365, description="Days the warehouses keep audit rows; what health and volumes need stays. 0: for ever"
    )
    retention_rejected_days: Days = Field(
        365, description="Days rejected rows are listed after they were resolved; open ones stay. 0: for ever"
    )
    etl_systems: str | None = Field(
        None, description="Systems to show, separated by commas. Unset: those with a database of their own, else all"
    )
    etl_env: Literal["development", "production"] = Field(
        "development", description="Which schedules are on by default"
    )
    etl_schedule_zone: Zone = Field("America/Sao_Paulo", description="Time zone of the cron lines below")
    chatwoot_incremental_cron: Cron = Field("0 3 * * *", description="When the schedule `chatwoot_incremental` ticks")
    chatwoot_full_cron: Cron = Field("0 4 * * 0", description="When the schedule `chatwoot_full` ticks")
    chatwoot_keep_cron: Cron = Field("0 6 * * 0", description="When the schedule `chatwoot_keep` ticks")
    chatwoot_export_cron: Cron = Field("30 5 * * *", description="When the schedule `chatwoot_export` ticks")
    ecommerce_incremental_cron: Cron = Field("0 * * * *", description="When the schedule `ecommerce_incremental` ticks")
    ecommerce_full_cron: Cron = Field("0 5 * * 0", description="When the schedule `ecommerce_full` ticks")
    ecommerce_monitor_cron: Cron = Field("*/15 * * * *", description="When the schedule `ecommerce_monitor` ticks")
    lacrei_incremental_cron: Cron = Field("0 2 * * *", description="When the schedule `lacrei_incremental` ticks")
    lacrei_full_cron: Cron = Field("0 6 * * 0", description="When the schedule `lacrei_full` ticks")
    sigos_incremental_cron: Cron = Field("30 9-18 * * 1-6", description="When the schedule `sigos_incremental` ticks")
    sigos_full_cron: Cron = Field("0 10 * * 0", description="When the schedule `sigos_full` ticks")
    sigos_analytics_incremental_cron: Cron = Field(
        "30 20 * * *", description="When the schedule `sigos_analytics_incremental` ticks"
    )
    sigos_analytics_full_cron: Cron = Field("0 13 * * 0", description="When the schedule `sigos_analytics_full` ticks")
    ops_health_cron: Cron = Field("5 * * * *", description="When the schedule `ops_health` ticks")
    ops_retention_cron: Cron = Field("15 7 * * *", description="When the schedule `ops_retention` ticks")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment before `.env`, and in each of them a value or the file that holds it (`NAME_FILE`)."""
        assert isinstance(env_settings, EnvSettingsSource)
        assert isinstance(dotenv_settings, DotEnvSettingsSource)
        of_env, of_dotenv = (SecretFiles(settings_cls, source) for source in (env_settings, dotenv_settings))
        return init_settings, env_settings, of_env, dotenv_settings, of_dotenv

    def chatwoot_source(self) -> sa.URL:
        given = self._given_url("chatwoot_source_url", _SOURCE_PARTS)
        return given or embedded_url("chatwoot_source")

    def chatwoot_warehouse(self) -> sa.URL:
        given = self._given_url("chatwoot_warehouse_url", _LOCAL_PARTS)
        return given or embedded_url("chatwoot_warehouse")

    def chatwoot_exports(self) -> Path:
        """The folder of Chatwoot's export, absolute; not created here. Raises SettingsError for a real Chatwoot's."""
        if self.chatwoot_export_dir is None and self._given("chatwoot")["source"]:
            raise SettingsError("CHATWOOT_EXPORT_DIR is not set: name the folder the export of Chatwoot goes to")
        from etl_assets.demo import embedded

        return (self.chatwoot_export_dir or embedded.default_home() / "chatwoot_export").expanduser().absolute()

    def export_salt(self) -> str:
        """The secret of exports' pseudonyms; the demo's where Chatwoot is. Raises SettingsError for any other."""
        return self._salt("export_hash_salt", "source_db_host" if self.source_db_host else "chatwoot_source_url")

    def ecommerce_oltp(self) -> sa.URL:
        return self._ecommerce_given("oltp") or embedded_url("ecommerce_oltp")

    def ecommerce_dw(self) -> sa.URL:
        return self._ecommerce_given("dw") or embedded_url("dw_ecommerce")

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

    def lacrei_source(self) -> sa.URL:
        """Where Lacrei's tables are. Raises SettingsError without a salt of one's own for people of flesh and blood."""
        given = self._given_url("lacrei_source_url")
        if given is not None:
            self.lacrei_salt()
        return given or embedded_url("lacrei_source")

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
        return self._given_url("lacrei_warehouse_url") or embedded_url("lacrei_warehouse")

    def lacrei_salt(self) -> str:
        """The secret of the model's keys; the demo's where the source is. Raises SettingsError for any other source."""
        return self._salt("lacrei_hash_salt", "lacrei_source_url")

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

    def sigos_access(self) -> tuple[str, str, str]:
        """Address, user and password of the portal, or of the stand-in, started when needed, where none is configured.

        Raises SettingsError for an address that is none, and for one without user or password of its own.
        """
        if self.sigos_portal_url is None:
            return stand_in_portal()
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
        return url or embedded_url("sigos_warehouse")

    def sigos_analytics(self) -> sa.URL | None:
        """Where gold is copied to; None when nowhere."""
        return self._given_url("sigos_analytics_url", among=(SQL_SERVER,))

    def sigos_downloads(self) -> Path:
        """The folder of the portal's files, absolute; not created here."""
        from etl_assets.demo import embedded

        return (self.sigos_download_dir or embedded.default_home() / "sigos").expanduser().absolute()

    def dagster_storage(self) -> sa.URL:
        """URL of Dagster's storage, for psycopg2: with psycopg 3 dagster-postgres breaks (stack.md, trap 1)."""
        url = self._given_url("dagster_postgres_url") or embedded_url("dagster")
        return url.set(drivername="postgresql+psycopg2")

    def broker(self) -> str:
        """Redis' address for workers. Raises SettingsError where it is unset or none of Redis."""
        url = self.etl_broker_url.get_secret_value() if self.etl_broker_url else ""
        if not re.match(r"rediss?://\S+$", url):
            raise SettingsError(
                f"ETL_BROKER_URL is {'not an address of Redis' if url else 'not set'}; workers take runs from Redis: "
                "set it to redis://:password@host:6379/0, on their hosts and the daemon's alike"
            )
        return url

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
                "source": self.ecommerce_oltp_url is not None or self.etl_sql_server is not None,
                "warehouse": self.ecommerce_dw_url is not None or self.etl_sql_server is not None,
            },
            "lacrei": {
                "source": self.lacrei_source_url is not None,
                "warehouse": self.lacrei_warehouse_url is not None,
            },
            "sigos": {
                "source": self.sigos_portal_url is not None,
                "warehouse": self.sigos_warehouse_url is not None or self.db_host is not None,
            },
        }
        return given[system]

    def _ecommerce_given(self, end: str) -> sa.URL | None:
        return self._given_url(f"ecommerce_{end}_url", {**_SQL_PARTS, "name": f"etl_{end}_db"}, _ANY, SQL_SERVER)

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


def read_url(path: Path) -> sa.URL:
    """The PostgreSQL URL a file holds. Raises SettingsError naming the file."""
    return _parse(str(path), read_secret(str(path), path), (POSTGRES,))


def stand_in_portal() -> tuple[str, str, str]:
    """Address, user and password of a SIGOS portal with synthetic data."""
    from etl_assets.demo.sigos import shared

    return shared.access()


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
