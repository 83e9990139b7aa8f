-- grain: one order item
-- key: venda_original_id
-- answers: what was sold, to whom, where, by whom, at which price, discount, cost and commission
WITH lugares AS (
    SELECT
        r.region_id,
        TRANSLATE(
            LOWER(CONCAT(LTRIM(RTRIM(r.country)), '|', LTRIM(RTRIM(r.state)), '|', LTRIM(RTRIM(r.city)))),
            'áàâãäéèêëíìîïóòôõöúùûüçñ',
            'aaaaaeeeeiiiiooooouuuucn'
        ) AS lugar
    FROM stg.regions AS r
    WHERE r.deleted_at IS NULL
),

-- Two regions in one place tell nothing about which of them is meant.
lugares_unicos AS (
    SELECT
        p.lugar,
        MIN(p.region_id) AS region_id
    FROM lugares AS p
    GROUP BY p.lugar
    HAVING COUNT(*) = 1
),

itens AS (
    SELECT
        i.order_item_id,
        CAST(
            COALESCE(o.order_date, i.created_at) AT TIME ZONE 'UTC' AT TIME ZONE 'E. South America Standard Time'
            AS DATE
        ) AS data_venda,
        o.customer_id,
        i.product_id,
        o.seller_id,
        COALESCE(o.region_id, u.region_id) AS region_id,
        CASE WHEN i.quantity >= 1 THEN i.quantity ELSE 1 END AS quantidade,
        i.unit_price,
        COALESCE(i.gross_amount, i.quantity * i.unit_price) AS bruto,
        COALESCE(i.discount_amount, 0) AS desconto,
        i.cost_amount,
        i.return_quantity,
        i.returned_amount,
        i.commission_percent,
        i.commission_amount,
        i.had_discount,
        LTRIM(RTRIM(o.order_number)) AS order_number,
        LTRIM(RTRIM(o.order_status)) AS order_status,
        LTRIM(RTRIM(o.payment_status)) AS payment_status,
        LTRIM(RTRIM(o.sales_channel)) AS sales_channel,
        UPPER(LTRIM(RTRIM(o.currency_code))) AS currency_code,
        CASE
            WHEN i.deleted_at IS NULL THEN o.deleted_at
            WHEN o.deleted_at < i.deleted_at THEN o.deleted_at
            ELSE i.deleted_at
        END AS excluido_em
    FROM stg.order_items AS i
    INNER JOIN stg.orders AS o ON o.order_id = i.order_id
    LEFT JOIN stg.customers AS c ON c.customer_id = o.customer_id AND o.region_id IS NULL
    LEFT JOIN lugares_unicos AS u
        ON u.lugar = TRANSLATE(
            LOWER(CONCAT(LTRIM(RTRIM(c.country)), '|', LTRIM(RTRIM(c.state)), '|', LTRIM(RTRIM(c.city)))),
            'áàâãäéèêëíìîïóòôõöúùûüçñ',
            'aaaaaeeeeiiiiooooouuuucn'
        )
)

SELECT
    n.order_item_id AS venda_original_id,
    n.data_venda,
    DATEFROMPARTS(YEAR(n.data_venda), MONTH(n.data_venda), 1) AS mes_referencia,
    COALESCE(d.data_id, -1) AS data_id,
    COALESCE(c.cliente_id, -1) AS cliente_id,
    COALESCE(p.produto_id, -1) AS produto_id,
    COALESCE(r.regiao_id, -1) AS regiao_id,
    CASE WHEN n.seller_id IS NULL THEN NULL ELSE COALESCE(v.vendedor_id, -1) END AS vendedor_id,
    n.quantidade AS quantidade_vendida,
    n.unit_price AS preco_unitario_tabela,
    n.bruto AS valor_total_bruto,
    CASE WHEN n.desconto > n.bruto THEN n.bruto ELSE n.desconto END AS valor_total_descontos,
    CASE WHEN n.desconto > n.bruto THEN 0 ELSE n.bruto - n.desconto END AS valor_total_liquido,
    COALESCE(n.cost_amount, 0) AS custo_total,
    CASE
        WHEN n.return_quantity > n.quantidade THEN n.quantidade
        ELSE COALESCE(n.return_quantity, 0)
    END AS quantidade_devolvida,
    COALESCE(n.returned_amount, 0) AS valor_devolvido,
    CASE WHEN n.commission_percent BETWEEN 0 AND 100 THEN n.commission_percent END AS percentual_comissao,
    n.commission_amount AS valor_comissao,
    n.order_number AS numero_pedido,
    n.order_status AS status_pedido,
    n.payment_status AS status_pagamento,
    n.sales_channel AS canal_venda,
    n.currency_code AS codigo_moeda,
    CASE WHEN n.had_discount = 1 OR n.desconto > 0 THEN 1 ELSE 0 END AS teve_desconto,
    CASE
        WHEN n.excluido_em IS NULL AND LOWER(n.order_status) IN ('pago', 'faturado', 'enviado', 'entregue') THEN 1
        ELSE 0
    END AS eh_receita_valida,
    CASE WHEN n.excluido_em IS NULL THEN 0 ELSE 1 END AS eh_excluido,
    n.excluido_em
FROM itens AS n
LEFT JOIN dim.dim_data AS d ON d.data_completa = n.data_venda
LEFT JOIN dim.dim_cliente AS c ON c.cliente_original_id = n.customer_id
LEFT JOIN dim.dim_produto AS p ON p.produto_original_id = n.product_id
LEFT JOIN dim.dim_regiao AS r ON r.regiao_original_id = n.region_id
LEFT JOIN dim.dim_vendedor AS v ON v.vendedor_original_id = n.seller_id
