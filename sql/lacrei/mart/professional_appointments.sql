-- grain: one professional, month of appointments and specialty
-- key: professional_sk, appointment_period, specialty
-- answers: how many appointments each professional had in a month, what became of them, and how long patients waited
-- Rates of a modality are of the appointments of that modality. Appointments without a known professional are in
-- mart_appointments only.
WITH attended AS (
    SELECT
        f.professional_id AS professional_sk,
        CAST(date_trunc('month', d.calendar_date) AS date) AS appointment_period,
        coalesce(p.specialty, 'Não informada') AS specialty,
        count(*) AS total,
        count(*) FILTER (WHERE f.type = 'Online') AS online,
        count(*) FILTER (WHERE f.type = 'Presencial') AS presencial,
        count(*) FILTER (WHERE lower(f.status) = 'completed') AS completed,
        count(*) FILTER (WHERE lower(f.status) = 'completed' AND f.type = 'Online') AS completed_online,
        count(*) FILTER (WHERE lower(f.status) = 'completed' AND f.type = 'Presencial') AS completed_presencial,
        count(*) FILTER (WHERE lower(f.status) = 'cancelled') AS cancelled,
        count(*) FILTER (WHERE lower(f.status) = 'cancelled' AND f.type = 'Online') AS cancelled_online,
        count(*) FILTER (WHERE lower(f.status) = 'cancelled' AND f.type = 'Presencial') AS cancelled_presencial,
        avg(f.waiting_time) AS mean_waiting_time,
        max(b.calendar_date) AS last_booking
    FROM lacreisaude_model.fact_lacreisaude_appointments AS f
    INNER JOIN lacreisaude_model.dim_date AS d ON d.date_id = f.date_id
    INNER JOIN lacreisaude_model.dim_professional AS p ON p.professional_id = f.professional_id
    LEFT JOIN lacreisaude_model.dim_date AS b ON b.date_id = f.created_date_id
    GROUP BY
        f.professional_id,
        CAST(date_trunc('month', d.calendar_date) AS date),
        coalesce(p.specialty, 'Não informada')
)

SELECT
    a.professional_sk,
    a.appointment_period,
    a.specialty,
    CAST(a.total AS integer) AS total_appointments,
    CAST(a.online AS integer) AS total_appointments_online,
    CAST(a.presencial AS integer) AS total_appointments_presencial,
    CAST(a.completed AS integer) AS completed_appointments,
    CAST(a.completed_online AS integer) AS completed_appointments_online,
    CAST(a.completed_presencial AS integer) AS completed_appointments_presencial,
    CAST(a.cancelled AS integer) AS cancelled_appointments,
    CAST(a.cancelled_online AS integer) AS cancelled_appointments_online,
    CAST(a.cancelled_presencial AS integer) AS cancelled_appointments_presencial,
    round(100.0 * a.completed / a.total, 2) AS completion_rate,
    round(100.0 * a.cancelled / a.total, 2) AS cancellation_rate,
    round(100.0 * a.cancelled_online / nullif(a.online, 0), 2) AS cancellation_rate_online,
    round(100.0 * a.cancelled_presencial / nullif(a.presencial, 0), 2) AS cancellation_rate_presencial,
    round(a.mean_waiting_time, 2) AS avg_waiting_time,
    a.last_booking AS created_at
FROM attended AS a
