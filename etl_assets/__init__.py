"""Four ETL systems as one Dagster code location. Imports nothing, so that the engine loads without Dagster."""
