"""The asset graph as Dagster loads it: keys, dependencies, partitions, jobs, schedules."""
