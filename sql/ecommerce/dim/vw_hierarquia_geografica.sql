-- grain: one row per active region
-- key: regiao_id
-- answers: city, state, macro-region and country as one path, and which cities are capitals
SELECT
    r.regiao_id,
    r.regiao_original_id,
    r.pais,
    r.regiao_pais,
    r.estado,
    r.nome_estado,
    r.cidade,
    r.codigo_ibge,
    CONCAT(r.pais, ' > ', COALESCE(r.regiao_pais, 'Sem regiao'), ' > ', r.estado, ' > ', r.cidade)
        AS hierarquia_completa,
    -- The capitals of the 27 states, Brasilia among them, by IBGE code.
    CASE
        WHEN r.codigo_ibge IN (
            '1100205', '1200401', '1302603', '1400100', '1501402', '1600303', '1721000', '2111300', '2211001',
            '2304400', '2408102', '2507507', '2611606', '2704302', '2800308', '2927408', '3106200', '3205309',
            '3304557', '3550308', '4106902', '4205407', '4314902', '5002704', '5103403', '5208707', '5300108'
        ) THEN 1
        ELSE 0
    END AS eh_capital
FROM dim.dim_regiao AS r
WHERE r.eh_ativo = 1 AND r.eh_excluido = 0
