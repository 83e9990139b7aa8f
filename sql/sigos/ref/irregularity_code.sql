-- grain: one irregularity code
-- key: cod
-- answers: which class of finding a code stands for
-- Spec sigos 8.3. Codes that are not here are of class NAO MAPEADO.
SELECT
    CAST(v.cod AS text) AS cod,
    c.class,
    c.label
FROM (
    VALUES
        ('C100', 'Irregularity or fraud'),
        ('C200', 'Defect'),
        ('C300', 'Other finding'),
        ('REGU', 'Regularisation'),
        ('ACAO', 'Action without finding')
) AS c (class, label)
INNER JOIN (
    VALUES
        ('C100', 109), ('C100', 115), ('C100', 129), ('C100', 164), ('C100', 165), ('C100', 168), ('C100', 171),
        ('C100', 172), ('C100', 174), ('C100', 176), ('C100', 188),
        ('REGU', 154), ('REGU', 175),
        ('C200', 201), ('C200', 202), ('C200', 203), ('C200', 204), ('C200', 210), ('C200', 211), ('C200', 212),
        ('C200', 214), ('C200', 215), ('C200', 221),
        ('C300', 307), ('C300', 308), ('C300', 310), ('C300', 311),
        ('ACAO', 300), ('ACAO', 301), ('ACAO', 302), ('ACAO', 303), ('ACAO', 305), ('ACAO', 306), ('ACAO', 309),
        ('ACAO', 312), ('ACAO', 314), ('ACAO', 315)
) AS v (class, cod) ON v.class = c.class
