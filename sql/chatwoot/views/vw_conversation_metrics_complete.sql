-- grain: one row per conversation
-- key: conversation_id
-- answers: state, priority, and how long response, resolution and waiting take
WITH resolved AS (
    SELECT DISTINCT ON (e.conversation_id)
        e.conversation_id,
        e.value
    FROM staging.reporting_events AS e
    WHERE e.name = 'conversation_resolved'
    ORDER BY e.conversation_id, e.event_end_time DESC NULLS LAST, e.id DESC
),

measured AS (
    SELECT
        c.id,
        c.status,
        c.priority,
        c.assignee_id,
        c.team_id,
        c.contact_id,
        c.campaign_id,
        c.waiting_since,
        c.contact_last_seen_at,
        c.agent_last_seen_at,
        EXTRACT(EPOCH FROM c.first_reply_created_at - c.created_at) AS response_seconds,
        EXTRACT(EPOCH FROM (now() AT TIME ZONE 'UTC') - c.waiting_since) AS waiting_seconds,
        c.snoozed_until > (now() AT TIME ZONE 'UTC') AS is_snoozed,
        CASE
            WHEN c.status = 1
                THEN round(coalesce(CAST(r.value AS numeric), EXTRACT(EPOCH FROM c.updated_at - c.created_at)))
        END AS resolution_seconds,
        CASE
            WHEN c.status = 1 AND r.value IS NOT NULL THEN 'event'
            WHEN c.status = 1 THEN 'updated_at'
        END AS resolution_source
    FROM staging.conversations AS c
    LEFT JOIN resolved AS r ON r.conversation_id = c.id
)

SELECT
    m.id AS conversation_id,
    CAST(round(m.response_seconds) AS bigint) AS first_response_time_seconds,
    CAST(round(m.response_seconds / 60, 1) AS numeric(10, 1)) AS first_response_time_minutes,
    CAST(m.resolution_seconds AS bigint) AS resolution_time_seconds,
    CAST(round(m.waiting_seconds) AS bigint) AS waiting_time_seconds,
    m.assignee_id IS NOT NULL AS is_assigned,
    m.team_id IS NOT NULL AS has_team,
    m.contact_id IS NOT NULL AS has_contact,
    m.status = 1 AS is_resolved,
    m.status IN (0, 2) AS is_open,
    m.status = 2 AS is_pending,
    coalesce(m.is_snoozed, FALSE) AS is_snoozed,
    m.waiting_since IS NOT NULL AS is_waiting,
    m.priority IS NOT NULL AS has_priority,
    coalesce(m.priority >= 2, FALSE) AS is_high_priority,
    m.campaign_id IS NOT NULL AS is_from_campaign,
    m.response_seconds < 300 AS is_fast_response,
    m.response_seconds > 1800 AS is_slow_response,
    m.resolution_seconds < 7200 AS is_fast_resolution,
    coalesce(m.waiting_seconds > 3600, FALSE) AS is_waiting_long,
    m.contact_last_seen_at IS NOT NULL AS contact_has_seen,
    m.agent_last_seen_at IS NOT NULL AS agent_has_seen,
    coalesce(m.priority + 1, 0) AS priority_score,
    CASE m.priority
        WHEN 0 THEN 'Low'
        WHEN 1 THEN 'Medium'
        WHEN 2 THEN 'High'
        WHEN 3 THEN 'Urgent'
        ELSE 'None'
    END AS priority_label,
    CASE m.status
        WHEN 0 THEN 'Aberta'
        WHEN 1 THEN 'Resolvida'
        WHEN 2 THEN 'Pendente'
        WHEN 3 THEN 'Adiada'
        ELSE 'Desconhecido'
    END AS status_label_pt,
    m.resolution_source AS resolution_time_source
FROM measured AS m
