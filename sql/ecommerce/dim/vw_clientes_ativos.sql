-- grain: one row per active customer
-- key: cliente_id
-- answers: who can be sold to, and how long ago each bought; without contact and document data
SELECT
    c.cliente_id,
    c.cliente_original_id,
    c.nome_cliente,
    c.tipo_cliente,
    c.segmento,
    c.categoria_valor,
    c.cidade,
    c.estado,
    c.pais,
    c.data_primeiro_cadastro,
    c.data_ultima_compra,
    DATEDIFF(
        DAY,
        c.data_ultima_compra,
        CAST(SYSUTCDATETIME() AT TIME ZONE 'UTC' AT TIME ZONE 'E. South America Standard Time' AS DATE)
    ) AS dias_desde_ultima_compra,
    c.aceita_email_marketing,
    c.eh_cliente_vip
FROM dim.dim_cliente AS c
WHERE c.eh_ativo = 1 AND c.eh_excluido = 0
