-- grain: one ISO week of detection, kind of change and column
-- key: week_start, change_type, column_name
-- answers: what audits change afterwards, and how much of it only the weekly full load can see
-- Weeks of Sao Paulo. A change of several columns counts in each of them; a row that came or went counts under *, one
-- of which only blanks or case changed under NENHUMA.
WITH named AS (
    SELECT
        CAST(date_trunc('week', c.detected_at AT TIME ZONE 'America/Sao_Paulo') AS date) AS week_start,
        c.change_type,
        c.age_days,
        CASE
            WHEN c.change_type <> 'U' THEN ARRAY['*']
            WHEN cardinality(c.changed_columns) = 0 THEN ARRAY['NENHUMA']
            ELSE c.changed_columns
        END AS column_names
    FROM silver.sigos_service_change AS c
)

SELECT
    n.week_start,
    n.change_type,
    u.column_name,
    CAST(count(*) AS integer) AS changed_rows,
    CAST(count(*) FILTER (WHERE n.age_days > 60) AS integer) AS changed_rows_over_60_days
FROM named AS n
CROSS JOIN unnest(n.column_names) AS u (column_name)
GROUP BY n.week_start, n.change_type, u.column_name
