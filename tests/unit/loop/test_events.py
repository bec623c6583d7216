"""Events: aggregated, bounded, never waited for."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from casava_operator.errors import Transient
from casava_operator.events import BURST, QUEUE, WINDOW_SECONDS, EventRecorder
from casava_operator.judge import Event
from casava_operator.kube import Kube
from casava_operator.kube.access import Access
from casava_operator.kube.session import ApiSession


@dataclass
class Posted:
    """Keeps what would have been sent: only the two verbs that Events use are replaced."""

    created: list[dict[str, Any]] = field(default_factory=list)
    merged: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    dropped: int = 0
    now: float = 0.0
    failing: bool = False

    def drop(self) -> None:
        self.dropped += 1


class Recorded(Kube):
    """A client whose writes are kept."""

    def __init__(self, api: ApiSession, posted: Posted) -> None:
        super().__init__(api)
        self._posted = posted

    async def create(self, resource: Any, manifest: dict[str, Any]) -> dict[str, Any]:
        if self._posted.failing:
            raise Transient(resource.plural)
        self._posted.created.append(manifest)
        return manifest

    async def merge(self, resource: Any, namespace: str, name: str, patch: dict[str, Any]) -> dict[str, Any]:
        assert (resource.plural, namespace) == ("events", "ns")
        self._posted.merged.append((name, patch))
        return patch


def model(uid: str = "u") -> dict[str, Any]:
    return {"metadata": {"namespace": "ns", "name": "chat", "uid": uid, "resourceVersion": "7"}}


def event(reason: str = "Ready", message: str = "All well.") -> Event:
    return Event("Normal", reason, message)


async def play(posted: Posted, *batches: list[tuple[dict[str, Any], Event, float]]) -> None:
    """Record batches, each item after its pause, and let the poster work between batches."""
    api = ApiSession(Access(server="http://127.0.0.1:1"), "tests")
    recorder = EventRecorder(
        Recorded(api, posted),
        instance="pod-1",
        dropped=posted.drop,
        clock=lambda: posted.now,
        now=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )
    task = asyncio.create_task(recorder.run())
    for batch in batches:
        for body, what, pause in batch:
            posted.now += pause
            recorder.record(body, what)
        await recorder.flush(5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await api.close()


async def test_an_event_says_what_happened_to_which_object() -> None:
    posted = Posted()
    await play(posted, [(model(), event(), 0)])
    (made,) = posted.created
    assert made["regarding"]["uid"] == "u"
    assert made["regarding"]["kind"] == "CasavaModel"
    assert (made["type"], made["reason"], made["note"]) == ("Normal", "Ready", "All well.")
    assert made["reportingInstance"] == "pod-1"
    assert made["eventTime"] == "2026-01-02T03:04:05.000000Z"


async def test_the_same_again_is_counted_and_not_posted_anew_within_the_window() -> None:
    posted = Posted()
    again = (model(), event(), 1.0)
    await play(posted, [again], [again], [again], [(model(), event(), WINDOW_SECONDS + 1)])
    assert len(posted.created) == 2
    assert [(name, patch["series"]["count"]) for name, patch in posted.merged] == [
        (posted.created[0]["metadata"]["name"], 2),
        (posted.created[0]["metadata"]["name"], 3),
    ]


async def test_another_object_reason_or_message_is_another_event() -> None:
    posted = Posted()
    await play(posted, [(model(), event(), 0), (model("v"), event(), 0), (model(), event("Other"), 0),
                        (model(), event(message="Else."), 0)])  # fmt: skip
    assert len(posted.created) == 4


async def test_a_model_that_flaps_is_limited_and_another_is_not() -> None:
    posted = Posted()
    flapping = [(model(), event(message=str(number)), 0.0) for number in range(int(BURST) + 5)]
    await play(posted, [*flapping, (model("calm"), event(), 0)], [(model(), event(message="later"), 61)])
    assert len(posted.created) == BURST + 2
    assert posted.dropped == 5


async def test_a_queue_that_is_full_drops_and_never_waits() -> None:
    posted = Posted()
    many = [(model(str(number)), event(), 0.0) for number in range(QUEUE + 7)]
    await play(posted, many)
    assert posted.dropped == 7
    assert len(posted.created) == QUEUE


async def test_an_event_that_cannot_be_posted_is_dropped_and_the_next_one_is_posted() -> None:
    posted = Posted(failing=True)
    await play(posted, [(model(), event(), 0)])
    assert posted.dropped == 1
    posted.failing = False
    await play(posted, [(model(), event(), 0)])
    assert len(posted.created) == 1
