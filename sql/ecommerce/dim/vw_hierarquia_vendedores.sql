-- grain: one row per seller
-- key: vendedor_id
-- answers: under whom a seller works, two steps up, and how deep in the hierarchy
SELECT
    v.vendedor_id,
    v.nome_vendedor,
    v.cargo,
    v.nome_equipe,
    v.situacao,
    m.vendedor_id AS gerente_id,
    m.nome_vendedor AS nome_gerente,
    m.cargo AS cargo_gerente,
    g.vendedor_id AS gerente_superior_id,
    g.nome_vendedor AS nome_gerente_superior,
    CASE
        WHEN m.vendedor_id IS NULL THEN 1
        WHEN g.vendedor_id IS NULL THEN 2
        WHEN g.gerente_id IS NULL THEN 3
        ELSE 4
    END AS nivel_hierarquico
FROM dim.dim_vendedor AS v
LEFT JOIN dim.dim_vendedor AS m ON m.vendedor_id = v.gerente_id AND m.vendedor_id <> -1
LEFT JOIN dim.dim_vendedor AS g ON g.vendedor_id = m.gerente_id AND g.vendedor_id <> -1
WHERE v.vendedor_id <> -1 AND v.eh_excluido = 0
