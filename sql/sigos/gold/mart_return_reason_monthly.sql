-- grain: one month, reason of returns (two levels) and team
-- key: month_start, motivo, motivo_detalhado, equipe
-- answers: why services of a month were returned, and how soon that was resolved
-- The share is of all returns of the month.
WITH counted AS (
    SELECT
        CAST(date_trunc('month', CAST(f.service_date AS timestamp)) AS date) AS month_start,
        n.motivo,
        n.motivo_detalhado,
        f.team_key,
        CAST(count(*) AS integer) AS returns_total,
        CAST(count(*) FILTER (WHERE f.is_resolved) AS integer) AS returns_resolved,
        round(avg(f.days_to_resolve), 4) AS avg_days_to_resolve
    FROM gold.fct_service_return AS f
    INNER JOIN gold.dim_return_reason AS n ON n.reason_key = f.reason_key
    GROUP BY
        CAST(date_trunc('month', CAST(f.service_date AS timestamp)) AS date), n.motivo, n.motivo_detalhado, f.team_key
)

SELECT
    c.month_start,
    c.motivo,
    c.motivo_detalhado,
    t.equipe,
    c.team_key,
    c.returns_total,
    round(CAST(c.returns_total AS numeric) / sum(c.returns_total) OVER (PARTITION BY c.month_start), 4) AS share_of_month,
    c.returns_resolved,
    c.avg_days_to_resolve
FROM counted AS c
INNER JOIN gold.dim_team AS t ON t.team_key = c.team_key
