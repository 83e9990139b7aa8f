"""The engine on SQL Server: `make test-sqlserver`, with ECOMMERCE_OLTP_URL and ECOMMERCE_DW_URL set."""
