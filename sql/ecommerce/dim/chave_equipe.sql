-- grain: one row per team that ever was in the source
-- key: equipe_original_id
-- answers: which surrogate a team has
SELECT t.team_id AS equipe_original_id
FROM stg.teams AS t
