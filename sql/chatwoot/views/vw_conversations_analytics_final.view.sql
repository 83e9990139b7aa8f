-- grain: one row per conversation
-- key: conversation_id
-- answers: the same as the final view over the mirrors, corrected as far as the 118 columns of the owner's view allow
WITH threads AS (
    -- The owner's view orders by time alone and takes activities for conversation; the messages themselves tell better.
    SELECT
        v.conversation_id,
        jsonb_agg(e.m ORDER BY e.place) AS message_compiled,
        (
            array_agg(CAST(e.m ->> 'sender_id' AS bigint) ORDER BY e.place) FILTER (WHERE e.m ->> 'sender' = 'Contact')
        )[1] AS client_sender_id,
        (array_agg(e.m ->> 'text' ORDER BY e.place) FILTER (WHERE e.is_chat))[1] AS first_message_text,
        (array_agg(e.m ->> 'text' ORDER BY e.place DESC) FILTER (WHERE e.is_chat))[1] AS last_message_text,
        (array_agg(e.m ->> 'sender' ORDER BY e.place) FILTER (WHERE e.is_chat))[1] AS first_message_sender_type,
        (array_agg(e.m ->> 'sender' ORDER BY e.place DESC) FILTER (WHERE e.is_chat))[1] AS last_message_sender_type,
        count(*) FILTER (WHERE e.is_public AND e.m ->> 'sender' IN ('AgentBot', 'Captain::Assistant')) AS bot_count,
        count(*) FILTER (WHERE e.is_chat) AS chat_count
    FROM staging.vw_conversations_analytics_final AS v
    CROSS JOIN LATERAL (
        SELECT
            j.m,
            NOT CAST(j.m ->> 'private' AS boolean) AS is_public,
            NOT CAST(j.m ->> 'private' AS boolean) AND CAST(j.m ->> 'message_type' AS integer) <> 2 AS is_chat,
            row_number() OVER (
                ORDER BY CAST(j.m ->> 'sent_at' AS timestamp), CAST(j.m ->> 'message_id' AS bigint)
            ) AS place
        FROM jsonb_array_elements(v.message_compiled) AS j (m)
    ) AS e
    GROUP BY v.conversation_id
),

measured AS (
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
    t.message_compiled,
    t.client_sender_id,
    -- The owner's view shows the phone of the contact it took for the first; of anybody else it shows the conversation's contact only.
    CASE t.client_sender_id
        WHEN s.client_sender_id THEN s.client_phone
        WHEN s.contact_id THEN s.contact_phone
    END AS client_phone,
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
    t.first_message_text,
    t.last_message_text,
    t.first_message_sender_type,
    t.last_message_sender_type,
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
    s.status = 1 AND coalesce(s.user_messages_count, 0) = 0 AND coalesce(t.bot_count, 0) > 0 AS is_bot_resolved,
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
    coalesce(t.bot_count, 0) AS bot_messages_count,
    coalesce(t.chat_count, 0) AS chat_messages_count,
    CASE WHEN s.status = 1 THEN 'updated_at' END AS resolution_time_source
FROM staging.vw_conversations_analytics_final AS s
LEFT JOIN parts AS p ON p.conversation_id = s.conversation_id
LEFT JOIN threads AS t ON t.conversation_id = s.conversation_id
