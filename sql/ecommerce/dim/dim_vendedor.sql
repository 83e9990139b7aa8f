-- grain: one row per seller of the source
-- key: vendedor_original_id
-- answers: who sells, in which team, under whom, with which goal, and whether still there
-- States are found in their key form: lower case, without accents, blanks and punctuation.
WITH reports AS (
    SELECT
        c.manager_seller_id AS seller_id,
        SUM(CASE WHEN c.deleted_at IS NULL THEN 1 ELSE 0 END) AS present,
        MAX(c.updated_at) AS updated_at
    FROM stg.sellers AS c
    WHERE c.manager_seller_id IS NOT NULL
    GROUP BY c.manager_seller_id
),

coded AS (
    SELECT
        s.seller_id,
        REPLACE(
            TRANSLATE(
                LOWER(s.seller_code),
                N'ÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑáàâãäéèêëíìîïóòôõöúùûüçñ ./,;:()+*&!?#@',
                N'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn_______________'
            ),
            '_',
            ''
        ) AS slug
    FROM stg.sellers AS s
),

numbered AS (
    SELECT
        c.seller_id,
        c.slug,
        ROW_NUMBER() OVER (PARTITION BY c.slug ORDER BY c.seller_id) AS place
    FROM coded AS c
),

slugs AS (
    SELECT
        n.seller_id,
        CASE
            WHEN n.slug = '' THEN CONCAT('vendedor-', n.seller_id)
            WHEN n.place = 1 THEN n.slug
            ELSE CONCAT(n.slug, '-', n.seller_id)
        END AS slug
    FROM numbered AS n
),

