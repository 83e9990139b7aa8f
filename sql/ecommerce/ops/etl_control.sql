-- grain: one row per entity of the old runner
-- key: entity_name
-- answers: how far each entity has read, how it reads, whether it runs, and how its last run ended
-- A flag of the engine's tables is a boolean on one server and a bit on the other: as text it reads false or 0.
WITH runs AS (
    SELECT
        e.entity,
        MAX(e.run_id) AS last_run_id,
        MIN(e.started_at) AS first_started_at
    FROM audit.etl_run_entity AS e
    INNER JOIN audit.etl_run AS r ON r.run_id = e.run_id
    WHERE CAST(r.is_dry_run AS NVARCHAR(5)) IN ('0', 'false')
    GROUP BY e.entity
),

states AS (
    SELECT
        n.entity_name,
        m.cursor_value,
        REPLACE(REPLACE(REPLACE(m.cursor_key, '[', ''), ']', ''), '"', '') AS cursor_key,
        m.cutoff_minutes,
        m.batch_size,
        CASE
            WHEN CAST(t.is_active AS NVARCHAR(5)) IN ('0', 'false') THEN 0
            WHEN CAST(m.is_active AS NVARCHAR(5)) IN ('0', 'false') THEN 0
            ELSE 1
        END AS is_active,
        CASE
            WHEN t.last_status = 'failed' OR m.last_status = 'failed' THEN 'failed'
            ELSE t.last_status
        END AS last_status,
        -- An entity is as fresh as the older of its two halves.
        CASE WHEN m.last_success_at < t.last_success_at THEN m.last_success_at ELSE t.last_success_at END
            AS last_success_at,
        COALESCE(r.first_started_at, d.deployed_at) AS created_at,
        CASE WHEN m.updated_at > t.updated_at THEN m.updated_at ELSE COALESCE(t.updated_at, m.updated_at) END
            AS updated_at,
        r.last_run_id
    FROM ops.etl_entity AS n
    LEFT JOIN ctl.etl_control AS m ON m.entity = n.mirror_entity
    LEFT JOIN ctl.etl_control AS t ON t.entity = n.target_entity
    LEFT JOIN ctl.deployed AS d ON d.object = 'ecommerce'
    LEFT JOIN runs AS r ON r.entity = n.target_entity
)

SELECT
    n.entity_name,
    n.source_table,
    n.target_table,
    n.source_pk_column,
    COALESCE(CAST(s.cursor_value AS DATETIME2(6)), CAST('1900-01-01' AS DATETIME2(6))) AS watermark_updated_at,
    -- After a whole load the rows of the watermark's own instant are read again, from the first.
    COALESCE(CAST(s.cursor_key AS BIGINT), 0) AS watermark_id,
    COALESCE(s.cutoff_minutes, 2) AS cutoff_minutes,
    COALESCE(s.batch_size, 50000) AS batch_size,
    s.is_active,
    s.last_run_id,
    s.last_status,
    CAST(s.last_success_at AT TIME ZONE 'UTC' AS DATETIME2(6)) AS last_success_at,
    CAST(s.created_at AT TIME ZONE 'UTC' AS DATETIME2(6)) AS created_at,
    CAST(COALESCE(s.updated_at, s.created_at) AT TIME ZONE 'UTC' AS DATETIME2(6)) AS updated_at
FROM ops.etl_entity AS n
INNER JOIN states AS s ON s.entity_name = n.entity_name
