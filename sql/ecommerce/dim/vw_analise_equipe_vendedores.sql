-- grain: one row per active team
-- key: equipe_id
-- answers: how a team is made up by seniority, and whether its goal is the sum of its active sellers' goals
WITH members AS (
    SELECT
        v.equipe_id,
        COUNT(*) AS total,
        SUM(CASE WHEN v.eh_lider = 1 THEN 1 ELSE 0 END) AS leaders,
        SUM(v.meta_mensal_base) AS goals,
        AVG(CAST(v.meta_mensal_base AS DECIMAL(38, 10))) AS average_goal,
        SUM(CASE WHEN v.nivel_senioridade = 'Junior' THEN 1 ELSE 0 END) AS juniors,
        SUM(CASE WHEN v.nivel_senioridade = 'Pleno' THEN 1 ELSE 0 END) AS plenos,
        SUM(CASE WHEN v.nivel_senioridade = 'Senior' THEN 1 ELSE 0 END) AS seniors,
        SUM(CASE WHEN v.nivel_senioridade = 'Especialista' THEN 1 ELSE 0 END) AS specialists
    FROM dim.dim_vendedor AS v
    WHERE v.eh_ativo = 1 AND v.eh_excluido = 0
    GROUP BY v.equipe_id
)

SELECT
    e.equipe_id,
    e.nome_equipe,
    e.tipo_equipe,
    e.regional,
    COALESCE(m.total, 0) AS total_vendedores,
    COALESCE(m.leaders, 0) AS total_lideres,
    COALESCE(m.goals, 0) AS soma_metas_individuais,
    CAST(COALESCE(m.average_goal, 0) AS DECIMAL(18, 2)) AS media_metas_individuais,
    e.meta_mensal_equipe,
    e.meta_mensal_equipe - COALESCE(m.goals, 0) AS diferenca_meta,
    COALESCE(m.juniors, 0) AS qtd_junior,
    COALESCE(m.plenos, 0) AS qtd_pleno,
    COALESCE(m.seniors, 0) AS qtd_senior,
    COALESCE(m.specialists, 0) AS qtd_especialista
FROM dim.dim_equipe AS e
LEFT JOIN members AS m ON m.equipe_id = e.equipe_id
WHERE e.eh_ativa = 1 AND e.eh_excluido = 0
