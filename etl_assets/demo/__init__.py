"""What lets the project run with nothing configured: the embedded PostgreSQL, synthetic sources, the stand-in portal.

Nothing outside this package imports it, except `etl_assets.cli` and `etl_assets.settings`, and those only when needed.
"""
