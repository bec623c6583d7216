"""One turn of one key: what comes of it is told to the queue, the log and the metrics alike, whatever is reconciled."""

import logging
from collections.abc import Awaitable, Callable
from time import perf_counter

from casava_operator.errors import Conflict, Transient
from casava_operator.keys import Work
from casava_operator.kube import Terminating
from casava_operator.logs import about
from casava_operator.workqueue import Outcome

log = logging.getLogger(__name__)


async def turn(key: Work, work: Awaitable[tuple[str, Outcome]], count: Callable[[str, float], None]) -> Outcome:
    """Await ``work``, which gives a word for the metrics and the outcome; its errors become a retry and a count.

    ``count`` is told the word and the seconds, of a bug too, which is raised.
    """
    started = perf_counter()
    with about(key):
        try:
            result, outcome = await work
        except Terminating as error:
            # Its objects go one after another, and each is an event. The owner's own end is the last word.
            log.info("left alone: %s", error)
            result, outcome = "ok", Outcome()
        except Transient as error:
            log.warning("will try again: %s", error)
            result, outcome = "transient", Outcome(requeue_after=error.retry_after, failed=True)
        except Conflict as error:
            log.warning("will try again: %s", error)
            result, outcome = "conflict", Outcome(failed=True)
        except Exception:
            count("bug", perf_counter() - started)
            raise
    count(result, perf_counter() - started)
    return outcome
