-- grain: one month of reports, specialty and state
-- key: feedback_period, specialty, state
-- answers: how patients rate appointments
-- Only reports an appointment names count, one for each (RN03). No text is shown.
SELECT
    CAST(date_trunc('month', r.created_at AT TIME ZONE 'UTC' AT TIME ZONE :business_zone) AS date) AS feedback_period,
    coalesce(p.specialty, 'Não informada') AS specialty,
    coalesce(p.state, 'N/I') AS state,
    CAST(count(*) AS integer) AS total_reports,
    CAST(count(r.evaluation) AS integer) AS rated_reports,
    round(avg(r.evaluation), 2) AS avg_evaluation,
    CAST(count(*) FILTER (WHERE r.evaluation = 1) AS integer) AS eval_1,
    CAST(count(*) FILTER (WHERE r.evaluation = 2) AS integer) AS eval_2,
    CAST(count(*) FILTER (WHERE r.evaluation = 3) AS integer) AS eval_3,
    CAST(count(*) FILTER (WHERE r.evaluation = 4) AS integer) AS eval_4,
    CAST(count(*) FILTER (WHERE r.evaluation = 5) AS integer) AS eval_5,
    CAST(count(*) FILTER (WHERE r.has_feedback) AS integer) AS reports_with_comment
FROM lacreisaude_model.fact_lacreisaude_appointments AS f
INNER JOIN lacreisaude_model.dim_report AS r ON r.report_id = f.report_id
LEFT JOIN lacreisaude_model.dim_professional AS p ON p.professional_id = f.professional_id
WHERE r.created_at IS NOT NULL
GROUP BY
    CAST(date_trunc('month', r.created_at AT TIME ZONE 'UTC' AT TIME ZONE :business_zone) AS date),
    coalesce(p.specialty, 'Não informada'),
    coalesce(p.state, 'N/I')
