-- grain: one municipality
-- key: municipio_norm
-- answers: how a municipality is written, and which region serves it
-- The spelling and the region of most of its services; of two with as many the first in alphabetical order.
SELECT
    s.municipio_norm,
    mode() WITHIN GROUP (ORDER BY s.municipio) AS municipio,
    mode() WITHIN GROUP (ORDER BY s.regional) AS regional
FROM silver.sigos_service AS s
WHERE s.municipio_norm <> 'NAO INFORMADO'
GROUP BY s.municipio_norm
