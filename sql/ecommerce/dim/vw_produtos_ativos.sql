-- grain: one row per product on sale
-- key: produto_id
-- answers: what each product costs and yields, how large it is and where it stands in the hierarchy
SELECT
    p.produto_id,
    p.produto_original_id,
    p.codigo_sku,
    p.nome_produto,
    p.categoria,
    p.subcategoria,
    p.marca,
    CONCAT(p.categoria, ' > ', p.subcategoria, ' > ', p.marca) AS hierarquia_completa,
    p.nome_fornecedor,
    p.preco_custo,
    p.preco_sugerido,
    CAST(
        CAST(p.preco_sugerido - p.preco_custo AS DECIMAL(19, 2)) * 100
            / NULLIF(CAST(p.preco_sugerido AS DECIMAL(19, 2)), 0) AS DECIMAL(18, 2)
    ) AS margem_sugerida,
    CAST(
        CAST(p.preco_sugerido - p.preco_custo AS DECIMAL(19, 2)) * 100
            / NULLIF(CAST(p.preco_custo AS DECIMAL(19, 2)), 0) AS DECIMAL(18, 2)
    ) AS markup_percentual,
    CASE
        WHEN p.preco_sugerido > 5000 THEN 'Premium (>5k)'
        WHEN p.preco_sugerido > 1000 THEN 'Alto (1k-5k)'
        WHEN p.preco_sugerido > 100 THEN N'Médio (100-1k)'
        ELSE 'Baixo (<100)'
    END AS faixa_preco,
    p.peso_kg,
    CASE
        WHEN p.altura_cm IS NOT NULL AND p.largura_cm IS NOT NULL AND p.profundidade_cm IS NOT NULL
            THEN CONCAT(p.altura_cm, ' x ', p.largura_cm, ' x ', p.profundidade_cm, ' cm')
    END AS dimensoes,
    p.estoque_minimo,
    p.estoque_maximo
FROM dim.dim_produto AS p
WHERE p.situacao = 'Ativo' AND p.eh_excluido = 0
