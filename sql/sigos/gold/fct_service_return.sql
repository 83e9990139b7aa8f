-- grain: one return of a service
-- key: return_key
-- answers: what was returned and why, whether it is resolved and after how many days
-- Municipality and kind of service are those of the service it was matched to; without one the kind is its own.
SELECT
    r.return_key,
    r.data_execucao AS service_date,
    r.service_key,
    r.match_level,
    coalesce(d.date_key, -1) AS date_key,
    coalesce(t.team_key, -1) AS team_key,
    coalesce(f.municipality_key, -1) AS municipality_key,
    coalesce(nullif(f.service_type_key, -1), k.service_type_key, -1) AS service_type_key,
    coalesce(n.reason_key, -1) AS reason_key,
    CASE WHEN r.codigo_norm IS NULL THEN 'NAO INFORMADO' ELSE coalesce(c.cod, 'NAO MAPEADO') END AS cod,
    coalesce(r.status, 'NAO INFORMADO') AS status,
    r.data_resolvido IS NOT NULL AS is_resolved,
    r.data_resolvido IS NULL AND coalesce(r.status <> 'CANCELADO', TRUE) AS is_open,
    CASE WHEN r.data_resolvido >= r.data_execucao THEN r.data_resolvido - r.data_execucao END AS days_to_resolve,
    r.occurrences
FROM silver.sigos_service_return AS r
LEFT JOIN gold.fct_service AS f ON f.service_key = r.service_key
LEFT JOIN gold.dim_date AS d ON d.calendar_date = r.data_execucao
LEFT JOIN gold.dim_team AS t ON t.equipe = r.equipe
LEFT JOIN gold.dim_service_type AS k ON k.tipo_servico = r.tipo_servico
LEFT JOIN
    gold.dim_return_reason AS n
    ON n.motivo = coalesce(r.motivo, 'NAO INFORMADO')
    AND n.motivo_detalhado = coalesce(r.motivo_detalhado, 'NAO INFORMADO')
    AND n.motivo_detalhado_2 = coalesce(r.motivo_detalhado_2, 'NAO INFORMADO')
LEFT JOIN gold.dim_irregularity_code AS c ON c.cod = r.codigo_norm
