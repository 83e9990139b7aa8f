-- grain: one request for the files of one window
-- key: extraction_id
-- answers: what was asked of the portal and when, how it went, what the file was
SELECT
    e.id AS extraction_id,
    e.feed AS report,
    e.load_type AS mode,
    e.window_start,
    e.window_end,
    e.attempts,
    e.started_at,
    e.finished_at,
    e.bytes,
    e.rows,
    e.header_fingerprint,
    e.file_sha256,
    e.outcome,
    e.detail
FROM ctl.extraction AS e
WHERE e.entity IN ('sigos.bronze.sigos_general_raw', 'sigos.bronze.sigos_return_raw')
