"""Moves rows: extract, stage, diff-merge, record.

Belongs here: everything that decides what is read, written, counted and remembered.
Does not belong here: Dagster (lint forbids the import), the SQL or tables of any system, demo data.
"""
