"""How long what runs leave behind is kept, apart from warehouses (engine/retention.py): Dagster's events and files."""
