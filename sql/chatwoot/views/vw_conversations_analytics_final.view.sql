-- grain: one row per conversation
-- key: conversation_id
-- answers: the same as the final view over the mirrors, corrected as far as the 118 columns of the owner's view allow
WITH measured AS (
    SELECT
        v.conversation_id,
        EXTRACT(EPOCH FROM v.first_reply_created_at - v.conversation_created_at) AS response_seconds,
        EXTRACT(EPOCH FROM (now() AT TIME ZONE 'UTC') - v.waiting_since) AS waiting_seconds,
        CASE
            WHEN v.status = 1 THEN round(EXTRACT(EPOCH FROM v.conversation_updated_at - v.conversation_created_at))
        END AS resolution_seconds,
        -- Without blanks at either end: space, tab, line feed, vertical tab, form feed, carriage return.
        coalesce(
            length(btrim(v.csat_feedback, concat(' ', chr(9), chr(10), chr(11), chr(12), chr(13)))), 0
        ) AS feedback_length,
        coalesce(jsonb_path_exists(
            v.message_compiled,
            '$[*] ? (@.private == false && (@.sender == "AgentBot" || @.sender == "Captain::Assistant"))'
        ), FALSE) AS has_bot_message,
        (v.conversation_created_at AT TIME ZONE 'UTC') AT TIME ZONE 'America/Sao_Paulo' AS moment,
        CAST(now() AT TIME ZONE 'America/Sao_Paulo' AS date) AS today
    FROM staging.vw_conversations_analytics_final AS v
),

parts AS (
    SELECT
        l.conversation_id,
        l.response_seconds,
        l.waiting_seconds,
        l.resolution_seconds,
        l.feedback_length,
        l.has_bot_message,
        l.moment,
        l.today,
        CAST(l.moment AS date) AS day,
        CAST(EXTRACT(MONTH FROM l.moment) AS integer) AS month_no,
        CAST(EXTRACT(DAY FROM l.moment) AS integer) AS day_no,
        CAST(EXTRACT(HOUR FROM l.moment) AS integer) AS hour_no,
        CAST(EXTRACT(DOW FROM l.moment) AS integer) AS dow
    FROM measured AS l
)

