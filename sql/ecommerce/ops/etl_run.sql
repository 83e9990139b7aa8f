-- grain: one row per run
-- key: run_id
-- answers: which entities a run was to load, how many it did, and how it ended
-- A dry run moves nothing. Runs that load none of the nine entities (marts alone) request none.
WITH counts AS (
    SELECT
        e.run_id,
        SUM(CASE WHEN e.status = 'success' THEN 1 ELSE 0 END) AS succeeded,
        SUM(CASE WHEN e.status = 'failed' THEN 1 ELSE 0 END) AS failed,
        CONCAT(
            MAX(CASE WHEN e.entity_name = 'dim_cliente' THEN ',dim_cliente' END),
            MAX(CASE WHEN e.entity_name = 'dim_produto' THEN ',dim_produto' END),
            MAX(CASE WHEN e.entity_name = 'dim_regiao' THEN ',dim_regiao' END),
            MAX(CASE WHEN e.entity_name = 'dim_equipe' THEN ',dim_equipe' END),
            MAX(CASE WHEN e.entity_name = 'dim_vendedor' THEN ',dim_vendedor' END),
            MAX(CASE WHEN e.entity_name = 'dim_desconto' THEN ',dim_desconto' END),
            MAX(CASE WHEN e.entity_name = 'fact_vendas' THEN ',fact_vendas' END),
            MAX(CASE WHEN e.entity_name = 'fact_metas' THEN ',fact_metas' END),
            MAX(CASE WHEN e.entity_name = 'fact_descontos' THEN ',fact_descontos' END)
        ) AS requested
    FROM ops.etl_run_entity AS e
    GROUP BY e.run_id
)

SELECT
    r.run_id,
    CAST(COALESCE(SUBSTRING(c.requested, 2, 500), '') AS NVARCHAR(500)) AS entities_requested,
    CAST(r.triggered_by AS NVARCHAR(128)) AS started_by,
    CAST(r.started_at AT TIME ZONE 'UTC' AS DATETIME2(6)) AS started_at,
    CAST(r.finished_at AT TIME ZONE 'UTC' AS DATETIME2(6)) AS finished_at,
    CASE WHEN r.status IN ('running', 'success', 'partial') THEN r.status ELSE 'failed' END AS status,
    COALESCE(c.succeeded, 0) AS entities_succeeded,
    COALESCE(c.failed, 0) AS entities_failed,
    CASE
        WHEN r.status IN ('skipped', 'abandoned')
            THEN CAST(CONCAT(r.status, ': ', LEFT(r.error_message, 3900)) AS NVARCHAR(4000))
        ELSE CAST(LEFT(r.error_message, 4000) AS NVARCHAR(4000))
    END AS error_message,
    CAST(r.started_at AT TIME ZONE 'UTC' AS DATETIME2(6)) AS created_at
FROM audit.etl_run AS r
LEFT JOIN counts AS c ON c.run_id = r.run_id
WHERE r.system = 'ecommerce' AND CAST(r.is_dry_run AS NVARCHAR(5)) IN ('0', 'false')
