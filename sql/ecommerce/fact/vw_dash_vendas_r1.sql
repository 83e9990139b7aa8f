-- grain: one order item that is not excluded
-- key: venda_original_id
-- answers: the certified rows of the sales dashboard: every sale with its context and gross margin
SELECT
    f.venda_id,
    f.venda_original_id,
    f.data_id,
    f.cliente_id,
    f.produto_id,
    f.regiao_id,
    f.vendedor_id,
    f.numero_pedido,
    f.data_venda AS data_completa,
    f.mes_referencia,
    d.ano,
    d.trimestre,
    d.mes,
    d.nome_mes,
    d.dia,
    d.dia_da_semana,
    d.nome_dia_semana,
    d.eh_fim_de_semana,
    d.periodo_mes,
    c.nome_cliente,
    c.tipo_cliente,
    c.segmento,
    p.nome_produto,
    p.categoria,
    p.subcategoria,
    p.marca,
    r.estado,
    r.cidade,
    r.regiao_pais,
    v.nome_vendedor,
    v.nome_equipe,
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
    f.valor_total_liquido - f.custo_total AS margem_bruta
FROM fact.fact_vendas AS f
INNER JOIN dim.dim_data AS d ON d.data_id = f.data_id
INNER JOIN dim.dim_cliente AS c ON c.cliente_id = f.cliente_id
INNER JOIN dim.dim_produto AS p ON p.produto_id = f.produto_id
INNER JOIN dim.dim_regiao AS r ON r.regiao_id = f.regiao_id
LEFT JOIN dim.dim_vendedor AS v ON v.vendedor_id = f.vendedor_id
WHERE f.eh_excluido = 0
