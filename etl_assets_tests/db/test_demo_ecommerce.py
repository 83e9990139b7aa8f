"""The synthetic shop: its schema, its planted cases, its days.

Belongs here: what other tests rely on when they use it as their source. Does not belong here: what the ETL makes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from etl_assets.demo.ecommerce import TABLES, create_schema, delete_and_update, late_commit, mutate, synthesize
from etl_assets.demo.ecommerce.connect import engine

pytestmark = pytest.mark.db

MakeDatabase = Callable[..., str]
END = date(2026, 11, 1)
NEWEST = datetime(2026, 10, 31)  # ordinary rows stop a day before the end


def rows(url: str, query: str) -> list[Any]:
    with engine(url) as db, db.connect() as conn:
        return list(conn.execute(sa.text(query)))


def one(url: str, query: str) -> Any:
    ((value,),) = rows(url, query)
    return value


def fingerprint(url: str) -> dict[str, str]:
    query = "SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM core.{} AS t"
    return {name: one(url, query.format(name)) for name in TABLES}


def state(url: str) -> dict[str, dict[int, dict[str, Any]]]:
    with engine(url) as db, db.connect() as conn:
        return {
            name: {row[0]: dict(row._mapping) for row in conn.execute(sa.select(table))}
            for name, table in TABLES.items()
        }


@pytest.fixture
def small(make_database: MakeDatabase) -> str:
    """Ends today: what the demo plants into the future lies in the future."""
    url = make_database("shop")
    synthesize(url, "small")
    return url


def test_schema_is_the_specified_one(make_database: MakeDatabase) -> None:
    url = make_database("shop")
    create_schema(url)
    create_schema(url)  # a second time changes nothing
    assert len(TABLES) == 11
    kinds = {
        f"{table}.{column}": (kind, size)
        for table, column, kind, size in rows(
            url,
            "SELECT table_name, column_name, data_type, coalesce(character_maximum_length, datetime_precision,"
            " numeric_precision) FROM information_schema.columns WHERE table_schema = 'core'",
        )
    }
    assert len(kinds) == 194
    assert kinds["orders.order_number"] == ("character varying", 50)
    assert kinds["orders.updated_at"] == ("timestamp without time zone", 0)
    assert kinds["regions.is_active"] == ("smallint", 16)
    assert kinds["order_items.unit_price"] == ("numeric", 15)
    assert kinds["products.full_description"][0] == "text"
    indexes = {name for (name,) in rows(url, "SELECT indexdef FROM pg_indexes WHERE schemaname = 'core'")}
    for name, table in TABLES.items():
        (key,) = table.primary_key.columns
        assert any(f"core.{name} USING btree (updated_at, {key.name})" in each for each in indexes), name


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE core.order_items SET net_amount = net_amount + 1",
        "UPDATE core.order_items SET return_quantity = quantity + 1",
        "UPDATE core.orders SET order_status = 'Perdido'",
        "UPDATE core.orders SET updated_at = created_at - interval '1 second'",
        "UPDATE core.orders SET currency_code = 'R'",
        "UPDATE core.order_item_discounts SET final_amount = final_amount + 1",
        "UPDATE core.seller_targets_monthly SET target_amount = 0",
        "UPDATE core.products SET max_stock = min_stock - 1",
        "UPDATE core.customers SET credit_score = 1001",
        "UPDATE core.discount_campaigns SET end_at = start_at - interval '1 second'",
        "UPDATE core.orders SET customer_id = -5",
        "INSERT INTO core.seller_targets_monthly (seller_id, target_month, target_amount)"
        " SELECT seller_id, target_month, 1 FROM core.seller_targets_monthly",
    ],
)
def test_constraints_refuse(shared: str, change: str) -> None:
    with pytest.raises(sa.exc.IntegrityError), engine(shared) as db, db.begin() as conn:
        conn.execute(sa.text(change))


def test_small_is_about_a_hundredth(make_database: MakeDatabase) -> None:
    url = make_database("shop")
    counts = synthesize(url, "small", end=END)
    assert counts == {name: one(url, f"SELECT count(*) FROM core.{name}") for name in TABLES}
    expected = {"customers": 200, "products": 50, "orders": 900, "order_items": 2250, "order_item_discounts": 450}
    for name, many in expected.items():
        assert counts[name] == pytest.approx(many, rel=0.2), name
    assert sum(counts.values()) == pytest.approx(396_000 / 100, rel=0.2)
    with pytest.raises(RuntimeError, match="already holds"):
        synthesize(url, "small")


def test_same_seed_and_end_give_the_same_rows(make_database: MakeDatabase) -> None:
    first, second, other = (make_database("shop") for _ in range(3))
    for url, seed in ((first, 11), (second, 11), (other, 12)):
        synthesize(url, "small", seed=seed, end=END)
    assert fingerprint(first) == fingerprint(second)
    assert fingerprint(first)["orders"] != fingerprint(other)["orders"]


_ORDER_OF = "core.orders o JOIN core.customers c USING (customer_id)"
_MATCH = "(SELECT count(*) FROM core.regions r WHERE (r.country, r.state, r.city) = (c.country, c.state, c.city))"
PLANTED = [
    ("id 0 of a seller with sales and targets", "SELECT count(*) FROM core.sellers WHERE seller_id = 0"
     " AND EXISTS (SELECT FROM core.orders WHERE seller_id = 0)"
     " AND EXISTS (SELECT FROM core.seller_targets_monthly WHERE seller_id = 0)"),
    ("id 0 of a region that is used", "SELECT count(*) FROM core.regions WHERE region_id = 0"
     " AND EXISTS (SELECT FROM core.orders WHERE region_id = 0)"),
    ("id 0 of a campaign that is used", "SELECT count(*) FROM core.discount_campaigns WHERE discount_id = 0"
     " AND EXISTS (SELECT FROM core.order_item_discounts WHERE discount_id = 0)"),
    ("one stamp on both sides of row 1000", "SELECT count(*) FROM (SELECT lag(updated_at) OVER w = updated_at AND"
     " lead(updated_at) OVER w = updated_at AS tied, row_number() OVER w AS n FROM core.order_items"
     " WINDOW w AS (ORDER BY updated_at, order_item_id)) t WHERE tied AND n IN (1000, 1001)"),
    ("an order of the future", "SELECT count(*) FROM core.orders WHERE updated_at > '2026-11-02'"),
    ("its items", "SELECT count(*) FROM core.order_items WHERE updated_at > '2026-11-02'"),
    ("a customer of the far future", "SELECT count(*) FROM core.customers WHERE updated_at > '2100-01-01'"),
    *((f"a deleted row of {name}", f"SELECT count(*) FROM core.{name} WHERE deleted_at IS NOT NULL") for name in (
        "orders", "order_items", "order_item_discounts", "seller_targets_monthly", "sellers", "customers", "products",
        "regions", "discount_campaigns")),
    ("no region, but a city with one", f"SELECT count(*) FROM {_ORDER_OF} WHERE region_id IS NULL AND {_MATCH} = 1"),
    ("no region and a city without", f"SELECT count(*) FROM {_ORDER_OF} WHERE region_id IS NULL AND {_MATCH} = 0"),
    ("no region and a customer abroad", f"SELECT count(*) FROM {_ORDER_OF} WHERE region_id IS NULL"
     " AND country = 'Portugal'"),
    ("a city in two countries", "SELECT count(*) FROM (SELECT FROM core.regions GROUP BY state, city"
     " HAVING count(DISTINCT country) = 2) t"),
    ("a long seller name", "SELECT count(*) FROM core.sellers WHERE length(seller_name) > 50"),
    ("numbers alike for 20 characters", "SELECT count(*) FROM (SELECT FROM core.orders WHERE length(order_number) > 20"
     " GROUP BY left(order_number, 20) HAVING count(*) = 2) t"),
    ("a team name twice", "SELECT count(*) FROM (SELECT FROM core.teams GROUP BY team_name HAVING count(*) > 1) t"),
    ("ENTREGUE", "SELECT count(*) FROM core.orders WHERE order_status = 'ENTREGUE'"),
    ("vip", "SELECT count(*) FROM core.customers WHERE customer_type = 'vip'"),
    ("accents", "SELECT count(*) FROM core.customers WHERE segment = 'pessoa física'"),
    ("more accents", "SELECT count(*) FROM core.discount_campaigns WHERE discount_type = 'Promoção Automática'"),
    ("99.996 %", "SELECT count(*) FROM core.seller_targets_monthly WHERE realized_amount < target_amount"
     " AND round(100 * realized_amount / target_amount, 2) = 100"),
    ("exactly 100 %", "SELECT count(*) FROM core.seller_targets_monthly WHERE realized_amount = target_amount"),
    ("not the first of the month", "SELECT count(*) FROM core.seller_targets_monthly WHERE"
     " extract(day FROM target_month) <> 1"),
    ("a discount of nothing", "SELECT count(*) FROM core.order_item_discounts WHERE discount_amount = 0"
     " AND base_amount > 0"),
    ("a discount on nothing", "SELECT count(*) FROM core.order_item_discounts WHERE base_amount = 0"),
    ("usage at the limit", "SELECT count(*) FROM core.discount_campaigns WHERE current_usage_count = max_uses_total"
     " AND end_at > '2026-11-01'"),
    ("valid but paused", "SELECT count(*) FROM core.discount_campaigns WHERE end_at > '2026-11-01'"
     " AND start_at < '2026-11-01' AND is_active = 0"),
    ("another currency", "SELECT count(*) FROM core.orders WHERE currency_code <> 'BRL'"),
    ("before the calendar", "SELECT count(*) FROM core.orders WHERE order_date < '2020-01-01'"),
    ("beyond the calendar", "SELECT count(*) FROM core.orders WHERE order_date >= '2032-01-01'"),
    ("a customer without orders", "SELECT count(*) FROM core.customers c WHERE NOT EXISTS (SELECT FROM core.orders o"
     " WHERE o.customer_id = c.customer_id)"),
    ("a seller without a team", "SELECT count(*) FROM core.sellers WHERE team_id IS NULL"),
]  # fmt: skip


@pytest.fixture(scope="module")
def shared(pg_server: Any) -> str:
    """For tests that only read, and those whose changes are refused."""
    from etl_assets.demo import embedded

    url = embedded.ensure_database(pg_server, "shop_shared")
    synthesize(url, "small", end=END)
    return url


def test_planted(shared: str) -> None:
    assert [case for case, query in PLANTED if one(shared, query) == 0] == []


def test_history_is_plausible(shared: str) -> None:
    for name in TABLES:
        late = f"SELECT count(*) FROM core.{name} WHERE updated_at >= '{NEWEST}' AND updated_at < '2026-11-02'"
        assert one(shared, late) == 0, name
    shares = {
        "Entregue": 42, "Faturado": 19, "Pago": 15, "Pendente": 9, "Enviado": 8, "Devolvido": 4, "Cancelado": 3,
    }  # fmt: skip
    for status, share in shares.items():
        same = f"count(*) FILTER (WHERE lower(order_status) = lower('{status}'))"
        assert float(one(shared, f"SELECT 100.0 * {same} / count(*) FROM core.orders")) == pytest.approx(share, abs=4)
    met = "SELECT 100.0 * count(*) FILTER (WHERE realized_amount >= target_amount) / count(*) FROM {}"
    assert 30 <= one(shared, met.format("core.seller_targets_monthly")) <= 60
    margin = "SELECT (sum(net_amount) - sum(cost_amount)) / sum(net_amount) FROM core.order_items"
    assert float(one(shared, margin)) == pytest.approx(0.19, abs=0.05)
    rejected = "SELECT 100.0 * count(*) FILTER (WHERE approved = 0) / count(*) FROM core.order_item_discounts"
    assert 1 <= one(shared, rejected) <= 6
    reason = "SELECT count(*) FROM core.order_item_discounts WHERE (approved = 0) <> (rejection_reason IS NOT NULL)"
    assert one(shared, reason) == 0
    assert one(shared, "SELECT count(DISTINCT application_level) FROM core.order_item_discounts") >= 4
    assert float(one(shared, "SELECT avg((seller_id IS NULL)::int) FROM core.orders")) == pytest.approx(0.1, abs=0.04)
    people = (
        "SELECT count(*) FROM core.customers WHERE phone NOT LIKE '(00) %' OR lower(email) NOT LIKE '%@example.com%'"
    )
    assert one(shared, people) == 0


def test_sums_agree(shared: str) -> None:
    """Targets with the sales, items with their discounts, discounts with their campaigns."""
    sales = (
        "SELECT seller_id, date_trunc('month', order_date - interval '3 hours')::date, sum(net_amount), sum(quantity)"
        " FROM core.orders o JOIN core.order_items i USING (order_id) WHERE o.deleted_at IS NULL"
        " AND i.deleted_at IS NULL AND currency_code = 'BRL' AND seller_id IS NOT NULL GROUP BY 1, 2"
    )
    sold = {(seller, month): (net, pieces) for seller, month, net, pieces in rows(shared, sales)}
    targets = rows(
        shared,
        "SELECT seller_id, date_trunc('month', target_month)::date, realized_amount, realized_quantity"
        " FROM core.seller_targets_monthly",
    )
    assert {(s, m): (a, q) for s, m, a, q in targets} == {(s, m): sold.get((s, m), (0, 0)) for s, m, *_ in targets}
    off = (
        "SELECT count(*) FROM core.order_items i LEFT JOIN (SELECT order_item_id, sum(discount_amount) AS given FROM"
        " core.order_item_discounts WHERE approved = 1 AND application_level <> 'Frete' GROUP BY 1) d"
        " USING (order_item_id) WHERE coalesce(given, 0) <> discount_amount"
    )
    assert one(shared, off) == 0
    outside = (
        "SELECT count(*) FROM core.order_item_discounts d JOIN core.discount_campaigns c USING (discount_id)"
        " JOIN core.orders o USING (order_id) WHERE d.discount_amount > 0 AND"
        " (o.created_at NOT BETWEEN start_at AND end_at OR d.discount_amount > max_discount_value)"
    )
    assert one(shared, outside) == 0
    per_customer = (
        "SELECT count(*) FROM (SELECT FROM core.order_item_discounts d JOIN core.orders o USING (order_id)"
        " JOIN core.discount_campaigns c USING (discount_id) WHERE d.discount_amount > 0"
        " GROUP BY discount_id, customer_id, max_uses_per_customer"
        " HAVING count(DISTINCT order_id) > max_uses_per_customer) t"
    )
    assert one(shared, per_customer) == 0
    two = "SELECT count(*) FROM (SELECT FROM core.order_item_discounts GROUP BY order_item_id HAVING count(*) > 1) t"
    assert one(shared, two) > 0


def test_a_day_touches_what_it_says(small: str) -> None:
    before, counts, after = state(small), mutate(small, seed=3), state(small)
    # On the first days of a month its targets do not exist yet.
    assert min(many for kind, many in counts.items() if kind != "targets_updated") > 0
    now = one(small, "SELECT date_trunc('second', now() AT TIME ZONE 'UTC')")
    stamps, changed, new, gone = set(), {}, {}, {}
    for name, old in before.items():
        new[name] = after[name].keys() - old.keys()
        gone[name] = len(old.keys() - after[name].keys())
        changed[name] = {key for key in old.keys() & after[name].keys() if old[key] != after[name][key]}
        stamps |= {after[name][key]["updated_at"] for key in new[name] | changed[name]}
    (stamp,) = stamps
    ordinary = max(row["updated_at"] for row in before["order_items"].values() if row["updated_at"] < now)
    assert now - timedelta(days=3) < ordinary < now - timedelta(days=1)
    assert now - timedelta(minutes=4) < stamp <= now - timedelta(minutes=2, seconds=30)
    assert {name: many for name, many in gone.items() if many} == {"customers": counts["customers_hard_deleted"]}
    assert {name: len(keys) for name, keys in new.items() if keys} == {
        "customers": counts["new_customers"], "orders": counts["new_orders"], "order_items": counts["new_items"],
        "order_item_discounts": counts["new_discounts"],
    }  # fmt: skip
    kinds = {
        "suppliers": ("suppliers_renamed",), "teams": ("teams_moved", "teams_renamed"), "regions": ("regions_renamed",),
        "sellers": ("goals_changed", "managers_changed", "sellers_moved"),
        "products": ("products_repriced", "products_deleted", "skus_swapped"),
        "customers": ("customers_updated", "customers_deleted"), "discount_campaigns": (),
        "orders": ("orders_advanced", "orders_canceled", "orders_reassigned", "orders_deleted"),
        "order_items": ("items_deleted", "items_returned"), "order_item_discounts": ("discounts_rejected",),
        "seller_targets_monthly": ("targets_updated",),
    }  # fmt: skip
    for name, names in kinds.items():
        assert len(changed[name]) == sum(counts.get(each, 0) for each in names), name
    assert mutate(small, seed=4)["new_orders"] >= counts["new_orders"]


def test_delete_and_update_takes_orders_whole(small: str) -> None:
    before, counts, after = state(small), delete_and_update(small, share=0.02), state(small)
    gone = before["orders"].keys() - after["orders"].keys()
    changed = [key for key in after["orders"] if after["orders"][key] != before["orders"][key]]
    assert (len(gone), len(changed)) == (counts["orders_deleted"], counts["orders_updated"]) == (17, 17)
    for name in ("order_items", "order_item_discounts"):
        left = before[name].keys() - after[name].keys()
        assert left == {key for key, row in before[name].items() if row["order_id"] in gone}
        assert all(after[name][key] == before[name][key] for key in after[name])
    for name in TABLES.keys() - {"orders", "order_items", "order_item_discounts"}:
        assert before[name] == after[name], name


@pytest.mark.parametrize("kind", ["insert", "update"])
def test_a_late_commit_is_older_than_what_was_visible_before_it(small: str, kind: Any) -> None:
    with late_commit(small, kind=kind) as late:
        seen = f"SELECT count(*) FROM core.orders WHERE order_id = {late.order_id} AND updated_at = '{late.updated_at}'"
        assert late.updated_at < one(small, "SELECT max(updated_at) FROM core.orders WHERE updated_at < now()")
        if kind == "insert":
            mutate(small)  # others go on meanwhile
        assert one(small, seen) == 0
        late.commit()
        assert one(small, seen) == 1


def test_a_late_commit_that_fails_leaves_nothing(small: str) -> None:
    before = fingerprint(small)
    with pytest.raises(ZeroDivisionError), late_commit(small):
        _ = 1 / 0
    assert fingerprint(small) == before


def test_refuses_what_is_not_its_own(make_database: MakeDatabase) -> None:
    url = make_database("shop")
    create_schema(url)
    with engine(url) as db, db.begin() as conn:
        conn.execute(sa.text("INSERT INTO core.suppliers (supplier_code, supplier_name) VALUES ('S', 'Real')"))
    with pytest.raises(RuntimeError, match="already holds"):
        synthesize(url, "small")
    for change in (mutate, delete_and_update, lambda each: late_commit(each).__enter__()):
        with pytest.raises(RuntimeError, match="not filled by the demo"):
            change(url)
