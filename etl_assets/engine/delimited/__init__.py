"""Delimited text files, read by records: encoding, header, cells or what is wrong with them. Knows no database."""
