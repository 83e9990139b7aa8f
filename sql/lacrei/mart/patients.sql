-- grain: one month of registration, age group, gender identity, sexual orientation and ethnic group
-- key: period_month, age_group, gender_identity, sexual_orientation, ethnic_group
-- answers: how many patients registered, who they are, how many are active, and how registrations grow
-- A patient counts once, in the month of registration. 60+ is 61 and older. Groups smaller than :min_group_size are
-- shown together as N/I, so that totals stay. growth_rate is of the whole month, the same on each of its rows.
WITH people AS (
    SELECT
        CAST(
            date_trunc('month', p.created_at AT TIME ZONE 'UTC' AT TIME ZONE :business_zone) AS date
        ) AS period_month,
        EXTRACT(YEAR FROM age(CAST(:as_of_date AS timestamp), CAST(p.birth_date AS timestamp))) AS years,
        coalesce(p.gender_identity, 'N/I') AS gender_identity,
        coalesce(p.sexual_orientation, 'N/I') AS sexual_orientation,
        coalesce(p.ethnic_group, 'N/I') AS ethnic_group,
        coalesce(p.is_active, FALSE) AS is_active
    FROM lacreisaude_model.dim_patient AS p
    WHERE NOT p.is_deleted AND p.created_at IS NOT NULL
),

aged AS (
    SELECT
        p.*,
        CASE
            WHEN p.years IS NULL THEN 'N/I'
            WHEN p.years < 18 THEN '<18'
            WHEN p.years <= 25 THEN '18-25'
            WHEN p.years <= 35 THEN '26-35'
            WHEN p.years <= 45 THEN '36-45'
            WHEN p.years <= 60 THEN '46-60'
            ELSE '60+'
        END AS age_group
    FROM people AS p
),

alike AS (
    SELECT
        a.period_month,
        a.age_group,
        a.gender_identity,
        a.sexual_orientation,
        a.ethnic_group,
        count(*) AS members,
        count(*) FILTER (WHERE a.is_active) AS active
    FROM aged AS a
    GROUP BY a.period_month, a.age_group, a.gender_identity, a.sexual_orientation, a.ethnic_group
),

shown AS (
    SELECT
        a.period_month,
        CASE WHEN a.members >= :min_group_size THEN a.age_group ELSE 'N/I' END AS age_group,
        CASE WHEN a.members >= :min_group_size THEN a.gender_identity ELSE 'N/I' END AS gender_identity,
        CASE WHEN a.members >= :min_group_size THEN a.sexual_orientation ELSE 'N/I' END AS sexual_orientation,
        CASE WHEN a.members >= :min_group_size THEN a.ethnic_group ELSE 'N/I' END AS ethnic_group,
        a.members,
        a.active
    FROM alike AS a
),

months AS (
    SELECT
        a.period_month,
        sum(a.members) AS members
    FROM alike AS a
    GROUP BY a.period_month
)

SELECT
    s.period_month,
    s.age_group,
    s.gender_identity,
    s.sexual_orientation,
    s.ethnic_group,
    CAST(sum(s.members) AS integer) AS total_patients,
    CAST(sum(s.active) AS integer) AS active_patients,
    CAST(sum(s.members) - sum(s.active) AS integer) AS inactive_patients,
    round(100 * sum(s.active) / sum(s.members), 2) AS active_percentage,
    round(100 * (min(m.members) - min(b.members)) / min(b.members), 2) AS growth_rate
FROM shown AS s
INNER JOIN months AS m ON m.period_month = s.period_month
LEFT JOIN months AS b ON b.period_month = CAST(s.period_month - INTERVAL '1 month' AS date)
GROUP BY s.period_month, s.age_group, s.gender_identity, s.sexual_orientation, s.ethnic_group
