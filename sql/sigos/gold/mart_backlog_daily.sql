-- grain: one day on which a load ran, team and age
-- key: snapshot_date, equipe, age_bucket
-- answers: how much work was waiting on a day, with which team and for how long
-- As known on the day; a day without a load cannot be made later. Age: days since the day of execution.
WITH waiting AS (
    SELECT
        f.team_key,
        :as_of_date - f.service_date AS age_days,
        1 AS service,
        0 AS returned
    FROM gold.fct_service AS f
    WHERE NOT f.is_cancelled AND NOT f.is_closed
    UNION ALL
    SELECT
        r.team_key,
        :as_of_date - r.service_date AS age_days,
        0 AS service,
        1 AS returned
    FROM gold.fct_service_return AS r
    WHERE r.is_open
),

aged AS (
    SELECT
        w.team_key,
        CASE
            WHEN w.age_days <= 7 THEN '0-7'
            WHEN w.age_days <= 15 THEN '8-15'
            WHEN w.age_days <= 30 THEN '16-30'
            WHEN w.age_days <= 60 THEN '31-60'
            ELSE '>60'
        END AS age_bucket,
        w.service,
        w.returned
    FROM waiting AS w
    WHERE w.age_days >= 0
)

SELECT
    CAST(:as_of_date AS date) AS snapshot_date,
    t.equipe,
    a.age_bucket,
    a.team_key,
    CAST(sum(a.service) AS integer) AS open_services,
    CAST(sum(a.returned) AS integer) AS open_returns
FROM aged AS a
INNER JOIN gold.dim_team AS t ON t.team_key = a.team_key
GROUP BY t.equipe, a.age_bucket, a.team_key
