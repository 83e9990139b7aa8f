"""The stand-in portal and the Dagster UI, driven by Chromium."""
