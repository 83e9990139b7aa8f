-- grain: one row per entity of the old runner
-- key: entity_name
-- answers: which table an entity is, and which mirror its rows come from
SELECT
    CAST(e.entity_name AS NVARCHAR(100)) AS entity_name,
    e.position,
    CONCAT('core.', e.mirror) AS source_table,
    CONCAT(e.layer, '.', e.entity_name) AS target_table,
    CAST(e.source_pk_column AS NVARCHAR(128)) AS source_pk_column,
    CONCAT('ecommerce.stg.', e.mirror) AS mirror_entity,
    CONCAT('ecommerce.', e.layer, '.', e.entity_name) AS target_entity
FROM (
    VALUES
    (1, 'dim_cliente', 'dim', 'customers', 'customer_id'),
    (2, 'dim_produto', 'dim', 'products', 'product_id'),
    (3, 'dim_regiao', 'dim', 'regions', 'region_id'),
    (4, 'dim_equipe', 'dim', 'teams', 'team_id'),
    (5, 'dim_vendedor', 'dim', 'sellers', 'seller_id'),
    (6, 'dim_desconto', 'dim', 'discount_campaigns', 'discount_id'),
    (7, 'fact_vendas', 'fact', 'order_items', 'order_item_id'),
    (8, 'fact_metas', 'fact', 'seller_targets_monthly', 'seller_target_id'),
    (9, 'fact_descontos', 'fact', 'order_item_discounts', 'order_item_discount_id')
) AS e (position, entity_name, layer, mirror, source_pk_column)
