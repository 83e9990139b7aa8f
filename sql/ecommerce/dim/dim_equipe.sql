-- grain: one row per team of the source
-- key: equipe_original_id
-- answers: who leads a team, where its seat is, how many sell in it and for which goal
WITH sellers AS (
    SELECT
        s.seller_id,
        s.team_id,
        COALESCE(NULLIF(LTRIM(RTRIM(s.seller_name)), ''), CONCAT('Vendedor ', s.seller_id)) AS seller_name,
        s.deleted_at,
        s.updated_at,
        CASE WHEN s.monthly_goal_amount > 0 THEN s.monthly_goal_amount ELSE 0 END AS goal,
        CASE WHEN s.manager_seller_id IS NULL THEN 0 ELSE 1 END AS is_managed,
        REPLACE(
            TRANSLATE(
                LOWER(s.seller_status),
                N'ÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑáàâãäéèêëíìîïóòôõöúùûüçñ -./,;:()+*&!?#',
                N'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn_______________'
            ),
            '_',
            ''
        ) AS status_form
    FROM stg.sellers AS s
    WHERE s.team_id IS NOT NULL
),

members AS (
    SELECT
        s.team_id,
        COUNT(*) AS total,
        -- As situacao in dim_vendedor: what names no other state is Ativo.
        SUM(
            CASE
                WHEN s.deleted_at IS NOT NULL OR s.status_form LIKE '%inativ%' OR s.status_form LIKE '%afastad%'
                    OR s.status_form LIKE '%suspens%' OR s.status_form LIKE '%deslig%' THEN 0
                ELSE 1
            END
        ) AS active,
        SUM(s.goal) AS goal,
        MAX(s.updated_at) AS updated_at
    FROM sellers AS s
    GROUP BY s.team_id
),

ranked AS (
    SELECT
        s.team_id,
        s.seller_id,
        s.seller_name,
        ROW_NUMBER() OVER (PARTITION BY s.team_id ORDER BY s.is_managed, s.seller_id) AS place
    FROM sellers AS s
    WHERE s.deleted_at IS NULL
),

named AS (
    SELECT
        t.team_id,
        COALESCE(NULLIF(LTRIM(RTRIM(t.team_name)), ''), CONCAT('Equipe ', t.team_id)) AS team_name
    FROM stg.teams AS t
),

names AS (
    SELECT
        n.team_id,
        n.team_name,
        ROW_NUMBER() OVER (PARTITION BY LOWER(n.team_name) ORDER BY n.team_id) AS place
    FROM named AS n
),

teams AS (
    SELECT
        t.team_id,
        CASE WHEN n.place = 1 THEN n.team_name ELSE CONCAT(n.team_name, ' (', n.team_id, ')') END AS team_name,
        NULLIF(LTRIM(RTRIM(t.team_code)), '') AS team_code,
        NULLIF(LTRIM(RTRIM(t.team_type)), '') AS team_type,
        NULLIF(LTRIM(RTRIM(t.team_category)), '') AS team_category,
        t.region_id,
        t.created_at,
        t.updated_at,
        t.deleted_at,
        CASE
            WHEN t.deleted_at IS NOT NULL THEN 'Inativa'
            WHEN t.is_active = 0 THEN 'Suspensa'
            ELSE 'Ativa'
        END AS situacao,
        COALESCE(m.total, 0) AS total,
        COALESCE(m.active, 0) AS active,
        COALESCE(m.goal, 0) AS goal,
        m.updated_at AS members_updated_at
    FROM stg.teams AS t
    INNER JOIN names AS n ON n.team_id = t.team_id
    LEFT JOIN members AS m ON m.team_id = t.team_id
)

SELECT
    k.equipe_id,
    t.team_id AS equipe_original_id,
    t.team_name AS nome_equipe,
    CASE
        WHEN t.team_code IS NOT NULL THEN t.team_code
        WHEN t.team_id BETWEEN 0 AND 999 THEN CONCAT('TEAM-', RIGHT(CONCAT('00', t.team_id), 3))
        ELSE CONCAT('TEAM-', t.team_id)
    END AS codigo_equipe,
    t.team_type AS tipo_equipe,
    t.team_category AS categoria_equipe,
    r.regiao_pais AS regional,
    r.estado AS estado_sede,
    r.cidade AS cidade_sede,
    v.vendedor_id AS lider_equipe_id,
    l.seller_name AS nome_lider,
    t.goal AS meta_mensal_equipe,
    t.goal * 3 AS meta_trimestral_equipe,
    t.goal * 12 AS meta_anual_equipe,
    CASE
        WHEN t.goal < 75000 THEN 1
        ELSE CAST(ROUND(CAST(t.goal AS DECIMAL(19, 2)) / 50000, 0) AS INT)
    END AS qtd_meta_vendas_mes,
    t.active AS qtd_membros_atual,
    CASE WHEN t.total > 5 THEN t.total ELSE 5 END AS qtd_membros_ideal,
    CAST(t.created_at AT TIME ZONE 'UTC' AT TIME ZONE 'E. South America Standard Time' AS DATE) AS data_criacao,
    (
        SELECT MAX(u.moment)
        FROM (VALUES (t.updated_at), (t.members_updated_at), (r.data_ultima_atualizacao)) AS u (moment)
    ) AS data_ultima_atualizacao,
    CAST(t.deleted_at AT TIME ZONE 'UTC' AT TIME ZONE 'E. South America Standard Time' AS DATE) AS data_inativacao,
    t.situacao,
    CASE WHEN t.situacao = 'Ativa' THEN 1 ELSE 0 END AS eh_ativa,
    CONCAT(
        'Origem core.teams',
        CASE WHEN t.team_type IS NOT NULL THEN CONCAT('; tipo: ', t.team_type) ELSE '' END,
        CASE WHEN t.team_category IS NOT NULL THEN CONCAT('; categoria: ', t.team_category) ELSE '' END,
        '; membros ativos: ',
        t.active,
        '; membros: ',
        t.total
    ) AS observacoes
FROM teams AS t
INNER JOIN dim.chave_equipe AS k ON k.equipe_original_id = t.team_id
LEFT JOIN dim.dim_regiao AS r ON r.regiao_original_id = t.region_id
LEFT JOIN ranked AS l ON l.team_id = t.team_id AND l.place = 1
LEFT JOIN dim.chave_vendedor AS v ON v.vendedor_original_id = l.seller_id
