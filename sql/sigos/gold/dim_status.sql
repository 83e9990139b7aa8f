-- grain: one status of services
-- key: status
-- answers: whether a status says that a service is cancelled, closed or still open
SELECT
    s.status,
    CASE WHEN s.status IN ('CANCELADO', 'BAIXADO') THEN s.status ELSE 'ABERTO' END AS status_group
FROM silver.sigos_service AS s
WHERE s.status <> 'NAO INFORMADO'
GROUP BY s.status
