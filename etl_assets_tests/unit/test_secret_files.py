"""A setting may be in a file that `NAME_FILE` names: which one counts, and what a file that cannot be used says."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from etl_assets.engine.errors import SettingsError
from etl_assets.settings import load_settings

pytestmark = pytest.mark.usefixtures("clean_environment")
URL = "postgresql://etl:s3cr3t@db.example.org:5432/dw"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(f"{URL}\n", encoding="utf-8")
    return path


def test_a_value_comes_from_the_file_a_variable_names(monkeypatch: pytest.MonkeyPatch, secret: Path) -> None:
    monkeypatch.setenv("LACREI_WAREHOUSE_URL_FILE", str(secret))
    assert load_settings().lacrei_warehouse().password == "s3cr3t"
    assert load_settings().chosen_systems() == ("lacrei",)


def test_the_environment_names_files_before_env_names_values(
    monkeypatch: pytest.MonkeyPatch, secret: Path, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(f"LACREI_WAREHOUSE_URL={URL}2\nSIGOS_WAREHOUSE_URL_FILE={secret}\n")
    monkeypatch.setenv("LACREI_WAREHOUSE_URL_FILE", str(secret))
    assert load_settings().lacrei_warehouse().database == "dw"
    assert load_settings().sigos_warehouse().database == "dw", "and .env may name files too"
    monkeypatch.setenv("SIGOS_WAREHOUSE_URL", f"{URL}3")
    assert load_settings().sigos_warehouse().database == "dw3"


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "cannot be read (No such file or directory)"), (b"\n", "is empty"), (b"s3cr3t\xff", "is no text in UTF-8")],
)
def test_a_file_that_cannot_be_used_is_told_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, says: str
) -> None:
    path = tmp_path / "unusable"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("SIGOS_SENHA_FILE", str(path))
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert str(raised.value).startswith(f"SIGOS_SENHA_FILE: {path} {says}")
    assert "s3cr3t" not in "".join(traceback.format_exception(raised.value))


def test_a_value_given_twice_is_refused(monkeypatch: pytest.MonkeyPatch, secret: Path) -> None:
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", URL)
    monkeypatch.setenv("DAGSTER_POSTGRES_URL_FILE", str(secret))
    with pytest.raises(SettingsError, match="DAGSTER_POSTGRES_URL and DAGSTER_POSTGRES_URL_FILE are both set"):
        load_settings()


def test_a_value_of_another_kind_is_checked_as_ever(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "env").write_text("staging")
    monkeypatch.setenv("ETL_ENV_FILE", str(tmp_path / "env"))
    with pytest.raises(SettingsError, match="ETL_ENV"):
        load_settings()
