-- grain: one row per day, metric and method
-- key: date, metric, method
-- answers: which days had unusually many or few services or returns, or an unusual share of services with a finding
-- The SELECT gives the numbers, a column each; the rows are made of them in Python (engine/anomalies).
SELECT
    a.service_date AS date,
    sum(a.services_executed) AS services_executed,
    sum(a.returns_total) AS returns_total,
    100.0 * sum(a.services_with_toi) / NULLIF(sum(a.services_executed), 0) AS toi_rate
FROM gold.agg_service_daily AS a
GROUP BY a.service_date
