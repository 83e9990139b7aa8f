-- grain: one row per campaign valid now
-- key: desconto_id
-- answers: which discounts can be used, for how long, and what each use yields
SELECT
    d.desconto_id,
    d.desconto_original_id,
    d.codigo_desconto,
    d.nome_campanha,
    d.tipo_desconto,
    d.metodo_desconto,
    d.valor_desconto,
    d.aplica_em,
    d.min_valor_compra_regra,
    d.max_valor_desconto_regra,
    d.data_inicio_validade,
    d.data_fim_validade,
    DATEDIFF(DAY, SYSUTCDATETIME(), d.data_fim_validade) AS dias_ate_expirar,
    CASE WHEN d.data_fim_validade IS NULL THEN N'Sem Expiração' ELSE N'Válido' END AS status_validade,
    d.total_usos_realizados,
    d.max_usos_total,
    d.total_receita_gerada,
    d.total_desconto_concedido,
    CAST(
        COALESCE(CAST(d.total_receita_gerada AS DECIMAL(19, 2)) / NULLIF(CAST(d.total_usos_realizados AS BIGINT), 0), 0)
        AS DECIMAL(18, 2)
    ) AS ticket_medio_com_desconto,
    CAST(
        COALESCE(CAST(d.total_desconto_concedido AS DECIMAL(19, 2))
            / NULLIF(CAST(d.total_usos_realizados AS BIGINT), 0), 0)
        AS DECIMAL(18, 2)
    ) AS desconto_medio_por_uso
FROM dim.dim_desconto AS d
WHERE d.eh_ativo = 1
    AND d.eh_excluido = 0
    AND d.data_inicio_validade <= SYSUTCDATETIME()
    AND (d.data_fim_validade IS NULL OR d.data_fim_validade >= SYSUTCDATETIME())
