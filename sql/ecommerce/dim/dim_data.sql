-- grain: one row per day
-- key: data_completa
-- answers: year, quarter, month, week, weekday and holiday of every day the facts may name
WITH digits AS (
    SELECT v.n
    FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS v (n)
),

numbers AS (
    SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n AS n
    FROM digits AS a
    CROSS JOIN digits AS b
    CROSS JOIN digits AS c
    CROSS JOIN digits AS d
    CROSS JOIN digits AS e
    WHERE e.n < 5
),

-- A year mistyped in the source must not stretch the calendar over millennia: such dates fall to the unknown day.
source_days AS (
    SELECT
        CAST(MIN(o.order_date) AT TIME ZONE 'UTC' AT TIME ZONE 'E. South America Standard Time' AS DATE) AS first_day,
        CAST(MAX(o.order_date) AT TIME ZONE 'UTC' AT TIME ZONE 'E. South America Standard Time' AS DATE) AS last_day
    FROM stg.orders AS o
    WHERE o.order_date >= CAST('1990-01-02' AS DATE) AND o.order_date < CAST('2100-01-01' AS DATE)
    UNION ALL
    SELECT
        CAST(MIN(d.applied_at) AT TIME ZONE 'UTC' AT TIME ZONE 'E. South America Standard Time' AS DATE) AS first_day,
        CAST(MAX(d.applied_at) AT TIME ZONE 'UTC' AT TIME ZONE 'E. South America Standard Time' AS DATE) AS last_day
    FROM stg.order_item_discounts AS d
    WHERE d.applied_at >= CAST('1990-01-02' AS DATE) AND d.applied_at < CAST('2100-01-01' AS DATE)
    UNION ALL
    SELECT
        DATEFROMPARTS(YEAR(MIN(t.target_month)), MONTH(MIN(t.target_month)), 1) AS first_day,
        MAX(t.target_month) AS last_day
    FROM stg.seller_targets_monthly AS t
    WHERE t.target_month >= CAST('1990-01-02' AS DATE) AND t.target_month < CAST('2100-01-01' AS DATE)
    UNION ALL
    SELECT
        CAST('2020-01-01' AS DATE) AS first_day,
        DATEFROMPARTS(
            YEAR(CAST(SYSUTCDATETIME() AT TIME ZONE 'UTC' AT TIME ZONE 'E. South America Standard Time' AS DATE)) + 5,
            12,
            31
        ) AS last_day
),

bounds AS (
    SELECT MIN(s.first_day) AS first_day, MAX(s.last_day) AS last_day
    FROM source_days AS s
),

days AS (
    SELECT CAST(DATEADD(DAY, n.n, b.first_day) AS DATE) AS day
    FROM bounds AS b
    INNER JOIN numbers AS n ON n.n <= DATEDIFF(DAY, b.first_day, b.last_day)
),

parts AS (
    SELECT
        d.day,
        YEAR(d.day) AS year_number,
        MONTH(d.day) AS month_number,
        DAY(d.day) AS day_number,
        (MONTH(d.day) + 2) / 3 AS quarter_number,
        DATEDIFF(DAY, DATEFROMPARTS(YEAR(d.day), 1, 1), d.day) + 1 AS day_of_year,
        -- 31 December 1899 was a Sunday.
        DATEDIFF(DAY, CAST('1899-12-31' AS DATE), d.day) % 7 + 1 AS weekday_number,
        DATEDIFF(DAY, CAST('1899-12-31' AS DATE), DATEFROMPARTS(YEAR(d.day), 1, 1)) % 7 AS days_before_year
    FROM days AS d
),

months AS (
    SELECT v.number, v.name
    FROM (
        VALUES
            (1, 'Janeiro'), (2, 'Fevereiro'), (3, 'Marco'), (4, 'Abril'), (5, 'Maio'), (6, 'Junho'), (7, 'Julho'),
            (8, 'Agosto'), (9, 'Setembro'), (10, 'Outubro'), (11, 'Novembro'), (12, 'Dezembro')
    ) AS v (number, name)
),

weekdays AS (
    SELECT v.number, v.name
    FROM (
        VALUES
            (1, 'Domingo'), (2, 'Segunda-feira'), (3, 'Terca-feira'), (4, 'Quarta-feira'), (5, 'Quinta-feira'),
            (6, 'Sexta-feira'), (7, 'Sabado')
    ) AS v (number, name)
),

holidays AS (
    SELECT v.month_number, v.day_number, v.name
    FROM (
        VALUES
            (1, 1, 'Ano Novo'), (4, 21, 'Tiradentes'), (5, 1, 'Dia do Trabalho'), (9, 7, 'Independencia'),
            (10, 12, 'N. Sra. Aparecida'), (11, 2, 'Finados'), (11, 15, 'Proclamacao Republica'), (12, 25, 'Natal')
    ) AS v (month_number, day_number, name)
)

SELECT
    p.year_number * 10000 + p.month_number * 100 + p.day_number AS data_id,
    p.day AS data_completa,
    p.year_number AS ano,
    p.quarter_number AS trimestre,
    p.month_number AS mes,
    p.day_number AS dia,
    CAST(p.day_of_year - 1 + p.days_before_year AS INT) / 7 + 1 AS semana_do_ano,
    p.weekday_number AS dia_da_semana,
    m.name AS nome_mes,
    LEFT(m.name, 3) AS nome_mes_abrev,
    w.name AS nome_dia_semana,
    LEFT(w.name, 3) AS nome_dia_semana_abrev,
    CASE WHEN p.weekday_number IN (1, 7) THEN 1 ELSE 0 END AS eh_fim_de_semana,
    CASE WHEN h.name IS NOT NULL THEN 1 ELSE 0 END AS eh_feriado,
    h.name AS nome_feriado,
    p.day_of_year AS dia_do_ano,
    CASE
        WHEN p.year_number % 400 = 0 OR (p.year_number % 4 = 0 AND p.year_number % 100 <> 0) THEN 1
        ELSE 0
    END AS eh_ano_bissexto,
    CONCAT(p.year_number, '-', RIGHT(CONCAT('0', p.month_number), 2)) AS periodo_mes,
    CONCAT(p.year_number, '-Q', p.quarter_number) AS periodo_trimestre
FROM parts AS p
INNER JOIN months AS m ON m.number = p.month_number
INNER JOIN weekdays AS w ON w.number = p.weekday_number
LEFT JOIN holidays AS h ON h.month_number = p.month_number AND h.day_number = p.day_number
