-- grain: one row per active seller
-- key: vendedor_id
-- answers: who sells now, in which team and for how long
WITH active AS (
    SELECT
        s.vendedor_id,
        DATEDIFF(
            MONTH,
            s.data_contratacao,
            CAST(SYSUTCDATETIME() AT TIME ZONE 'UTC' AT TIME ZONE 'E. South America Standard Time' AS DATE)
        ) AS months
    FROM dim.dim_vendedor AS s
    WHERE s.eh_ativo = 1 AND s.eh_excluido = 0
)

SELECT
    v.vendedor_id,
    v.vendedor_original_id,
    v.nome_vendedor,
    v.nome_exibicao,
    v.cargo,
    v.nivel_senioridade,
    v.tipo_vendedor,
    v.equipe_id,
    v.nome_equipe,
    e.tipo_equipe,
    e.regional,
    v.gerente_id,
    v.nome_gerente,
    v.estado_atuacao,
    v.cidade_atuacao,
    v.territorio_vendas,
    v.meta_mensal_base,
    v.percentual_comissao_padrao,
    v.data_contratacao,
    a.months AS meses_na_empresa,
    CASE
        WHEN a.months < 6 THEN 'Novato (<6m)'
        WHEN a.months < 12 THEN N'Júnior (6-12m)'
        WHEN a.months < 24 THEN N'Intermediário (1-2a)'
        ELSE 'Veterano (2a+)'
    END AS tempo_casa_categoria,
    v.eh_lider
FROM dim.dim_vendedor AS v
INNER JOIN active AS a ON a.vendedor_id = v.vendedor_id
LEFT JOIN dim.dim_equipe AS e ON e.equipe_id = v.equipe_id
