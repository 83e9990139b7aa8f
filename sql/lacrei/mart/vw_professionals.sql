-- grain: one professional who exists in the source
-- key: professional_sk
-- answers: how much and how well rated each professional attends, without what they say of themselves (RN02)
SELECT
    p.professional_sk,
    p.specialty,
    p.state,
    p.profile_status,
    p.active,
    p.is_validated,
    p.total_appointments,
    p.all_appointments,
    p.rated_appointments,
    p.avg_feedback_rating
FROM lacreisaude_mart.professionals AS p
