-- grain: one professional of the source
-- key: professional_key
-- answers: who attends: specialty, state, status of the profile, and how they describe themselves
WITH disabilities AS (
    SELECT
        b.professional_id,
        array_agg(DISTINCT CAST(d.name AS text) COLLATE "C" ORDER BY CAST(d.name AS text) COLLATE "C") AS names
    FROM lacreisaude_staging_02.lacreisaude_professional_disability_types AS b
    INNER JOIN lacreisaude_staging_02.lacreiid_disabilitytype AS d
        ON d.id = b.disabilitytype_id AND NOT d._is_deleted AND d.name IS NOT NULL
    WHERE NOT b._is_deleted
    GROUP BY b.professional_id
)

SELECT
    encode(sha256(convert_to(concat(:salt, '|professional|', p.professional_id), 'UTF8')), 'hex') AS professional_key,
    p.created_at,
    p.profile_status,
    p.active,
    p.published,
    coalesce(p.published, FALSE) AS is_validated,
    p.specialty,
    CASE WHEN p.ethnic_group IS NOT NULL THEN coalesce(e.name, 'N/I') END AS ethnic_group,
    CASE WHEN p.gender_identity IS NOT NULL THEN coalesce(g.name, 'N/I') END AS gender_identity,
    CASE WHEN p.sexual_orientation IS NOT NULL THEN coalesce(o.name, 'N/I') END AS sexual_orientation,
    CASE WHEN p.pronoun IS NOT NULL THEN coalesce(n.pronoun, 'N/I') END AS pronoun,
    CASE
        WHEN lower(btrim(t.profile_type)) IN ('paciente', 'patient') THEN 'Paciente'
        WHEN lower(btrim(t.profile_type)) IN ('profissional', 'professional') THEN 'Profissional'
        ELSE t.profile_type
    END AS profile_type,
    coalesce(d.names, CAST('{}' AS text [])) AS disability_type,
    CASE WHEN p.state_id IS NOT NULL THEN coalesce(s.name, 'N/I') END AS state,
    p._is_deleted AS is_deleted
FROM lacreisaude_staging_02.lacreisaude_professional AS p
LEFT JOIN disabilities AS d ON d.professional_id = p.professional_id
LEFT JOIN lacreisaude_staging_02.lacreiid_ethnicgroup AS e ON e.id = p.ethnic_group AND NOT e._is_deleted
LEFT JOIN lacreisaude_staging_02.lacreiid_genderidentity AS g ON g.id = p.gender_identity AND NOT g._is_deleted
LEFT JOIN lacreisaude_staging_02.lacreiid_sexualorientation AS o
    ON o.id = p.sexual_orientation AND NOT o._is_deleted
LEFT JOIN lacreisaude_staging_02.lacreiid_pronoun AS n ON n.id = p.pronoun AND NOT n._is_deleted
LEFT JOIN lacreisaude_staging_02.lacrei_privacydocument AS t ON t.id = p.privacy_document_id AND NOT t._is_deleted
LEFT JOIN lacreisaude_staging_02.address_state AS s ON s.id = p.state_id AND NOT s._is_deleted
