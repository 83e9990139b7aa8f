"""The environment contract: documented in .env.example, assembled from parts, refused by name, silent on secrets."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

import pytest

from etl_assets import settings
from etl_assets.engine.dialects.servers import POSTGRES, SQL_SERVER
from etl_assets.engine.errors import SettingsError
from etl_assets.settings import PROJECT_ROOT, SYSTEMS, Settings, fallbacks, load_settings

pytestmark = pytest.mark.usefixtures("clean_environment")
EXAMPLE = PROJECT_ROOT / ".env.example"
SECRET = "s3cr3t-Pässw0rd"
SOURCE_PARTS = {
    "SOURCE_DB_HOST": "db.example.com",
    "SOURCE_DB_NAME": "chatwoot",
    "SOURCE_DB_USER": "reader",
    "SOURCE_DB_PASSWORD": f"{SECRET}@/:?#",
}


def _example() -> dict[str, tuple[str, str]]:
    """Variable -> (value, the comment line right above it)."""
    found, above = {}, ""
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        match = re.fullmatch(r"([A-Z][A-Z0-9_]*)=(.*)", line)
        if match:
            assert match[1] not in found, f"{match[1]} is listed twice"
            found[match[1]] = (match[2], above)
        else:
            assert not line or line.startswith("#"), f"neither comment nor variable: {line}"
        above = line
    return found


def test_every_variable_is_in_the_example_with_a_comment_and_the_reverse() -> None:
    example = _example()
    assert set(example) == {name.upper() for name in Settings.model_fields}
    for name, (_, comment) in example.items():
        assert re.match(r"# \w.{8,}", comment), f"{name} has no comment of its own"
    undescribed = [n for n, f in Settings.model_fields.items() if not f.description]
    assert undescribed == []


def test_the_example_as_it_is_equals_an_empty_environment(tmp_path: Path) -> None:
    unset = load_settings()
    (tmp_path / ".env").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    assert load_settings() == unset
    assert unset.demo_systems() == ("chatwoot", "ecommerce", "lacrei", "sigos")


@pytest.mark.parametrize(
    ("name", "value"),
    [("CHATWOOT_FULL_CRON", "0 4 * *"), ("OPS_HEALTH_CRON", "* * * * * *"), ("ETL_SCHEDULE_ZONE", "Sao Paulo")],
)
def test_a_schedule_that_cannot_be_is_refused_by_name(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=rf"^environment: {name}: .* is no (cron line|time zone)"):
        load_settings()


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("CHATWOOT_SOURCE_MODE=view\nETL_ENV=production\n", encoding="utf-8")
    monkeypatch.setenv("ETL_ENV", "development")
    loaded = load_settings()
    assert (loaded.chatwoot_source_mode, loaded.etl_env) == ("view", "development")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("CHATWOOT_SOURCE_MODE", "tabels", "'tables' or 'view'"),
        ("ETL_ENV", "prod", "'development' or 'production'"),
        ("SOURCE_DB_PORT", "five", "integer"),
    ],
)
def test_an_unknown_value_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert name in str(refused.value)
    assert says in str(refused.value)


def test_all_wrong_variables_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATWOOT_SOURCE_MODE", "x")
    monkeypatch.setenv("ETL_ENV", "y")
    with pytest.raises(SettingsError, match=r"CHATWOOT_SOURCE_MODE.*ETL_ENV"):
        load_settings()


def test_parts_become_a_url(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SOURCE_PARTS.items():
        monkeypatch.setenv(name, value)
        monkeypatch.setenv(name.replace("SOURCE_", "LOCAL_"), value)
    monkeypatch.setenv("LOCAL_DB_PORT", "6543")
    loaded = load_settings()
    source, warehouse = loaded.chatwoot_source(), loaded.chatwoot_warehouse()
    assert source.drivername == "postgresql+psycopg"
    assert (source.host, source.port, source.database) == ("db.example.com", 5432, "chatwoot")
    assert (source.username, source.password) == ("reader", SOURCE_PARTS["SOURCE_DB_PASSWORD"])
    assert warehouse.port == 6543
    assert loaded.demo_systems() == ()


def test_systems_shown_are_those_with_a_database_else_all(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().chosen_systems() == SYSTEMS
    monkeypatch.setenv("ECOMMERCE_DW_URL", "postgresql://a:b@other:1/db")
    assert load_settings().chosen_systems() == ("ecommerce",)
    assert load_settings().demo_systems() == ("ecommerce",), "its source is still the demo's"
    monkeypatch.setenv("ETL_SYSTEMS", "lacrei,ecommerce, sigos,chatwoot")
    assert load_settings().chosen_systems() == SYSTEMS
    monkeypatch.setenv("ETL_SYSTEMS", "chatwot")
    with pytest.raises(SettingsError, match="ETL_SYSTEMS names chatwot; there is chatwoot, ecommerce, lacrei"):
        load_settings().chosen_systems()


def test_a_url_wins_over_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SOURCE_PARTS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CHATWOOT_SOURCE_URL", "postgresql://a:b@other:1/db")
    assert load_settings().chatwoot_source().host == "other"


def test_missing_parts_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DB_HOST", "db.example.com")
    monkeypatch.setenv("SOURCE_DB_NAME", "chatwoot")
    with pytest.raises(SettingsError, match="SOURCE_DB_HOST is set but SOURCE_DB_USER, SOURCE_DB_PASSWORD is not"):
        load_settings().chatwoot_source()


@pytest.mark.parametrize("given", ["postgresql://", "postgres://", "postgresql+psycopg2://", "postgresql+psycopg://"])
def test_a_plain_url_gets_the_driver_that_works(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("CHATWOOT_SOURCE_URL", f"{given}u:p@h:5432/d")
    monkeypatch.setenv("CHATWOOT_WAREHOUSE_URL", f"{given}u:p@h:5432/d?sslmode=require")
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", f"{given}u:p@h:5432/d")
    loaded = load_settings()
    assert loaded.chatwoot_source().drivername == "postgresql+psycopg"
    assert loaded.chatwoot_warehouse().query["sslmode"] == "require"
    # With psycopg 3 dagster-postgres breaks (stack.md, trap 1).
    assert loaded.dagster_storage().drivername == "postgresql+psycopg2"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (f"mysql://u:{SECRET}@h/d", "must be a postgresql:// URL, not mysql://"),
        (f"postgresql://u:{SECRET}@h", "names no database"),
        (f"postgresql://u:{SECRET}@/d", "names no host"),
        (f"u:{SECRET}@h/d", "is not a URL like"),
        (f"postgresql://u:{SECRET}@h:port/d", "is not a URL like"),
        (f"postgresql://u:p@{SECRET}:x@h/d", "percent-encode"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, value: str, says: str
) -> None:
    monkeypatch.setenv("CHATWOOT_SOURCE_URL", value)
    with pytest.raises(SettingsError) as refused:
        load_settings().chatwoot_source()
    assert "CHATWOOT_SOURCE_URL" in str(refused.value)
    assert says in str(refused.value)
    assert SECRET not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("given", ["mssql://", "mssql+pymssql://", "sqlserver://"])
def test_both_ends_of_the_shop_are_on_sql_server(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("ECOMMERCE_OLTP_URL", f"{given}u:p@h:1433/ECOMMERCE_OLTP?encryption=require")
    monkeypatch.setenv("ECOMMERCE_DW_URL", f"{given}u:p@h/DW_ECOMMERCE")
    loaded = load_settings()
    assert loaded.ecommerce_oltp().drivername == loaded.ecommerce_dw().drivername == "mssql+pymssql"
    assert loaded.ecommerce_oltp().query["encryption"] == "require"
    assert loaded.ecommerce_dialect() is SQL_SERVER
    assert loaded.demo_systems() == ()


def test_old_parts_of_sql_server_become_both_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().ecommerce_dialect() is POSTGRES
    monkeypatch.setenv("ETL_SQL_SERVER", "sql.example.com")
    with pytest.raises(SettingsError, match="ETL_SQL_SERVER is set but ETL_SQL_USER, ETL_SQL_PASSWORD is not"):
        load_settings().ecommerce_dw()
    monkeypatch.setenv("ETL_SQL_USER", "etl")
    monkeypatch.setenv("ETL_SQL_PASSWORD", f"{SECRET}@/:?#")
    monkeypatch.setenv("ETL_DW_DB", "DW")
    loaded = load_settings()
    assert (loaded.ecommerce_oltp().database, loaded.ecommerce_dw().database) == ("ECOMMERCE_OLTP", "DW")
    assert (loaded.ecommerce_dw().host, loaded.ecommerce_dw().port) == ("sql.example.com", 1433)
    assert loaded.ecommerce_dw().password == f"{SECRET}@/:?#"
    assert loaded.ecommerce_dialect() is SQL_SERVER
    assert loaded.chosen_systems() == ("ecommerce",)


def test_ends_on_servers_of_two_kinds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECOMMERCE_OLTP_URL", "mssql://u:p@h/d")
    with pytest.raises(SettingsError, match="ECOMMERCE_DW_URL is unset: postgresql; source and warehouse must be"):
        load_settings().ecommerce_dialect()
    monkeypatch.setenv("ECOMMERCE_DW_URL", "postgresql://u:p@h/d")
    with pytest.raises(SettingsError, match="ECOMMERCE_OLTP_URL is mssql and ECOMMERCE_DW_URL is postgresql"):
        load_settings().ecommerce_dialect()
    monkeypatch.setenv("ECOMMERCE_DW_URL", "oracle://u:p@h/d")
    with pytest.raises(SettingsError, match="ECOMMERCE_DW_URL must be a postgresql:// or mssql:// URL, not oracle://"):
        load_settings().ecommerce_dialect()


def test_secrets_are_in_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SOURCE_PARTS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CHATWOOT_WAREHOUSE_URL", f"postgresql://u:{SECRET}@h/d")
    loaded = load_settings()
    for text in (repr(loaded), str(loaded), loaded.model_dump_json(), repr(loaded.chatwoot_source())):
        assert SECRET not in text
    # A secret typed into the wrong variable is not repeated either.
    monkeypatch.setenv("CHATWOOT_SOURCE_MODE", SECRET)
    monkeypatch.setenv("SOURCE_DB_PORT", SECRET)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert SECRET not in "".join(traceback.format_exception(refused.value))


def test_a_real_source_of_lacrei_needs_a_salt_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().lacrei_salt() == settings.DEMO_SALT, "the demo's people are invented"
    monkeypatch.setenv("LACREI_SOURCE_URL", "postgresql://reader:x@db.example.com/platform")
    for salt in ("", settings.DEMO_SALT):
        monkeypatch.setenv("LACREI_HASH_SALT", salt)
        for ask in (load_settings().lacrei_source, load_settings().lacrei_salt):
            with pytest.raises(SettingsError, match="LACREI_HASH_SALT is"):
                ask()
    monkeypatch.setenv("LACREI_HASH_SALT", SECRET)
    loaded = load_settings()
    assert loaded.lacrei_salt() == SECRET
    assert loaded.lacrei_source().host == "db.example.com"
    assert SECRET not in repr(loaded)


def test_the_schema_of_lacreis_source_is_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().lacrei_schema() == "lacreisaude-relacional"
    monkeypatch.setenv("LACREI_SOURCE_SCHEMA", "platform")
    assert load_settings().lacrei_schema() == "lacreisaude-relacional", "the demo's has its own"
    monkeypatch.setenv("LACREI_SOURCE_URL", "postgresql://reader:x@db.example.com/platform")
    assert load_settings().lacrei_schema() == "platform"
    monkeypatch.setenv("LACREI_SOURCE_SCHEMA", "platform.public")
    with pytest.raises(SettingsError, match="LACREI_SOURCE_SCHEMA"):
        load_settings().lacrei_schema()


def test_a_portal_of_ones_own_needs_user_and_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fallbacks, "stand_in_portal", lambda: ("http://stand-in/sigos/", "demo", "demo"))
    assert load_settings().sigos_access() == ("http://stand-in/sigos/", "demo", "demo")
    monkeypatch.setenv("SIGOS_PORTAL_URL", "https://portal.example.com/sigos")
    with pytest.raises(SettingsError, match="SIGOS_PORTAL_URL is set but SIGOS_USUARIO and SIGOS_SENHA is not"):
        load_settings().sigos_access()
    monkeypatch.setenv("SIGOS_USUARIO", "somebody")
    with pytest.raises(SettingsError, match="SIGOS_PORTAL_URL is set but SIGOS_SENHA is not"):
        load_settings().sigos_access()
    monkeypatch.setenv("SIGOS_SENHA", SECRET)
    loaded = load_settings()
    assert loaded.sigos_access() == ("https://portal.example.com/sigos/", "somebody", SECRET)
    assert SECRET not in repr(loaded) + loaded.model_dump_json()
    assert "somebody" not in repr(loaded)


@pytest.mark.parametrize("value", ["portal.example.com/sigos", f"https://me:{SECRET}@portal.example.com/", "https://"])
def test_an_address_that_is_none_is_refused_without_its_password(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SIGOS_PORTAL_URL", value)
    with pytest.raises(SettingsError, match="SIGOS_PORTAL_URL is not an address like") as refused:
        load_settings().sigos_access()
    assert SECRET not in "".join(traceback.format_exception(refused.value))


def test_the_warehouse_of_sigos_is_reached_over_tls_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"HOST": "db.example.com", "NAME": "postgres", "USER": "etl", "PASS": f"{SECRET}@/"}.items():
        monkeypatch.setenv(f"DB_{name}", value)
    monkeypatch.setenv("DB_PORT", "6543")
    url = load_settings().sigos_warehouse()
    assert (url.host, url.port, url.database, url.password) == ("db.example.com", 6543, "postgres", f"{SECRET}@/")
    assert url.query == {"sslmode": "require"}
    monkeypatch.setenv("SIGOS_WAREHOUSE_URL", "postgresql://a:b@other:1/db")
    assert load_settings().sigos_warehouse().query == {}
    assert load_settings().sigos_analytics() is None
    monkeypatch.setenv("SIGOS_ANALYTICS_URL", "postgresql://a:b@other:1/db")
    with pytest.raises(SettingsError, match="SIGOS_ANALYTICS_URL must be a mssql:// URL"):
        load_settings().sigos_analytics()


def test_the_download_folder_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert load_settings().sigos_downloads().is_absolute()
    monkeypatch.setenv("SIGOS_DOWNLOAD_DIR", "files")
    assert load_settings().sigos_downloads() == tmp_path / "files"
    monkeypatch.setenv("HEADLESS", "false")
    assert load_settings().headless is False
