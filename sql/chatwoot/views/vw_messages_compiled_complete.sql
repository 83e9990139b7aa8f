-- grain: one row per conversation that has messages, private notes included
-- key: conversation_id
-- answers: what was said, by whom, and which contact spoke first
SELECT
    g.conversation_id,
    g.message_compiled,
    g.client_sender_id,
    g.inbox_id,
    k.phone_number AS client_phone,
    g.t_messages,
    g.total_messages_public,
    g.total_messages_private,
    g.first_message_at,
    g.last_message_at
FROM (
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
            ) ORDER BY m.created_at, m.id
        ) AS message_compiled,
        (
            array_agg(m.sender_id ORDER BY m.created_at, m.id) FILTER (WHERE m.sender_type = 'Contact')
        )[1] AS client_sender_id,
        min(m.inbox_id) AS inbox_id,
        count(*) AS t_messages,
        count(*) FILTER (WHERE NOT m.private) AS total_messages_public,
        count(*) FILTER (WHERE m.private) AS total_messages_private,
        min(m.created_at) AS first_message_at,
        max(m.created_at) AS last_message_at
    FROM staging.messages AS m
    GROUP BY m.conversation_id
) AS g
LEFT JOIN staging.contacts AS k ON k.id = g.client_sender_id
