-- grain: one gender identity, sexual orientation and ethnic group of professionals
-- key: gender_identity, sexual_orientation, ethnic_group
-- answers: who the professionals are, without saying it of anyone (RN02)
-- Groups smaller than :min_group_size are shown together as N/I.
WITH alike AS (
    SELECT
        coalesce(p.gender_identity, 'N/I') AS gender_identity,
        coalesce(p.sexual_orientation, 'N/I') AS sexual_orientation,
        coalesce(p.ethnic_group, 'N/I') AS ethnic_group,
        count(*) AS members,
        count(*) FILTER (WHERE p.active) AS active,
        count(*) FILTER (WHERE p.is_validated) AS validated
    FROM lacreisaude_model.dim_professional AS p
    WHERE NOT p.is_deleted
    GROUP BY
        coalesce(p.gender_identity, 'N/I'), coalesce(p.sexual_orientation, 'N/I'), coalesce(p.ethnic_group, 'N/I')
),

shown AS (
    SELECT
        CASE WHEN a.members >= :min_group_size THEN a.gender_identity ELSE 'N/I' END AS gender_identity,
        CASE WHEN a.members >= :min_group_size THEN a.sexual_orientation ELSE 'N/I' END AS sexual_orientation,
        CASE WHEN a.members >= :min_group_size THEN a.ethnic_group ELSE 'N/I' END AS ethnic_group,
        a.members,
        a.active,
        a.validated
    FROM alike AS a
)

SELECT
    s.gender_identity,
    s.sexual_orientation,
    s.ethnic_group,
    CAST(sum(s.members) AS integer) AS total_professionals,
    CAST(sum(s.active) AS integer) AS active_professionals,
    CAST(sum(s.validated) AS integer) AS validated_professionals
FROM shown AS s
GROUP BY s.gender_identity, s.sexual_orientation, s.ethnic_group
