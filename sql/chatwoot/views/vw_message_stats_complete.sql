-- grain: one row per conversation that has messages
-- key: conversation_id
-- answers: who wrote how much, how fast, and what came first and last
WITH counted AS (
    SELECT
        m.conversation_id,
        count(*) FILTER (WHERE NOT m.private) AS public_count,
        count(*) FILTER (WHERE NOT m.private AND m.sender_type = 'User') AS user_count,
        count(*) FILTER (WHERE NOT m.private AND m.sender_type = 'Contact') AS contact_count,
        count(*) FILTER (WHERE m.private) AS private_count,
        count(*) FILTER (WHERE NOT m.private AND m.sender_type IN ('AgentBot', 'Captain::Assistant')) AS bot_count,
        count(*) FILTER (WHERE NOT m.private AND m.message_type <> 2) AS chat_count,
        count(*) FILTER (
            WHERE jsonb_typeof(m.sentiment) = 'object' AND m.sentiment <> CAST('{}' AS jsonb)
        ) AS sentiment_count,
        array_agg(m.content ORDER BY m.created_at, m.id) FILTER (
            WHERE NOT m.private AND m.message_type <> 2
        ) AS texts,
        array_agg(m.sender_type ORDER BY m.created_at, m.id) FILTER (
            WHERE NOT m.private AND m.message_type <> 2
        ) AS senders,
        min(m.created_at) FILTER (WHERE NOT m.private) AS first_at,
        max(m.created_at) FILTER (WHERE NOT m.private) AS last_at,
        EXTRACT(
            EPOCH FROM max(m.created_at) FILTER (WHERE NOT m.private) - min(m.created_at) FILTER (WHERE NOT m.private)
        ) AS duration_seconds,
        avg(char_length(m.content)) FILTER (WHERE NOT m.private) AS mean_length,
        max(char_length(m.content)) FILTER (WHERE NOT m.private) AS max_length
    FROM staging.messages AS m
    GROUP BY m.conversation_id
)

SELECT
    s.conversation_id,
    s.public_count AS total_messages_public,
    s.user_count AS user_messages_count,
    s.contact_count AS contact_messages_count,
    s.public_count - s.user_count - s.contact_count AS system_messages_count,
    s.private_count AS private_notes_count,
    s.texts[1] AS first_message_text,
    s.texts[s.chat_count] AS last_message_text,
    s.senders[1] AS first_message_sender_type,
    s.senders[s.chat_count] AS last_message_sender_type,
    s.first_at AS first_message_at,
    s.last_at AS last_message_at,
    CAST(round(s.duration_seconds) AS bigint) AS conversation_duration_seconds,
    CAST(
        CASE WHEN s.public_count > 1 THEN round(s.duration_seconds / (s.public_count - 1), 1) END AS numeric(12, 1)
    ) AS avg_time_between_messages_seconds,
    CAST(NULL AS text) AS avg_sentiment_score,
    s.sentiment_count AS messages_with_sentiment_count,
    CAST(round(s.mean_length) AS integer) AS avg_message_length,
    s.max_length AS max_message_length,
    s.user_count > 0 AS has_user_messages,
    s.contact_count > 0 AS has_contact_messages,
    s.contact_count > 0 AS has_contact_reply,
    s.private_count > 0 AS has_private_notes,
    s.public_count <= 5 AS is_short_conversation,
    s.public_count > 20 AS is_long_conversation,
    CAST(
        round(CAST(s.user_count AS numeric) / NULLIF(s.public_count, 0), 2) AS numeric(5, 2)
    ) AS user_message_ratio,
    CAST(
        round(CAST(s.contact_count AS numeric) / NULLIF(s.public_count, 0), 2) AS numeric(5, 2)
    ) AS contact_message_ratio,
    s.bot_count AS bot_messages_count,
    s.chat_count AS chat_messages_count
FROM counted AS s
