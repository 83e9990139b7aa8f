-- The views a Chatwoot owner has published, as the original system built them. Their gaps are kept, because source mode
-- `view` must live with them: priority read one too high, status 4, UTC calendar, one row per survey response.
-- Run by the owner of the source database, in schema public. The loads read the final view only.

CREATE OR REPLACE VIEW public.vw_conversations_base_complete AS
SELECT
    c.id AS conversation_id,
    c.display_id,
    c.uuid AS conversation_uuid,
    c.account_id,
    c.status,
    c.priority,
    c.snoozed_until,
    c.assignee_id,
    c.team_id,
    c.campaign_id,
    c.contact_id,
    c.inbox_id,
    c.created_at AS conversation_created_at,
    c.updated_at AS conversation_updated_at,
    c.last_activity_at,
    c.first_reply_created_at,
    c.waiting_since,
    c.contact_last_seen_at,
    c.agent_last_seen_at,
    c.identifier AS conversation_identifier,
    c.sla_policy_id,
    c.contact_inbox_id,
    c.assignee_last_seen_at,
    c.cached_label_list,
    c.additional_attributes AS conversation_additional_attributes,
    c.custom_attributes AS conversation_custom_attributes,
    k.name AS contact_name,
    k.email AS contact_email,
    k.phone_number AS contact_phone,
    k.identifier AS contact_identifier,
    k.contact_type,
    k.middle_name AS contact_middle_name,
    k.last_name AS contact_last_name,
    k.location AS contact_location,
    k.country_code AS contact_country,
    k.blocked AS contact_blocked,
    k.created_at AS contact_created_at,
    k.updated_at AS contact_updated_at,
    k.last_activity_at AS contact_last_activity_at,
    k.additional_attributes AS contact_additional_attributes,
    k.custom_attributes AS contact_custom_attributes,
    i.name AS inbox_name,
    i.channel_type AS inbox_channel_type,
    i.timezone AS inbox_timezone,
    i.channel_id AS inbox_channel_id,
    i.business_name AS inbox_business_name,
    i.enable_auto_assignment AS inbox_auto_assignment_enabled,
    i.greeting_enabled AS inbox_greeting_enabled,
    i.greeting_message AS inbox_greeting_message,
    i.email_address AS inbox_email_address,
    i.working_hours_enabled AS inbox_working_hours_enabled,
    i.out_of_office_message AS inbox_out_of_office_message,
    i.csat_survey_enabled AS inbox_csat_enabled,
    i.allow_messages_after_resolved AS inbox_allow_messages_after_resolved,
    i.portal_id AS inbox_portal_id,
    i.sender_name_type AS inbox_sender_name_type,
    u.name AS assignee_name,
    u.email AS assignee_email,
    u.display_name AS assignee_display_name,
    u.availability AS assignee_availability,
    u.type AS assignee_type,
    u.custom_attributes AS assignee_custom_attributes,
    t.name AS team_name,
    t.description AS team_description,
    t.allow_auto_assign AS team_allow_auto_assign,
    a.name AS account_name,
    a.locale AS account_locale,
    a.domain AS account_domain,
    a.support_email AS account_support_email,
    a.status AS account_status,
    ci.source_id AS contact_inbox_source_id,
    ci.hmac_verified AS contact_inbox_hmac_verified,
    -- The original shows the token here; it is a secret, so not even the demo does.
    CAST(NULL AS varchar) AS contact_inbox_pubsub_token
FROM public.conversations AS c
LEFT JOIN public.contacts AS k ON k.id = c.contact_id
LEFT JOIN public.inboxes AS i ON i.id = c.inbox_id
LEFT JOIN public.users AS u ON u.id = c.assignee_id
LEFT JOIN public.teams AS t ON t.id = c.team_id
LEFT JOIN public.accounts AS a ON a.id = c.account_id
LEFT JOIN public.contact_inboxes AS ci ON ci.id = c.contact_inbox_id;

