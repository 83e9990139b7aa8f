-- grain: one reason of returns, at all three levels
-- key: motivo, motivo_detalhado, motivo_detalhado_2
-- answers: why services are returned
WITH named AS (
    SELECT
        coalesce(r.motivo, 'NAO INFORMADO') AS motivo,
        coalesce(r.motivo_detalhado, 'NAO INFORMADO') AS motivo_detalhado,
        coalesce(r.motivo_detalhado_2, 'NAO INFORMADO') AS motivo_detalhado_2
    FROM silver.sigos_service_return AS r
)

SELECT
    n.motivo,
    n.motivo_detalhado,
    n.motivo_detalhado_2
FROM named AS n
WHERE n.motivo <> 'NAO INFORMADO' OR n.motivo_detalhado <> 'NAO INFORMADO' OR n.motivo_detalhado_2 <> 'NAO INFORMADO'
GROUP BY n.motivo, n.motivo_detalhado, n.motivo_detalhado_2
