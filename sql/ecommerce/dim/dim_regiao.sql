-- grain: one row per region of the source
-- key: regiao_original_id
-- answers: which city, state and macro-region a region is
WITH cleaned AS (
    SELECT
        r.region_id,
        COALESCE(NULLIF(LTRIM(RTRIM(r.country)), ''), 'Brasil') AS pais,
        NULLIF(LTRIM(RTRIM(r.region_name)), '') AS regiao_pais,
        CASE
            WHEN TRANSLATE(
                UPPER(LTRIM(RTRIM(r.state))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'AAAAAAAAAAAAAAAAAAAAAAAAAA'
            ) = 'AA' THEN UPPER(LTRIM(RTRIM(r.state)))
            ELSE 'NA'
        END AS estado,
        NULLIF(LTRIM(RTRIM(r.state_name)), '') AS nome_estado,
        COALESCE(NULLIF(LTRIM(RTRIM(r.city)), ''), CONCAT('Cidade ', r.region_id)) AS cidade,
        NULLIF(LTRIM(RTRIM(r.ibge_code)), '') AS codigo_ibge,
        r.created_at,
        r.updated_at,
        CASE WHEN r.deleted_at IS NULL AND r.is_active = 1 THEN 1 ELSE 0 END AS eh_ativo
    FROM stg.regions AS r
)

SELECT
    c.region_id AS regiao_original_id,
    c.pais,
    c.regiao_pais,
    c.estado,
    COALESCE(c.nome_estado, c.estado) AS nome_estado,
    c.cidade,
    c.codigo_ibge,
    c.created_at AS data_cadastro,
    c.updated_at AS data_ultima_atualizacao,
    c.eh_ativo
FROM cleaned AS c
