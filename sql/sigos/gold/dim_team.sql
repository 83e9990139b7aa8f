-- grain: one team
-- key: equipe
-- answers: which region and voltage group a team is of, since when it works, and whether it did in the last 30 days
-- Teams that only returns name have no service dates.
WITH seen AS (
    SELECT
        s.equipe,
        s.regional,
        s.grupo,
        s.grupo_norm,
        s.data_execucao AS service_date
    FROM silver.sigos_service AS s
    UNION ALL
    SELECT
        r.equipe,
        r.regional,
        r.grupo,
        r.grupo_norm,
        NULL AS service_date
    FROM silver.sigos_service_return AS r
)

SELECT
    s.equipe,
    min(s.regional) AS regional,
    min(s.grupo) AS grupo,
    min(s.grupo_norm) AS grupo_norm,
    min(s.service_date) AS first_service_date,
    max(s.service_date) AS last_service_date,
    coalesce(bool_or(s.service_date > :as_of_date - 30 AND s.service_date <= :as_of_date), FALSE) AS is_active
FROM seen AS s
WHERE s.equipe <> 'NAO INFORMADA'
GROUP BY s.equipe
