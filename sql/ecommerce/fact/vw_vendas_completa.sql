-- grain: one order item that is not excluded
-- key: venda_original_id
-- answers: every sale with all its context: calendar, customer, product, region, seller, team, profit
SELECT
    f.venda_id,
    f.venda_original_id,
    f.numero_pedido,
    f.data_venda AS data_completa,
    d.ano,
    d.trimestre,
    d.mes,
    d.nome_mes,
    d.dia,
    d.nome_dia_semana,
    d.eh_fim_de_semana,
    d.eh_feriado,
    d.periodo_mes,
    d.periodo_trimestre,
    f.cliente_id,
    c.nome_cliente,
    c.tipo_cliente,
    c.segmento,
    c.cidade AS cidade_cliente,
    c.estado AS estado_cliente,
    f.produto_id,
    p.codigo_sku,
    p.nome_produto,
    p.categoria,
    p.subcategoria,
    p.marca,
    p.nome_fornecedor,
    f.regiao_id,
    r.regiao_pais,
    r.estado,
    r.nome_estado,
    r.cidade,
    f.vendedor_id,
    v.nome_vendedor,
    v.cargo,
    v.nivel_senioridade,
    v.tipo_vendedor,
    v.nome_gerente,
    v.equipe_id,
    COALESCE(e.nome_equipe, v.nome_equipe) AS nome_equipe,
    e.tipo_equipe,
    e.regional,
    f.status_pedido,
    f.status_pagamento,
    f.canal_venda,
    f.eh_receita_valida,
    f.quantidade_vendida,
    f.preco_unitario_tabela,
    f.valor_total_bruto,
    f.valor_total_descontos,
    f.valor_total_liquido,
    f.custo_total,
    f.quantidade_devolvida,
    f.valor_devolvido,
    f.percentual_comissao,
    f.valor_comissao,
    f.teve_desconto,
    f.valor_total_liquido - f.custo_total AS lucro_bruto,
    CAST(
        COALESCE(
            CAST(f.valor_total_liquido - f.custo_total AS DECIMAL(19, 2)) * 100
                / NULLIF(CAST(f.valor_total_liquido AS DECIMAL(19, 2)), 0), 0
        ) AS DECIMAL(24, 6)
    ) AS margem_percentual,
    CAST(CAST(f.valor_total_liquido AS DECIMAL(19, 2)) / CAST(f.quantidade_vendida AS BIGINT) AS DECIMAL(15, 2))
        AS preco_medio_unitario,
    f.quantidade_vendida - f.quantidade_devolvida AS quantidade_liquida,
    CASE WHEN f.quantidade_devolvida > 0 THEN 1 ELSE 0 END AS teve_devolucao,
    CASE WHEN f.vendedor_id IS NULL THEN 1 ELSE 0 END AS eh_venda_direta
FROM fact.fact_vendas AS f
INNER JOIN dim.dim_data AS d ON d.data_id = f.data_id
INNER JOIN dim.dim_cliente AS c ON c.cliente_id = f.cliente_id
INNER JOIN dim.dim_produto AS p ON p.produto_id = f.produto_id
INNER JOIN dim.dim_regiao AS r ON r.regiao_id = f.regiao_id
LEFT JOIN dim.dim_vendedor AS v ON v.vendedor_id = f.vendedor_id
LEFT JOIN dim.dim_equipe AS e ON e.equipe_id = v.equipe_id
WHERE f.eh_excluido = 0
