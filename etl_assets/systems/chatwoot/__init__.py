"""AllpFit / Chatwoot: Chatwoot's tables, mirrored; one row per conversation; marts on top.

Read in the order data flows: staging, views, analytics, marts, anomalies, compat,
export. `contract` names the columns of
a conversation, `view_mode` replaces staging and views where only the source's own final view may be read.
"""

from __future__ import annotations

from typing import Literal

from etl_assets.engine.access import Access
from etl_assets.engine.spec import TableSpec
from etl_assets.systems.chatwoot.analytics import CUT_ABOVE, conversas_analytics, serving
from etl_assets.systems.chatwoot.anomalies import anomalies
from etl_assets.systems.chatwoot.compat import POST_DDL, compatibility
from etl_assets.systems.chatwoot.export import export
from etl_assets.systems.chatwoot.marts import marts
from etl_assets.systems.chatwoot.staging import mirrors
from etl_assets.systems.chatwoot.view_mode import specs_of_view_mode
from etl_assets.systems.chatwoot.views import views

__all__ = ["ACCESS", "POST_DDL", "export", "specs"]

# Dashboards name agents; contacts and what they wrote stay in `staging`, `views` and `public`.
ACCESS = Access(("marts",), frozenset({"name"}), ("public.etl_control", "public.vw_etl_stats"))


def specs(mode: Literal["tables", "view"] = "tables", *, cut_above: int | None = CUT_ABOVE) -> tuple[TableSpec, ...]:
    """Every table and view of the system, sources first. `POST_DDL` is to run after its views exist.

    `cut_above`: rows beyond which conversas_analytics is cut into months; None: never.
    """
    if mode == "view":
        base = specs_of_view_mode(cut_above)
    else:
        base = (*mirrors(), *views(), conversas_analytics(cut_above=cut_above))
    return (*base, serving(), *marts(), anomalies(), *compatibility())
