"""What the engine asks of a server about roles: who may read, who may write, as statements for its administrator.

The part of the interface that access.py's grants are handed to. Belongs here: the interface. Does not belong here:
which grants there are (access.py), passwords, which no statement of these has.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import sqlalchemy as sa

from etl_assets.engine.access import Grant
from etl_assets.engine.errors import SpecError


class RolesDialect(ABC):
    """See Dialect (base.py)."""

    @abstractmethod
    def source_roles(self, grants: Sequence[Grant]) -> str:
        """A script for the owner of a source: the roles of `grants` exist, read no more than these, and write nothing.

        To be run again whenever the declarations change.
        """

    @abstractmethod
    def warehouse_roles(
        self, writer: str, readers: Sequence[str], schemas: Sequence[str], grants: Sequence[Grant]
    ) -> str:
        """A script for the administrator of a warehouse: `writer` has `schemas`, `readers` what `grants` say.

        Tables that are not there yet are granted by `grant_reading`, when the writer makes them.
        """

    @abstractmethod
    def grant_reading(self, grants: Sequence[Grant]) -> str:
        """One statement by the tables' owner: each role that exists has its grants on the relations that exist.

        Columns it had before and that are not among them are taken back.
        """

    def set_password(self, conn: sa.Connection, role: str, password: str) -> None:
        """Let `role` log in with this password, which is in no statement as it is."""
        raise SpecError(f"{role}: logins of such a server are made by its administrator, and then given the role")
