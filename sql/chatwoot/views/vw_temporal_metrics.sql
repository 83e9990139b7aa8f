-- grain: one row per conversation
-- key: conversation_id
-- answers: when it began, in São Paulo's calendar
WITH local_time AS (
    SELECT
        c.id,
        (c.created_at AT TIME ZONE 'UTC') AT TIME ZONE 'America/Sao_Paulo' AS moment,
        CAST(now() AT TIME ZONE 'America/Sao_Paulo' AS date) AS today
    FROM staging.conversations AS c
),

parts AS (
    SELECT
        l.id,
        l.moment,
        l.today,
        CAST(l.moment AS date) AS day,
        CAST(EXTRACT(MONTH FROM l.moment) AS integer) AS month_no,
        CAST(EXTRACT(DAY FROM l.moment) AS integer) AS day_no,
        CAST(EXTRACT(HOUR FROM l.moment) AS integer) AS hour_no,
        CAST(EXTRACT(DOW FROM l.moment) AS integer) AS dow,
        CAST(EXTRACT(DAY FROM date_trunc('month', l.moment) + INTERVAL '1 month' - INTERVAL '1 day') AS integer) AS month_days
    FROM local_time AS l
)

SELECT
    p.id AS conversation_id,
    p.day AS conversation_date,
    CAST(EXTRACT(YEAR FROM p.moment) AS integer) AS conversation_year,
    p.month_no AS conversation_month,
    p.day_no AS conversation_day,
    p.hour_no AS conversation_hour,
    CAST(EXTRACT(MINUTE FROM p.moment) AS integer) AS conversation_minute,
    CAST(EXTRACT(QUARTER FROM p.moment) AS integer) AS conversation_quarter,
    p.dow AS conversation_day_of_week,
    CAST(EXTRACT(WEEK FROM p.moment) AS integer) AS conversation_week_of_year,
    (ARRAY[
        'Domingo', 'Segunda', 'Terça', 'Quarta', 'Quinta', 'Sexta', 'Sábado'
    ])[p.dow + 1] AS conversation_day_name,
    (ARRAY['Dom', 'Seg', 'Ter', 'Qua', 'Qui', 'Sex', 'Sáb'])[p.dow + 1] AS conversation_day_abbr,
    (ARRAY[
        'Janeiro', 'Fevereiro', 'Março', 'Abril', 'Maio', 'Junho',
        'Julho', 'Agosto', 'Setembro', 'Outubro', 'Novembro', 'Dezembro'
    ])[p.month_no] AS conversation_month_name,
    (ARRAY[
        'Jan', 'Fev', 'Mar', 'Abr', 'Mai', 'Jun', 'Jul', 'Ago', 'Set', 'Out', 'Nov', 'Dez'
    ])[p.month_no] AS conversation_month_abbr,
    CASE
        WHEN p.hour_no < 6 THEN 'Madrugada'
        WHEN p.hour_no < 12 THEN 'Manhã'
        WHEN p.hour_no < 18 THEN 'Tarde'
        ELSE 'Noite'
    END AS conversation_period,
    CASE
        WHEN p.hour_no < 6 THEN 'Madrugada'
        WHEN p.hour_no < 9 THEN 'Manhã Cedo'
        WHEN p.hour_no < 12 THEN 'Manhã'
        WHEN p.hour_no < 15 THEN 'Meio-dia'
        WHEN p.hour_no < 18 THEN 'Tarde'
        ELSE 'Noite'
    END AS conversation_period_detailed,
    p.dow BETWEEN 1 AND 5 AS is_weekday,
    p.dow IN (0, 6) AS is_weekend,
    p.dow BETWEEN 1 AND 5 AND p.hour_no BETWEEN 9 AND 17 AS is_business_hours,
    p.dow BETWEEN 1 AND 5 AND p.hour_no BETWEEN 8 AND 19 AS is_extended_hours,
    p.hour_no >= 20 OR p.hour_no < 6 AS is_night_time,
    p.hour_no BETWEEN 12 AND 13 AS is_lunch_time,
    p.day_no <= 10 AS is_start_of_month,
    p.day_no > p.month_days - 10 AS is_end_of_month,
    p.today - p.day AS days_since_creation,
    p.day = p.today AS is_today,
    p.day = p.today - 1 AS is_yesterday,
    p.day >= CAST(date_trunc('week', p.today) AS date) AS is_this_week,
    p.day >= CAST(date_trunc('month', p.today) AS date) AS is_this_month,
    EXTRACT(YEAR FROM p.day) = EXTRACT(YEAR FROM p.today) AS is_this_year,
    to_char(p.moment, 'YYYY-MM-DD') AS conversation_date_formatted,
    to_char(p.moment, 'YYYY-MM-DD HH24:MI') AS conversation_datetime_formatted,
    to_char(p.moment, 'YYYY-MM') AS conversation_year_month,
    to_char(p.moment, 'IYYY-IW') AS conversation_year_week
FROM parts AS p
