-- grain: one target of the source that is not excluded
-- key: meta_original_id
-- answers: every target with its seller and team, as the source entered it, and the band of performance
SELECT
    f.meta_id,
    f.meta_original_id,
    f.mes_referencia,
    d.ano,
    d.trimestre,
    d.mes,
    d.nome_mes,
    d.periodo_mes,
    d.periodo_trimestre,
    f.vendedor_id,
    v.nome_vendedor,
    v.cargo,
    v.nivel_senioridade,
    v.tipo_vendedor,
    v.situacao AS situacao_vendedor,
    v.nome_gerente,
    v.equipe_id,
    COALESCE(e.nome_equipe, v.nome_equipe) AS nome_equipe,
    e.tipo_equipe,
    e.categoria_equipe,
    e.regional,
    f.tipo_periodo,
    f.valor_meta,
    f.quantidade_meta,
    f.valor_realizado,
    f.quantidade_realizada,
    f.percentual_atingido,
    f.gap_meta,
    f.ticket_medio_realizado,
    f.meta_batida,
    f.meta_superada,
    f.eh_periodo_fechado,
    CASE
        WHEN f.percentual_atingido >= 120 THEN 'Excepcional (120%+)'
        WHEN f.percentual_atingido >= 100 THEN 'Atingiu (100-120%)'
        WHEN f.percentual_atingido >= 80 THEN 'Próximo (80-100%)'
        WHEN f.percentual_atingido >= 50 THEN 'Abaixo (50-80%)'
        ELSE 'Crítico (<50%)'
    END AS faixa_performance
FROM fact.fact_metas AS f
INNER JOIN dim.dim_data AS d ON d.data_id = f.data_id
INNER JOIN dim.dim_vendedor AS v ON v.vendedor_id = f.vendedor_id
LEFT JOIN dim.dim_equipe AS e ON e.equipe_id = v.equipe_id
WHERE f.eh_excluido = 0
