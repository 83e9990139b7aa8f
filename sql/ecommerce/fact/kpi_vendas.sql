-- grain: one month with sales
-- key: mes
-- answers: the figures of the sales dashboard, month by month
SELECT
    k.mes,
    k.receita_liquida,
    k.receita_liquida_valida,
    k.margem_bruta,
    COALESCE(CAST(k.margem_bruta AS DECIMAL(19, 2))
        / NULLIF(CAST(k.receita_liquida AS DECIMAL(19, 2)), 0), 0) AS margem_percentual,
    k.pedidos,
    COALESCE(CAST(k.receita_liquida AS DECIMAL(19, 2)) / NULLIF(CAST(k.pedidos AS BIGINT), 0), 0) AS ticket_medio,
    k.itens_vendidos,
    COALESCE(CAST(k.itens_devolvidos AS DECIMAL(19, 2))
        / NULLIF(CAST(k.itens_vendidos AS BIGINT), 0), 0) AS taxa_devolucao,
    COALESCE(CAST(k.descontos AS DECIMAL(19, 2))
        / NULLIF(CAST(k.receita_bruta AS DECIMAL(19, 2)), 0), 0) AS desconto_medio,
    k.comissao_total,
    CAST(k.receita_liquida - a.receita_liquida AS DECIMAL(19, 2))
        / NULLIF(CAST(ABS(a.receita_liquida) AS DECIMAL(19, 2)), 0)
        AS receita_liquida_variacao
FROM (
    SELECT
        f.mes_referencia AS mes,
        SUM(f.valor_total_liquido) AS receita_liquida,
        SUM(CASE WHEN f.eh_receita_valida = 1 THEN f.valor_total_liquido ELSE 0 END) AS receita_liquida_valida,
        SUM(f.valor_total_bruto) AS receita_bruta,
        SUM(f.valor_total_descontos) AS descontos,
        SUM(f.margem_bruta) AS margem_bruta,
        COUNT(DISTINCT f.numero_pedido) AS pedidos,
        SUM(CAST(f.quantidade_vendida AS BIGINT)) AS itens_vendidos,
        SUM(CAST(f.quantidade_devolvida AS BIGINT)) AS itens_devolvidos,
        COALESCE(SUM(f.valor_comissao), 0) AS comissao_total
    FROM fact.vw_dash_vendas_r1 AS f
    GROUP BY f.mes_referencia
) AS k
LEFT JOIN (
    SELECT
        CAST(DATEADD(MONTH, 1, f.mes_referencia) AS DATE) AS mes_seguinte,
        SUM(f.valor_total_liquido) AS receita_liquida
    FROM fact.vw_dash_vendas_r1 AS f
    GROUP BY CAST(DATEADD(MONTH, 1, f.mes_referencia) AS DATE)
) AS a ON a.mes_seguinte = k.mes
