-- grain: one row per product on sale
-- key: produto_id
-- answers: what is offered, in which price band, how available and how well rated
SELECT
    p.produto_id,
    p.produto_original_id,
    p.codigo_sku,
    p.nome_produto,
    p.descricao_curta,
    p.categoria,
    p.subcategoria,
    p.marca,
    p.linha_produto,
    p.nome_fornecedor,
    p.preco_sugerido,
    CASE
        WHEN p.preco_sugerido < 100 THEN 'Ate R$ 100'
        WHEN p.preco_sugerido < 500 THEN 'R$ 100 a R$ 500'
        WHEN p.preco_sugerido < 1000 THEN 'R$ 500 a R$ 1.000'
        WHEN p.preco_sugerido < 3000 THEN 'R$ 1.000 a R$ 3.000'
        ELSE 'Acima de R$ 3.000'
    END AS faixa_preco,
    p.estoque_minimo,
    CASE WHEN p.estoque_minimo > 0 THEN 'Disponivel' ELSE 'Sob Encomenda' END AS disponibilidade,
    p.avaliacao_media,
    p.total_avaliacoes,
    CASE
        WHEN p.avaliacao_media >= 4.5 AND p.total_avaliacoes >= 100 THEN 'Premium'
        WHEN p.avaliacao_media >= 4.0 AND p.total_avaliacoes >= 50 THEN 'Recomendado'
        ELSE 'Padrao'
    END AS selo_qualidade
FROM dim.dim_produto AS p
WHERE p.situacao = 'Ativo' AND p.eh_excluido = 0
