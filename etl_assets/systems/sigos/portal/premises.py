"""What the portal's files need of this machine, for `etl_assets doctor`: a browser, a portal that answers.

Belongs here: looking, without logging in. Does not belong here: how to get files (extract.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import requests

from etl_assets.browser.programs import find_programs
from etl_assets.engine.errors import AccessError
from etl_assets.settings import Settings

_PATIENCE_S = 10


def premises_of(settings: Settings) -> Mapping[str, Callable[[], str]]:
    """By name, looks that return how it is; they raise EtlError, with the way out, where it is not well."""

    def browser() -> str:
        if settings.selenium_url is not None:
            return "a remote one (SELENIUM_URL); not asked"
        programs = find_programs(settings.chrome_bin, settings.chromedriver_path)
        return f"{programs.chromium}, {programs.driver}"

    def portal() -> str:
        url, _, _ = settings.sigos_access()
        try:
            answer = requests.get(url, timeout=_PATIENCE_S)
        except requests.RequestException as error:
            raise AccessError(
                f"the portal does not answer ({type(error).__name__}): SIGOS_PORTAL_URL, the network or the portal"
            ) from None
        if answer.status_code >= 400:
            raise AccessError(f"the portal answers {answer.status_code}: is SIGOS_PORTAL_URL its login page?")
        stands_in = "the stand-in answers" if settings.sigos_portal_url is None else "it answers"
        return f"{stands_in}; user and password are tried by the first run, not here"

    return {"browser": browser, "portal": portal}
