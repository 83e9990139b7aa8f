"""Unusual values of daily metrics: two opinions on every day that is over.

Read in this order: metric (what is judged), series (whole days, on a scale on which noise is even), robust (weekday
median and MAD), forest (isolation forest), score (both, as rows), table (the declaration of a table of such rows).
Does not belong here: what a system measures (its SQL and its list of metrics), checks as Dagster has them.
"""
