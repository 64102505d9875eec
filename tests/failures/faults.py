"""The faults, each a few plain steps beside the load. How long a step takes is drawn from the run's seed."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.failures.line import GOOD, NO_REPLIES, REFUSES, SLOW, SWALLOWS, Line
from tests.failures.load import Load
from tests.failures.processes import Pod, Redis, Watched
from tests.failures.record import now

STALL = 5.0  # seconds that Redis stands still


@dataclass(slots=True)
class Scene:
    """A run as its fault sees it. `story` is what was done, and when."""

    redis: Redis | Watched
    line: Line  # from the first pod to Redis, where it is to flap
    pods: list[Pod]
    load: Load
    drawn: random.Random
    began_at: float = field(default_factory=now)
    story: list[str] = field(default_factory=list)
    begun: float = 0.0  # when the fault began
    ended: float = 0.0  # from when on everything is there again
    # When no pod lived to remember: what was acknowledged between these may be lost.
    forgotten: tuple[float, float] | None = None

    def tell(self, what: str) -> None:
        """Add to the story; the first is where the fault begins."""
        self.begun = self.begun or now()
        self.story.append(f"{now() - self.began_at:.2f} s: {what}")

    def pause(self, least: float, most: float) -> None:
        """Let the load go on for a while."""
        time.sleep(self.drawn.uniform(least, most))

    def over(self) -> None:
        """The fault has ended; what follows is how the pods get over it."""
        self.ended = now()
        self.tell("all is there again")

    @property
    def own_redis(self) -> Redis:
        """The Redis of a scene without sentinels."""
        assert isinstance(self.redis, Redis)
        return self.redis


def kill_a_pod(scene: Scene) -> None:
    """The others are there, so it ends as it begins; the pod comes back later."""
    pod = scene.drawn.choice(scene.pods)
    scene.tell(f"pod {pod.name} is killed")
    pod.stop(signal.SIGKILL)
    scene.over()
    scene.pause(0.3, 1.5)
    pod.start()
    scene.tell(f"pod {pod.name} is back")


def stall_redis(scene: Scene) -> None:
    """Redis answers nothing for a while, and then does what it was asked meanwhile."""
    scene.tell("Redis is stopped")
    scene.redis.master.stall()
    time.sleep(STALL)
    scene.redis.master.go_on()
    scene.over()


def empty_redis(scene: Scene) -> None:
    """Redis dies and starts with nothing."""
    scene.tell("Redis is killed")
    scene.own_redis.server.kill()
    scene.pause(0.1, 2.0)
    scene.own_redis.start(empty=True)
    scene.over()


def older_redis(scene: Scene) -> None:
    """Redis dies and starts with what it had a while ago; the pods live."""
    scene.tell("Redis saves")
    scene.own_redis.save()
    scene.pause(0.3, 1.5)
    scene.tell("Redis is killed")
    scene.own_redis.server.kill()
    scene.pause(0.1, 2.0)
    scene.own_redis.start()
    scene.over()


def older_redis_and_no_pod(scene: Scene) -> None:
    """The power fails: Redis has what it had a while ago, and nobody remembers more."""
    scene.tell("Redis saves")
    saved = now()
    scene.own_redis.save()
    scene.pause(0.3, 1.5)
    scene.tell("Redis and all pods are killed")
    scene.own_redis.server.process.kill()
    for pod in scene.pods:
        pod.stop(signal.SIGKILL)
    scene.own_redis.server.kill()
    scene.forgotten = saved, now()
    scene.own_redis.start()
    for pod in scene.pods:
        pod.begin()
    for pod in scene.pods:
        pod.ready()
    scene.over()


def fail_over(scene: Scene) -> None:
    """The master goes while its replica lags; sentinels make the replica the master."""
    redis = scene.redis
    assert isinstance(redis, Watched)
    scene.tell("the replica is held back")
    redis.hold_back()
    scene.pause(0.3, 1.5)
    old, dies = redis.master, scene.drawn.random() < 0.5
    lag = redis.lag()
    scene.tell(f"the master is {'killed' if dies else 'stopped'}, the replica lacks {lag:,} bytes")
    old.kill() if dies else old.stall()
    redis.wait_for_failover()
    scene.tell(f"{len(redis.sentinels)} sentinel(s) made the replica the master")
    if not dies:
        scene.pause(0.0, 1.0)
        old.go_on()
        scene.tell("the old master goes on, and takes itself for the master")
        redis.wait_until_demoted(old)
    scene.over()


def restart_all(scene: Scene) -> None:
    """Each pod in turn is told to stop and is started anew, as for a new release."""
    for pod in scene.pods:
        scene.tell(f"pod {pod.name} is told to stop")
        code = pod.stop(signal.SIGTERM)
        if code:
            scene.load.record.wrong.append(f"pod {pod.name} ended with {code}")
        pod.start()
        scene.tell(f"pod {pod.name} is back")
    scene.over()


def flap(scene: Scene) -> None:
    """The line of one pod fails in every way, one after the other, and then the writers rest."""
    for mode, seconds in ((SLOW, 4.0), (SWALLOWS, 4.0), (NO_REPLIES, 3.0)):
        scene.tell(f"the line of pod a {mode}" if mode == SWALLOWS else f"the line of pod a: {mode}")
        scene.line.turn(mode)
        time.sleep(seconds)
    scene.tell("it is cut eight times")
    scene.line.turn(GOOD)
    for _ in range(8):
        scene.line.cut()
        scene.pause(0.1, 0.4)
    scene.tell("it refuses")
    scene.line.turn(REFUSES)
    time.sleep(3.0)
    scene.line.turn(GOOD)
    scene.over()


@dataclass(frozen=True, slots=True)
class Fault:
    """A row of the table."""

    title: str
    run: Callable[[Scene], None]
    sentinels: bool = False
    layers: int = 0  # that there are already: of one map then, not of three
    rests: bool = False  # whether the writers end when the fault does


FAULTS: Mapping[str, Fault] = {
    "kill-pod": Fault("`kill -9` of a pod", kill_a_pod),
    "stall": Fault("Redis stalls for 5 s", stall_redis),
    "empty": Fault("Redis dies and comes back empty", empty_redis),
    "older": Fault("Redis dies and comes back older", older_redis),
    "older-no-pods": Fault("the same, and all pods restarted", older_redis_and_no_pod),
    "failover": Fault("failover to a replica that lags", fail_over, sentinels=True),
    "flaps": Fault("the line to Redis flaps, 2,000 layers", flap, layers=2_000, rests=True),
    "flaps-busy": Fault("the same, and the writers go on", flap, layers=2_000),
    "rolling": Fault("rolling restart of all pods", restart_all),
}
