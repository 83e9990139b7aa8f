"""SELECTs over `changes` that every system's feeds are made of.

Belongs here: what says nothing of a system. Does not belong here: which table reads which, that is in the declarations.
"""

from __future__ import annotations


def changed(key: str, *attributes: str) -> str:
    """Keys of rows that appeared, went or differ in `attributes`; a derived table without its alias.

    Most updates of a dimension touch nothing a fact or mart shows: those must not rebuild all of a customer's months.
    """
    columns = ", ".join((key, *attributes))
    new, old = (f"SELECT {columns} FROM changes WHERE image = '{image}'" for image in ("new", "old"))
    return f"(SELECT n.{key} FROM ({new} EXCEPT {old}) AS n UNION SELECT o.{key} FROM ({old} EXCEPT {new}) AS o)"
