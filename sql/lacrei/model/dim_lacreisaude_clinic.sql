-- grain: one clinic of the source
-- key: clinic_id
-- answers: dim_clinic under the name, and with the columns, it had before; what is withheld now is NULL
SELECT
    d.clinic_id,
    d.created_at,
    d.is_presential_clinic,
    d.is_online_clinic,
    d.name,
    d.zip_code,
    d.city,
    d.consult_price,
    d.duration_minutes,
    d.accepts_insurance_providers,
    d.provides_accessibility_standards,
    d.online_clinic_consult_price,
    d.online_clinic_duration_minutes,
    d.online_clinic_accepts_insurance_providers,
    d.state
FROM lacreisaude_model.dim_clinic AS d
