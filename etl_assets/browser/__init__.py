"""A browser for pages without an API: found by its path, started and ended, its downloads proven. Knows no page."""
