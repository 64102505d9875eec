"""How a process that serves for weeks treats memory: what the allocator keeps, when the collector looks."""

from __future__ import annotations

import ctypes
import gc

M_MMAP_THRESHOLD = -3  # of mallopt(3)
LARGE = 128 * 1024  # bytes: glibc's own first value


def return_what_is_large() -> None:
    """Have each large allocation be a mapping of its own, which grows in place and goes back when freed.

    glibc begins so, and takes larger and larger ones into its heap with each that is freed. There bodies that
    grow side by side are moved past each other and leave holes: 60 MiB of them took up to 120. Elsewhere
    nothing is done.
    """
    try:
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE)
    except (AttributeError, OSError):
        pass


def spare_the_collector() -> None:
    """Have the garbage collector leave alone what stays, and look at the rest more seldom.

    With thousands of open streams its passes took half the processor and most of the slowest deliveries.
    A pass looks at all that a map's load has made since the last, so the young ones come early (4,000
    objects are some 2 ms, 16,000 some 7). The whole is looked at when over a million objects have grown old
    since the last time (and a quarter of what there was then, says Python): an MCP session that ends leaves
    some 75 that refer to each other, which nothing else takes away. Whoever loaded may have switched it off.
    """
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(4_000, 3, 100)
