-- grain: one professional of the source
-- key: professional_id
-- answers: dim_professional under the name, and with the columns, it had before; what is withheld now is NULL
SELECT
    d.professional_id,
    d.created_at,
    CAST(NULL AS varchar) AS full_name,
    d.profile_status,
    d.active,
    d.published,
    d.specialty,
    d.ethnic_group,
    d.gender_identity,
    d.sexual_orientation,
    d.pronoun,
    d.profile_type,
    d.disability_type,
    d.state
FROM lacreisaude_model.dim_professional AS d
