-- grain: one calendar day
-- key: calendar_date
-- answers: which ISO week, month and weekday a day is of, and whether one works then
-- From 2022 to the end of the year after the run's; a day is never taken back. Holidays are the national ones (laws
-- 662/1949, 6.802/1980, 10.607/2002; 20 November since 2024, law 14.759/2023) and Good Friday. Carnival and Corpus
-- Christi are named, but no national holidays: one works. Easter is Gregorian, by Meeus, Jones and Butcher.
WITH ends AS (
    SELECT
        DATE '2022-01-01' AS first_day,
        greatest(
            CAST(date_trunc('year', CAST(:as_of_date AS timestamp)) + INTERVAL '2 years' - INTERVAL '1 day' AS date),
            max(c.calendar_date)
        ) AS last_day
    FROM ref.calendar AS c
),

days AS (
    SELECT CAST(g.day AS date) AS calendar_date
    FROM ends AS e
    CROSS JOIN generate_series(CAST(e.first_day AS timestamp), CAST(e.last_day AS timestamp), INTERVAL '1 day') AS g (day)
),

years AS (
    SELECT DISTINCT CAST(extract(YEAR FROM d.calendar_date) AS integer) AS y
    FROM days AS d
),

golden AS (
    SELECT
        y.y,
        y.y % 19 AS a,
        y.y / 100 AS b,
        y.y % 100 AS c
    FROM years AS y
),

moon AS (
    SELECT
        g.y,
        g.a,
        g.b,
        g.c,
        (19 * g.a + g.b - g.b / 4 - (g.b - (g.b + 8) / 25 + 1) / 3 + 15) % 30 AS h
    FROM golden AS g
),

sunday AS (
    SELECT
        m.y,
        m.a,
        m.h,
        (32 + 2 * (m.b % 4) + 2 * (m.c / 4) - m.h - m.c % 4) % 7 AS l
    FROM moon AS m
),

easter AS (
    SELECT
        s.y,
        make_date(
            s.y,
            (s.h + s.l - 7 * ((s.a + 11 * s.h + 22 * s.l) / 451) + 114) / 31,
            (s.h + s.l - 7 * ((s.a + 11 * s.h + 22 * s.l) / 451) + 114) % 31 + 1
        ) AS day
    FROM sunday AS s
),

fixed_days AS (
    SELECT
        make_date(y.y, f.month, f.day) AS day,
        f.name
    FROM years AS y
    INNER JOIN (
        VALUES
            (1, 1, 'Confraternização Universal', 0),
            (4, 21, 'Tiradentes', 0),
            (5, 1, 'Dia do Trabalho', 0),
            (9, 7, 'Independência do Brasil', 0),
            (10, 12, 'Nossa Senhora Aparecida', 0),
            (11, 2, 'Finados', 0),
            (11, 15, 'Proclamação da República', 0),
            (11, 20, 'Dia da Consciência Negra', 2024),
            (12, 25, 'Natal', 0)
    ) AS f (month, day, name, since) ON y.y >= f.since
),

named AS (
    SELECT
        f.day,
        f.name,
        TRUE AS is_holiday
    FROM fixed_days AS f
    UNION ALL
    SELECT
        e.day + m.days AS day,
        m.name,
        m.is_holiday
    FROM easter AS e
    CROSS JOIN (
        VALUES
            (-48, 'Carnaval', FALSE),
            (-47, 'Carnaval', FALSE),
            (-2, 'Sexta-feira Santa', TRUE),
            (60, 'Corpus Christi', FALSE)
    ) AS m (days, name, is_holiday)
),

-- Two names may fall on one day, as Good Friday and Tiradentes in 2000.
holidays AS (
    SELECT
        n.day,
        string_agg(n.name, ', ' ORDER BY n.name) AS name,
        bool_or(n.is_holiday) AS is_holiday
    FROM named AS n
    GROUP BY n.day
)

SELECT
    d.calendar_date,
    CAST(extract(YEAR FROM d.calendar_date) AS integer) AS year,
    CAST(extract(QUARTER FROM d.calendar_date) AS integer) AS quarter,
    CAST(extract(MONTH FROM d.calendar_date) AS integer) AS month,
    CAST(extract(DAY FROM d.calendar_date) AS integer) AS day,
    CAST(extract(ISOYEAR FROM d.calendar_date) AS integer) AS iso_year,
    CAST(extract(WEEK FROM d.calendar_date) AS integer) AS iso_week,
    CAST(extract(ISODOW FROM d.calendar_date) AS integer) AS weekday,
    CAST(date_trunc('week', CAST(d.calendar_date AS timestamp)) AS date) AS week_start,
    CAST(date_trunc('month', CAST(d.calendar_date AS timestamp)) AS date) AS month_start,
    h.name AS holiday,
    coalesce(h.is_holiday, FALSE) AS is_holiday,
    extract(ISODOW FROM d.calendar_date) <= 6 AND NOT coalesce(h.is_holiday, FALSE) AS is_workday
FROM days AS d
LEFT JOIN holidays AS h ON h.day = d.calendar_date
