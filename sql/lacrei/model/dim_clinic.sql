-- grain: one clinic of the source
-- key: clinic_key
-- answers: where professionals attend, in person or online, at which price and for how long
SELECT
    encode(sha256(convert_to(concat(:salt, '|clinic|', c.clinic_id), 'UTF8')), 'hex') AS clinic_key,
    c.created_at,
    c.is_presential_clinic,
    c.is_online_clinic,
    c.name,
    c.zip_code,
    c.city,
    c.consult_price,
    c.duration_minutes,
    c.accepts_insurance_providers,
    c.provides_accessibility_standards,
    c.online_clinic_consult_price,
    c.online_clinic_duration_minutes,
    c.online_clinic_accepts_insurance_providers,
    CASE WHEN c.state_id IS NOT NULL THEN coalesce(s.name, 'N/I') END AS state,
    c._is_deleted AS is_deleted
FROM lacreisaude_staging_02.lacreisaude_clinic AS c
LEFT JOIN lacreisaude_staging_02.address_state AS s ON s.id = c.state_id AND NOT s._is_deleted
