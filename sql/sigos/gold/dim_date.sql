-- grain: one calendar day
-- key: date_key
-- answers: which week and month a day is of, and whether the returns of services of that day, week or month are all known
-- A period is mature once 180 days have passed since its end: until then its return rate is provisional.
SELECT
    CAST(to_char(c.calendar_date, 'YYYYMMDD') AS integer) AS date_key,
    c.calendar_date,
    c.year,
    c.quarter,
    c.month,
    c.day,
    c.iso_year,
    c.iso_week,
    c.weekday,
    (ARRAY['SEGUNDA', 'TERCA', 'QUARTA', 'QUINTA', 'SEXTA', 'SABADO', 'DOMINGO'])[c.weekday] AS weekday_name,
    c.week_start,
    c.month_start,
    c.holiday,
    c.is_holiday,
    c.is_workday,
    c.calendar_date + 180 <= :as_of_date AS day_is_mature,
    c.week_start + 6 + 180 <= :as_of_date AS week_is_mature,
    CAST(c.month_start + INTERVAL '1 month' - INTERVAL '1 day' AS date) + 180 <= :as_of_date AS month_is_mature
FROM ref.calendar AS c
