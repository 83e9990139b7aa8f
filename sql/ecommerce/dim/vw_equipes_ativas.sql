-- grain: one row per active team
-- key: equipe_id
-- answers: how large a team is against its ideal, and how much goal falls to each member
SELECT
    e.equipe_id,
    e.equipe_original_id,
    e.nome_equipe,
    e.codigo_equipe,
    e.tipo_equipe,
    e.categoria_equipe,
    e.regional,
    e.estado_sede,
    e.cidade_sede,
    e.lider_equipe_id,
    e.nome_lider,
    e.meta_mensal_equipe,
    e.qtd_membros_atual,
    e.qtd_membros_ideal,
    e.qtd_membros_ideal - e.qtd_membros_atual AS vagas_em_aberto,
    CAST(
        CAST(e.meta_mensal_equipe AS DECIMAL(19, 2)) / NULLIF(CAST(e.qtd_membros_atual AS BIGINT), 0) AS DECIMAL(18, 2)
    ) AS meta_mensal_per_capita,
    CASE
        WHEN e.qtd_membros_atual >= 10 THEN 'Grande (10+)'
        WHEN e.qtd_membros_atual >= 5 THEN N'Média (5-9)'
        WHEN e.qtd_membros_atual >= 1 THEN 'Pequena (1-4)'
        ELSE 'Vazia (0)'
    END AS porte_equipe,
    e.data_criacao,
    DATEDIFF(
        MONTH,
        e.data_criacao,
        CAST(SYSUTCDATETIME() AT TIME ZONE 'UTC' AT TIME ZONE 'E. South America Standard Time' AS DATE)
    ) AS meses_ativa
FROM dim.dim_equipe AS e
WHERE e.eh_ativa = 1 AND e.eh_excluido = 0
