-- grain: one row per seller that ever was in the source
-- key: vendedor_original_id
-- answers: which surrogate a seller has
SELECT s.seller_id AS vendedor_original_id
FROM stg.sellers AS s
