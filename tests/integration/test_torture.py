"""The short form of `make torture`: the daemon dies again and again, the ledger balances."""
import os
import sys

import gate

sys.path.insert(0, os.path.join(gate.ROOT, "tests", "torture"))
import hostile  # noqa: E402
import torture  # noqa: E402


def test_what_was_accepted_is_accounted_for():
    ends, figures, wrong = torture.torture(cycles=20, seed=20261122)
    assert not wrong, "\n".join(map(str, [dict(ends), figures, *wrong]))
    assert figures["accepted texts"] > 0 and sum(ends[point] for point in torture.POINTS) > 0, ends


def test_floods_harm_nobody():
    rows = []
    assert not hostile.hostile(20, lambda *figures: rows.append(figures)), rows
    assert len(rows) == len(hostile.ROWS)
