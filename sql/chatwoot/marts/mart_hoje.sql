-- grain: one row per inbox
-- key: inbox_id
-- answers: what happens today (São Paulo), against yesterday, and who is waiting now
WITH clock AS (
    SELECT CAST(now() AT TIME ZONE 'America/Sao_Paulo' AS date) AS today
),

days AS (
    SELECT
        d.inbox_id,
        (array_agg(d.inbox_name ORDER BY d.conversation_date DESC, d.conversation_period))[1] AS inbox_name,
        coalesce(sum(d.total_conversations) FILTER (WHERE d.conversation_date = k.today), 0) AS created_today,
        coalesce(sum(d.total_conversations) FILTER (WHERE d.conversation_date = k.today - 1), 0) AS created_yesterday,
        sum(d.active_conversations) AS open_conversations,
        sum(d.unassigned_open) AS unassigned_open,
        sum(d.waiting_conversations) AS waiting_conversations
    FROM marts.mart_conversas_diario AS d
    CROSS JOIN clock AS k
    GROUP BY d.inbox_id
),

live AS (
    SELECT
        a.inbox_id,
        count(*) FILTER (
            WHERE CAST(a.last_activity_at AT TIME ZONE 'America/Sao_Paulo' AS date) = k.today
        ) AS active_today,
        count(*) FILTER (WHERE a.waiting_since < now() - INTERVAL '2 hours') AS waiting_over_2h
    FROM public.conversas_analytics AS a
    CROSS JOIN clock AS k
    WHERE NOT a.is_deleted
    GROUP BY a.inbox_id
)

SELECT
    d.inbox_id,
    d.inbox_name,
    k.today,
    CAST(d.created_today AS bigint) AS created_today,
    CAST(d.created_yesterday AS bigint) AS created_yesterday,
    CAST(
        CASE
            WHEN d.created_yesterday = 0 AND d.created_today = 0 THEN 0
            WHEN d.created_yesterday = 0 THEN 100
            ELSE round(100.0 * (d.created_today - d.created_yesterday) / d.created_yesterday, 2)
        END AS numeric(12, 2)
    ) AS created_change_percent,
    coalesce(l.active_today, 0) AS active_today,
    coalesce(l.active_today, 0) - CAST(d.created_today AS bigint) AS reopened_today,
    CAST(d.open_conversations AS bigint) AS open_conversations,
    CAST(d.unassigned_open AS bigint) AS unassigned_open,
    CAST(d.waiting_conversations AS bigint) AS waiting_conversations,
    coalesce(l.waiting_over_2h, 0) AS waiting_over_2h
FROM days AS d
CROSS JOIN clock AS k
LEFT JOIN live AS l ON l.inbox_id = d.inbox_id
