-- grain: one application of a discount
-- key: desconto_aplicado_original_id
-- answers: which discounts were given on which sales, and what margin they cost
WITH aplicados AS (
    SELECT
        d.order_item_discount_id,
        d.discount_id,
        d.order_item_id,
        o.customer_id,
        i.product_id,
        CAST(
            COALESCE(d.applied_at, d.created_at) AT TIME ZONE 'UTC' AT TIME ZONE 'E. South America Standard Time'
            AS DATE
        ) AS data_aplicacao,
        LOWER(LTRIM(RTRIM(d.application_level))) AS nivel,
        d.base_amount AS base,
        CASE WHEN d.discount_amount > d.base_amount THEN d.base_amount ELSE d.discount_amount END AS desconto,
        d.approved,
        NULLIF(LTRIM(RTRIM(d.rejection_reason)), '') AS motivo,
        LTRIM(RTRIM(o.order_number)) AS order_number,
        UPPER(LTRIM(RTRIM(o.currency_code))) AS currency_code,
        CASE
            WHEN i.deleted_at IS NULL THEN o.deleted_at
            WHEN o.deleted_at < i.deleted_at THEN o.deleted_at
            ELSE i.deleted_at
        END AS venda_excluida_em,
        d.deleted_at
    FROM stg.order_item_discounts AS d
    INNER JOIN stg.order_items AS i ON i.order_item_id = d.order_item_id
    INNER JOIN stg.orders AS o ON o.order_id = d.order_id
),

valores AS (
    SELECT
        a.order_item_discount_id,
        a.discount_id,
        a.order_item_id,
        a.customer_id,
        a.product_id,
        a.data_aplicacao,
        a.nivel,
        a.base,
        a.desconto,
        a.base - a.desconto AS final,
        a.approved,
        a.motivo,
        a.order_number,
        a.currency_code,
        CASE
            WHEN a.deleted_at IS NULL THEN a.venda_excluida_em
            WHEN a.venda_excluida_em < a.deleted_at THEN a.venda_excluida_em
            ELSE a.deleted_at
        END AS excluido_em
    FROM aplicados AS a
)

SELECT
    a.order_item_discount_id AS desconto_aplicado_original_id,
    COALESCE(d.desconto_id, -1) AS desconto_id,
    COALESCE(v.venda_id, -1) AS venda_id,
    a.data_aplicacao,
    COALESCE(t.data_id, -1) AS data_aplicacao_id,
    COALESCE(c.cliente_id, -1) AS cliente_id,
    COALESCE(p.produto_id, -1) AS produto_id,
    CASE a.nivel WHEN 'item' THEN 'Item' WHEN 'frete' THEN 'Frete' WHEN 'categoria' THEN 'Categoria' ELSE 'Pedido' END
        AS nivel_aplicacao,
    a.desconto AS valor_desconto_aplicado,
    a.base AS valor_sem_desconto,
    a.final AS valor_com_desconto,
    a.base - v.custo_total AS margem_antes_desconto,
    a.final - v.custo_total AS margem_apos_desconto,
    -- The cost cancels out.
    CASE WHEN a.desconto > 0 THEN a.desconto ELSE 0 END AS impacto_margem,
    CASE
        WHEN a.base > 0 THEN ROUND(CAST(a.desconto AS DECIMAL(19, 2)) * 100
            / NULLIF(CAST(a.base AS DECIMAL(19, 2)), 0), 2)
        ELSE 0
    END AS percentual_desconto_efetivo,
    CASE WHEN a.approved = 1 THEN 1 ELSE 0 END AS desconto_aprovado,
    a.motivo AS motivo_rejeicao,
    a.order_number AS numero_pedido,
    a.currency_code AS codigo_moeda,
    CASE WHEN a.excluido_em IS NULL THEN 0 ELSE 1 END AS eh_excluido,
    a.excluido_em
FROM valores AS a
LEFT JOIN fact.fact_vendas AS v ON v.venda_original_id = a.order_item_id
LEFT JOIN dim.dim_desconto AS d ON d.desconto_original_id = a.discount_id
LEFT JOIN dim.dim_data AS t ON t.data_completa = a.data_aplicacao
LEFT JOIN dim.dim_cliente AS c ON c.cliente_original_id = a.customer_id
LEFT JOIN dim.dim_produto AS p ON p.produto_original_id = a.product_id
