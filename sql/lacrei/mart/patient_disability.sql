-- grain: one month of registration and type of disability
-- key: period_month, disability_type
-- answers: which disabilities the patients have who registered in a month, and how many of them are active
-- Who has several counts for each. Types named by fewer than :min_group_size patients are shown together as N/I.
WITH named AS (
    SELECT
        CAST(
            date_trunc('month', p.created_at AT TIME ZONE 'UTC' AT TIME ZONE :business_zone) AS date
        ) AS period_month,
        btrim(t.disability_type) AS disability_type,
        coalesce(p.is_active, FALSE) AS is_active
    FROM lacreisaude_model.dim_patient AS p
    CROSS JOIN unnest(p.disability_type) AS t (disability_type)
    WHERE NOT p.is_deleted AND p.created_at IS NOT NULL
),

alike AS (
    SELECT
        n.period_month,
        n.disability_type,
        count(*) AS members,
        count(*) FILTER (WHERE n.is_active) AS active
    FROM named AS n
    GROUP BY n.period_month, n.disability_type
),

shown AS (
    SELECT
        a.period_month,
        CASE WHEN a.members >= :min_group_size THEN a.disability_type ELSE 'N/I' END AS disability_type,
        a.members,
        a.active
    FROM alike AS a
)

SELECT
    s.period_month,
    s.disability_type,
    CAST(sum(s.members) AS integer) AS total_patients,
    CAST(sum(s.active) AS integer) AS active_patients,
    CAST(sum(s.members) - sum(s.active) AS integer) AS inactive_patients
FROM shown AS s
GROUP BY s.period_month, s.disability_type
