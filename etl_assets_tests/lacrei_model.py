"""A small platform as `lacrei.py` has it, loaded through all layers up to the marts.

Belongs here: rows of the source by what they are, running loads, asking model and marts. Does not belong here: what
must hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from etl_assets.definitions import SQL_ROOT
from etl_assets.engine import ddl, pending, run
from etl_assets.engine.audit import RunAudit
from etl_assets.engine.checks import Check, Graded
from etl_assets.engine.destination import Destination
from etl_assets.engine.graph import Graph
from etl_assets.engine.months import between
from etl_assets.engine.options import Options, Result
from etl_assets.engine.spec import TableSpec
from etl_assets.systems import lacrei
from etl_assets_tests.lacrei import PG, Platform

MONTHS = tuple(between("2019-01-01", "2027-12-01"))
AS_OF = "2026-06-30"
FACT = "m.fact_lacreisaude_appointments"
LINKS = "professional_id IS NOT NULL, patient_id IS NOT NULL, clinic_id IS NOT NULL, report_id IS NOT NULL"
_SHORT = re.compile(r"(?<!\w)(m|mart)\.")
PATIENT, PROFESSIONAL = 1, 2  # privacy documents
SURROGATES = {
    "dim_report": ("report_key", "report_id"),
    "dim_clinic": ("clinic_key", "clinic_id"),
    "dim_professional": ("professional_key", "professional_id"),
    "dim_patient": ("patient_key", "patient_id"),
    "fact_lacreisaude_appointments": ("appointment_fingerprint", "id_fact_appointment"),
}


@dataclass
class Star(Platform):
    """All sixteen tables and everything made of them. `load` runs what is new, as the schedule does."""

    salt: str = "pepper"
    zone: str = "UTC"
    least: int = 1

    @cached_property
    def specs(self) -> tuple[TableSpec, ...]:
        return lacrei.specs()

    @cached_property
    def destination(self) -> Destination:
        given = lacrei.parameters(lambda: self.salt, lambda: self.zone, lambda: self.least)
        graph = Graph("lacrei", self.specs, SQL_ROOT, parameters=given)
        made = Destination(sa.make_url(self.warehouse), PG, graph, months=MONTHS, keep_sessions=True)
        ddl.deploy(made)
        return made

    def again(self, **settings: object) -> Star:
        """The same databases under other settings, deployed."""
        other = replace(self, tables=(), **settings)  # type: ignore[arg-type]
        ddl.deploy(other.destination)
        return other

    def __post_init__(self) -> None:
        if self.tables:
            super().__post_init__()

    def load(self, mode: str = "changed", *, layers: tuple[str, ...] = (), **more: str) -> dict[str, Result]:
        """Load everything, or `layers`; results by table. Raises the first error."""
        options = Options(mode=mode, **{"as_of_date": AS_OF, **more})  # type: ignore[arg-type]
        audit = RunAudit(self.destination, options.load_type, "manual")
        source = self.end(self.source)
        found = {}
        for spec in self.destination.graph.ordered:
            if not layers or spec.layer in layers:
                found[f"{spec.layer}.{spec.name}"] = run.load(
                    spec, self.destination, audit, options, source=source if spec.is_mirror else None
                )
        audit.close([])
        return found

    # --- what is in the source --------------------------------------------------------------------------------------
    def base(self) -> Star:
        """Documents and lookups, without which nobody is anything."""
        for id_, what in ((PATIENT, "Paciente"), (PROFESSIONAL, "Profissional")):
            self.put("lacrei_privacydocument", id=id_, profile_type=what, privacy_policy="p", terms_of_use="t")
        for table in ("sexualorientation", "ethnicgroup", "genderidentity", "disabilitytype"):
            for id_, label in ((1, "Um"), (2, "Dois")):
                self.put(f"lacreiid_{table}", id=id_, name=label)
        self.put("lacreiid_pronoun", id=1, pronoun="elu/delu", article="e")
        for id_, label in ((1, "São Paulo"), (2, "Bahia")):
            self.put("address_state", id=id_, name=label, code="XX", ibge_code="0", active="true")
        return self

    def put(self, table: str, **values: object) -> None:
        """One row, dated in 2025 unless told otherwise."""
        dated = {} if table.endswith("disability_types") else {"created_at": "2025-03-01 12:00+00"}
        moment = values.get("created_at", dated.get("created_at"))
        self.add(table, {**dated, **({"updated_at": moment} if dated else {}), **values})

    def patient(self, id_: str, **values: object) -> None:
        self.put(
            "lacreiid_user",
            **{"id": id_, "first_name": "Ana", "last_name": "Lima", "birth_date": "1990-05-10", "is_active": "true",
               "privacy_document_id": PATIENT} | values,
        )  # fmt: skip

    def profile(self, id_: str, user: str, **values: object) -> None:
        self.put("lacreiid_profile", **{"id": id_, "user_id": user, "completed": "true"} | values)

    def professional(self, id_: str, **values: object) -> None:
        """With the user every professional is."""
        self.patient(f"user of {id_}", privacy_document_id=PROFESSIONAL)
        self.put(
            "lacreisaude_professional",
            **{"id": id_, "full_name": "Caio Rocha", "state_id": 1, "specialty": "Psicologia", "active": "true",
               "published": "true", "profile_status": "approved", "user_id": f"user of {id_}",
               "privacy_document_id": PROFESSIONAL} | values,
        )  # fmt: skip

    def clinic(self, id_: str, professional: str, **values: object) -> None:
        self.put(
            "lacreisaude_clinic",
            **{"id": id_, "professional_id": professional, "name": "Clínica", "city": "Santos", "state_id": 1,
               "is_online_clinic": "true", "is_presential_clinic": "false"} | values,
        )  # fmt: skip

    def appointment(self, id_: str, date: str | None, **values: object) -> None:
        self.put(
            "lacreiid_appointment",
            **{"id": id_, "date": date, "status": "completed", "type": "Online", "professional_id": "pro",
               "user_id": "pat"} | values,
        )  # fmt: skip

    def report(self, id_: str, appointment: str, **values: object) -> None:
        self.put(
            "lacreiid_report",
            **{
                "id": id_,
                "appointment_id": appointment,
                "eval": 4,
                "feedback": "bom",
                "created_at": "2025-05-02 10:00Z",
            }
            | values,
        )

    def cancellation(self, id_: str, appointment: str, **values: object) -> None:
        self.put("lacreiid_cancellation", **{"id": id_, "appointment_id": appointment, "reason": "Outro"} | values)

    def update(self, table: str, id_: str, assignments: str) -> None:
        """As the platform does: `updated_at` moves."""
        self.change(f"UPDATE {table} SET {assignments}, updated_at = now() WHERE id = '{id_}'")

    # --- what came of it --------------------------------------------------------------------------------------------
    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the warehouse; `s2.`, `m.` and `mart.` stand for its schemas."""
        return super().rows(_SHORT.sub(lambda found: f"lacreisaude_{'model' if found[1] == 'm' else 'mart'}.", query))

    def surrogates(self) -> dict[str, dict[str, int]]:
        return {t: dict(self.rows(f"SELECT {k}, {s} FROM m.{t}")) for t, (k, s) in SURROGATES.items()}

    def waiting(self) -> dict[str, set[str]]:
        return pending.waiting(self.destination)

    def violations(self) -> dict[str, int]:
        """Checks of model and marts that find something, and how much."""
        found = {}
        for spec in self.specs:
            for check in spec.all_checks() if spec.layer in ("model", "mart") else ():
                relation = PG.relation(spec.relation)
                number = int(str(self.one(check.violations(relation, PG.quote))))
                if number:
                    found[f"{spec.name}.{check.name}"] = number
        return found

    def check(self, table: str, name: str) -> Check:
        found = {c.name: c for c in self.destination.graph.find(table).all_checks()}[name]
        return found.check if isinstance(found, Graded) else found


# The fixture `make_star`: an empty platform and its warehouse.
MakeStar = Callable[[], Star]
