-- grain: one row per day of the week and hour
-- key: conversation_day_of_week, conversation_hour
-- answers: when in the week conversations begin, and how they are served then
SELECT
    a.conversation_day_of_week,
    a.conversation_hour,
    min(a.conversation_day_name) AS conversation_day_name,
    count(*) AS total_conversations,
    count(DISTINCT a.contact_id) AS unique_contacts,
    count(*) FILTER (WHERE a.contact_messages_count > 0) AS valid_contacts,
    count(*) FILTER (WHERE a.is_open) AS active_conversations,
    count(*) FILTER (WHERE a.is_open AND NOT a.is_assigned) AS unassigned_open,
    count(*) FILTER (WHERE a.is_waiting) AS waiting_conversations,
    count(*) FILTER (WHERE a.is_resolved) AS resolved_conversations,
    count(*) FILTER (WHERE a.is_bot_resolved) AS bot_resolved,
    count(*) FILTER (WHERE a.has_human_intervention) AS human_conversations,
    count(*) FILTER (WHERE a.has_human_intervention AND NOT a.is_bot_resolved) AS escalated_conversations,
    count(*) FILTER (WHERE a.is_resolved AND a.t_messages <= 5) AS first_contact_resolved,
    count(a.first_response_time_minutes) AS responded_conversations,
    round(avg(a.first_response_time_minutes), 2) AS first_response_minutes_mean,
    round(
        CAST(percentile_cont(0.5) WITHIN GROUP (ORDER BY a.first_response_time_minutes) AS numeric), 2
    ) AS first_response_minutes_median,
    count(a.conversation_duration_seconds) AS timed_conversations,
    round(avg(a.conversation_duration_seconds) / 3600, 2) AS duration_hours_mean,
    count(*) FILTER (WHERE a.has_csat) AS csat_responses,
    coalesce(sum(a.csat_rating) FILTER (WHERE a.csat_rating >= 1), 0) AS csat_rating_sum,
    count(*) FILTER (WHERE a.csat_rating >= 1) AS csat_rated,
    count(*) FILTER (WHERE a.csat_nps_category = 'Promotor') AS csat_promoters,
    count(*) FILTER (WHERE a.csat_nps_category = 'Detrator') AS csat_detractors,
    round(100.0 * count(*) FILTER (WHERE a.is_resolved) / NULLIF(count(*), 0), 2) AS resolution_rate,
    round(100.0 * count(*) FILTER (WHERE a.is_bot_resolved) / NULLIF(count(*), 0), 2) AS bot_resolution_rate,
    round(100.0 * count(*) FILTER (WHERE a.has_human_intervention) / NULLIF(count(*), 0), 2) AS human_rate,
    round(
        100.0 * count(*) FILTER (WHERE a.has_human_intervention AND NOT a.is_bot_resolved) / NULLIF(count(*), 0), 2
    ) AS escalation_rate,
    round(
        100.0 * count(*) FILTER (WHERE a.is_resolved AND a.t_messages <= 5) / NULLIF(count(*), 0), 2
    ) AS first_contact_resolution_rate,
    round(100.0 * count(*) FILTER (WHERE a.has_csat) / NULLIF(count(*), 0), 2) AS csat_response_rate,
    round(avg(a.csat_rating) FILTER (WHERE a.csat_rating >= 1), 2) AS csat_mean,
    round(
        100.0 * (
            count(*) FILTER (WHERE a.csat_nps_category = 'Promotor')
            - count(*) FILTER (WHERE a.csat_nps_category = 'Detrator')
        ) / NULLIF(count(*) FILTER (WHERE a.csat_rating >= 1), 0),
        2
    ) AS nps
FROM public.conversas_analytics AS a
WHERE NOT a.is_deleted
GROUP BY a.conversation_day_of_week, a.conversation_hour
