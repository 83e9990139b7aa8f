-- grain: one target of the source: a seller and a month
-- key: meta_original_id
-- answers: what each seller was to sell, and what the source says was sold
WITH metas AS (
    SELECT
        t.seller_target_id,
        t.seller_id,
        DATEFROMPARTS(YEAR(t.target_month), MONTH(t.target_month), 1) AS mes_referencia,
        t.target_amount,
        t.target_quantity,
        COALESCE(t.realized_amount, 0) AS realizado,
        COALESCE(t.realized_quantity, 0) AS quantidade,
        CAST(COALESCE(t.realized_amount, 0) AS DECIMAL(19, 2)) * 100
            / NULLIF(CAST(t.target_amount AS DECIMAL(19, 2)), 0) AS percentual,
        LOWER(LTRIM(RTRIM(t.period_type))) AS periodo,
        t.period_closed,
        t.deleted_at
    FROM stg.seller_targets_monthly AS t
)

SELECT
    m.seller_target_id AS meta_original_id,
    COALESCE(v.vendedor_id, -1) AS vendedor_id,
    COALESCE(d.data_id, -1) AS data_id,
    m.mes_referencia,
    m.target_amount AS valor_meta,
    CASE WHEN m.target_quantity >= 1 THEN m.target_quantity END AS quantidade_meta,
    m.realizado AS valor_realizado,
    m.quantidade AS quantidade_realizada,
    CASE
        WHEN m.percentual IS NULL THEN 0
        WHEN m.percentual >= 999.99 THEN 999.99
        -- A target just missed must not read as met.
        WHEN m.realizado < m.target_amount AND ROUND(m.percentual, 2) >= 100 THEN 99.99
        ELSE ROUND(m.percentual, 2)
    END AS percentual_atingido,
    m.realizado - m.target_amount AS gap_meta,
    ROUND(CAST(m.realizado AS DECIMAL(19, 2)) / NULLIF(CAST(m.quantidade AS BIGINT), 0), 2) AS ticket_medio_realizado,
    CASE WHEN m.realizado >= m.target_amount THEN 1 ELSE 0 END AS meta_batida,
    CASE WHEN m.realizado > m.target_amount THEN 1 ELSE 0 END AS meta_superada,
    CASE WHEN m.period_closed = 1 THEN 1 ELSE 0 END AS eh_periodo_fechado,
    CASE m.periodo WHEN 'trimestral' THEN 'Trimestral' WHEN 'anual' THEN 'Anual' ELSE 'Mensal' END AS tipo_periodo,
    CASE WHEN m.deleted_at IS NULL THEN 0 ELSE 1 END AS eh_excluido,
    m.deleted_at AS excluido_em
FROM metas AS m
LEFT JOIN dim.dim_vendedor AS v ON v.vendedor_original_id = m.seller_id
LEFT JOIN dim.dim_data AS d ON d.data_completa = m.mes_referencia
