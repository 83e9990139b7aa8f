-- grain: one row per macro-region with active teams
-- key: regional
-- answers: how many teams of which type sell in a macro-region, with how many members and for which goals
WITH teams AS (
    SELECT
        COALESCE(e.regional, 'Sem regional') AS regional,
        e.qtd_membros_atual,
        e.meta_mensal_equipe,
        CASE
            WHEN LOWER(e.tipo_equipe) LIKE '%inside%' THEN 'inside'
            WHEN LOWER(e.tipo_equipe) LIKE '%field%' THEN 'field'
            ELSE 'other'
        END AS kind
    FROM dim.dim_equipe AS e
    WHERE e.eh_ativa = 1 AND e.eh_excluido = 0
)

SELECT
    t.regional,
    COUNT(*) AS total_equipes,
    SUM(t.qtd_membros_atual) AS total_membros,
    SUM(t.meta_mensal_equipe) AS meta_total,
    CAST(AVG(CAST(t.meta_mensal_equipe AS DECIMAL(38, 10))) AS DECIMAL(18, 2)) AS meta_media,
    MIN(t.meta_mensal_equipe) AS meta_minima,
    MAX(t.meta_mensal_equipe) AS meta_maxima,
    CAST(
        CAST(SUM(t.meta_mensal_equipe) AS DECIMAL(19, 2))
            / NULLIF(CAST(SUM(t.qtd_membros_atual) AS BIGINT), 0) AS DECIMAL(18, 2)
    ) AS meta_por_membro,
    SUM(CASE WHEN t.kind = 'inside' THEN 1 ELSE 0 END) AS equipes_inside_sales,
    SUM(CASE WHEN t.kind = 'field' THEN 1 ELSE 0 END) AS equipes_field_sales,
    SUM(CASE WHEN t.kind = 'other' THEN 1 ELSE 0 END) AS equipes_outro_tipo
FROM teams AS t
GROUP BY t.regional
