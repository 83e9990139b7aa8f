"""What must hold for bronze, silver and the compatibility tables, and what should (§7.2).

Belongs here: checks over stored rows. Does not belong here: what is refused before it is stored: incomplete files,
a share of bad records, a month that shrank (engine, by the declaration of bronze). Months a table has yet to take up
are not held against it.
"""

from __future__ import annotations

from etl_assets.engine.checks import Accepted, Check, ForeignKey, Graded, Holds, NoRows

OUTSIDE, REJECTED, LEAST_KEPT, LEAST_MATCHED = 0.01, 0.005, 0.7, 0.9
# So few are no share: a test month has sixty rows.
FEW = 10
STATUS = ("BAIXADO", "PENDENTE", "CANCELADO", "RETORNO", "NAO BAIXADO", "EM ANALISE")
RETURN_STATUS = ("RESOLVIDO", "PENDENTE", "EM CAMPO", "CANCELADO")
REGIONS, GROUPS = ("SUL", "NORTE"), ("AT", "BT")
_TODAY = "(now() AT TIME ZONE 'America/Sao_Paulo')"
_REJECTED = "silver.sigos_rejected_row"


def _latest(feed: str) -> str:
    return f"l.entity = 'sigos.bronze.sigos_{feed}_raw' AND l.is_latest"


def _not_pending(month: str, *consumers: str) -> str:
    named = ", ".join(f"'sigos.{c}'" for c in consumers)
    return (
        f"NOT EXISTS (SELECT 1 FROM ctl.pending_partition AS p WHERE p.consumer IN ({named}) "
        f"AND p.partition IN ('*', to_char({month}, 'YYYY-MM-DD')))"
    )


def landed(feed: str) -> tuple[Check, ...]:
    """Of a table of bronze."""
    raw = f"bronze.sigos_{feed}_raw"
    of_latest = (
        f"SELECT r._line_no FROM {raw} AS r INNER JOIN ctl.landed AS l ON l.month = r._partition_month "
        f"AND l.extraction = r._extraction AND {_latest(feed)} WHERE"
    )
    asked = f"FROM ctl.extraction AS e WHERE e.entity = 'sigos.{raw}' AND e.header_fingerprint IS NOT NULL"
    last_run = f"(SELECT MAX(e.run_id) {asked})"
    return (
        NoRows(
            "extractions_whole",
            f"SELECT l.month FROM ctl.landed AS l WHERE {_latest(feed)} AND l.rows <> (SELECT COUNT(*) FROM {raw} AS r "
            "WHERE r._partition_month = l.month AND r._extraction = l.extraction)",
            "The latest extraction of each month has all the rows that were stored of it",
            blocking=True,
        ),
        Graded(
            NoRows(
                "within_window",
                f"{of_latest} r._problem = 'outside_window'",
                "No record lies outside the days its file was asked for",
                ("_problem",),
            ),
            OUTSIDE,
            blocking=True,
        ),
        NoRows(
            "columns_known",
            f"{of_latest} r._extras IS NOT NULL",
            "The portal exports no column that is not declared",
            ("_extras",),
        ),
        NoRows(
            "header_unchanged",
            f"SELECT e.header_fingerprint {asked} AND e.run_id = {last_run} AND e.header_fingerprint <> "
            f"(SELECT e.header_fingerprint {asked} AND e.run_id < {last_run} ORDER BY e.id DESC LIMIT 1)",
            "The header is that of the load before",
        ),
        NoRows(
            "not_shrunk",
            "SELECT s.month FROM (SELECT l.month, l.rows, l.is_latest, LAG(l.rows) OVER (PARTITION BY l.month "
            f"ORDER BY l.extraction) AS before FROM ctl.landed AS l WHERE l.entity = 'sigos.{raw}') AS s "
            f"WHERE s.is_latest AND s.rows < {LEAST_KEPT} * s.before AND s.month < date_trunc('month', {_TODAY})",
            "No month but the current one lost more than three tenths of its rows (unless allow_shrink let it)",
        ),
    )


