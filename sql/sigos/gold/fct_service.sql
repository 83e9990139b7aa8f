-- grain: one service
-- key: service_key
-- answers: what became of a service: closed, cancelled, with which finding and amount, how long it took, how often returned
-- Spec sigos 8.4. What a dimension does not know goes to its member NAO INFORMADO (a code: NAO MAPEADO).
WITH returned AS (
    SELECT
        r.service_key,
        sum(r.occurrences) AS return_count
    FROM silver.sigos_service_return AS r
    WHERE r.service_key IS NOT NULL
    GROUP BY r.service_key
),

timed AS (
    SELECT
        s.service_key,
        s.data_execucao AS service_date,
        s.status,
        s.equipe,
        s.municipio_norm,
        s.tipo_servico,
        s.cod_norm,
        s.data_baixado,
        s.toi,
        s.toi_entregue,
        s.rs_negociado,
        s.qtd_parcelas,
        coalesce(s.status = 'CANCELADO', FALSE) AS is_cancelled,
        extract(EPOCH FROM s.hora_fim_servico - s.hora_inicio_servico) / 60
        + CASE WHEN s.hora_fim_servico < s.hora_inicio_servico THEN 1440 ELSE 0 END AS minutes
    FROM silver.sigos_service AS s
)

SELECT
    s.service_key,
    s.service_date,
    coalesce(d.date_key, -1) AS date_key,
    coalesce(t.team_key, -1) AS team_key,
    coalesce(m.municipality_key, -1) AS municipality_key,
    coalesce(k.service_type_key, -1) AS service_type_key,
    coalesce(u.status_key, -1) AS status_key,
    CASE WHEN s.cod_norm IS NULL THEN 'NAO INFORMADO' ELSE coalesce(c.cod, 'NAO MAPEADO') END AS cod,
    s.is_cancelled,
    NOT s.is_cancelled AND (coalesce(s.status = 'BAIXADO', FALSE) OR s.data_baixado IS NOT NULL) AS is_closed,
    s.toi IS NOT NULL AS has_toi,
    coalesce(s.toi_entregue, FALSE) AS toi_delivered,
    CASE WHEN s.minutes > 0 AND s.minutes <= 720 THEN s.minutes END AS duration_min,
    CASE WHEN s.data_baixado >= s.service_date THEN s.data_baixado - s.service_date END AS days_to_close,
    coalesce(s.rs_negociado > 0, FALSE) AS is_negotiated,
    s.rs_negociado,
    s.qtd_parcelas,
    coalesce(r.return_count, 0) >= 1 AS is_returned,
    CAST(coalesce(r.return_count, 0) AS integer) AS return_count
FROM timed AS s
LEFT JOIN returned AS r ON r.service_key = s.service_key
LEFT JOIN gold.dim_date AS d ON d.calendar_date = s.service_date
LEFT JOIN gold.dim_team AS t ON t.equipe = s.equipe
LEFT JOIN gold.dim_municipality AS m ON m.municipio_norm = s.municipio_norm
LEFT JOIN gold.dim_service_type AS k ON k.tipo_servico = s.tipo_servico
LEFT JOIN gold.dim_status AS u ON u.status = s.status
LEFT JOIN gold.dim_irregularity_code AS c ON c.cod = s.cod_norm