CREATE OR REPLACE VIEW public.vw_messages_compiled_complete AS
SELECT
    m.conversation_id,
    jsonb_agg(
        jsonb_build_object(
            'message_id', m.id,
            'text', m.content,
            'sender', m.sender_type,
            'sender_id', m.sender_id,
            'sent_at', m.created_at,
            'message_type', m.message_type,
            'private', m.private
        ) ORDER BY m.created_at
    ) AS message_compiled,
    (array_agg(m.sender_id ORDER BY m.created_at) FILTER (WHERE m.sender_type = 'Contact'))[1] AS client_sender_id,
    min(m.inbox_id) AS inbox_id,
    (
        SELECT k.phone_number
        FROM public.contacts AS k
        WHERE k.id = (array_agg(m.sender_id ORDER BY m.created_at) FILTER (WHERE m.sender_type = 'Contact'))[1]
    ) AS client_phone,
    count(*) AS t_messages,
    count(*) FILTER (WHERE m.private = FALSE) AS total_messages_public,
    count(*) FILTER (WHERE m.private = TRUE) AS total_messages_private,
    min(m.created_at) AS first_message_at,
    max(m.created_at) AS last_message_at
FROM public.messages AS m
GROUP BY m.conversation_id;

CREATE OR REPLACE VIEW public.vw_csat_base AS
SELECT
    s.id AS csat_response_id,
    s.conversation_id,
    s.account_id,
    s.contact_id,
    s.message_id,
    s.assigned_agent_id,
    s.rating AS csat_rating,
    s.feedback_message AS csat_feedback,
    s.created_at AS csat_created_at,
    s.updated_at AS csat_updated_at,
    CASE
        WHEN s.rating >= 5 THEN 'Promotor'
        WHEN s.rating = 4 THEN 'Neutro'
        WHEN s.rating BETWEEN 1 AND 3 THEN 'Detrator'
        ELSE 'Sem Rating'
    END AS csat_nps_category,
    CASE
        WHEN s.rating >= 4 THEN 'Positivo'
        WHEN s.rating = 3 THEN 'Neutro'
        WHEN s.rating <= 2 THEN 'Negativo'
    END AS csat_sentiment_category,
    s.feedback_message IS NOT NULL AND s.feedback_message <> '' AS has_written_feedback,
    length(s.feedback_message) > 50 AS has_detailed_feedback
FROM public.csat_survey_responses AS s;

CREATE OR REPLACE VIEW public.vw_conversation_metrics_complete AS
SELECT
    c.id AS conversation_id,
    CAST(EXTRACT(EPOCH FROM c.first_reply_created_at - c.created_at) AS integer) AS first_response_time_seconds,
    round(EXTRACT(EPOCH FROM c.first_reply_created_at - c.created_at) / 60, 1) AS first_response_time_minutes,
    -- The original casts to integer, so that one row dated 2999 fails every read of the view.
    CASE
        WHEN c.status IN (1, 4) THEN CAST(EXTRACT(EPOCH FROM c.updated_at - c.created_at) AS integer)
    END AS resolution_time_seconds,
    CASE
        WHEN c.waiting_since IS NOT NULL THEN CAST(EXTRACT(EPOCH FROM now() - c.waiting_since) AS integer)
    END AS waiting_time_seconds,
    c.assignee_id IS NOT NULL AS is_assigned,
    c.team_id IS NOT NULL AS has_team,
    c.contact_id IS NOT NULL AS has_contact,
    c.status IN (1, 4) AS is_resolved,
    c.status IN (0, 2) AS is_open,
    c.status = 2 AS is_pending,
    c.snoozed_until IS NOT NULL AND c.snoozed_until > now() AS is_snoozed,
    c.waiting_since IS NOT NULL AS is_waiting,
    c.priority IS NOT NULL AND c.priority > 0 AS has_priority,
    c.priority >= 3 AS is_high_priority,
    c.campaign_id IS NOT NULL AS is_from_campaign,
    EXTRACT(EPOCH FROM c.first_reply_created_at - c.created_at) < 300 AS is_fast_response,
    EXTRACT(EPOCH FROM c.first_reply_created_at - c.created_at) > 1800 AS is_slow_response,
    CASE WHEN c.status IN (1, 4) THEN EXTRACT(EPOCH FROM c.updated_at - c.created_at) < 7200 END AS is_fast_resolution,
    c.waiting_since IS NOT NULL AND EXTRACT(EPOCH FROM now() - c.waiting_since) > 3600 AS is_waiting_long,
    c.contact_last_seen_at IS NOT NULL AS contact_has_seen,
    c.agent_last_seen_at IS NOT NULL AS agent_has_seen,
    coalesce(c.priority, 0) AS priority_score,
    CASE c.priority
        WHEN 0 THEN 'None'
        WHEN 1 THEN 'Low'
        WHEN 2 THEN 'Medium'
        WHEN 3 THEN 'High'
        WHEN 4 THEN 'Urgent'
        ELSE 'None'
    END AS priority_label,
    CASE c.status
        WHEN 0 THEN 'Aberta'
        WHEN 1 THEN 'Resolvida'
        WHEN 2 THEN 'Pendente'
        WHEN 3 THEN 'Adiada'
        WHEN 4 THEN 'Fechada'
        ELSE 'Desconhecido'
    END AS status_label_pt
