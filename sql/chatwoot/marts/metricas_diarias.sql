-- grain: one row per account, inbox and day
-- key: account_id, inbox_id, conversation_date
-- answers: how the conversations begun that day went, in the numbers that are watched for unusual values
SELECT
    a.account_id,
    a.inbox_id,
    a.conversation_date,
    count(*) AS volume,
    round(avg(a.total_messages_public), 2) AS messages_per_conversation,
    round(100.0 * count(*) FILTER (WHERE a.has_human_intervention) / count(*), 2) AS human_rate,
    round(
        100.0 * count(*) FILTER (WHERE a.is_resolved AND a.resolution_time_seconds <= 86400) / count(*), 2
    ) AS resolution_rate,
    count(a.first_response_time_minutes) AS responded,
    round(
        CAST(percentile_cont(0.5) WITHIN GROUP (ORDER BY a.first_response_time_minutes) AS numeric), 2
    ) AS first_response_minutes_median,
    round(100.0 * count(*) FILTER (WHERE a.contact_phone IS NULL) / count(*), 2) AS contact_phone_null_rate,
    round(100.0 * count(*) FILTER (WHERE a.assignee_id IS NULL) / count(*), 2) AS assignee_null_rate,
    -- An archived text is not a missing one.
    round(
        100.0 * count(*) FILTER (WHERE a.message_compiled IS NULL AND coalesce(a.t_messages, 0) = 0) / count(*), 2
    ) AS message_compiled_null_rate
FROM public.conversas_analytics AS a
WHERE NOT a.is_deleted
GROUP BY a.account_id, a.inbox_id, a.conversation_date
