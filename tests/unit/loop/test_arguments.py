"""The command line of the operator: what is wrong is said with the flag and the fix."""

import pytest

from casava_operator.__main__ import _parser


@pytest.mark.parametrize(
    ("flag", "says"),
    [
        ("--listen=8080", "write ADDRESS:PORT"),
        ("--listen=:8080", "write ADDRESS:PORT"),
        ("--listen=127.0.0.1:http", "write ADDRESS:PORT"),
        ("--listen=127.0.0.1:65536", "write ADDRESS:PORT"),
        ("--workers=0", "no number from 1 on"),
        ("--workers=-1", "no number from 1 on"),
        ("--workers=many", "no number from 1 on"),
    ],
)
def test_a_wrong_flag_is_named_with_its_fix(flag: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        _parser().parse_args(["run", flag])
    told = capsys.readouterr().err
    assert flag.partition("=")[0] in told
    assert says in told


@pytest.mark.parametrize(
    ("text", "address"),
    [("0.0.0.0:8080", ("0.0.0.0", 8080)), ("[::]:8080", ("::", 8080)), ("127.0.0.1:0", ("127.0.0.1", 0))],  # noqa: S104
)
def test_an_address_is_taken_apart(text: str, address: tuple[str, int]) -> None:
    assert _parser().parse_args(["run", f"--listen={text}"]).listen == address
