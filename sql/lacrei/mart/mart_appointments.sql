-- grain: one month of appointments, specialty, state and modality
-- key: appointment_period, specialty, state, type
-- answers: how many appointments the platform had, what became of them, and how long patients waited
-- Every appointment of the fact counts, also those whose professional is not known.
WITH attended AS (
    SELECT
        CAST(date_trunc('month', d.calendar_date) AS date) AS appointment_period,
        coalesce(p.specialty, 'Não informada') AS specialty,
        coalesce(p.state, 'N/I') AS state,
        coalesce(f.type, 'Outro') AS type,
        coalesce(lower(f.status), '') AS status,
        f.waiting_time
    FROM lacreisaude_model.fact_lacreisaude_appointments AS f
    INNER JOIN lacreisaude_model.dim_date AS d ON d.date_id = f.date_id
    LEFT JOIN lacreisaude_model.dim_professional AS p ON p.professional_id = f.professional_id
)

SELECT
    a.appointment_period,
    a.specialty,
    a.state,
    a.type,
    CAST(count(*) AS integer) AS total_appointments,
    CAST(count(*) FILTER (WHERE a.status = 'completed') AS integer) AS completed_appointments,
    CAST(count(*) FILTER (WHERE a.status = 'cancelled') AS integer) AS cancelled_appointments,
    CAST(count(*) FILTER (WHERE a.status = 'scheduled') AS integer) AS scheduled_appointments,
    CAST(
        count(*) FILTER (WHERE a.status NOT IN ('completed', 'cancelled', 'scheduled')) AS integer
    ) AS other_appointments,
    round(100.0 * count(*) FILTER (WHERE a.status = 'completed') / count(*), 2) AS completion_rate,
    round(100.0 * count(*) FILTER (WHERE a.status = 'cancelled') / count(*), 2) AS cancellation_rate,
    round(avg(a.waiting_time), 2) AS avg_waiting_time
FROM attended AS a
GROUP BY a.appointment_period, a.specialty, a.state, a.type
