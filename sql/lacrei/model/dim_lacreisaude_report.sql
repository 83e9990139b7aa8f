-- grain: one report of the source
-- key: report_id
-- answers: dim_report under the name, and with the columns, it had before; what is withheld now is NULL
SELECT
    d.report_id,
    d.created_at,
    CAST(NULL AS varchar) AS feedback,
    d.evaluation
FROM lacreisaude_model.dim_report AS d
