-- grain: one row per run of the Chatwoot system
-- key: id
-- answers: when each run ran, what it moved and why it failed, in the columns of the old control table
WITH entities AS (
    SELECT
        e.run_id,
        max(CAST(NULLIF(e.cursor_start, '') AS timestamp)) FILTER (WHERE e.entity IN (
            'chatwoot.staging.conversations', 'chatwoot.staging.vw_conversations_analytics_final'
        )) AS watermark_start,
        -- A run that found nothing new has loaded up to where it began.
        max(CAST(NULLIF(coalesce(e.cursor_end, e.cursor_start), '') AS timestamp)) FILTER (WHERE e.entity IN (
            'chatwoot.staging.conversations', 'chatwoot.staging.vw_conversations_analytics_final'
        )) AS watermark_end,
        sum(e.extracted) FILTER (WHERE e.entity = 'chatwoot.analytics.conversas_analytics') AS extracted,
        sum(e.inserted) FILTER (WHERE e.entity = 'chatwoot.analytics.conversas_analytics') AS inserted,
        sum(e.updated) FILTER (WHERE e.entity = 'chatwoot.analytics.conversas_analytics') AS updated,
        sum(e.unchanged) FILTER (WHERE e.entity = 'chatwoot.analytics.conversas_analytics') AS unchanged,
        sum(e.deleted) FILTER (WHERE e.entity = 'chatwoot.analytics.conversas_analytics') AS deleted,
        sum(e.extract_seconds) FILTER (WHERE starts_with(e.entity, 'chatwoot.staging.')) AS extract_seconds,
        sum(e.extract_seconds) FILTER (
            WHERE e.entity = 'chatwoot.analytics.conversas_analytics'
        ) AS transform_seconds,
        sum(e.load_seconds) FILTER (
            WHERE starts_with(e.entity, 'chatwoot.staging.') OR e.entity = 'chatwoot.analytics.conversas_analytics'
        ) AS load_seconds,
        string_agg(
            concat(e.entity, ' ', e.status, ': ', coalesce(e.error_message, 'no message')), '; ' ORDER BY e.run_entity_id
        ) FILTER (WHERE e.status IN ('failed', 'skipped', 'abandoned')) AS troubles,
        string_agg(
            concat(e.entity, ': ', e.error_traceback), chr(10) ORDER BY e.run_entity_id
        ) FILTER (WHERE e.error_traceback IS NOT NULL) AS tracebacks
    FROM audit.etl_run_entity AS e
    GROUP BY e.run_id
)

SELECT
    r.run_id AS id,
    CASE
        WHEN r.dagster_run_id ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
            THEN CAST(r.dagster_run_id AS uuid)
        ELSE CAST(md5(CAST(r.run_id AS text)) AS uuid)
    END AS execution_id,
    r.started_at,
    r.finished_at AS completed_at,
    CASE WHEN r.status IN ('running', 'success') THEN r.status ELSE 'failed' END AS status,
    n.watermark_start,
    n.watermark_end,
    CAST(coalesce(n.extracted, 0) AS integer) AS rows_extracted,
    CAST(coalesce(n.inserted, 0) AS integer) AS rows_inserted,
    CAST(coalesce(n.updated, 0) AS integer) AS rows_updated,
    CAST(coalesce(n.unchanged, 0) AS integer) AS rows_unchanged,
    CAST(coalesce(n.deleted, 0) AS integer) AS rows_deleted,
    CAST(EXTRACT(EPOCH FROM r.finished_at - r.started_at) AS numeric(10, 2)) AS duration_seconds,
    CAST(n.extract_seconds AS numeric(10, 2)) AS extract_duration_seconds,
    CAST(n.transform_seconds AS numeric(10, 2)) AS transform_duration_seconds,
    CAST(n.load_seconds AS numeric(10, 2)) AS load_duration_seconds,
    coalesce(r.load_type = 'full', FALSE) AS is_full_load,
    r.load_type,
    CASE
        WHEN r.status IN ('running', 'success', 'failed') THEN coalesce(r.error_message, n.troubles)
        ELSE concat(r.status, ': ', coalesce(r.error_message, n.troubles, 'no message'))
    END AS error_message,
    coalesce(r.error_traceback, n.tracebacks) AS error_traceback,
    'etl_assets' AS etl_version,
    r.triggered_by,
    r.hostname,
    'dagster run ' || r.dagster_run_id AS notes
FROM audit.etl_run AS r
LEFT JOIN entities AS n ON n.run_id = r.run_id
-- A dry run moves nothing, so it is no run of the old table.
WHERE r.system = 'chatwoot' AND NOT r.is_dry_run
