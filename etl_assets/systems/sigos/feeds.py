"""Which months of facts and marts a change of another table reaches, and which members of a dimension.

Belongs here: SELECTs over `changes`. Does not belong here: which table reads which, that is in the declarations.
"""

from __future__ import annotations

from etl_assets.engine.spec import Keys, Months
from etl_assets.systems.feeds import changed

SERVICE, RETURN = "silver.sigos_service", "silver.sigos_service_return"
DAY, KEPT = "data_execucao", "service_date"


def differing(day: str, key: str, *attributes: str) -> Months:
    """Months of `day` of the rows, told apart by `key`, that came, went or differ in one of `attributes`."""
    columns = ", ".join((day, key, *attributes))
    new, old = (f"SELECT {columns} FROM changes WHERE image = '{image}'" for image in ("new", "old"))
    select = f"SELECT n.{day} FROM ({new} EXCEPT {old}) AS n UNION SELECT o.{day} FROM ({old} EXCEPT {new}) AS o"
    return Months(day, select=select, also=(key, *attributes))


def found(relation: str, column: str, member: str) -> Months:
    """Months of the rows of silver that name a member which appeared in its dimension or left it.

    In the order of a run the rows are stale anyway; this is for a dimension that was loaded after its facts.
    Surrogates stay, and members that are gone are only marked: nothing else of a dimension reaches a fact.
    """
    select = f"SELECT s.{DAY} FROM {relation} AS s INNER JOIN changes AS x ON x.{member} = s.{column} WHERE x.op <> 'U'"
    return Months(member, select=select)


def days(relation: str) -> Months:
    """Months of the rows of silver on a day the calendar gained."""
    select = (
        f"SELECT s.{DAY} FROM {relation} AS s INNER JOIN changes AS x ON x.calendar_date = s.{DAY} WHERE x.op = 'I'"
    )
    return Months("calendar_date", select=select)


def reasons() -> Months:
    """Months of the returns with a reason that appeared."""
    levels = ("motivo", "motivo_detalhado", "motivo_detalhado_2")
    same = " AND ".join(f"x.{n} = coalesce(s.{n}, 'NAO INFORMADO')" for n in levels)
    select = f"SELECT s.{DAY} FROM {RETURN} AS s INNER JOIN changes AS x ON {same} WHERE x.op = 'I'"
    return Months(levels[0], select=select, also=levels[1:])


def users(fact: str, key: str, *attributes: str) -> Months:
    """Months of the rows of `fact` with a member that came, went or differs in what is shown of it."""
    select = f"SELECT f.{KEPT} FROM {fact} AS f INNER JOIN {changed(key, *attributes)} AS x ON x.{key} = f.{key}"
    return Months(key, select=select, also=attributes)


def classes(*facts: str) -> Months:
    """Months of the rows whose code is of another class now."""
    selects = [
        f"SELECT f.{KEPT} FROM {f} AS f INNER JOIN {changed('cod', 'class')} AS x ON x.cod = f.cod" for f in facts
    ]
    return Months("cod", select=" UNION ".join(selects), also=("class",))


def matured(flag: str) -> Months:
    """Months of the days whose period has become mature (or, for a run of an earlier date, ceased to be)."""
    new, old = (
        f"SELECT x.calendar_date, x.{flag} FROM changes AS x WHERE x.image = '{image}' AND x.op = 'U'"
        for image in ("new", "old")
    )
    return Months("calendar_date", select=f"SELECT n.calendar_date FROM ({new} EXCEPT {old}) AS n", also=(flag,))


def came_or_went(column: str, dimension: str, *relations: str) -> Keys:
    """Members that a change named and the dimension lacks, or that no row names any more: of all others it is as is."""
    gone = " AND ".join(f"NOT EXISTS (SELECT 1 FROM {r} AS s WHERE s.{column} = x.{column})" for r in relations)
    select = (
        f"SELECT x.{column} FROM changes AS x WHERE NOT EXISTS (SELECT 1 FROM {dimension} AS d "
        f"WHERE d.{column} = x.{column} AND NOT d.is_deleted) OR ({gone})"
    )
    return Keys((column,), select=select)


def towns() -> Keys:
    """Municipalities with rows that came, went, or changed their spelling or region."""
    columns = "service_key, municipio_norm, municipio, regional"
    new, old = (f"SELECT {columns} FROM changes WHERE image = '{image}'" for image in ("new", "old"))
    select = (
        f"SELECT n.municipio_norm FROM ({new} EXCEPT {old}) AS n "
        f"UNION SELECT o.municipio_norm FROM ({old} EXCEPT {new}) AS o"
    )
    return Keys(tuple(columns.split(", ")), select=select)
