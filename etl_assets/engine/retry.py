"""The one place where something is tried again: a whole batch, after a transient error, with back-off.

Belongs here: when to give up. Does not belong here: which errors are transient (dialects).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tenacity import AttemptManager, RetryCallState, Retrying, retry_if_exception, wait_exponential_jitter

from etl_assets.engine.errors import EtlError

ATTEMPTS_WITHOUT_PROGRESS = 4


def attempts(
    progress: Callable[[], int], *, first_wait: float = 0.5, limit: int = ATTEMPTS_WITHOUT_PROGRESS
) -> Iterator[AttemptManager]:
    """Yield attempts until one succeeds.

    Only transient errors are tried again, and only while fewer than `limit` attempts in a row have failed with
    `progress()` (batches committed so far) unchanged. The last error is re-raised.
    """
    seen = {"progress": progress(), "failures": 0}

    def give_up(_state: RetryCallState) -> bool:
        now = progress()
        seen["failures"] = 1 if now != seen["progress"] else seen["failures"] + 1
        seen["progress"] = now
        return seen["failures"] >= limit

    return iter(
        Retrying(
            retry=retry_if_exception(lambda e: isinstance(e, EtlError) and e.transient),
            stop=give_up,
            wait=wait_exponential_jitter(multiplier=first_wait, max=20, jitter=first_wait),
            reraise=True,
        )
    )
