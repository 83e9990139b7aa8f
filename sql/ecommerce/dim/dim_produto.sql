-- grain: one row per product of the source
-- key: produto_original_id
-- answers: what is sold: category, brand, supplier, prices, stock limits and state
-- States are found in their key form: lower case, without accents, blanks and punctuation.
WITH forms AS (
    SELECT
        q.product_id,
        REPLACE(
            TRANSLATE(
                LOWER(q.product_status),
                N'ÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑáàâãäéèêëíìîïóòôõöúùûüçñ -./,;:()+*&!?#',
                N'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn_______________'
            ),
            '_',
            ''
        ) AS status_form,
        CASE WHEN q.min_stock > 0 THEN q.min_stock ELSE 0 END AS least_stock,
        CASE WHEN q.max_stock IS NULL THEN 1000 WHEN q.max_stock > 0 THEN q.max_stock ELSE 0 END AS most_stock
    FROM stg.products AS q
)

SELECT
    p.product_id AS produto_original_id,
    COALESCE(
        NULLIF(LTRIM(RTRIM(p.sku)), ''), NULLIF(LTRIM(RTRIM(p.product_code)), ''), CONCAT('SKU_', p.product_id)
    ) AS codigo_sku,
    COALESCE(NULLIF(LTRIM(RTRIM(p.product_name)), ''), 'Produto sem nome') AS nome_produto,
    NULLIF(LTRIM(RTRIM(p.short_description)), '') AS descricao_curta,
    NULLIF(LTRIM(RTRIM(p.full_description)), '') AS descricao_completa,
    COALESCE(NULLIF(LTRIM(RTRIM(p.category_name)), ''), 'Sem Categoria') AS categoria,
    COALESCE(NULLIF(LTRIM(RTRIM(p.subcategory_name)), ''), 'Sem Subcategoria') AS subcategoria,
    COALESCE(NULLIF(LTRIM(RTRIM(p.brand)), ''), 'Sem Marca') AS marca,
    COALESCE(p.supplier_id, -1) AS fornecedor_id,
    COALESCE(NULLIF(LTRIM(RTRIM(s.supplier_name)), ''), 'Fornecedor N/A') AS nome_fornecedor,
    NULLIF(LTRIM(RTRIM(p.barcode)), '') AS codigo_barras,
    NULLIF(LTRIM(RTRIM(p.product_line)), '') AS linha_produto,
    NULLIF(LTRIM(RTRIM(p.manufacturer)), '') AS fabricante,
    NULLIF(LTRIM(RTRIM(p.country_origin)), '') AS pais_origem,
    CASE WHEN p.weight_kg >= 0 THEN p.weight_kg END AS peso_kg,
    CASE WHEN p.height_cm >= 0 THEN p.height_cm END AS altura_cm,
    CASE WHEN p.width_cm >= 0 THEN p.width_cm END AS largura_cm,
    CASE WHEN p.depth_cm >= 0 THEN p.depth_cm END AS profundidade_cm,
    NULLIF(LTRIM(RTRIM(p.color)), '') AS cor_principal,
    NULLIF(LTRIM(RTRIM(p.material)), '') AS material,
    CASE WHEN p.cost_price > 0 THEN p.cost_price ELSE 0 END AS preco_custo,
    CASE WHEN p.list_price > 0 THEN p.list_price ELSE 0 END AS preco_sugerido,
    CASE WHEN p.suggested_margin_percent >= 0 THEN p.suggested_margin_percent END AS margem_sugerida_percent,
    p.is_perishable AS eh_perecivel,
    p.is_fragile AS eh_fragil,
    p.requires_refrigeration AS requer_refrigeracao,
    f.least_stock AS estoque_minimo,
    CASE WHEN f.most_stock < f.least_stock THEN f.least_stock ELSE f.most_stock END AS estoque_maximo,
    CASE WHEN p.minimum_age >= 0 THEN p.minimum_age END AS idade_minima_venda,
    CASE WHEN p.reorder_days >= 0 THEN p.reorder_days END AS prazo_reposicao_dias,
    CASE
        WHEN p.deleted_at IS NOT NULL OR f.status_form LIKE '%descontinu%' THEN 'Descontinuado'
        WHEN f.status_form LIKE '%inativ%' THEN 'Inativo'
        ELSE 'Ativo'
    END AS situacao,
    p.launch_date AS data_lancamento,
    p.discontinued_date AS data_descontinuacao,
    p.created_at AS data_cadastro,
    CASE WHEN s.updated_at > p.updated_at THEN s.updated_at ELSE p.updated_at END AS data_ultima_atualizacao,
    NULLIF(LTRIM(RTRIM(p.keywords)), '') AS palavras_chave,
    CASE WHEN p.rating_avg < 0 THEN 0 WHEN p.rating_avg > 5 THEN 5 ELSE p.rating_avg END AS avaliacao_media,
    CASE WHEN p.rating_count > 0 THEN p.rating_count ELSE 0 END AS total_avaliacoes
FROM stg.products AS p
INNER JOIN forms AS f ON f.product_id = p.product_id
LEFT JOIN stg.suppliers AS s ON s.supplier_id = p.supplier_id
