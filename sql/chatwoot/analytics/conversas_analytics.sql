-- grain: one row per conversation
-- key: conversation_id
-- answers: everything about a conversation that does not depend on the moment of reading; times as timestamptz
SELECT
    f.conversation_id,
    f.display_id,
    f.conversation_uuid,
    f.account_id,
    f.status,
    f.priority,
    f.snoozed_until AT TIME ZONE 'UTC' AS snoozed_until,
    f.assignee_id,
    f.team_id,
    f.campaign_id,
    f.contact_id,
    f.inbox_id,
    f.conversation_created_at AT TIME ZONE 'UTC' AS conversation_created_at,
    f.conversation_updated_at AT TIME ZONE 'UTC' AS conversation_updated_at,
    f.last_activity_at AT TIME ZONE 'UTC' AS last_activity_at,
    f.first_reply_created_at AT TIME ZONE 'UTC' AS first_reply_created_at,
    f.waiting_since AT TIME ZONE 'UTC' AS waiting_since,
    f.contact_last_seen_at AT TIME ZONE 'UTC' AS contact_last_seen_at,
    f.agent_last_seen_at AT TIME ZONE 'UTC' AS agent_last_seen_at,
    f.contact_name,
    f.contact_email,
    f.contact_phone,
    f.contact_identifier,
    f.inbox_name,
    f.inbox_channel_type,
    f.inbox_timezone,
    f.assignee_name,
    f.assignee_email,
    f.team_name,
    f.account_name,
    f.message_compiled,
    f.client_sender_id,
    f.client_phone,
    f.t_messages,
    f.total_messages_public,
    f.total_messages_private,
    f.mc_first_message_at AT TIME ZONE 'UTC' AS mc_first_message_at,
    f.mc_last_message_at AT TIME ZONE 'UTC' AS mc_last_message_at,
    f.csat_response_id,
    f.csat_rating,
    f.csat_feedback,
    f.csat_created_at AT TIME ZONE 'UTC' AS csat_created_at,
    f.csat_nps_category,
    f.csat_sentiment_category,
    f.has_written_feedback,
    f.has_detailed_feedback,
    f.has_csat,
    f.first_response_time_seconds,
    f.first_response_time_minutes,
    res.seconds AS resolution_time_seconds,
    f.is_assigned,
    f.has_team,
    f.has_contact,
    f.is_resolved,
    f.is_open,
    f.is_pending,
    f.is_waiting,
    f.has_priority,
    f.is_high_priority,
    f.is_from_campaign,
    f.is_fast_response,
    f.is_slow_response,
    res.seconds < 7200 AS is_fast_resolution,
    f.contact_has_seen,
    f.agent_has_seen,
    f.priority_score,
    f.priority_label,
    f.status_label_pt,
    f.user_messages_count,
    f.contact_messages_count,
    f.private_notes_count,
    f.first_message_text,
    f.last_message_text,
    f.first_message_sender_type,
    f.last_message_sender_type,
    f.conversation_duration_seconds,
    f.avg_time_between_messages_seconds,
    f.avg_message_length,
    f.max_message_length,
    f.has_user_messages,
    f.has_contact_messages,
    f.has_contact_reply,
    f.has_private_notes,
    f.is_short_conversation,
    f.is_long_conversation,
    f.user_message_ratio,
    f.contact_message_ratio,
    f.has_human_intervention,
    f.is_bot_resolved,
    f.conversation_date,
    f.conversation_year,
    f.conversation_month,
    f.conversation_day,
    f.conversation_hour,
    f.conversation_minute,
    f.conversation_quarter,
    f.conversation_day_of_week,
    f.conversation_week_of_year,
    f.conversation_day_name,
    f.conversation_month_name,
    f.conversation_period,
    f.is_weekday,
    f.is_weekend,
    f.is_business_hours,
    f.is_night_time,
    f.conversation_date_formatted,
    f.conversation_datetime_formatted,
    f.conversation_year_month,
    f.conversation_year_week,
    f.bot_messages_count,
    f.chat_messages_count,
    res.source AS resolution_time_source,
    seen.resolution_seen_at
FROM views.vw_conversations_analytics_final AS f
LEFT JOIN public.conversas_analytics AS prev ON prev.conversation_id = f.conversation_id
CROSS JOIN LATERAL (
    -- The earliest updated_at at which some run found it resolved: it was resolved no later, whatever moves updated_at
    -- afterwards. Reopening forgets it. What an earlier version stored has none, but was computed from its updated_at.
    SELECT
        CASE
            WHEN f.status = 1 AND prev.status = 1
                THEN least(
                    prev.resolution_seen_at,
                    prev.conversation_updated_at,
                    f.conversation_updated_at AT TIME ZONE 'UTC'
                )
            WHEN f.status = 1 THEN f.conversation_updated_at AT TIME ZONE 'UTC'
        END AS resolution_seen_at
) AS seen
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN f.resolution_time_source = 'updated_at'
                THEN CAST(
                    round(
                        EXTRACT(EPOCH FROM (seen.resolution_seen_at AT TIME ZONE 'UTC') - f.conversation_created_at)
                    ) AS bigint
                )
            ELSE f.resolution_time_seconds
        END AS seconds,
        -- Observed only where a run had found it in another state; found resolved at first sight, it may have been for
        -- a year, and its time stays flagged as a guess.
        CASE
            WHEN f.resolution_time_source = 'updated_at' AND prev.status = 1 AND prev.resolution_time_source = 'observed'
                THEN 'observed'
            WHEN f.resolution_time_source = 'updated_at' AND prev.status <> 1 THEN 'observed'
            ELSE f.resolution_time_source
        END AS source
) AS res
