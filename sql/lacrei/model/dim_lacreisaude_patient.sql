-- grain: one user who is a patient
-- key: patient_id
-- answers: dim_patient under the name, and with the columns, it had before; what is withheld now is NULL
SELECT
    d.patient_id,
    d.patient_key,
    d.created_at,
    CAST(NULL AS varchar) AS first_name,
    CAST(NULL AS varchar) AS last_name,
    d.birth_date,
    d.is_active,
    d.profile_type,
    d.ethnic_group,
    d.gender_identity,
    d.pronoun,
    d.sexual_orientation,
    d.disability_type
FROM lacreisaude_model.dim_patient AS d
