"""The tests, by what they need: `unit` nothing, `db` a server, `graph` Dagster, `browser` Chromium, `faults` time."""
