-- grain: one row per discount campaign of the source
-- key: desconto_original_id
-- answers: what a campaign gives, to what it applies, when it is valid, and how far it is used up
-- Domains are found in their key form: lower case, without accents, blanks and punctuation.
WITH forms AS (
    SELECT
        c.discount_id,
        REPLACE(
            TRANSLATE(
                LOWER(c.discount_type),
                N'ÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑáàâãäéèêëíìîïóòôõöúùûüçñ -./,;:()+*&!?#',
                N'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn_______________'
            ),
            '_',
            ''
        ) AS type_form,
        REPLACE(
            TRANSLATE(
                LOWER(c.discount_method),
                N'ÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑáàâãäéèêëíìîïóòôõöúùûüçñ -./,;:()+*&!?#',
                N'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn_______________'
            ),
            '_',
            ''
        ) AS method_form,
        REPLACE(
            TRANSLATE(
                LOWER(c.apply_scope),
                N'ÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑáàâãäéèêëíìîïóòôõöúùûüçñ -./,;:()+*&!?#',
                N'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn_______________'
            ),
            '_',
            ''
        ) AS scope_form
    FROM stg.discount_campaigns AS c
),

domains AS (
    SELECT
        f.discount_id,
        CASE
            WHEN f.type_form = 'fidelidade' THEN 'Fidelidade'
            WHEN f.type_form = 'cashback' THEN 'Cashback'
            WHEN f.type_form LIKE '%promocao%' THEN N'Promoção Automática'
            WHEN f.type_form LIKE '%progress%' THEN 'Desconto Progressivo'
            WHEN f.type_form LIKE '%primeira%' THEN 'Primeira Compra'
            ELSE 'Cupom'
        END AS tipo_desconto,
        CASE
            WHEN f.method_form = 'brinde' THEN 'Brinde'
            WHEN f.method_form = 'combo' THEN 'Combo'
            WHEN f.method_form LIKE '%frete%' THEN N'Frete Grátis'
            WHEN f.method_form LIKE '%fixo%' THEN 'Valor Fixo'
            ELSE 'Percentual'
        END AS metodo_desconto,
        CASE
            WHEN f.scope_form = 'categoria' THEN 'Categoria'
            WHEN f.scope_form = 'frete' THEN 'Frete'
            WHEN f.scope_form LIKE '%produto%' THEN N'Produto Específico'
            WHEN f.scope_form LIKE '%item%' THEN 'Item Individual'
            ELSE 'Pedido Total'
        END AS aplica_em
    FROM forms AS f
),

states AS (
    SELECT
        c.discount_id,
        CASE
            WHEN c.deleted_at IS NOT NULL THEN 'Cancelado'
            WHEN c.max_uses_total > 0 AND c.current_usage_count >= c.max_uses_total THEN 'Esgotado'
            WHEN c.end_at < SYSUTCDATETIME() THEN 'Expirado'
            WHEN c.is_active = 1 THEN 'Ativo'
            ELSE 'Pausado'
        END AS situacao
    FROM stg.discount_campaigns AS c
)

SELECT
    c.discount_id AS desconto_original_id,
    COALESCE(NULLIF(LTRIM(RTRIM(c.discount_code)), ''), CONCAT('DISC-', c.discount_id)) AS codigo_desconto,
    NULLIF(LTRIM(RTRIM(c.campaign_name)), '') AS nome_campanha,
    NULLIF(LTRIM(RTRIM(c.description)), '') AS descricao,
    d.tipo_desconto,
    d.metodo_desconto,
    CASE WHEN c.discount_value > 0 THEN c.discount_value END AS valor_desconto,
    c.min_order_value AS min_valor_compra_regra,
    c.max_discount_value AS max_valor_desconto_regra,
    CASE WHEN c.max_uses_per_customer < 0 THEN 0 ELSE c.max_uses_per_customer END AS max_usos_por_cliente,
    CASE WHEN c.max_uses_total < 0 THEN 0 ELSE c.max_uses_total END AS max_usos_total,
    d.aplica_em,
    NULLIF(LTRIM(RTRIM(c.product_restriction)), '') AS restricao_produtos,
    CASE
        WHEN d.tipo_desconto = 'Primeira Compra' THEN 'Novos Clientes'
        WHEN d.tipo_desconto = 'Fidelidade' THEN 'Clientes Fidelidade'
    END AS restricao_clientes,
    c.start_at AS data_inicio_validade,
    c.end_at AS data_fim_validade,
    CASE WHEN c.current_usage_count > 0 THEN c.current_usage_count ELSE 0 END AS total_usos_realizados,
    c.total_revenue_generated AS total_receita_gerada,
    c.total_discount_given AS total_desconto_concedido,
    s.situacao,
    CASE WHEN s.situacao = 'Ativo' THEN 1 ELSE 0 END AS eh_ativo,
    c.approval_required AS requer_aprovacao,
    c.is_stackable AS eh_cumulativo,
    c.created_at AS data_criacao,
    c.updated_at AS data_ultima_atualizacao,
    'Origem core.discount_campaigns' AS observacoes
FROM stg.discount_campaigns AS c
INNER JOIN domains AS d ON d.discount_id = c.discount_id
INNER JOIN states AS s ON s.discount_id = c.discount_id
