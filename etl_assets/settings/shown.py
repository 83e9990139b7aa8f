"""Which systems a deployment shows.

Belongs here: their names, and choosing among them. Does not belong here: what tells that one is configured (the module
of each system).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

from pydantic import Field
from pydantic_settings import BaseSettings

from etl_assets.engine.errors import SettingsError
from etl_assets.settings.urls import Ends

SYSTEMS = ("chatwoot", "ecommerce", "lacrei", "sigos")


class ShownSettings(BaseSettings):
    """The systems that are asked for by name, or those that are configured."""

    etl_systems: str | None = Field(
        None, description="Systems to show, separated by commas. Unset: those with a database of their own, else all"
    )

    @abstractmethod
    def _ends(self) -> Mapping[str, Ends]:
        """Which ends of each of SYSTEMS are configured."""

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
        ends = self._ends()
        return tuple(n for n in SYSTEMS if any(ends[n])) or SYSTEMS

    def demo_systems(self) -> tuple[str, ...]:
        """Chosen systems whose source is not configured, so that the demo's own database stands in for it."""
        ends = self._ends()
        return tuple(n for n in self.chosen_systems() if not ends[n].source)