FROM public.conversations AS c;

CREATE OR REPLACE VIEW public.vw_message_stats_complete AS
SELECT
    m.conversation_id,
    count(*) FILTER (WHERE m.private = FALSE) AS total_messages_public,
    count(*) FILTER (WHERE m.private = FALSE AND m.sender_type = 'User') AS user_messages_count,
    count(*) FILTER (WHERE m.private = FALSE AND m.sender_type = 'Contact') AS contact_messages_count,
    count(*) FILTER (
        WHERE m.private = FALSE AND (m.sender_type IS NULL OR m.sender_type NOT IN ('User', 'Contact'))
    ) AS system_messages_count,
    count(*) FILTER (WHERE m.private = TRUE) AS private_notes_count,
    (array_agg(m.content ORDER BY m.created_at) FILTER (WHERE m.private = FALSE))[1] AS first_message_text,
    (array_agg(m.content ORDER BY m.created_at DESC) FILTER (WHERE m.private = FALSE))[1] AS last_message_text,
    (array_agg(m.sender_type ORDER BY m.created_at) FILTER (WHERE m.private = FALSE))[1] AS first_message_sender_type,
    (array_agg(m.sender_type ORDER BY m.created_at DESC) FILTER (WHERE m.private = FALSE))[1] AS last_message_sender_type,
    min(m.created_at) FILTER (WHERE m.private = FALSE) AS first_message_at,
    max(m.created_at) FILTER (WHERE m.private = FALSE) AS last_message_at,
    CAST(EXTRACT(
        EPOCH FROM max(m.created_at) FILTER (WHERE m.private = FALSE) - min(m.created_at) FILTER (WHERE m.private = FALSE)
    ) AS integer) AS conversation_duration_seconds,
    CASE
        WHEN count(*) FILTER (WHERE m.private = FALSE) > 1
            THEN round(
                EXTRACT(
                    EPOCH FROM max(m.created_at) FILTER (WHERE m.private = FALSE)
                    - min(m.created_at) FILTER (WHERE m.private = FALSE)
                ) / (count(*) FILTER (WHERE m.private = FALSE) - 1), 1
            )
    END AS avg_time_between_messages_seconds,
    CAST(NULL AS text) AS avg_sentiment_score,
    count(*) FILTER (WHERE m.sentiment IS NOT NULL) AS messages_with_sentiment_count,
    CAST(round(avg(length(m.content)) FILTER (WHERE m.private = FALSE)) AS integer) AS avg_message_length,
    max(length(m.content)) FILTER (WHERE m.private = FALSE) AS max_message_length,
    count(*) FILTER (WHERE m.sender_type = 'User') > 0 AS has_user_messages,
    count(*) FILTER (WHERE m.sender_type = 'Contact') > 0 AS has_contact_messages,
    count(*) FILTER (WHERE m.sender_type = 'Contact') > 0 AS has_contact_reply,
    count(*) FILTER (WHERE m.private = TRUE) > 0 AS has_private_notes,
    count(*) FILTER (WHERE m.private = FALSE) <= 5 AS is_short_conversation,
    count(*) FILTER (WHERE m.private = FALSE) > 20 AS is_long_conversation,
    round(
        CAST(count(*) FILTER (WHERE m.private = FALSE AND m.sender_type = 'User') AS numeric)
        / NULLIF(count(*) FILTER (WHERE m.private = FALSE), 0), 2
    ) AS user_message_ratio,
    round(
        CAST(count(*) FILTER (WHERE m.sender_type = 'Contact') AS numeric)
        / NULLIF(count(*) FILTER (WHERE m.private = FALSE), 0), 2
    ) AS contact_message_ratio
