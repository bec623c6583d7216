"""llama.cpp's server inside this process, on a Unix socket."""

import xllamacpp as xl

from casava_engine.triton_model.settings import LlamaSettings

_KV_TYPES = {"f16": xl.ggml_type.GGML_TYPE_F16, "q8_0": xl.ggml_type.GGML_TYPE_Q8_0}


def start(settings: LlamaSettings) -> xl.Server:
    """Load the model and serve it. Raise RuntimeError when llama.cpp cannot; it says why on standard error."""
    params = xl.CommonParams()
    params.model.path = settings.model_path
    params.hostnames = [settings.socket]  # the binding always listens: on a file that only this container can open
    params.endpoint_slots = False  # it would show prompts
    params.ui = False
    params.n_parallel = settings.sequences
    params.n_ctx = settings.kv_tokens
    params.kv_unified = True
    params.kv_unified_per_slot = settings.context_length
    params.cache_type_k = params.cache_type_v = _KV_TYPES[settings.kv_type]
    params.n_batch = params.n_ubatch = settings.batch_tokens
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.threads
    params.ctx_shift = False
    # Both would keep old prompts in memory without a bound that the user knows of (8 GiB by default).
    params.cache_ram_mib = 0
    params.cache_idle_slots = False
    params.n_ctx_checkpoints = 0
    params.fit_params = False
    params.warmup = False  # the Triton model's own first generation does it
    params.cors_origins = "localhost"  # nobody's browser reaches the socket; without it llama.cpp warns of one
    params.verbosity = 1  # errors: why a model cannot be loaded. Later ones may quote requests: see casava_engine.scrub
    return xl.Server(params)
