"""Many pods, many viewers, a store that fails in every way: a plan is drawn, done, and the laws are checked.

Hypothesis draws and shrinks the plan as a state machine; it runs on real hubs, in virtual time, when
the last step is drawn.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from functools import partial

import trio
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from trio.testing import MockClock

from mapsrv.core.commands import AddLayer, Command, RemoveLayer, SetTitle, ToggleLayer, UpdateFeatures
from tests.hub.kit import laws
from tests.hub.kit.world import World

AGREE_SECONDS = 60.0  # after the last fault all is well again

SHARED = ("roads", "parks")

PODS = 3
MOST_LOSSES = 3  # of one plan: with more, little is left to be right or wrong

pods = st.integers(0, PODS - 1)
some_pods = st.sampled_from([(0,), (1,), (2,), (0, 1, 2)])
sessions = st.sampled_from([0, 0, 0, 1])
pauses = st.sampled_from([0.0, 0.005, 0.02, 0.3])
authors = st.sampled_from("ab")


def point(number: int) -> dict[str, object]:
    return {
        "type": "Feature",
        "id": number,
        "properties": {},
        "geometry": {"type": "Point", "coordinates": [1, 2]},
    }


def layer(name: str, title: str) -> AddLayer:
    data = {"type": "FeatureCollection", "features": [point(0)]}
    return AddLayer(name, {"type": "geojson", "data": data}, "vector", title=title)


# Each with another effect at each number, so that none is ever without effect when done a second time.
COMMANDS: dict[str, Callable[[int, str], Command]] = {
    "a title": lambda number, name: SetTitle(f"title {number}"),
    "a new layer": lambda number, name: layer(f"layer {number}", f"{number}"),
    "a shared layer": lambda number, name: layer(name, f"{number}"),
    "no layer": lambda number, name: RemoveLayer(name),
    "the other side": lambda number, name: ToggleLayer(name),
    "a feature": lambda number, name: UpdateFeatures(name, add=(point(number + 1),)),
}


writes = st.tuples(authors, st.sampled_from(sorted(COMMANDS)), st.sampled_from(SHARED), pauses)


class Pods(RuleBasedStateMachine):
    """Each rule adds a step to the plan: what is to be done, and how many seconds then pass."""

    def __init__(self) -> None:
        super().__init__()
        self.plan: list[tuple[Callable[[World], object], float]] = []
        self.written = self.losses = 0
        self.living = 2

    def then(self, step: Callable[[World], object], seconds: float = 0.003) -> None:
        self.plan.append((step, seconds))

    @initialize(seed=st.integers(0, 1000), faults=st.sampled_from([0.0, 0.3, 0.9]))
    def begin(self, seed: int, faults: float) -> None:
        self.seed, self.faults = seed, faults

    @rule(pod=pods, session=sessions, commands=st.lists(writes, min_size=1, max_size=5))
    def write(self, pod: int, session: int, commands: list[tuple[str, str, str, float]]) -> None:
        for author, what, name, pause in commands:
            self.written += 1
            key, command = f"k{self.written}", COMMANDS[what](self.written, name)
            self.then(
                partial(World.write, number=pod, session=session, author=author, key=key, command=command),
                pause,
            )

    @rule(pod=pods, index=st.integers(0, 50))
    def write_again(self, pod: int, index: int) -> None:
        self.then(lambda world: world.write_again(pod, index))

    @rule(pod=pods, session=sessions)
    def use_at_once(self, pod: int, session: int) -> None:
        """What a caller was told is there at its next call, on whatever pod."""
        self.written += 2
        keys, name = (f"k{self.written - 1}", f"k{self.written}"), f"own {self.written}"
        made, used = layer(name, name), ToggleLayer(name, "hide")
        self.then(lambda world: world.use_at_once(pod, session, keys, made, used))

    @rule(pod=pods, session=sessions, author=authors, count=st.sampled_from([5, 50]))
    def write_without_rest(self, pod: int, session: int, author: str, count: int) -> None:
        numbers = range(self.written + 1, self.written + 1 + count)
        self.written += count
        self.then(lambda world: world.never_rest(pod, session, author, numbers))

    @rule(pod=pods, session=sessions, author=authors)
    def view(self, pod: int, session: int, author: str) -> None:
        self.then(lambda world: world.view(pod, session, author))

    @rule(pod=pods, index=st.integers(0, 5))
    def resume(self, pod: int, index: int) -> None:
        self.then(lambda world: world.resume(world.viewers[index % len(world.viewers)], pod))

    @rule(pod=pods)
    def move_over(self, pod: int) -> None:
        """Have everybody go to one pod, as when the others are restarted."""
        self.then(lambda world: [world.resume(viewer, pod) for viewer in world.viewers])

    @rule(numbers=some_pods, how=st.sampled_from(["cut", "hangs"]))
    def leave(self, numbers: tuple[int, ...], how: str) -> None:
        self.then(lambda world: world.leave(numbers, how))

    @rule(numbers=some_pods)
    def come_back(self, numbers: tuple[int, ...]) -> None:
        self.then(lambda world: world.come_back(numbers))

    @rule(pod=pods, how=st.sampled_from(["before", "after"]))
    def lose_a_commit(self, pod: int, how: str) -> None:
        self.then(lambda world: world.lose_a_commit(pod, how))

    @precondition(lambda self: self.losses < MOST_LOSSES)
    @rule(changes=st.sampled_from([None, 1, 2, 4, 8]), seconds=st.sampled_from([0.0, 2.0, 20.0]))
    def lose(self, changes: int | None, seconds: float) -> None:
        """Be emptied, or go back by some changes."""
        self.losses += 1
        self.then(lambda world: world.lose(changes), seconds)

    @precondition(lambda self: self.living > 0)
    @rule(pod=pods)
    def kill(self, pod: int) -> None:
        self.living -= 1
        self.then(lambda world: world.kill(pod))

    @precondition(lambda self: self.living < PODS)
    @rule()
    def start(self) -> None:
        self.living += 1
        self.then(lambda world: world.nursery.start_soon(world.start_pod))

    @rule(seconds=st.sampled_from([0.02, 0.2, 1.0, 4.0, 16.0]))
    def wait(self, seconds: float) -> None:
        self.then(lambda world: None, seconds)

    def teardown(self) -> None:
        if hasattr(self, "seed"):
            trio.run(self._run, clock=MockClock(autojump_threshold=0))

    async def _run(self) -> None:
        async with trio.open_nursery() as nursery:
            world = World(nursery, random.Random(self.seed), self.faults)
            await world.begin(pods=2, sessions=2, first={name: layer(name, "first") for name in SHARED})
            for step, seconds in self.plan:
                step(world)
                await trio.sleep(seconds)
            world.heal()
            if not world.living:
                await world.start_pod()
            await trio.sleep(AGREE_SECONDS)
            laws.check(world)
            nursery.cancel_scope.cancel()


settings.register_profile(
    "pods",
    max_examples=int(os.environ.get("MAPSRV_TEST_PLANS", "150")),
    stateful_step_count=40,
    derandomize="MAPSRV_TEST_PLANS" not in os.environ,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
TestPods = Pods.TestCase
TestPods.settings = settings.get_profile("pods")
