-- grain: one month with applied discounts
-- key: mes
-- answers: the figures of the discounts dashboard, month by month
SELECT
    k.mes,
    k.aplicacoes,
    k.desconto_concedido,
    k.receita_com_desconto,
    COALESCE(
        CAST(k.receita_com_desconto - k.desconto_concedido AS DECIMAL(19, 2))
            / NULLIF(CAST(k.desconto_concedido AS DECIMAL(19, 2)), 0), 0
    ) AS roi_ponderado,
    k.roi_medio,
    k.impacto_margem,
    COALESCE(CAST(k.impacto_margem AS DECIMAL(19, 2)) / NULLIF(CAST(k.receita_com_desconto AS DECIMAL(19, 2)), 0), 0)
        AS impacto_margem_receita,
    CAST(k.aprovados AS DECIMAL(19, 2)) / CAST(k.aplicacoes AS BIGINT) AS taxa_aprovacao,
    CAST(k.percentual_medio AS DECIMAL(19, 10)) / 100 AS desconto_medio_percentual,
    CAST(k.desconto_concedido - a.desconto_concedido AS DECIMAL(19, 2))
        / NULLIF(CAST(ABS(a.desconto_concedido) AS DECIMAL(19, 2)), 0)
        AS desconto_concedido_variacao
FROM (
    SELECT
        f.mes_referencia AS mes,
        COUNT(*) AS aplicacoes,
        SUM(f.valor_desconto_aplicado) AS desconto_concedido,
        SUM(f.valor_com_desconto) AS receita_com_desconto,
        AVG(CAST(f.roi_desconto AS DECIMAL(38, 10))) AS roi_medio,
        COALESCE(SUM(f.impacto_margem), 0) AS impacto_margem,
        SUM(CASE WHEN f.desconto_aprovado = 1 THEN 1 ELSE 0 END) AS aprovados,
        AVG(CAST(f.percentual_desconto_efetivo AS DECIMAL(38, 10))) AS percentual_medio
    FROM fact.vw_dash_descontos_r1 AS f
    GROUP BY f.mes_referencia
) AS k
LEFT JOIN (
    SELECT
        CAST(DATEADD(MONTH, 1, f.mes_referencia) AS DATE) AS mes_seguinte,
        SUM(f.valor_desconto_aplicado) AS desconto_concedido
    FROM fact.vw_dash_descontos_r1 AS f
    GROUP BY CAST(DATEADD(MONTH, 1, f.mes_referencia) AS DATE)
) AS a ON a.mes_seguinte = k.mes
