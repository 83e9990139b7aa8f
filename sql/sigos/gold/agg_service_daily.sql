-- grain: one day of execution, team, municipality, kind of service and class of finding
-- key: service_date, team_key, municipality_key, service_type_key, code_class
-- answers: the counts and sums every mart by day, week or month adds up
-- Only what may be added: no rate, no distinct count, no percentile. Services and returns each count under their own
-- team and code.
WITH both_facts AS (
    SELECT
        f.service_date,
        f.team_key,
        f.municipality_key,
        f.service_type_key,
        f.cod,
        1 AS protocoled,
        CASE WHEN f.is_cancelled THEN 0 ELSE 1 END AS executed,
        CASE WHEN f.is_closed THEN 1 ELSE 0 END AS closed,
        f.days_to_close,
        CASE WHEN NOT f.is_cancelled THEN f.duration_min END AS duration_min,
        CASE WHEN NOT f.is_cancelled AND f.has_toi THEN 1 ELSE 0 END AS with_toi,
        CASE WHEN NOT f.is_cancelled AND f.has_toi AND f.toi_delivered THEN 1 ELSE 0 END AS toi_delivered,
        CASE WHEN NOT f.is_cancelled AND f.is_negotiated THEN 1 ELSE 0 END AS negotiated,
        CASE WHEN NOT f.is_cancelled THEN f.rs_negociado END AS rs_negociado,
        CASE WHEN NOT f.is_cancelled THEN f.return_count ELSE 0 END AS return_count,
        0 AS returned,
        0 AS still_open,
        0 AS resolved,
        0 AS unmatched,
        CAST(NULL AS integer) AS days_to_resolve
    FROM gold.fct_service AS f
    UNION ALL
    SELECT
        r.service_date,
        r.team_key,
        r.municipality_key,
        r.service_type_key,
        r.cod,
        0 AS protocoled,
        0 AS executed,
        0 AS closed,
        CAST(NULL AS integer) AS days_to_close,
        CAST(NULL AS numeric) AS duration_min,
        0 AS with_toi,
        0 AS toi_delivered,
        0 AS negotiated,
        CAST(NULL AS numeric) AS rs_negociado,
        0 AS return_count,
        1 AS returned,
        CASE WHEN r.is_open THEN 1 ELSE 0 END AS still_open,
        CASE WHEN r.is_resolved THEN 1 ELSE 0 END AS resolved,
        CASE WHEN r.match_level = 0 THEN 1 ELSE 0 END AS unmatched,
        r.days_to_resolve
    FROM gold.fct_service_return AS r
)

SELECT
    b.service_date,
    CAST(date_trunc('week', CAST(b.service_date AS timestamp)) AS date) AS week_start,
    CAST(date_trunc('month', CAST(b.service_date AS timestamp)) AS date) AS month_start,
    b.team_key,
    b.municipality_key,
    b.service_type_key,
    c.class AS code_class,
    CAST(sum(b.protocoled) AS integer) AS services_protocoled,
    CAST(sum(b.protocoled) - sum(b.executed) AS integer) AS services_cancelled,
    CAST(sum(b.executed) AS integer) AS services_executed,
    CAST(sum(b.closed) AS integer) AS services_closed,
    CAST(coalesce(sum(b.days_to_close), 0) AS integer) AS days_to_close_sum,
    CAST(count(b.days_to_close) AS integer) AS days_to_close_count,
    CAST(count(b.duration_min) AS integer) AS services_timed,
    coalesce(sum(b.duration_min), 0) AS duration_min_sum,
    CAST(sum(b.with_toi) AS integer) AS services_with_toi,
    CAST(sum(b.toi_delivered) AS integer) AS toi_delivered,
    CAST(sum(b.negotiated) AS integer) AS services_negotiated,
    coalesce(sum(b.rs_negociado), 0) AS negotiated_amount,
    CAST(count(*) FILTER (WHERE b.return_count >= 1) AS integer) AS returned_services,
    CAST(count(*) FILTER (WHERE b.return_count >= 2) AS integer) AS repeat_returned_services,
    CAST(sum(b.return_count) AS integer) AS return_count_sum,
    CAST(sum(b.returned) AS integer) AS returns_total,
    CAST(sum(b.still_open) AS integer) AS returns_open,
    CAST(sum(b.resolved) AS integer) AS returns_resolved,
    CAST(sum(b.unmatched) AS integer) AS unmatched_returns,
    CAST(coalesce(sum(b.days_to_resolve), 0) AS integer) AS days_to_resolve_sum,
    CAST(count(b.days_to_resolve) AS integer) AS days_to_resolve_count
FROM both_facts AS b
INNER JOIN gold.dim_irregularity_code AS c ON c.cod = b.cod
GROUP BY b.service_date, b.team_key, b.municipality_key, b.service_type_key, c.class
