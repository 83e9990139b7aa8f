"""AllpFit / Chatwoot: Chatwoot's tables, mirrored; one row per conversation; marts on top.

Read in the order data flows: staging, views, analytics, marts, compat, export. `contract` names the columns of a
conversation, `view_mode` replaces staging and views where only the source's own final view may be read.
"""

from __future__ import annotations

from typing import Literal

from etl_assets.engine.access import Access
from etl_assets.engine.spec import TableSpec
from etl_assets.systems.chatwoot.analytics import conversas_analytics, serving
from etl_assets.systems.chatwoot.compat import POST_DDL, compatibility
from etl_assets.systems.chatwoot.export import export
from etl_assets.systems.chatwoot.marts import marts
from etl_assets.systems.chatwoot.staging import mirrors
from etl_assets.systems.chatwoot.view_mode import specs_of_view_mode
from etl_assets.systems.chatwoot.views import views

__all__ = ["ACCESS", "POST_DDL", "export", "specs"]

# Dashboards name agents; contacts and what they wrote stay in `staging`, `views` and `public`.
ACCESS = Access(("marts",), frozenset({"name"}), ("public.etl_control", "public.vw_etl_stats"))


def specs(mode: Literal["tables", "view"] = "tables") -> tuple[TableSpec, ...]:
    """Every table and view of the system, sources first. `POST_DDL` is to run after its views exist."""
    base = specs_of_view_mode() if mode == "view" else (*mirrors(), *views(), conversas_analytics())
    return (*base, serving(), *marts(), *compatibility())
