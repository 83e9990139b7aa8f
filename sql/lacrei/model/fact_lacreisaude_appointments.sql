-- grain: one appointment that exists in the source and has a date
-- key: appointment_fingerprint
-- answers: what was booked, when, with whom, how, what became of it and what was said of it
-- Whatever there may be several of is chosen by a total order, so that an appointment is one row. The source has no
-- clinic on an appointment: the professional's likeliest one is taken, and no measure rests on it.
WITH booked AS (
    SELECT
        a.id,
        a.created_at,
        a.status,
        a.type,
        a.professional_id,
        a.user_id,
        CAST(a.appointment_date AT TIME ZONE 'UTC' AT TIME ZONE :business_zone AS date) AS appointment_day,
        CAST(a.created_at AT TIME ZONE 'UTC' AT TIME ZONE :business_zone AS date) AS created_day,
        floor(CAST(EXTRACT(EPOCH FROM a.appointment_date - a.created_at) AS numeric) / 60) AS waited
    FROM lacreisaude_staging_02.lacreiid_appointment AS a
    WHERE NOT a._is_deleted AND a.appointment_date IS NOT NULL
)

SELECT
    encode(sha256(convert_to(concat(:salt, '|appointment|', b.id), 'UTF8')), 'hex') AS appointment_fingerprint,
    b.appointment_day,
    c.date_id AS created_date_id,
    d.date_id,
    b.status,
    b.type,
    CASE WHEN b.waited >= 0 THEN b.waited END AS waiting_time,
    p.professional_id,
    u.patient_id,
    k.clinic_id,
    r.report_id,
    date_trunc('second', z.created_at) AS cancellation_created_at,
    CASE
        WHEN
            z.reason IN (
                'Conflito de horário', 'Problema de saúde', 'Motivo financeiro', 'Profissional indisponível',
                'Desistência'
            )
            THEN z.reason
        WHEN z.reason IS NOT NULL THEN 'Outro'
    END AS cancellation_reason
FROM booked AS b
LEFT JOIN lacreisaude_model.dim_date AS d ON d.calendar_date = b.appointment_day
LEFT JOIN lacreisaude_model.dim_date AS c ON c.calendar_date = b.created_day
LEFT JOIN lacreisaude_model.dim_professional AS p
    ON p.professional_key = encode(
        sha256(convert_to(concat(:salt, '|professional|', b.professional_id), 'UTF8')), 'hex'
    )
LEFT JOIN lacreisaude_model.dim_patient AS u
    ON u.patient_key = encode(sha256(convert_to(concat(:salt, '|patient|', b.user_id), 'UTF8')), 'hex')
LEFT JOIN LATERAL (
    SELECT m.clinic_id
    FROM lacreisaude_staging_02.lacreisaude_clinic AS m
    WHERE m.professional_id = b.professional_id AND NOT m._is_deleted
    ORDER BY
        coalesce(
            (b.type = 'Online' AND m.is_online_clinic) OR (b.type = 'Presencial' AND m.is_presential_clinic), FALSE
        ) DESC,
        CASE WHEN m.created_at <= b.created_at THEN m.created_at END DESC NULLS LAST,
        m.clinic_id COLLATE "C"
    LIMIT 1
) AS likeliest ON TRUE
LEFT JOIN lacreisaude_model.dim_clinic AS k
    ON k.clinic_key = encode(sha256(convert_to(concat(:salt, '|clinic|', likeliest.clinic_id), 'UTF8')), 'hex')
LEFT JOIN LATERAL (
    SELECT m.report_id
    FROM lacreisaude_staging_02.lacreiid_report AS m
    WHERE m.appointment_id = b.id AND NOT m._is_deleted
    ORDER BY m.created_at DESC NULLS LAST, m.updated_at DESC NULLS LAST, m.report_id COLLATE "C" DESC
    LIMIT 1
) AS latest ON TRUE
LEFT JOIN lacreisaude_model.dim_report AS r
    ON r.report_key = encode(sha256(convert_to(concat(:salt, '|report|', latest.report_id), 'UTF8')), 'hex')
LEFT JOIN LATERAL (
    SELECT
        m.created_at,
        nullif(btrim(m.reason), '') AS reason
    FROM lacreisaude_staging_02.lacreiid_cancellation AS m
    WHERE m.appointment_id = b.id AND NOT m._is_deleted
    ORDER BY m.created_at DESC NULLS LAST, m.cancellation_id COLLATE "C" DESC
    LIMIT 1
) AS z ON TRUE
