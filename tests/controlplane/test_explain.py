"""``casava explain`` against a real API server, as the program that users run."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.controlplane.support.client import Client
from tests.controlplane.support.server import ApiServer, free_port
from tests.unit.spec.specs import MINIMAL, body

PROGRAMS = Path(sys.executable).parent


async def _run(*arguments: str, program: str = "casava") -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        str(PROGRAMS / program), *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, output.decode()


@pytest.mark.parametrize("program", ["casava", "kubectl-casava"])
async def test_a_model_is_explained_by_either_name(
    client: Client, api_server: ApiServer, tmp_path: Path, program: str
) -> None:
    await client.create(body(MINIMAL))
    kubeconfig = str(api_server.kubeconfig(tmp_path / "kubeconfig"))
    asked = ("explain", "invoices", "-n", client.namespace, "--kubeconfig", kubeconfig)
    code, text = await _run(*asked, program=program)
    assert code == 0, text
    assert f"CasavaModel {client.namespace}/invoices: not looked at yet" in text


async def test_a_model_that_is_not_there_is_named(client: Client, api_server: ApiServer, tmp_path: Path) -> None:
    kubeconfig = str(api_server.kubeconfig(tmp_path / "kubeconfig"))
    code, text = await _run("explain", "nothing", "-n", client.namespace, "--kubeconfig", kubeconfig)
    assert code == 1
    assert f"there is no CasavaModel 'nothing' in namespace '{client.namespace}'" in text


async def test_a_cluster_that_does_not_answer_is_named(api_server: ApiServer, tmp_path: Path) -> None:
    nowhere = f"https://127.0.0.1:{free_port()}"
    kubeconfig = str(api_server.kubeconfig(tmp_path / "kubeconfig", server=nowhere))
    code, text = await _run("explain", "invoices", "--kubeconfig", kubeconfig)
    assert code == 1
    assert f"the API server {nowhere} does not answer" in text


async def test_a_stranger_is_told_which_right_is_missing(client: Client, api_server: ApiServer, tmp_path: Path) -> None:
    kubeconfig = str(api_server.kubeconfig(tmp_path / "kubeconfig", token="nobody"))
    code, text = await _run("explain", "invoices", "-n", client.namespace, "--kubeconfig", kubeconfig)
    assert code == 1
    assert "you may not read CasavaModels" in text


async def test_without_a_kubeconfig_the_remedy_is_named(tmp_path: Path) -> None:
    code, text = await _run("explain", "invoices", "--kubeconfig", str(tmp_path / "none"))
    assert code == 1
    assert "Set KUBECONFIG or give --kubeconfig" in text
