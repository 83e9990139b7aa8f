"""What a load needs in memory does not grow with its table."""

from __future__ import annotations

import multiprocessing
import resource

from etl_assets_tests.invariants import assert_holds
from etl_assets_tests.world import MakeWorld

FORK = multiprocessing.get_context("fork")
FEW, TIMES, BATCH = 400, 20, 200


def test_a_table_of_twenty_times_the_size_takes_the_same_memory(make_world: MakeWorld) -> None:
    """Rows of 10 kB: were they kept, 76 MB more would show."""
    world = make_world()
    wide = world.backend.concat(world.backend.repeated("0123456789", 1000), "i")

    def peak() -> int:
        """The most a process of its own has used, in kB, loading what is new."""
        seen = FORK.SimpleQueue()

        def work() -> None:
            world.run("orders", "full", batch_size=BATCH)
            seen.put(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

        process = FORK.Process(target=work)
        process.start()
        process.join(200)
        assert process.exitcode == 0
        return int(seen.get())

    world.add_orders(1, FEW, note=wide)
    few = peak()
    world.add_orders(FEW + 1, FEW * TIMES, note=wide)
    many = peak()
    assert world.value("SELECT COUNT(*) FROM staging.orders") == FEW * TIMES
    # A process of its own begins with what pytest has in memory, which makes the ratio mild: hence the difference too.
    assert many <= 1.2 * few
    assert many - few < 25_000, "kB"
    assert_holds(world)


def test_a_text_of_ten_megabytes_arrives(make_world: MakeWorld) -> None:
    world, letters = make_world(), 10 * 1024 * 1024
    world.add_orders(1, 3)
    text = world.backend.repeated("0123456789abcdef", letters // 16)
    world.sql(f"UPDATE src.orders SET note = {text} WHERE id = 2")
    assert world.run("orders").counts.inserted == 3
    assert world.value(f"SELECT MAX({world.backend.length}(note)) FROM staging.orders") == letters
    assert_holds(world)
