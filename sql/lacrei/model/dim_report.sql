-- grain: one report of the source
-- key: report_key
-- answers: when a patient said something of an appointment, with which score, and whether with a comment
SELECT
    encode(sha256(convert_to(concat(:salt, '|report|', r.report_id), 'UTF8')), 'hex') AS report_key,
    r.created_at,
    coalesce(btrim(r.feedback) <> '', FALSE) AS has_feedback,
    CASE WHEN r.eval BETWEEN 1 AND 5 THEN r.eval END AS evaluation,
    r._is_deleted AS is_deleted
FROM lacreisaude_staging_02.lacreiid_report AS r
