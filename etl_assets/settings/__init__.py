"""The environment contract, typed: which databases there are, how they are reached, what is not configured.

One module per group of variables, with what is made of them; `Settings` is all of them. Belongs here: reading variables
(and `.env`), refusing nonsense by the variable's name. Does not belong here: opening connections.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from etl_assets.engine.errors import SettingsError
from etl_assets.secret_files import SecretFiles
from etl_assets.settings.alerts import AlertSettings
from etl_assets.settings.chatwoot import ChatwootSettings
from etl_assets.settings.deployment import DeploymentSettings
from etl_assets.settings.ecommerce import EcommerceSettings
from etl_assets.settings.lacrei import LacreiSettings
from etl_assets.settings.retention import RetentionSettings
from etl_assets.settings.schedules import ScheduleSettings
from etl_assets.settings.shown import SYSTEMS, ShownSettings
from etl_assets.settings.sigos import SigosSettings
from etl_assets.settings.urls import DEMO_SALT, Ends, read_url

__all__ = ["DEMO_SALT", "PROJECT_ROOT", "SYSTEMS", "Settings", "load_settings", "read_url"]

PROJECT_ROOT = Path(__file__).resolve().parents[2]


# Fields come in the order of the bases, last one first: errors name them in that of .env.example.
class Settings(
    ScheduleSettings,
    ShownSettings,
    RetentionSettings,
    AlertSettings,
    DeploymentSettings,
    SigosSettings,
    LacreiSettings,
    EcommerceSettings,
    ChatwootSettings,
):
    """One field per variable of the contract; unset ones have a stated fallback."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True)

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

    def _ends(self) -> Mapping[str, Ends]:
        return {
            "chatwoot": self._chatwoot_ends(),
            "ecommerce": self._ecommerce_ends(),
            "lacrei": self._lacrei_ends(),
            "sigos": self._sigos_ends(),
        }


def load_settings() -> Settings:
    """Read the environment and `.env`. Raises SettingsError naming each variable whose value cannot be used."""
    try:
        return Settings(_env_file=(PROJECT_ROOT / ".env", ".env"))
    except ValidationError as error:
        # The offending value may be a secret: name the variable and the rule only.
        found = "; ".join(f"{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors(include_input=False))
    raise SettingsError(f"environment: {found}. See .env.example")
