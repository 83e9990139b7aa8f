-- grain: one row per day, metric and method
-- key: date, metric, method
-- answers: which days sold unusually much or little, in two opinions
-- The SELECT gives the numbers, a column each; the rows are made of them in Python (engine/anomalies).
SELECT
    f.data_completa AS date,
    COUNT(DISTINCT f.numero_pedido) AS pedidos,
    SUM(f.valor_total_liquido) AS receita_liquida,
    CAST(100 * SUM(f.valor_total_descontos) AS DECIMAL(19, 2))
        / NULLIF(CAST(SUM(f.valor_total_bruto) AS DECIMAL(19, 2)), 0) AS desconto_percentual,
    COUNT(*) AS itens
FROM fact.vw_dash_vendas_r1 AS f
GROUP BY f.data_completa
