"""The generated Triton repository, read by Triton's own schema."""

from pathlib import Path

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from casava_engine import repository
from casava_engine.triton_model.settings import SETTINGS_FILE, LlamaSettings, read_settings
from casava_wire import tensors as t


def config() -> model_config_pb2.ModelConfig:
    return text_format.Parse(repository.config_pbtxt("my-model"), model_config_pb2.ModelConfig())


def test_the_configuration_is_a_decoupled_python_model_of_one_instance() -> None:
    parsed = config()
    assert (parsed.name, parsed.backend, parsed.max_batch_size) == ("my-model", "python", 0)
    assert parsed.model_transaction_policy.decoupled
    assert [(group.kind, group.count) for group in parsed.instance_group] == [
        (model_config_pb2.ModelInstanceGroup.KIND_CPU, 1)
    ]


def test_every_input_and_output_of_the_wire_is_declared() -> None:
    names = {name for key, name in vars(t).items() if key.isupper() and isinstance(name, str)}
    declared = {tensor.name for tensor in (*config().input, *config().output)}
    assert declared <= names
    assert names - declared == {*t.GUIDE_TYPES, t.ERROR_INVALID, t.ERROR_CONTEXT}


def test_types_and_shapes_are_those_of_the_wire() -> None:
    inputs = {tensor.name: tensor for tensor in config().input}
    assert [name for name, tensor in inputs.items() if not tensor.optional] == [t.TEXT_INPUT]
    assert inputs[t.SEED].data_type == model_config_pb2.TYPE_UINT64
    assert inputs[t.STREAMING].data_type == model_config_pb2.TYPE_BOOL
    assert list(inputs[t.STOP].dims) == [-1]
    assert list(inputs[t.MAX_TOKENS].dims) == [1]


def test_the_repository_holds_what_triton_and_the_model_read(tmp_path: Path) -> None:
    settings = LlamaSettings("/m.gguf", "/l.sock", "/vitals", 2, 512, 1024, "f16", 128, 1, forbidden_token=7)
    repository.lay_out(tmp_path, "my-model", settings, ["/packages"])
    assert read_settings(tmp_path / "my-model" / "1" / SETTINGS_FILE) == settings
    compile((tmp_path / "my-model" / "1" / "model.py").read_text(), "model.py", "exec")
