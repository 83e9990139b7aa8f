"""PostgreSQL: digests of many rows, and whether a table was written.

Belongs here: questions whose answer tells that nothing differs. Does not belong here: what is done where something does
(reconcile.py, verdicts.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from etl_assets.engine.dialects.base_digests import DigestsDialect
from etl_assets.engine.dialects.postgres_statements import quoted_text

# The first question is cheap, and most often the answer.
_DIGEST = """
SELECT CASE WHEN (SELECT count(*) FROM ({select}) etl_row) = {rows} THEN (
    SELECT md5(string_agg(md5((etl_row.*)::text), '' ORDER BY md5((etl_row.*)::text) COLLATE "C"))
    FROM ({select}) etl_row
) END
"""

# Two hashes of 64 bits and the number of rows; the first of them says which part a key is of. Where a key is to count
# once the pairs of hashes are told apart, which takes memory or a file: not to be asked of all keys. Text and hashes
# are made once a row.
_DIGESTS_OF_KEYS = """
SELECT etl_hash.a & {last}, count(*), concat_ws(':', bit_xor(etl_hash.a), bit_xor(etl_hash.b))
FROM (
    SELECT {distinct} hashtextextended(etl_row.key, 0) AS a, hashtextextended(etl_row.key, 1) AS b
    FROM (SELECT {text} AS key FROM ({select}) etl_key ({names}) WHERE {known} AND {within} OFFSET 0) etl_row
    OFFSET 0
) etl_hash
GROUP BY 1
"""
# Enough that few keys out of a million are in few parts, few enough to be sent and held side by side: 30 ms.
_PARTS = 8192

# TRUNCATE and a rewrite of the table are in no counter, but change the file. Of a table of partitions they count.
_WRITES = """
SELECT r.name, string_agg(concat_ws('/', s.relid, c.relfilenode, s.n_tup_ins, s.n_tup_upd, s.n_tup_del), ' '
    ORDER BY s.relid)
FROM (
    SELECT concat_ws('.', n.nspname, p.relname) AS name, p.oid
    FROM pg_class p JOIN pg_namespace n ON n.oid = p.relnamespace
    WHERE concat_ws('.', n.nspname, p.relname) IN ({relations})
) r
JOIN LATERAL (SELECT r.oid UNION ALL SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = r.oid) o (oid) ON true
JOIN pg_stat_all_tables s ON s.relid = o.oid JOIN pg_class c ON c.oid = s.relid
GROUP BY r.name
"""


class PostgresDigests(DigestsDialect):
    """The part of PostgresDialect that tells whether rows differ."""

    takes_digests = True

    def digest(self, conn: sa.Connection, select: str, *, if_rows: int) -> str | None:
        found = self.scalar(conn, _DIGEST.format(select=select, rows=if_rows))
        return None if found is None else str(found)

    def digest_of_rows(self, expressions: Sequence[str]) -> str:
        row = f"ROW({', '.join(expressions)})::text"
        return f"concat_ws(':', {', '.join(f'bit_xor(hashtextextended({row}, {seed}))' for seed in (0, 1))})"

    def digests_of_keys(
        self, conn: sa.Connection, select: str, columns: int, *, once_in: Collection[int] | None = None
    ) -> Mapping[int, tuple[int, str]]:
        names = [f"c{i}" for i in range(columns)]
        asked = _DIGESTS_OF_KEYS.format(
            select=select,
            names=", ".join(names),
            text=_text_of(names),
            known=" AND ".join(f"{n} IS NOT NULL" for n in names),
            within="true" if once_in is None else self.in_parts(names, once_in),
            distinct="" if once_in is None else "DISTINCT",
            last=_PARTS - 1,
        )
        return {int(str(part)): (int(str(keys)), str(digest)) for part, keys, digest in self.rows(conn, asked)}

    def in_parts(self, key: Sequence[str], parts: Collection[int]) -> str:
        wanted = ", ".join(map(str, sorted(parts))) or "NULL"
        return f"(hashtextextended({_text_of(key)}, 0) & {_PARTS - 1}) IN ({wanted})"

    def writes(self, conn: sa.Connection, relations: Sequence[str]) -> Mapping[str, str]:
        wanted = ", ".join(quoted_text(r) for r in relations)
        return {str(r): str(w) for r, w in self.rows(conn, _WRITES.format(relations=wanted))}


def _text_of(key: Sequence[str]) -> str:
    # The text of a record takes three times as long.
    return f"({key[0]})::text" if len(key) == 1 else f"(ROW({', '.join(key)}))::text"
