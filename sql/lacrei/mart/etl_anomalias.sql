-- grain: one row per day, metric and method
-- key: date, metric, method
-- answers: which days had unusually many or few appointments, or an unusual share of them completed or cancelled
-- The SELECT gives the numbers, a column each; the rows are made of them in Python (engine/anomalies).
SELECT
    f.appointment_day AS date,
    count(*) AS appointments,
    100.0 * count(*) FILTER (WHERE lower(f.status) = 'completed') / count(*) AS completion_rate,
    100.0 * count(*) FILTER (WHERE lower(f.status) = 'cancelled') / count(*) AS cancellation_rate
FROM lacreisaude_model.fact_lacreisaude_appointments AS f
GROUP BY f.appointment_day
