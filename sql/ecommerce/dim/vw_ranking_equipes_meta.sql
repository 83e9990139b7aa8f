-- grain: one row per active team
-- key: equipe_id
-- answers: which teams carry the largest goals, overall and within their macro-region
SELECT
    e.equipe_id,
    e.nome_equipe,
    e.tipo_equipe,
    COALESCE(e.regional, 'Sem regional') AS regional,
    e.meta_mensal_equipe,
    e.qtd_membros_atual,
    CAST(
        CAST(e.meta_mensal_equipe AS DECIMAL(19, 2)) / NULLIF(CAST(e.qtd_membros_atual AS BIGINT), 0) AS DECIMAL(18, 2)
    ) AS meta_per_capita,
    ROW_NUMBER() OVER (ORDER BY e.meta_mensal_equipe DESC, e.equipe_original_id) AS ranking_geral,
    ROW_NUMBER() OVER (
        PARTITION BY COALESCE(e.regional, 'Sem regional') ORDER BY e.meta_mensal_equipe DESC, e.equipe_original_id
    ) AS ranking_regional,
    CASE
        WHEN e.meta_mensal_equipe >= 500000 THEN 'Top (500k+)'
        WHEN e.meta_mensal_equipe >= 300000 THEN 'Alto (300k-500k)'
        WHEN e.meta_mensal_equipe >= 150000 THEN N'Médio (150k-300k)'
        ELSE 'Baixo (<150k)'
    END AS faixa_meta
FROM dim.dim_equipe AS e
WHERE e.eh_ativa = 1 AND e.eh_excluido = 0