FROM public.messages AS m
GROUP BY m.conversation_id;

CREATE OR REPLACE VIEW public.vw_temporal_metrics AS
SELECT
    p.id AS conversation_id,
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
    (ARRAY['Dom', 'Seg', 'Ter', 'Qua', 'Qui', 'Sex', 'Sáb'])[p.dow + 1] AS conversation_day_abbr,
    (ARRAY[
        'Janeiro', 'Fevereiro', 'Março', 'Abril', 'Maio', 'Junho',
        'Julho', 'Agosto', 'Setembro', 'Outubro', 'Novembro', 'Dezembro'
    ])[p.month_no] AS conversation_month_name,
    (ARRAY[
        'Jan', 'Fev', 'Mar', 'Abr', 'Mai', 'Jun', 'Jul', 'Ago', 'Set', 'Out', 'Nov', 'Dez'
    ])[p.month_no] AS conversation_month_abbr,
    CASE
        WHEN p.hour_no < 6 THEN 'Madrugada'
        WHEN p.hour_no < 12 THEN 'Manhã'
        WHEN p.hour_no < 18 THEN 'Tarde'
        ELSE 'Noite'
    END AS conversation_period,
    CASE
        WHEN p.hour_no < 6 THEN 'Madrugada'
        WHEN p.hour_no < 9 THEN 'Manhã Cedo'
        WHEN p.hour_no < 12 THEN 'Manhã'
        WHEN p.hour_no < 15 THEN 'Meio-dia'
        WHEN p.hour_no < 18 THEN 'Tarde'
        ELSE 'Noite'
    END AS conversation_period_detailed,
    p.dow BETWEEN 1 AND 5 AS is_weekday,
    p.dow IN (0, 6) AS is_weekend,
    p.dow BETWEEN 1 AND 5 AND p.hour_no BETWEEN 9 AND 17 AS is_business_hours,
    p.dow BETWEEN 1 AND 5 AND p.hour_no BETWEEN 8 AND 19 AS is_extended_hours,
    p.hour_no >= 20 OR p.hour_no < 6 AS is_night_time,
    p.hour_no BETWEEN 12 AND 13 AS is_lunch_time,
    p.day_no <= 10 AS is_start_of_month,
    p.day_no > p.last_but_ten AS is_end_of_month,
    p.today - p.day AS days_since_creation,
    p.day = p.today AS is_today,
    p.day = p.today - 1 AS is_yesterday,
    p.day >= CAST(date_trunc('week', p.today) AS date) AS is_this_week,
    p.day >= CAST(date_trunc('month', p.today) AS date) AS is_this_month,
    EXTRACT(YEAR FROM p.day) = EXTRACT(YEAR FROM p.today) AS is_this_year,
    to_char(p.moment, 'YYYY-MM-DD') AS conversation_date_formatted,
    to_char(p.moment, 'YYYY-MM-DD HH24:MI') AS conversation_datetime_formatted,
    to_char(p.moment, 'YYYY-MM') AS conversation_year_month,
    to_char(p.moment, 'IYYY-IW') AS conversation_year_week
FROM (
    SELECT
        c.id,
        c.created_at AS moment,
        CURRENT_DATE AS today,
        CAST(c.created_at AS date) AS day,
        CAST(EXTRACT(MONTH FROM c.created_at) AS integer) AS month_no,
        CAST(EXTRACT(DAY FROM c.created_at) AS integer) AS day_no,
        CAST(EXTRACT(HOUR FROM c.created_at) AS integer) AS hour_no,
        CAST(EXTRACT(DOW FROM c.created_at) AS integer) AS dow,
        CAST(
            EXTRACT(DAY FROM date_trunc('month', c.created_at) + INTERVAL '1 month' - INTERVAL '10 days') AS integer
        ) AS last_but_ten
    FROM public.conversations AS c
) AS p;

