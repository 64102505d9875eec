"""However many other processes tell of their viewers, their number is that of what each told last."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsrv.hub.presence import other_pods
from mapsrv.hub.presence.other_pods import OTHERS_SECONDS, OtherPods

told = st.tuples(st.sampled_from("abcde"), st.integers(-1, 9))
steps = st.lists(st.one_of(told, st.floats(0, OTHERS_SECONDS)), max_size=40)


@given(steps)
def test_the_number_of_their_viewers_is_the_sum_of_what_is_remembered(script) -> None:
    now = 0.0
    others, known = OtherPods(lambda: now), dict[str, tuple[int, float]]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(other_pods, "MAX_PODS", 3)
        for step in script:
            if isinstance(step, float):
                now += step
                others.forget()
                known = {pod: (count, until) for pod, (count, until) in known.items() if until >= now}
            else:
                pod, count = step
                others.told(pod, count, [], 0)
                known.pop(pod, None)
                if count > 0:
                    known = dict(list(known.items())[-2:]) | {pod: (count, now + OTHERS_SECONDS)}
            assert others.count == sum(count for count, _until in known.values())
