"""How a live session stands to the store's history of its map: one word, and what makes it another.

There is one task that commits and reads (committer.py), so at most one question of a session is with the
store: a batch, or what came since. What can happen meanwhile, and the race each line of the table is for:

- News of other processes arrives at any time. Applied while the answer is on its way it would move the head
  that the question names, so in flight it waits; the answer may say it too.
- News may be lost, torn, or of another history (`MISSED`). In flight that is only noted: the answer is taken
  in first, then the session is read anew. Else what was missed after the store had answered would stay
  unknown until the next event. Behind, nothing of it is committed, since its head is wrong.
- A call that fails says nothing of what was done. With a shared store the session parts: it goes on alone,
  what was on its way first. Whatever is heard of the map then is passed over, and nothing is asked: the way
  back reads the whole of it (replicas/reconcile.py). A question that was on its way when it parted is
  answered, if at all, to nobody.
- Let go it serves nobody any more, and nothing brings it back: whoever asks next loads it anew, or is told
  by the store why not. What is still under way ends as it may.

A pair that the table does not have cannot be: after() raises, so that a mistake is found by the tests of
pods and not by a map that has quietly gone wrong.
"""

from __future__ import annotations

from enum import Enum


class Standing(Enum):
    """What a live session is; the value is how the docs name it."""

    IN_STEP = "in step"
    IN_FLIGHT = "in flight"
    OVERTAKEN = "in flight, and behind"
    BEHIND = "behind"
    ALONE = "alone"
    GONE = "gone"

    @property
    def in_flight(self) -> bool:
        """Whether a question of it is with the store."""
        return self in (Standing.IN_FLIGHT, Standing.OVERTAKEN)

    @property
    def behind(self) -> bool:
        """Whether it must be read anew, now or when the answer is there that is on its way."""
        return self in (Standing.BEHIND, Standing.OVERTAKEN)


class Sign(Enum):
    """What happens to it; the value is how the docs name it."""

    ASKED = "asks the store"  # a batch of it is gathered, or what came since is asked for
    ANSWERED = "has the answer"  # and has taken it in; or there will be none
    MISSED = "misses news"  # the store's history goes on in a way that cannot be followed from here
    PARTED = "parts"  # it goes on without the store
    REJOINED = "rejoins"  # all that was done alone has been decided again
    LET_GO = "is let go"  # this process does not serve it any more


TRANSITIONS: dict[Standing, dict[Sign, Standing]] = {
    Standing.IN_STEP: {
        Sign.ASKED: Standing.IN_FLIGHT,
        Sign.MISSED: Standing.BEHIND,
        Sign.PARTED: Standing.ALONE,
        Sign.LET_GO: Standing.GONE,
    },
    Standing.IN_FLIGHT: {
        Sign.ANSWERED: Standing.IN_STEP,
        Sign.MISSED: Standing.OVERTAKEN,
        Sign.PARTED: Standing.ALONE,
        Sign.LET_GO: Standing.GONE,
    },
    Standing.OVERTAKEN: {
        Sign.ANSWERED: Standing.BEHIND,
        Sign.MISSED: Standing.OVERTAKEN,
        Sign.PARTED: Standing.ALONE,
        Sign.LET_GO: Standing.GONE,
    },
    Standing.BEHIND: {
        Sign.ASKED: Standing.IN_FLIGHT,
        Sign.MISSED: Standing.BEHIND,
        Sign.PARTED: Standing.ALONE,
        Sign.LET_GO: Standing.GONE,
    },
    Standing.ALONE: {
        Sign.ANSWERED: Standing.ALONE,
        Sign.MISSED: Standing.ALONE,
        Sign.PARTED: Standing.ALONE,
        Sign.REJOINED: Standing.IN_STEP,
        Sign.LET_GO: Standing.GONE,
    },
    Standing.GONE: {
        Sign.ANSWERED: Standing.GONE,
        Sign.MISSED: Standing.GONE,
        Sign.LET_GO: Standing.GONE,
    },
}


def after(standing: Standing, sign: Sign) -> Standing:
    """Return what a session is after the sign. Raises ValueError where that cannot happen to it."""
    try:
        return TRANSITIONS[standing][sign]
    except KeyError:
        raise ValueError(f"a session that is {standing.value} {sign.value}") from None
