-- grain: one row per entity of the old runner and run
-- key: run_entity_id
-- answers: what an entity read and wrote in a run, between which watermarks, and why it failed
-- An entity is read by its mirror and written by its table: both are told as one. A dry run moves nothing.
WITH latest AS (
    -- Of an entity that was loaded again in the same run, the last time counts.
    SELECT
        e.run_id,
        e.entity,
        MAX(e.run_entity_id) AS run_entity_id
    FROM audit.etl_run_entity AS e
    GROUP BY e.run_id, e.entity
),

parts AS (
    SELECT
        n.entity_name,
        t.run_entity_id,
        t.run_id,
        CASE WHEN m.started_at < t.started_at THEN m.started_at ELSE t.started_at END AS started_at,
        t.finished_at,
        t.status AS target_status,
        m.status AS mirror_status,
        CASE WHEN t.status = 'skipped' AND t.error_message LIKE 'switched off%' THEN 1 ELSE 0 END AS target_off,
        CASE WHEN m.status = 'skipped' AND m.error_message LIKE 'switched off%' THEN 1 ELSE 0 END AS mirror_off,
        COALESCE(m.extracted, t.extracted) AS extracted,
        t.inserted + t.updated AS upserted,
        t.deleted,
        m.cursor_start,
        COALESCE(m.cursor_end, m.cursor_start) AS cursor_end,
        REPLACE(REPLACE(REPLACE(m.cursor_key_start, '[', ''), ']', ''), '"', '') AS key_start,
        REPLACE(
            REPLACE(
                REPLACE(CASE WHEN m.cursor_end IS NULL THEN m.cursor_key_start ELSE m.cursor_key_end END, '[', ''),
                ']', ''
            ),
            '"', ''
        ) AS key_end,
        CASE WHEN m.status = 'success' THEN t.error_message ELSE COALESCE(m.error_message, t.error_message) END
            AS error_message
    FROM ops.etl_entity AS n
    INNER JOIN latest AS lt ON lt.entity = n.target_entity
    INNER JOIN audit.etl_run_entity AS t ON t.run_entity_id = lt.run_entity_id
    INNER JOIN audit.etl_run AS r ON r.run_id = t.run_id
    LEFT JOIN latest AS lm ON lm.entity = n.mirror_entity AND lm.run_id = t.run_id
    LEFT JOIN audit.etl_run_entity AS m ON m.run_entity_id = lm.run_entity_id
    WHERE r.system = 'ecommerce' AND CAST(r.is_dry_run AS NVARCHAR(5)) IN ('0', 'false')
)

SELECT
    p.run_entity_id,
    p.run_id,
    p.entity_name,
    CAST(p.started_at AT TIME ZONE 'UTC' AS DATETIME2(6)) AS entity_started_at,
    CAST(p.finished_at AT TIME ZONE 'UTC' AS DATETIME2(6)) AS entity_finished_at,
    CASE
        WHEN p.target_status = 'running' THEN 'running'
        WHEN p.target_off = 1 OR p.mirror_off = 1 THEN 'skipped'
        WHEN p.target_status = 'success' AND COALESCE(p.mirror_status, 'success') = 'success' THEN 'success'
        ELSE 'failed'
    END AS status,
    CAST(p.extracted AS INT) AS extracted_count,
    CAST(p.upserted AS INT) AS upserted_count,
    CAST(p.deleted AS INT) AS soft_deleted_count,
    CAST(p.cursor_start AS DATETIME2(6)) AS watermark_from_updated_at,
    CAST(p.key_start AS BIGINT) AS watermark_from_id,
    CAST(p.cursor_end AS DATETIME2(6)) AS watermark_to_updated_at,
    CAST(p.key_end AS BIGINT) AS watermark_to_id,
    CAST(LEFT(p.error_message, 4000) AS NVARCHAR(4000)) AS error_message,
    CAST(p.started_at AT TIME ZONE 'UTC' AS DATETIME2(6)) AS created_at,
    CAST(COALESCE(p.finished_at, p.started_at) AT TIME ZONE 'UTC' AS DATETIME2(6)) AS updated_at
FROM parts AS p
