-- grain: one irregularity code
-- key: cod
-- answers: which class of finding a code stands for
SELECT
    c.cod,
    c.class,
    c.label
FROM ref.irregularity_code AS c
