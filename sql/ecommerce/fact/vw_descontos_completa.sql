-- grain: one application of a discount that is not excluded
-- key: desconto_aplicado_original_id
-- answers: every discount with its campaign, customer and product, and what it did to the margin
SELECT
    f.desconto_aplicado_id,
    f.desconto_aplicado_original_id,
    f.venda_id,
    f.numero_pedido,
    f.data_aplicacao AS data_completa,
    d.ano,
    d.trimestre,
    d.mes,
    d.nome_mes,
    d.periodo_mes,
    f.desconto_id,
    t.codigo_desconto,
    t.nome_campanha,
    t.tipo_desconto,
    t.metodo_desconto,
    t.aplica_em,
    t.situacao AS situacao_desconto,
    f.nivel_aplicacao,
    f.cliente_id,
    c.nome_cliente,
    c.tipo_cliente,
    c.segmento,
    f.produto_id,
    p.nome_produto,
    p.categoria,
    p.marca,
    f.valor_desconto_aplicado,
    f.valor_sem_desconto,
    f.valor_com_desconto,
    f.margem_antes_desconto,
    f.margem_apos_desconto,
    f.impacto_margem,
    f.percentual_desconto_efetivo,
    f.desconto_aprovado,
    f.motivo_rejeicao,
    CAST(
        COALESCE(
            CAST(f.valor_com_desconto - f.valor_desconto_aplicado AS DECIMAL(19, 2))
            / NULLIF(CAST(f.valor_desconto_aplicado AS DECIMAL(19, 2)), 0),
            0
        ) AS DECIMAL(20, 4)
    ) AS roi_desconto,
    CASE
        WHEN f.margem_apos_desconto IS NULL THEN 'Não informado'
        WHEN f.margem_apos_desconto < 0 THEN 'Prejuízo'
        WHEN f.margem_apos_desconto < 0.3 * f.margem_antes_desconto THEN 'Margem crítica'
        WHEN f.margem_apos_desconto < 0.6 * f.margem_antes_desconto THEN 'Margem reduzida'
        ELSE 'Margem saudável'
    END AS status_margem
FROM fact.fact_descontos AS f
INNER JOIN dim.dim_desconto AS t ON t.desconto_id = f.desconto_id
INNER JOIN dim.dim_data AS d ON d.data_id = f.data_aplicacao_id
INNER JOIN dim.dim_cliente AS c ON c.cliente_id = f.cliente_id
LEFT JOIN dim.dim_produto AS p ON p.produto_id = f.produto_id
WHERE f.eh_excluido = 0