CREATE OR REPLACE VIEW public.vw_conversations_analytics_final AS
SELECT
    b.conversation_id,
    b.display_id,
    b.conversation_uuid,
    b.account_id,
    b.status,
    b.priority,
    b.snoozed_until,
    b.assignee_id,
    b.team_id,
    b.campaign_id,
    b.contact_id,
    b.inbox_id,
    b.conversation_created_at,
    b.conversation_updated_at,
    b.last_activity_at,
    b.first_reply_created_at,
    b.waiting_since,
    b.contact_last_seen_at,
    b.agent_last_seen_at,
    b.contact_name,
    b.contact_email,
    b.contact_phone,
    b.contact_identifier,
    b.inbox_name,
    b.inbox_channel_type,
    b.inbox_timezone,
    b.assignee_name,
    b.assignee_email,
    b.team_name,
    b.account_name,
    mc.message_compiled,
    mc.client_sender_id,
    mc.client_phone,
    mc.t_messages,
    mc.total_messages_public,
    mc.total_messages_private,
    mc.first_message_at AS mc_first_message_at,
    mc.last_message_at AS mc_last_message_at,
    cs.csat_response_id,
    cs.csat_rating,
    cs.csat_feedback,
    cs.csat_created_at,
    cs.csat_nps_category,
    cs.csat_sentiment_category,
    cs.has_written_feedback,
    cs.has_detailed_feedback,
    cs.csat_response_id IS NOT NULL AS has_csat,
    cm.first_response_time_seconds,
    cm.first_response_time_minutes,
    cm.resolution_time_seconds,
    cm.waiting_time_seconds,
    cm.is_assigned,
    cm.has_team,
    cm.has_contact,
    cm.is_resolved,
    cm.is_open,
    cm.is_pending,
    cm.is_snoozed,
    cm.is_waiting,
    cm.has_priority,
    cm.is_high_priority,
    cm.is_from_campaign,
    cm.is_fast_response,
    cm.is_slow_response,
    cm.is_fast_resolution,
    cm.is_waiting_long,
    cm.contact_has_seen,
    cm.agent_has_seen,
    cm.priority_score,
    cm.priority_label,
    cm.status_label_pt,
    ms.user_messages_count,
    ms.contact_messages_count,
    ms.private_notes_count,
    ms.first_message_text,
    ms.last_message_text,
    ms.first_message_sender_type,
    ms.last_message_sender_type,
    ms.conversation_duration_seconds,
    ms.avg_time_between_messages_seconds,
    ms.avg_message_length,
    ms.max_message_length,
    ms.has_user_messages,
    ms.has_contact_messages,
    ms.has_contact_reply,
    ms.has_private_notes,
    ms.is_short_conversation,
    ms.is_long_conversation,
    ms.user_message_ratio,
    ms.contact_message_ratio,
    ms.user_messages_count > 0 AS has_human_intervention,
    cm.is_resolved AND ms.user_messages_count = 0 AS is_bot_resolved,
    tm.conversation_date,
    tm.conversation_year,
    tm.conversation_month,
    tm.conversation_day,
    tm.conversation_hour,
    tm.conversation_minute,
    tm.conversation_quarter,
    tm.conversation_day_of_week,
    tm.conversation_week_of_year,
    tm.conversation_day_name,
    tm.conversation_month_name,
    tm.conversation_period,
    tm.is_weekday,
    tm.is_weekend,
    tm.is_business_hours,
    tm.is_night_time,
    tm.days_since_creation,
    tm.is_today,
    tm.is_yesterday,
    tm.is_this_week,
    tm.is_this_month,
    tm.is_this_year,
    tm.conversation_date_formatted,
    tm.conversation_datetime_formatted,
    tm.conversation_year_month,
    tm.conversation_year_week
FROM public.vw_conversations_base_complete AS b
LEFT JOIN public.vw_messages_compiled_complete AS mc ON mc.conversation_id = b.conversation_id
LEFT JOIN public.vw_csat_base AS cs ON cs.conversation_id = b.conversation_id
LEFT JOIN public.vw_conversation_metrics_complete AS cm ON cm.conversation_id = b.conversation_id
LEFT JOIN public.vw_message_stats_complete AS ms ON ms.conversation_id = b.conversation_id
LEFT JOIN public.vw_temporal_metrics AS tm ON tm.conversation_id = b.conversation_id;
