-- grain: one row per day
-- key: data_id
-- answers: every day with its business-day flag and the lengths of its month
SELECT
    d.data_id,
    d.data_completa,
    d.ano,
    d.trimestre,
    d.mes,
    d.dia,
    d.nome_mes,
    d.nome_mes_abrev,
    d.semana_do_ano AS semana_ano,
    d.dia_da_semana AS dia_semana,
    d.nome_dia_semana,
    d.nome_dia_semana_abrev,
    d.dia_do_ano AS dia_ano,
    d.periodo_mes,
    d.periodo_trimestre,
    CONCAT('Q', d.trimestre, ' ', d.ano) AS periodo_desc,
    d.eh_fim_de_semana,
    d.eh_feriado,
    d.nome_feriado,
    CASE WHEN d.eh_fim_de_semana = 0 AND d.eh_feriado = 0 THEN 1 ELSE 0 END AS eh_dia_util,
    DAY(EOMONTH(d.data_completa)) AS dias_no_mes,
    CASE WHEN d.data_completa = EOMONTH(d.data_completa) THEN 1 ELSE 0 END AS eh_ultimo_dia_mes,
    d.eh_ano_bissexto
FROM dim.dim_data AS d
WHERE d.data_id <> -1 AND d.eh_excluido = 0
