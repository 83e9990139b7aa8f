-- grain: one seller and month with a target or with sales
-- key: vendedor_id, mes_referencia
-- answers: the certified rows of the targets dashboard: targets, what was really sold, rank and quartile
WITH partes AS (
    SELECT
        m.vendedor_id,
        m.mes_referencia,
        m.valor_meta,
        m.quantidade_meta,
        m.valor_realizado AS valor_realizado_origem,
        0 AS valor_realizado,
        0 AS itens_realizados,
        0 AS pedidos_realizados
    FROM fact.fact_metas AS m
    WHERE m.eh_excluido = 0
    UNION ALL
    SELECT
        f.vendedor_id,
        f.mes_referencia,
        0 AS valor_meta,
        NULL AS quantidade_meta,
        NULL AS valor_realizado_origem,
        SUM(f.valor_total_liquido) AS valor_realizado,
        SUM(f.quantidade_vendida) AS itens_realizados,
        COUNT(DISTINCT f.numero_pedido) AS pedidos_realizados
    FROM fact.fact_vendas AS f
    WHERE f.eh_excluido = 0 AND f.vendedor_id IS NOT NULL
    GROUP BY f.vendedor_id, f.mes_referencia
),

somas AS (
    SELECT
        p.vendedor_id,
        p.mes_referencia,
        SUM(p.valor_meta) AS valor_meta,
        SUM(p.quantidade_meta) AS quantidade_meta,
        SUM(p.valor_realizado_origem) AS valor_realizado_origem,
        SUM(p.valor_realizado) AS valor_realizado,
        SUM(p.itens_realizados) AS itens_realizados,
        SUM(p.pedidos_realizados) AS pedidos_realizados
    FROM partes AS p
    GROUP BY p.vendedor_id, p.mes_referencia
    HAVING SUM(p.valor_meta) > 0 OR SUM(p.valor_realizado) > 0
),

ordem AS (
    SELECT
        s.vendedor_id,
        s.mes_referencia,
        s.valor_meta,
        s.quantidade_meta,
        s.valor_realizado_origem,
        s.valor_realizado,
        s.itens_realizados,
        s.pedidos_realizados,
        COALESCE(CAST(s.valor_realizado AS DECIMAL(19, 2)) * 100
            / NULLIF(CAST(s.valor_meta AS DECIMAL(19, 2)), 0), 0) AS percentual,
        DENSE_RANK() OVER (PARTITION BY s.mes_referencia ORDER BY s.valor_realizado DESC, s.vendedor_id)
            AS ranking_periodo,
        NTILE(4) OVER (PARTITION BY s.mes_referencia ORDER BY s.valor_realizado DESC, s.vendedor_id) AS quartil
    FROM somas AS s
)

SELECT
    o.vendedor_id,
    o.mes_referencia,
    COALESCE(d.data_id, -1) AS data_id,
    d.ano,
    d.trimestre,
    d.mes,
    d.nome_mes,
    d.periodo_mes,
    v.nome_vendedor,
    v.situacao AS situacao_vendedor,
    v.equipe_id,
    COALESCE(v.nome_equipe, 'Sem equipe') AS nome_equipe,
    COALESCE(e.regional, 'Sem regional') AS regional,
    COALESCE(e.tipo_equipe, 'Nao informado') AS tipo_equipe,
    o.valor_meta,
    o.quantidade_meta,
    o.valor_realizado,
    o.valor_realizado_origem,
    o.valor_realizado - o.valor_realizado_origem AS diferenca_realizado,
    o.itens_realizados,
    o.pedidos_realizados,
    o.valor_realizado - o.valor_meta AS gap_meta,
    CASE
        WHEN o.percentual >= 999999.99 THEN 999999.99
        WHEN o.valor_realizado < o.valor_meta AND ROUND(o.percentual, 2) >= 100 THEN 99.99
        ELSE ROUND(o.percentual, 2)
    END AS percentual_atingido,
    CASE WHEN o.valor_meta > 0 AND o.valor_realizado >= o.valor_meta THEN 1 ELSE 0 END AS meta_batida,
    CASE WHEN o.valor_meta > 0 AND o.valor_realizado >= o.valor_meta * 1.2 THEN 1 ELSE 0 END AS meta_superada,
    o.ranking_periodo,
    CONCAT('Q', o.quartil) AS quartil_performance
FROM ordem AS o
INNER JOIN dim.dim_vendedor AS v ON v.vendedor_id = o.vendedor_id
LEFT JOIN dim.dim_equipe AS e ON e.equipe_id = v.equipe_id
LEFT JOIN dim.dim_data AS d ON d.data_completa = o.mes_referencia
