"""One folder per system: declarations in Python, SQL under sql/<system>/. Holds no engine and no Dagster."""
