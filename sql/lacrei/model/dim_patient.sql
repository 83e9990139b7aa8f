-- grain: one user whose privacy document is one for patients
-- key: patient_key
-- answers: who is attended: registration, age, activity, and how they describe themselves
-- A user has one profile; of several the one changed last counts.
WITH profiles AS (
    SELECT DISTINCT ON (p.user_id)
        p.user_id,
        p.profile_id,
        p.ethnic_group,
        p.gender_identity,
        p.pronoun,
        p.sexual_orientation
    FROM lacreisaude_staging_02.lacreiid_profile AS p
    WHERE NOT p._is_deleted
    ORDER BY p.user_id, coalesce(p.updated_at, p.created_at) DESC NULLS LAST, p.profile_id COLLATE "C" DESC
),

disabilities AS (
    SELECT
        b.profile_id,
        array_agg(DISTINCT CAST(d.name AS text) COLLATE "C" ORDER BY CAST(d.name AS text) COLLATE "C") AS names
    FROM profiles AS p
    INNER JOIN lacreisaude_staging_02.lacreiid_profile_disability_types AS b ON b.profile_id = p.profile_id
    INNER JOIN lacreisaude_staging_02.lacreiid_disabilitytype AS d
        ON d.id = b.disabilitytype_id AND NOT d._is_deleted AND d.name IS NOT NULL
    WHERE NOT b._is_deleted
    GROUP BY b.profile_id
)

SELECT
    encode(sha256(convert_to(concat(:salt, '|patient|', u.user_id), 'UTF8')), 'hex') AS patient_key,
    u.created_at,
    u.birth_date,
    u.is_active,
    'Paciente' AS profile_type,
    CASE WHEN p.ethnic_group IS NOT NULL THEN coalesce(e.name, 'N/I') END AS ethnic_group,
    CASE WHEN p.gender_identity IS NOT NULL THEN coalesce(g.name, 'N/I') END AS gender_identity,
    CASE WHEN p.sexual_orientation IS NOT NULL THEN coalesce(o.name, 'N/I') END AS sexual_orientation,
    CASE WHEN p.pronoun IS NOT NULL THEN coalesce(n.pronoun, 'N/I') END AS pronoun,
    coalesce(d.names, CAST('{}' AS text [])) AS disability_type,
    u._is_deleted AS is_deleted
FROM lacreisaude_staging_02.lacreiid_user AS u
INNER JOIN lacreisaude_staging_02.lacrei_privacydocument AS t
    ON t.id = u.privacy_document_id AND NOT t._is_deleted
    AND lower(btrim(t.profile_type)) IN ('paciente', 'patient')
LEFT JOIN profiles AS p ON p.user_id = u.user_id
LEFT JOIN disabilities AS d ON d.profile_id = p.profile_id
LEFT JOIN lacreisaude_staging_02.lacreiid_ethnicgroup AS e ON e.id = p.ethnic_group AND NOT e._is_deleted
LEFT JOIN lacreisaude_staging_02.lacreiid_genderidentity AS g ON g.id = p.gender_identity AND NOT g._is_deleted
LEFT JOIN lacreisaude_staging_02.lacreiid_sexualorientation AS o
    ON o.id = p.sexual_orientation AND NOT o._is_deleted
LEFT JOIN lacreisaude_staging_02.lacreiid_pronoun AS n ON n.id = p.pronoun AND NOT n._is_deleted
