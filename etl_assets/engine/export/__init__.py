"""Tables of a warehouse as Parquet files with a manifest, and from there into another warehouse.

In the order data flows: declaration, survey (what changed), write, manifest, load, compare. pyarrow and duckdb are
imported where they are used: definitions load without them.
"""
