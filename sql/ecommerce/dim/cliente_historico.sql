-- grain: one customer with sales that are not excluded
-- key: cliente_original_id
-- answers: how often each customer bought, for how much in all and per order
SELECT
    c.cliente_original_id,
    COUNT(DISTINCT f.numero_pedido) AS total_compras_historico,
    SUM(f.valor_total_liquido) AS valor_total_gasto_historico,
    ROUND(CAST(SUM(f.valor_total_liquido) AS DECIMAL(19, 2)) / NULLIF(COUNT(DISTINCT f.numero_pedido), 0), 2)
        AS ticket_medio_historico
FROM dim.dim_cliente AS c
INNER JOIN fact.fact_vendas AS f ON f.cliente_id = c.cliente_id
WHERE c.cliente_id <> -1 AND f.eh_excluido = 0
GROUP BY c.cliente_original_id
