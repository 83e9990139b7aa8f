-- grain: one row per day (São Paulo) and table loaded
-- key: run_date, entity
-- answers: did the loads of each table run, how long did they take, what did they move
SELECT
    CAST(e.started_at AT TIME ZONE 'America/Sao_Paulo' AS date) AS run_date,
    e.entity,
    count(*) AS runs,
    count(*) FILTER (WHERE e.status = 'success') AS successes,
    count(*) FILTER (WHERE e.status IN ('failed', 'abandoned')) AS failures,
    count(*) FILTER (WHERE e.status = 'skipped') AS skipped,
    CAST(
        round(
            100.0 * count(*) FILTER (WHERE e.status = 'success')
            / NULLIF(count(*) FILTER (WHERE e.status IN ('success', 'failed', 'abandoned')), 0),
            2
        ) AS numeric(5, 2)
    ) AS success_rate,
    CAST(coalesce(sum(e.extracted), 0) AS bigint) AS rows_extracted,
    CAST(coalesce(sum(e.inserted), 0) AS bigint) AS rows_inserted,
    CAST(coalesce(sum(e.updated), 0) AS bigint) AS rows_updated,
    CAST(coalesce(sum(e.unchanged), 0) AS bigint) AS rows_unchanged,
    CAST(coalesce(sum(e.deleted), 0) AS bigint) AS rows_deleted,
    CAST(coalesce(sum(e.rejected), 0) AS bigint) AS rows_rejected,
    CAST(
        round(avg(e.extract_seconds + e.load_seconds) FILTER (WHERE e.status = 'success'), 2) AS numeric(12, 2)
    ) AS seconds_mean,
    CAST(
        round(max(e.extract_seconds + e.load_seconds) FILTER (WHERE e.status = 'success'), 2) AS numeric(12, 2)
    ) AS seconds_max,
    max(e.finished_at) FILTER (WHERE e.status = 'success') AS last_success_at
FROM audit.etl_run_entity AS e
INNER JOIN audit.etl_run AS r ON r.run_id = e.run_id
WHERE r.system = 'chatwoot' AND NOT r.is_dry_run
GROUP BY CAST(e.started_at AT TIME ZONE 'America/Sao_Paulo' AS date), e.entity
