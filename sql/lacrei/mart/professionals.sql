-- grain: one professional who exists in the source
-- key: professional_sk
-- answers: how much and how well rated each professional attends
-- total_appointments counts completed ones only, as it always did; all_appointments counts every one. Who was never
-- rated has no rating. Indicators of professionals count those with is_validated (RN01).
WITH attended AS (
    SELECT
        f.professional_id,
        count(*) AS all_appointments,
        count(*) FILTER (WHERE lower(f.status) = 'completed') AS completed,
        count(r.evaluation) AS rated,
        avg(r.evaluation) AS mean_evaluation
    FROM lacreisaude_model.fact_lacreisaude_appointments AS f
    LEFT JOIN lacreisaude_model.dim_report AS r ON r.report_id = f.report_id
    WHERE f.professional_id IS NOT NULL
    GROUP BY f.professional_id
)

SELECT
    p.professional_id AS professional_sk,
    p.sexual_orientation,
    p.ethnic_group,
    p.gender_identity,
    p.specialty,
    p.state,
    p.profile_status,
    p.active,
    p.is_validated,
    CAST(coalesce(a.completed, 0) AS integer) AS total_appointments,
    CAST(coalesce(a.all_appointments, 0) AS integer) AS all_appointments,
    CAST(coalesce(a.rated, 0) AS integer) AS rated_appointments,
    round(a.mean_evaluation, 2) AS avg_feedback_rating
FROM lacreisaude_model.dim_professional AS p
LEFT JOIN attended AS a ON a.professional_id = p.professional_id
WHERE NOT p.is_deleted
