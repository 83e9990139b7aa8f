"""The notation of Lacrei's declarations: rule codes, classes of personal data, one tuple per column.

Belongs here: names the declarations share. Does not belong here: any table; what the engine does with a rule.
"""

from __future__ import annotations

import sqlalchemy as sa

from etl_assets.engine.rules import Amount, ColumnRule, Day, Digits, Flag, Instant, Text, Withheld

# The codes of the specification (§3.1) with the target behaviour. TXT, TRM and RAW differed in which blanks they kept;
# none is kept now.
ID: ColumnRule = Text()
IDN: ColumnRule = Digits()
TXT: ColumnRule = Text()
TRM, RAW = TXT, TXT
INT: ColumnRule = Digits()
BOOL: ColumnRule = Flag()
NUM: ColumnRule = Amount()
TS: ColumnRule = Instant()
DATE: ColumnRule = Day()
NULLED: ColumnRule = Withheld()
NULLED_TS: ColumnRule = Withheld(sa.DateTime())

# Classes of personal data (§6). What the first two hold is never read from the source; a direct identifier ends in
# staging 01; the others are the model's and the marts' to leave out.
SECRET = "secret"
CONTACT = "contact"
IDENTIFIER = "direct_identifier"
QUASI = "quasi_identifier"
FREE_TEXT = "free_text"
SENSITIVE = "sensitive"
NEVER_READ = (SECRET, CONTACT)
NULL_IN_STAGING_02 = (*NEVER_READ, IDENTIFIER)

# Name in the source and staging 01 (` > ` its name in staging 02 where that is another), rule, meaning and, for
# personal data, its class.
Row = tuple[str, ColumnRule, str] | tuple[str, ColumnRule, str, str]

DATED: tuple[Row, ...] = (
    ("created_at", TS, "When the row was created (UTC)"),
    ("updated_at", TS, "When the application last changed the row (UTC); cursor"),
)
OTHERS: tuple[Row, ...] = (
    ("other_ethnic_group", TXT, "Ethnic group, own words", SENSITIVE),
    ("other_gender_identity", TXT, "Gender identity, own words", SENSITIVE),
    ("other_sexual_orientation", TXT, "Sexual orientation, own words", SENSITIVE),
    ("other_pronoun", TXT, "Pronoun, own words", SENSITIVE),
    ("other_disability_types", TXT, "Disabilities, own words", SENSITIVE),
    ("other_article", TXT, "Article, own words", SENSITIVE),
)
