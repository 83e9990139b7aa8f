-- grain: one row per run, the 30 newest
-- key: id
-- answers: how the latest runs went and how fast they were
SELECT
    c.id,
    c.execution_id,
    c.started_at,
    c.completed_at,
    c.status,
    c.load_type,
    c.rows_extracted,
    c.rows_inserted,
    c.rows_updated,
    c.rows_unchanged,
    c.duration_seconds,
    round((c.rows_inserted + c.rows_updated + c.rows_unchanged) / NULLIF(c.duration_seconds, 0), 2) AS rows_per_second,
    c.error_message,
    c.triggered_by
FROM public.etl_control AS c
ORDER BY c.started_at DESC, c.id DESC
LIMIT 30
