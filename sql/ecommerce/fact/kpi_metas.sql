-- grain: one month with targets or with sales of a seller
-- key: mes
-- answers: the figures of the targets dashboard, month by month
SELECT
    k.mes,
    k.meta_total,
    k.realizado_total,
    k.gap_total,
    COALESCE(CAST(k.realizado_total AS DECIMAL(19, 2))
        / NULLIF(CAST(k.meta_total AS DECIMAL(19, 2)), 0), 0) AS atingimento_geral,
    CAST(k.metas_batidas AS DECIMAL(19, 2)) / CAST(k.linhas AS BIGINT) AS taxa_meta_batida,
    CAST(k.metas_superadas AS DECIMAL(19, 2)) / CAST(k.linhas AS BIGINT) AS taxa_meta_superada,
    k.vendedores,
    k.pedidos_realizados,
    CAST(k.realizado_total - a.realizado_total AS DECIMAL(19, 2))
        / NULLIF(CAST(ABS(a.realizado_total) AS DECIMAL(19, 2)), 0)
        AS realizado_total_variacao
FROM (
    SELECT
        m.mes_referencia AS mes,
        SUM(m.valor_meta) AS meta_total,
        SUM(m.valor_realizado) AS realizado_total,
        SUM(m.gap_meta) AS gap_total,
        SUM(CASE WHEN m.meta_batida = 1 THEN 1 ELSE 0 END) AS metas_batidas,
        SUM(CASE WHEN m.meta_superada = 1 THEN 1 ELSE 0 END) AS metas_superadas,
        COUNT(*) AS linhas,
        COUNT(DISTINCT m.vendedor_id) AS vendedores,
        SUM(m.pedidos_realizados) AS pedidos_realizados
    FROM fact.vw_dash_metas_r1 AS m
    GROUP BY m.mes_referencia
) AS k
LEFT JOIN (
    SELECT
        CAST(DATEADD(MONTH, 1, m.mes_referencia) AS DATE) AS mes_seguinte,
        SUM(m.valor_realizado) AS realizado_total
    FROM fact.vw_dash_metas_r1 AS m
    GROUP BY CAST(DATEADD(MONTH, 1, m.mes_referencia) AS DATE)
) AS a ON a.mes_seguinte = k.mes
