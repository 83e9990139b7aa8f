-- grain: one calendar day
-- key: date_id
-- answers: which week, month, quarter and year a day belongs to
-- Every day from the first to the last booking or appointment, and those already here: a day is never taken back. Days
-- of appointments beyond these years are errors of the source, and have no place in a calendar. A moment well within the
-- days that are here adds none in any time zone: only the others are made days of.
WITH here AS (
    SELECT
        coalesce(min(d.calendar_date) + INTERVAL '2 days', TIMESTAMP 'infinity') AS first_day,
        coalesce(max(d.calendar_date) - INTERVAL '2 days', TIMESTAMP '-infinity') AS last_day
    FROM lacreisaude_model.dim_date AS d
),

days AS (
    SELECT CAST(a.appointment_date AT TIME ZONE 'UTC' AT TIME ZONE :business_zone AS date) AS calendar_date
    FROM lacreisaude_staging_02.lacreiid_appointment AS a
    CROSS JOIN here AS h
    WHERE a.appointment_date < h.first_day OR a.appointment_date > h.last_day
    UNION ALL
    SELECT CAST(a.created_at AT TIME ZONE 'UTC' AT TIME ZONE :business_zone AS date) AS calendar_date
    FROM lacreisaude_staging_02.lacreiid_appointment AS a
    CROSS JOIN here AS h
    WHERE a.created_at < h.first_day OR a.created_at > h.last_day
    UNION ALL
    SELECT d.calendar_date
    FROM lacreisaude_model.dim_date AS d
),

ends AS (
    SELECT
        CAST(min(d.calendar_date) AS timestamp) AS first_day,
        CAST(max(d.calendar_date) AS timestamp) AS last_day
    FROM days AS d
    WHERE d.calendar_date BETWEEN DATE '1990-01-01' AND DATE '2100-12-31'
)

SELECT
    CAST(to_char(g.day, 'YYYYMMDD') AS integer) AS date_id,
    CAST(g.day AS date) AS calendar_date,
    CAST(EXTRACT(DAY FROM g.day) AS integer) AS day,
    CAST(EXTRACT(MONTH FROM g.day) AS integer) AS month,
    CAST(EXTRACT(YEAR FROM g.day) AS integer) AS year,
    CAST(EXTRACT(WEEK FROM g.day) AS integer) AS week,
    CAST(EXTRACT(ISOYEAR FROM g.day) AS integer) AS iso_year,
    CAST(EXTRACT(QUARTER FROM g.day) AS integer) AS quarter
FROM ends AS e
CROSS JOIN generate_series(e.first_day, e.last_day, INTERVAL '1 day') AS g (day)
