-- grain: one row per survey response; a conversation may have several
-- key: csat_response_id
-- answers: how contacts rated the service and whether they said why
SELECT
    r.id AS csat_response_id,
    r.conversation_id,
    r.account_id,
    r.contact_id,
    r.message_id,
    r.assigned_agent_id,
    r.rating AS csat_rating,
    r.feedback_message AS csat_feedback,
    r.created_at AS csat_created_at,
    r.updated_at AS csat_updated_at,
    CASE
        WHEN r.rating >= 5 THEN 'Promotor'
        WHEN r.rating = 4 THEN 'Neutro'
        WHEN r.rating BETWEEN 1 AND 3 THEN 'Detrator'
        ELSE 'Sem Rating'
    END AS csat_nps_category,
    CASE
        WHEN r.rating >= 4 THEN 'Positivo'
        WHEN r.rating = 3 THEN 'Neutro'
        WHEN r.rating <= 2 THEN 'Negativo'
    END AS csat_sentiment_category,
    r.feedback_length > 0 AS has_written_feedback,
    r.feedback_length > 50 AS has_detailed_feedback
FROM (
    SELECT
        s.id,
        s.conversation_id,
        s.account_id,
        s.contact_id,
        s.message_id,
        s.assigned_agent_id,
        s.rating,
        s.feedback_message,
        s.created_at,
        s.updated_at,
        -- Without blanks at either end: space, tab, line feed, vertical tab, form feed, carriage return.
        coalesce(
            length(btrim(s.feedback_message, concat(' ', chr(9), chr(10), chr(11), chr(12), chr(13)))), 0
        ) AS feedback_length
    FROM staging.csat_survey_responses AS s
) AS r
