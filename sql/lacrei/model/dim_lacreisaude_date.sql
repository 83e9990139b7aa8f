-- grain: one calendar day
-- key: date_id
-- answers: dim_date under the name, and with the columns, it had before; what is withheld now is NULL
SELECT
    d.date_id,
    d.calendar_date,
    d.day,
    d.month,
    d.year,
    d.week,
    d.quarter
FROM lacreisaude_model.dim_date AS d
