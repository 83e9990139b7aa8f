"""The two reports of the portal, as facts: what the form is told, how a file is recognised (spec sigos 3.3, 3.4, 6.2).

Does not belong here: where on the page the form is (locators.py), what the columns mean (bronze).
"""

from __future__ import annotations

from dataclasses import dataclass

from etl_assets.engine.errors import SpecError


@dataclass(frozen=True)
class Report:
    """One report. A file of it is called `pattern` and has the `required` headers; `day` dates its rows.

    The portal leaves out the end date of a window where `is_end_exclusive`. `months_a_window` months are asked for at
    once.
    """

    feed: str
    kind: str  # value of the form's report type
    pattern: str
    day: str
    required: tuple[str, ...]
    is_end_exclusive: bool
    months_a_window: int

    @property
    def stem(self) -> str:
        return self.pattern.removesuffix("*.csv")


GENERAL = Report(
    feed="general",
    kind="tudo",
    pattern="relatorio_prot_geral*.csv",
    day="Data execucao",
    required=("UC / MD", "Data execucao", "Cod", "TOI", "Equipe", "Status", "Municipio", "Tipo servico"),
    is_end_exclusive=False,
    months_a_window=1,
)
RETURN = Report(
    feed="return",
    kind="retornos",
    pattern="retorno*.csv",
    day="DATA EXECUCAO",
    required=("UC / MD", "DATA EXECUCAO", "CODIGO", "TOI", "EQUIPE", "MOTIVO", "STATUS"),
    is_end_exclusive=True,
    months_a_window=5,
)
REPORTS = {report.feed: report for report in (GENERAL, RETURN)}


def report_of(feed: str) -> Report:
    """Raises SpecError for a feed that is none of the portal's."""
    try:
        return REPORTS[feed]
    except KeyError:
        raise SpecError(f"the SIGOS portal has no feed {feed!r}; there is {', '.join(REPORTS)}") from None