def _of_report(feed: str, table: str) -> tuple[Check, ...]:
    """Of the silver table of a report."""
    silver = f"silver.{table}"
    stored = f"SELECT s._partition_month, COUNT(*) + SUM(s.dup_count) AS n FROM {silver} AS s GROUP BY 1"
    rejected = f"SELECT j._partition_month, COUNT(*) AS n FROM {_REJECTED} AS j WHERE j.report = '{feed}' GROUP BY 1"
    total = f"SELECT SUM(l.rows) FROM ctl.landed AS l WHERE {_latest(feed)}"
    return (
        NoRows(
            "bronze_accounted",
            f"SELECT l.month FROM ctl.landed AS l LEFT JOIN ({stored}) AS s ON s._partition_month = l.month "
            f"LEFT JOIN ({rejected}) AS j ON j._partition_month = l.month WHERE {_latest(feed)} "
            "AND l.rows <> COALESCE(s.n, 0) + COALESCE(j.n, 0) AND " + _not_pending("l.month", silver, _REJECTED),
            "Every record of the latest extraction of a month is a row here, a duplicate of one, or rejected",
            ("dup_count",),
            blocking=True,
            after=(_REJECTED,),
        ),
        NoRows(
            "rejected_share",
            f"SELECT j._line_no FROM {_REJECTED} AS j WHERE j.report = '{feed}' AND (SELECT COUNT(*) FROM {_REJECTED} "
            f"AS k WHERE k.report = '{feed}') > GREATEST({FEW}, {REJECTED} * ({total}))",
            f"At most {REJECTED:.1%} of the records are rejected",
            blocking=True,
            after=(_REJECTED,),
        ),
        Accepted("regional", REGIONS),
        Accepted("grupo", GROUPS),
        Holds(
            "grupo_agrees",
            "grupo = grupo_norm",
            ("grupo", "grupo_norm"),
            "The group is that of the letter in the team's code",
        ),
        Holds("unit_known", "NOT uc_missing", ("uc_missing",), "Every record names its unit"),
        Holds(
            "values_readable", "_bad_values = 0", ("_bad_values",), "Every value that is not blank is one of its type"
        ),
    )


SERVICE: tuple[Check, ...] = (
    *_of_report("general", "sigos_service"),
    Accepted("status", STATUS),
    Holds(
        "closed_after_execution",
        "data_baixado >= data_execucao",
        ("data_baixado", "data_execucao"),
        "No service is closed before it is executed",
    ),
    Holds(
        "duration_plausible",
        "hora_fim_servico >= hora_inicio_servico "
        "OR hora_fim_servico - hora_inicio_servico + INTERVAL '24 hours' <= INTERVAL '12 hours'",
        ("hora_inicio_servico", "hora_fim_servico"),
        "A service ends after it begins, or past midnight within twelve hours",
    ),
    NoRows(
        "code_mapped",
        "SELECT s.service_key FROM silver.sigos_service AS s WHERE s.cod_norm IS NOT NULL AND NOT EXISTS "
        "(SELECT 1 FROM ref.irregularity_code AS c WHERE c.cod = s.cod_norm)",
        "Every irregularity code has a class",
        ("cod_norm",),
        after=("ref.irregularity_code",),
    ),
)
RETURN: tuple[Check, ...] = (
    *_of_report("return", "sigos_service_return"),
    Accepted("status", RETURN_STATUS),
    Accepted("match_level", (0, 1, 2, 3)),
    ForeignKey("service_key", "silver.sigos_service", "service_key"),
    Holds(
        "resolved_after_execution",
        "data_resolvido >= data_execucao",
        ("data_resolvido", "data_execucao"),
        "No return is resolved before the service was executed",
    ),
    NoRows(
        "returns_matched",
        "SELECT r._partition_month FROM silver.sigos_service_return AS r "
        f"WHERE r._partition_month <= date_trunc('month', {_TODAY}) - INTERVAL '2 months' GROUP BY r._partition_month "
        f"HAVING COUNT(r.service_key) < {LEAST_MATCHED} * COUNT(*)",
        f"Of each month two months old or older, {LEAST_MATCHED:.0%} of the returns have their service",
        ("service_key",),
    ),
)
CHANGE: tuple[Check, ...] = (Accepted("change_type", ("I", "U", "D")),)


def as_many_as(silver: str, ours: str) -> Check:
    """Of a compatibility table."""
    entity = ours.replace("public.", "compat.")
    theirs = f"SELECT s._partition_month AS month, COUNT(*) AS n FROM {silver} AS s GROUP BY 1"
    own = (
        "SELECT CAST(date_trunc('month', CAST(c.\"DATA_EXECUCAO\" AS timestamp)) AS date) AS month, COUNT(*) AS n "
        f"FROM {ours} AS c GROUP BY 1"
    )
    return NoRows(
        "as_many_as_silver",
        f"SELECT month FROM ({theirs}) AS s FULL JOIN ({own}) AS c USING (month) "
        f"WHERE s.n IS DISTINCT FROM c.n AND {_not_pending('month', entity)}",
        f"Each month has as many rows as {silver}",
        ("DATA_EXECUCAO",),
        blocking=True,
    )
