-- grain: one row per ISO week of creation and inbox
-- key: year_week, inbox_id
-- answers: how satisfied the contacts of each week were
SELECT
    a.conversation_year_week AS year_week,
    a.inbox_id,
    (array_agg(a.inbox_name ORDER BY a.conversation_created_at DESC, a.conversation_id DESC))[1] AS inbox_name,
    count(*) AS total_conversations,
    count(*) FILTER (WHERE a.has_csat) AS csat_responses,
    coalesce(sum(a.csat_rating) FILTER (WHERE a.csat_rating >= 1), 0) AS csat_rating_sum,
    count(*) FILTER (WHERE a.csat_rating >= 1) AS csat_rated,
    count(*) FILTER (WHERE a.csat_nps_category = 'Promotor') AS csat_promoters,
    count(*) FILTER (WHERE a.csat_nps_category = 'Detrator') AS csat_detractors,
    count(*) FILTER (WHERE a.csat_nps_category = 'Neutro') AS csat_neutrals,
    count(*) FILTER (WHERE a.has_written_feedback) AS written_feedbacks,
    count(*) FILTER (WHERE a.has_detailed_feedback) AS detailed_feedbacks,
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
GROUP BY a.conversation_year_week, a.inbox_id
