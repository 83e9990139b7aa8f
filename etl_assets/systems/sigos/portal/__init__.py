"""The SIGOS portal: what its pages hold (locators), using them (client), which days to ask for (windows), and the two
sources of files the landing tables are loaded from: the portal itself (extract) and what people dropped (inbox)."""
