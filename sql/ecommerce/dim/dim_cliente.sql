-- grain: one row per customer of the source
-- key: cliente_original_id
-- answers: who buys, of which type and segment, and where
-- Types and segments are found in their key form: lower case, without accents, blanks and punctuation.
WITH forms AS (
    SELECT
        s.customer_id,
        REPLACE(
            TRANSLATE(
                LOWER(s.customer_type),
                N'ÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑáàâãäéèêëíìîïóòôõöúùûüçñ -./,;:()+*&!?#',
                N'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn_______________'
            ),
            '_',
            ''
        ) AS type_form,
        REPLACE(
            TRANSLATE(
                LOWER(s.segment),
                N'ÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑáàâãäéèêëíìîïóòôõöúùûüçñ -./,;:()+*&!?#',
                N'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn_______________'
            ),
            '_',
            ''
        ) AS segment_form
    FROM stg.customers AS s
)

SELECT
    c.customer_id AS cliente_original_id,
    COALESCE(NULLIF(LTRIM(RTRIM(c.full_name)), ''), 'Cliente sem nome') AS nome_cliente,
    LOWER(NULLIF(LTRIM(RTRIM(c.email)), '')) AS email,
    NULLIF(LTRIM(RTRIM(c.phone)), '') AS telefone,
    NULLIF(LTRIM(RTRIM(c.document_number)), '') AS cpf_cnpj,
    c.birth_date AS data_nascimento,
    CASE WHEN UPPER(LTRIM(c.gender)) IN ('M', 'F', 'O') THEN UPPER(LTRIM(c.gender)) END AS genero,
    CASE
        WHEN f.type_form LIKE '%vip%' THEN 'VIP'
        WHEN f.type_form LIKE '%recorr%' THEN 'Recorrente'
        WHEN f.type_form LIKE '%inativ%' THEN 'Inativo'
        WHEN f.type_form LIKE '%novo%' THEN 'Novo'
        WHEN c.deleted_at IS NOT NULL OR c.is_active = 0 THEN 'Inativo'
        WHEN c.is_vip = 1 THEN 'VIP'
        ELSE 'Novo'
    END AS tipo_cliente,
    CASE
        WHEN f.segment_form = 'pj' OR f.segment_form LIKE '%jur%' THEN 'Pessoa Juridica'
        ELSE 'Pessoa Fisica'
    END AS segmento,
    CASE WHEN c.credit_score BETWEEN 0 AND 1000 THEN c.credit_score END AS score_credito,
    NULLIF(LTRIM(RTRIM(c.value_category)), '') AS categoria_valor,
    NULLIF(LTRIM(RTRIM(c.address_line)), '') AS endereco_completo,
    NULLIF(LTRIM(RTRIM(c.district)), '') AS bairro,
    NULLIF(LTRIM(RTRIM(c.zip_code)), '') AS cep,
    COALESCE(NULLIF(LTRIM(RTRIM(c.city)), ''), 'N/A') AS cidade,
    CASE
        WHEN TRANSLATE(
            UPPER(LTRIM(RTRIM(c.state))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'AAAAAAAAAAAAAAAAAAAAAAAAAA'
        ) = 'AA' THEN UPPER(LTRIM(RTRIM(c.state)))
        ELSE 'NA'
    END AS estado,
    COALESCE(NULLIF(LTRIM(RTRIM(c.country)), ''), 'Brasil') AS pais,
    COALESCE(
        c.first_signup_date,
        CAST(c.created_at AT TIME ZONE 'UTC' AT TIME ZONE 'E. South America Standard Time' AS DATE)
    ) AS data_primeiro_cadastro,
    c.last_purchase_date AS data_ultima_compra,
    c.updated_at AS data_ultima_atualizacao,
    CASE WHEN c.deleted_at IS NULL AND c.is_active = 1 THEN 1 ELSE 0 END AS eh_ativo,
    c.accepts_email_marketing AS aceita_email_marketing,
    c.is_vip AS eh_cliente_vip
FROM stg.customers AS c
INNER JOIN forms AS f ON f.customer_id = c.customer_id
