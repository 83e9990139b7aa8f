-- grain: one kind of service
-- key: tipo_servico
-- answers: which kinds of service there are
SELECT s.tipo_servico
FROM silver.sigos_service AS s
WHERE s.tipo_servico <> 'NAO INFORMADO'
GROUP BY s.tipo_servico
UNION
SELECT r.tipo_servico
FROM silver.sigos_service_return AS r
WHERE r.tipo_servico <> 'NAO INFORMADO'
GROUP BY r.tipo_servico
