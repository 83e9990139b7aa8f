"""How a table is loaded, in words, for those who read a catalog and not the declarations.

Belongs here: one sentence per strategy. Does not belong here: what a strategy does (engine/spec.py).
"""

from __future__ import annotations

from datetime import timedelta

from etl_assets.engine.spec import (
    Incremental,
    Landing,
    Merge,
    Replace,
    ReplaceDay,
    ReplaceWindow,
    Snapshot,
    TableSpec,
)


def strategy(spec: TableSpec) -> str:
    """What an incremental run does with the table, as the end of a sentence that begins with `Loaded by`.

    Raises ValueError for a view, which is loaded by nothing.
    """
    match spec.load:
        case Incremental() as load:
            return _incremental(load)
        case Snapshot():
            return "a whole read in every run; only rows that differ are written"
        case Landing() as load:
            return (
                f"files of `{load.feed}`: every run asks anew for the months of the last {load.lookback_days} days; "
                f"the newest {load.keep} extractions of a month stay"
            )
        case Merge():
            return "changed keys: the rows an upstream's changes concern are made anew"
        case ReplaceWindow() as load:
            kept = "; rows the SELECT no longer has stay" if load.keeps else ""
            keyed = ", and changed keys whatever their month" if load.keyed else ""
            return f"{load.grain}s of `{load.column}`: those an upstream's changes touch are made anew{keyed}{kept}"
        case ReplaceDay() as load:
            return f"the run's day, by `{load.column}`: rows of other days stay as they were written"
        case Replace() as load:
            when = "in every run" if load.always else "where something it reads changed"
            if spec.computed:
                when = f"{when}, or the day did"
            return f"a whole rebuild {when}" + (
                f"; rows of `{load.keeps_before}` before the days it returns stay" if load.keeps_before else ""
            )
        case _:
            raise ValueError(f"{spec.entity} is a view")


def _incremental(load: Incremental) -> str:
    again = f"rows of the last {_minutes(load.lag)} before the watermark are read again" if load.lag else ""
    waiting = f"rows younger than {_minutes(load.cutoff)} wait" if load.cutoff else ""
    gone = f"deletions are found by {'every' if load.finds_deletes else 'the full'} run"
    return "; ".join(filter(None, (f"new and changed rows, by `{load.cursor}`", again, waiting, gone)))


def _minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:g} minutes"
