"""SIGOS: two reports of a web portal, landed as text, typed and cleaned, a star schema and KPI marts."""