SELECT
    s.conversation_id,
    s.display_id,
    s.conversation_uuid,
    s.account_id,
    s.status,
    s.priority,
    s.snoozed_until,
    s.assignee_id,
    s.team_id,
    s.campaign_id,
    s.contact_id,
    s.inbox_id,
    s.conversation_created_at,
    s.conversation_updated_at,
    s.last_activity_at,
    s.first_reply_created_at,
    s.waiting_since,
    s.contact_last_seen_at,
    s.agent_last_seen_at,
    s.contact_name,
    s.contact_email,
    s.contact_phone,
    s.contact_identifier,
    s.inbox_name,
    s.inbox_channel_type,
    s.inbox_timezone,
    s.assignee_name,
    s.assignee_email,
    s.team_name,
    s.account_name,
    s.message_compiled,
    s.client_sender_id,
    s.client_phone,
    coalesce(s.t_messages, 0) AS t_messages,
    coalesce(s.total_messages_public, 0) AS total_messages_public,
    coalesce(s.total_messages_private, 0) AS total_messages_private,
    s.mc_first_message_at,
    s.mc_last_message_at,
    s.csat_response_id,
    s.csat_rating,
    s.csat_feedback,
    s.csat_created_at,
    s.csat_nps_category,
    s.csat_sentiment_category,
    p.feedback_length > 0 AS has_written_feedback,
    p.feedback_length > 50 AS has_detailed_feedback,
    s.csat_response_id IS NOT NULL AS has_csat,
    CAST(round(p.response_seconds) AS bigint) AS first_response_time_seconds,
    CAST(round(p.response_seconds / 60, 1) AS numeric(10, 1)) AS first_response_time_minutes,
    CAST(p.resolution_seconds AS bigint) AS resolution_time_seconds,
    CAST(round(p.waiting_seconds) AS bigint) AS waiting_time_seconds,
    s.assignee_id IS NOT NULL AS is_assigned,
    s.team_id IS NOT NULL AS has_team,
    s.contact_id IS NOT NULL AS has_contact,
    s.status = 1 AS is_resolved,
    s.status IN (0, 2) AS is_open,
    s.status = 2 AS is_pending,
    coalesce(s.snoozed_until > (now() AT TIME ZONE 'UTC'), FALSE) AS is_snoozed,
    s.waiting_since IS NOT NULL AS is_waiting,
    s.priority IS NOT NULL AS has_priority,
    coalesce(s.priority >= 2, FALSE) AS is_high_priority,
    s.campaign_id IS NOT NULL AS is_from_campaign,
    p.response_seconds < 300 AS is_fast_response,
    p.response_seconds > 1800 AS is_slow_response,
    p.resolution_seconds < 7200 AS is_fast_resolution,
    coalesce(p.waiting_seconds > 3600, FALSE) AS is_waiting_long,
    s.contact_last_seen_at IS NOT NULL AS contact_has_seen,
    s.agent_last_seen_at IS NOT NULL AS agent_has_seen,
    coalesce(s.priority + 1, 0) AS priority_score,
    CASE s.priority
        WHEN 0 THEN 'Low'
        WHEN 1 THEN 'Medium'
        WHEN 2 THEN 'High'
        WHEN 3 THEN 'Urgent'
        ELSE 'None'
    END AS priority_label,
    CASE s.status
        WHEN 0 THEN 'Aberta'
        WHEN 1 THEN 'Resolvida'
        WHEN 2 THEN 'Pendente'
        WHEN 3 THEN 'Adiada'
        ELSE 'Desconhecido'
    END AS status_label_pt,
    coalesce(s.user_messages_count, 0) AS user_messages_count,
    coalesce(s.contact_messages_count, 0) AS contact_messages_count,
    coalesce(s.private_notes_count, 0) AS private_notes_count,
    s.first_message_text,
    s.last_message_text,
    s.first_message_sender_type,
    s.last_message_sender_type,
    CAST(s.conversation_duration_seconds AS bigint) AS conversation_duration_seconds,
    CAST(s.avg_time_between_messages_seconds AS numeric(12, 1)) AS avg_time_between_messages_seconds,
    s.avg_message_length,
    s.max_message_length,
    coalesce(s.user_messages_count, 0) > 0 AS has_user_messages,
    coalesce(s.contact_messages_count, 0) > 0 AS has_contact_messages,
    coalesce(s.contact_messages_count, 0) > 0 AS has_contact_reply,
    coalesce(s.private_notes_count, 0) > 0 AS has_private_notes,
    coalesce(s.t_messages, 0) > 0 AND coalesce(s.total_messages_public, 0) <= 5 AS is_short_conversation,
    coalesce(s.total_messages_public, 0) > 20 AS is_long_conversation,
    CAST(
        round(CAST(s.user_messages_count AS numeric) / NULLIF(s.total_messages_public, 0), 2) AS numeric(5, 2)
    ) AS user_message_ratio,
    CAST(
        round(CAST(s.contact_messages_count AS numeric) / NULLIF(s.total_messages_public, 0), 2) AS numeric(5, 2)
    ) AS contact_message_ratio,
    coalesce(s.user_messages_count, 0) > 0 AS has_human_intervention,
    s.status = 1 AND coalesce(s.user_messages_count, 0) = 0 AND p.has_bot_message AS is_bot_resolved,
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
    (ARRAY[
        'Janeiro', 'Fevereiro', 'Março', 'Abril', 'Maio', 'Junho',
        'Julho', 'Agosto', 'Setembro', 'Outubro', 'Novembro', 'Dezembro'
    ])[p.month_no] AS conversation_month_name,
    CASE
        WHEN p.hour_no < 6 THEN 'Madrugada'
        WHEN p.hour_no < 12 THEN 'Manhã'
        WHEN p.hour_no < 18 THEN 'Tarde'
        ELSE 'Noite'
    END AS conversation_period,
    p.dow BETWEEN 1 AND 5 AS is_weekday,
    p.dow IN (0, 6) AS is_weekend,
    p.dow BETWEEN 1 AND 5 AND p.hour_no BETWEEN 9 AND 17 AS is_business_hours,
    p.hour_no >= 20 OR p.hour_no < 6 AS is_night_time,
    p.today - p.day AS days_since_creation,
    p.day = p.today AS is_today,
    p.day = p.today - 1 AS is_yesterday,
    p.day >= CAST(date_trunc('week', p.today) AS date) AS is_this_week,
    p.day >= CAST(date_trunc('month', p.today) AS date) AS is_this_month,
    EXTRACT(YEAR FROM p.day) = EXTRACT(YEAR FROM p.today) AS is_this_year,
    to_char(p.moment, 'YYYY-MM-DD') AS conversation_date_formatted,
    to_char(p.moment, 'YYYY-MM-DD HH24:MI') AS conversation_datetime_formatted,
    to_char(p.moment, 'YYYY-MM') AS conversation_year_month,
    to_char(p.moment, 'IYYY-IW') AS conversation_year_week,
    CAST(NULL AS bigint) AS bot_messages_count,
    CAST(NULL AS bigint) AS chat_messages_count,
    CASE WHEN s.status = 1 THEN 'updated_at' END AS resolution_time_source
FROM staging.vw_conversations_analytics_final AS s
LEFT JOIN parts AS p ON p.conversation_id = s.conversation_id
