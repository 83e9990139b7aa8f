-- grain: one row per inbox and day
-- key: inbox_id, conversation_date
-- answers: how many of the conversations begun that day were answered, reached a person, were resolved and were rated
SELECT
    a.inbox_id,
    a.conversation_date,
    (array_agg(a.inbox_name ORDER BY a.conversation_created_at DESC, a.conversation_id DESC))[1] AS inbox_name,
    count(*) AS started,
    count(a.first_response_time_seconds) AS with_first_response,
    count(*) FILTER (WHERE a.has_human_intervention) AS with_human,
    count(*) FILTER (WHERE a.is_resolved) AS resolved,
    count(*) FILTER (WHERE a.has_csat) AS rated,
    round(
        100.0 * count(*) FILTER (WHERE a.first_response_time_seconds IS NOT NULL) / NULLIF(count(*), 0), 2
    ) AS first_response_rate,
    round(100.0 * count(*) FILTER (WHERE a.has_human_intervention) / NULLIF(count(*), 0), 2) AS human_rate,
    round(100.0 * count(*) FILTER (WHERE a.is_resolved) / NULLIF(count(*), 0), 2) AS resolution_rate,
    round(100.0 * count(*) FILTER (WHERE a.has_csat) / NULLIF(count(*), 0), 2) AS rating_rate
FROM public.conversas_analytics AS a
WHERE NOT a.is_deleted
GROUP BY a.inbox_id, a.conversation_date
