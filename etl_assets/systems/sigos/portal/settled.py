"""The portal as the settings have it. Belongs here: from settings to a source of files; nothing about pages or days."""

from __future__ import annotations

from etl_assets.browser.session import BrowserOptions
from etl_assets.settings import Settings
from etl_assets.systems.sigos.portal.client import Account
from etl_assets.systems.sigos.portal.extract import PortalSource
from etl_assets.systems.sigos.portal.visit import Access

# A file is complete when Chromium says so and its size has stayed the same this long (§7.2); the stand-in, on the same
# machine, needs no allowance for a network.
_STABLE_S, _STABLE_HERE_S = 2.0, 0.2


def portal_source(settings: Settings) -> PortalSource:
    """Raises SettingsError where the portal's address, user or password is missing."""
    url, user, password = settings.sigos_access()
    browser = BrowserOptions(settings.headless, settings.chrome_bin, settings.chromedriver_path, settings.selenium_url)
    return PortalSource(
        Access(
            url,
            Account(user, password),
            settings.sigos_downloads(),
            browser,
            settings.sigos_download_timeout_s,
            _STABLE_HERE_S if settings.sigos_portal_url is None else _STABLE_S,
        ),
        keep_days=settings.sigos_archive_days,
    )
