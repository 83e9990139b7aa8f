"""Types of the columns drawn with numpy.

Belongs here: aliases. Those of demo/copying.py would bring PostgreSQL's driver into the portal's process, and with it
half of the time it takes to start.
"""

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]
