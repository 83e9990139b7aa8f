"""`python -m etl_assets.demo.sigos --port 8765`: the stand-in portal in the foreground.

Belongs here: the command line. Login and password are taken from SIGOS_USUARIO and SIGOS_SENHA, never from arguments,
which every user of the machine can read.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import date, datetime
from zoneinfo import ZoneInfo

from etl_assets.demo.sigos.launcher import PASSWORD, USER, ZONE
from etl_assets.demo.sigos.server import HOST, serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m etl_assets.demo.sigos", description="The stand-in SIGOS portal")
    parser.add_argument("--port", type=int, default=8765, help="0 takes a free one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=0.05, help="1.0 is about 12 000 services a month")
    parser.add_argument("--today", type=date.fromisoformat, default=datetime.now(tz=ZoneInfo(ZONE)).date())
    parser.add_argument("--with-parent", action="store_true", help="end when standard input does")
    chosen = parser.parse_args()
    try:
        serve(
            port=chosen.port,
            seed=chosen.seed,
            scale=chosen.scale,
            today=chosen.today,
            user=os.environ.get("SIGOS_USUARIO", USER),
            password=os.environ.get("SIGOS_SENHA", PASSWORD),
            with_parent=chosen.with_parent,
        )
    except OSError as taken:
        sys.exit(f"port {chosen.port} of {HOST}: {taken.strerror}; choose another with --port, or 0 for a free one")
    except KeyboardInterrupt:
        pass  # the way to end it
    except ValueError as refused:
        sys.exit(str(refused))


if __name__ == "__main__":
    main()
