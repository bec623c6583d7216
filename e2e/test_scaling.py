"""Load comes and goes, and so do replicas."""

from e2e.support.load import Load
from e2e.support.manifests import model
from e2e.support.models import Models

NAME = "busy"


def test_load_brings_three_replicas_and_silence_brings_one_with_nothing_lost(models: Models) -> None:
    manifest = model(NAME, models.image, scaling={"minReplicas": 1, "maxReplicas": 3, "target": {"inFlight": 2}})
    models.apply(manifest)
    models.wait_ready(NAME)
    url = models.url(NAME)
    assert models.status(NAME)["scaling"]["mode"] == "Auto"
    with Load(url, NAME, workers=8, max_tokens=40) as load:
        models.cluster.wait_until("three replicas", lambda: models.status(NAME).get("readyReplicas") == 3, timeout=90)
        load.wait_for_answers(8)
    assert not load.failures(), load.failures()[:5]
    with Load(url, NAME, workers=1) as light:
        models.cluster.wait_until("one replica", lambda: models.status(NAME).get("replicas") == 1, timeout=120)
        models.cluster.wait_until("the others to be gone", lambda: len(models.all_pods(NAME)) == 1, timeout=90)
        light.wait_for_answers(2)
    assert not light.failures(), light.failures()[:5]
    events = models.kubectl("get", "events", "-o", "json")
    assert "Scaled" in events or "Scaling" in events