sellers AS (
    SELECT
        s.seller_id,
        COALESCE(NULLIF(LTRIM(RTRIM(s.seller_name)), ''), CONCAT('Vendedor ', s.seller_id)) AS seller_name,
        s.team_id,
        s.manager_seller_id,
        CASE
            WHEN TRANSLATE(
                UPPER(LTRIM(RTRIM(s.home_state))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'AAAAAAAAAAAAAAAAAAAAAAAAAA'
            ) = 'AA' THEN UPPER(LTRIM(RTRIM(s.home_state)))
        END AS home_state,
        NULLIF(LTRIM(RTRIM(s.home_city)), '') AS home_city,
        CASE WHEN s.monthly_goal_amount > 0 THEN s.monthly_goal_amount ELSE 0 END AS goal,
        COALESCE(
            s.hire_date, CAST(s.created_at AT TIME ZONE 'UTC' AT TIME ZONE 'E. South America Standard Time' AS DATE)
        ) AS hired,
        CAST(s.deleted_at AT TIME ZONE 'UTC' AT TIME ZONE 'E. South America Standard Time' AS DATE) AS gone,
        s.updated_at,
        NULLIF(LTRIM(RTRIM(s.seller_status)), '') AS seller_status,
        REPLACE(
            TRANSLATE(
                LOWER(s.seller_status),
                N'ÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑáàâãäéèêëíìîïóòôõöúùûüçñ -./,;:()+*&!?#',
                N'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn_______________'
            ),
            '_',
            ''
        ) AS status_form,
        CAST(SYSUTCDATETIME() AT TIME ZONE 'UTC' AT TIME ZONE 'E. South America Standard Time' AS DATE) AS today
    FROM stg.sellers AS s
),

described AS (
    SELECT
        s.seller_id,
        e.tipo_equipe AS team_type,
        CASE
            WHEN LOWER(e.tipo_equipe) LIKE '%inside%' THEN 'Interno'
            WHEN LOWER(e.tipo_equipe) LIKE '%field%' THEN 'Externo'
            ELSE 'Hibrido'
        END AS tipo_vendedor,
        CASE
            WHEN s.gone IS NOT NULL THEN 'Desligado'
            WHEN s.status_form LIKE '%inativ%' THEN 'Suspenso'
            WHEN s.status_form LIKE '%afastad%' THEN 'Afastado'
            WHEN s.status_form LIKE '%suspens%' THEN 'Suspenso'
            WHEN s.status_form LIKE '%deslig%' THEN 'Desligado'
            ELSE 'Ativo'
        END AS situacao,
        CASE WHEN c.present > 0 THEN 1 ELSE 0 END AS eh_lider,
        c.updated_at AS reports_updated_at,
        e.equipe_id,
        e.nome_equipe,
        e.categoria_equipe
    FROM sellers AS s
    LEFT JOIN dim.dim_equipe AS e ON e.equipe_original_id = s.team_id
    LEFT JOIN reports AS c ON c.seller_id = s.seller_id
)

SELECT
    k.vendedor_id,
    s.seller_id AS vendedor_original_id,
    s.seller_name AS nome_vendedor,
    LEFT(s.seller_name, 50) AS nome_exibicao,
    CONCAT('MAT-', UPPER(g.slug)) AS matricula,
    CONCAT(g.slug, '@empresa.local') AS email,
    CASE
        WHEN d.eh_lider = 1 THEN 'Lider Comercial'
        WHEN d.tipo_vendedor = 'Interno' THEN 'Executivo Inside Sales'
        WHEN d.tipo_vendedor = 'Externo' THEN 'Executivo Field Sales'
        ELSE 'Consultor Comercial'
    END AS cargo,
    CASE
        WHEN s.hired <= CAST(DATEADD(YEAR, -8, s.today) AS DATE) THEN 'Especialista'
        WHEN s.hired <= CAST(DATEADD(YEAR, -4, s.today) AS DATE) THEN 'Senior'
        WHEN s.hired <= CAST(DATEADD(YEAR, -2, s.today) AS DATE) THEN 'Pleno'
        ELSE 'Junior'
    END AS nivel_senioridade,
    'Comercial' AS departamento,
    d.categoria_equipe AS area,
    CASE WHEN s.team_id IS NOT NULL THEN COALESCE(d.equipe_id, -1) END AS equipe_id,
    d.nome_equipe,
    CASE WHEN s.manager_seller_id IS NOT NULL THEN COALESCE(j.vendedor_id, -1) END AS gerente_id,
    m.seller_name AS nome_gerente,
    s.home_state AS estado_atuacao,
    s.home_city AS cidade_atuacao,
    CASE
        WHEN s.home_state IS NOT NULL AND s.home_city IS NOT NULL THEN CONCAT(s.home_state, ' - ', s.home_city)
        ELSE COALESCE(s.home_state, s.home_city)
    END AS territorio_vendas,
    d.tipo_vendedor,
    s.goal AS meta_mensal_base,
    s.goal * 3 AS meta_trimestral_base,
    CASE WHEN d.tipo_vendedor = 'Externo' THEN 3.0 WHEN d.tipo_vendedor = 'Interno' THEN 2.0 ELSE 2.5 END
        AS percentual_comissao_padrao,
    'Percentual' AS tipo_comissao,
    s.hired AS data_contratacao,
    CASE WHEN s.gone < s.hired THEN s.hired ELSE s.gone END AS data_desligamento,
    (
        SELECT MAX(u.moment)
        FROM (VALUES (s.updated_at), (t.updated_at), (m.updated_at), (d.reports_updated_at)) AS u (moment)
    ) AS data_ultima_atualizacao,
    d.situacao,
    CASE WHEN d.situacao = 'Ativo' THEN 1 ELSE 0 END AS eh_ativo,
    CASE WHEN d.situacao = 'Ativo' THEN 1 ELSE 0 END AS aceita_novos_clientes,
    d.eh_lider,
    CONCAT(
        'Origem core.sellers',
        CASE WHEN d.team_type IS NOT NULL THEN CONCAT('; tipo de equipe: ', d.team_type) ELSE '' END,
        CASE WHEN s.seller_status IS NOT NULL THEN CONCAT('; status na origem: ', s.seller_status) ELSE '' END
    ) AS observacoes,
    CASE
        WHEN s.gone IS NOT NULL THEN 'Soft delete na origem OLTP'
        WHEN s.status_form LIKE '%inativ%' THEN 'Status inativo na origem OLTP'
        WHEN s.status_form LIKE '%afastad%' THEN 'Status afastado na origem OLTP'
    END AS motivo_desligamento
FROM sellers AS s
INNER JOIN dim.chave_vendedor AS k ON k.vendedor_original_id = s.seller_id
INNER JOIN described AS d ON d.seller_id = s.seller_id
INNER JOIN slugs AS g ON g.seller_id = s.seller_id
LEFT JOIN stg.teams AS t ON t.team_id = s.team_id
LEFT JOIN sellers AS m ON m.seller_id = s.manager_seller_id
LEFT JOIN dim.chave_vendedor AS j ON j.vendedor_original_id = s.manager_seller_id
