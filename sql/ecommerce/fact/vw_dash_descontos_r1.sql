-- grain: one application of a discount that is not excluded
-- key: desconto_aplicado_original_id
-- answers: the certified rows of the discounts dashboard: what each discount cost, brought and left of the margin
SELECT
    f.desconto_aplicado_id,
    f.desconto_aplicado_original_id,
    f.desconto_id,
    f.venda_id,
    f.data_aplicacao_id,
    f.cliente_id,
    f.produto_id,
    COALESCE(s.regiao_id, -1) AS regiao_id,
    s.vendedor_id,
    f.numero_pedido,
    f.data_aplicacao AS data_completa,
    DATEFROMPARTS(YEAR(f.data_aplicacao), MONTH(f.data_aplicacao), 1) AS mes_referencia,
    d.ano,
    d.trimestre,
    d.mes,
    d.nome_mes,
    d.periodo_mes,
    t.codigo_desconto,
    t.nome_campanha,
    t.tipo_desconto,
    t.metodo_desconto,
    t.aplica_em,
    f.nivel_aplicacao,
    c.nome_cliente,
    c.tipo_cliente,
    c.segmento,
    p.nome_produto,
    p.categoria,
    r.estado,
    r.cidade,
    r.regiao_pais,
    v.nome_vendedor,
    v.nome_equipe,
    f.valor_desconto_aplicado,
    f.valor_sem_desconto,
    f.valor_com_desconto,
    f.margem_antes_desconto,
    f.margem_apos_desconto,
    f.impacto_margem,
    f.percentual_desconto_efetivo,
    f.desconto_aprovado,
    f.motivo_rejeicao,
    COALESCE(
        CAST(f.valor_com_desconto - f.valor_desconto_aplicado AS DECIMAL(19, 2))
        / NULLIF(CAST(f.valor_desconto_aplicado AS DECIMAL(19, 2)), 0),
        0
    ) AS roi_desconto,
    COALESCE(
        CAST(f.impacto_margem AS DECIMAL(19, 2)) / NULLIF(CAST(f.valor_com_desconto AS DECIMAL(19, 2)), 0),
        0
    ) AS impacto_margem_pct_receita,
    CASE
        WHEN f.margem_apos_desconto IS NULL THEN 'Nao informado'
        WHEN f.margem_apos_desconto < 0 THEN 'Prejuizo'
        WHEN f.margem_apos_desconto < 0.3 * f.margem_antes_desconto THEN 'Margem critica'
        WHEN f.margem_apos_desconto < 0.6 * f.margem_antes_desconto THEN 'Margem reduzida'
        ELSE 'Margem saudavel'
    END AS status_margem
FROM fact.fact_descontos AS f
INNER JOIN dim.dim_desconto AS t ON t.desconto_id = f.desconto_id
INNER JOIN dim.dim_data AS d ON d.data_id = f.data_aplicacao_id
INNER JOIN dim.dim_cliente AS c ON c.cliente_id = f.cliente_id
LEFT JOIN fact.fact_vendas AS s ON s.venda_id = f.venda_id
LEFT JOIN dim.dim_produto AS p ON p.produto_id = f.produto_id
LEFT JOIN dim.dim_regiao AS r ON r.regiao_id = COALESCE(s.regiao_id, -1)
LEFT JOIN dim.dim_vendedor AS v ON v.vendedor_id = s.vendedor_id
WHERE f.eh_excluido = 0
