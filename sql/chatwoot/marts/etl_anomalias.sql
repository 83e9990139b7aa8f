-- grain: one row per day, account, inbox, metric and method
-- key: date, tenant, inbox, metric, method
-- answers: which daily numbers are unusual for their weekday, and by how much, in two opinions
-- The SELECT gives the numbers, a column each; the rows are made of them in Python (engine/anomalies).
SELECT
    d.conversation_date AS date,
    d.account_id AS tenant,
    d.inbox_id AS inbox,
    d.volume,
    d.messages_per_conversation,
    d.human_rate,
    d.resolution_rate,
    d.first_response_minutes_median,
    d.responded,
    d.contact_phone_null_rate,
    d.assignee_null_rate,
    d.message_compiled_null_rate,
    CAST(NULL AS numeric) AS run_seconds,
    CAST(NULL AS numeric) AS run_rows
FROM marts.metricas_diarias AS d
UNION ALL
SELECT
    h.run_date AS date,
    0 AS tenant,
    0 AS inbox,
    NULL AS volume,
    NULL AS messages_per_conversation,
    NULL AS human_rate,
    NULL AS resolution_rate,
    NULL AS first_response_minutes_median,
    NULL AS responded,
    NULL AS contact_phone_null_rate,
    NULL AS assignee_null_rate,
    NULL AS message_compiled_null_rate,
    sum(h.seconds_mean) AS run_seconds,
    sum(h.rows_inserted + h.rows_updated + h.rows_deleted) AS run_rows
FROM marts.mart_etl_saude AS h
WHERE h.entity <> 'chatwoot.marts.etl_anomalias'
GROUP BY h.run_date
