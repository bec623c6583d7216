"""Ports and HTTP paths inside a model's pod.

Triton's three ports are bound to loopback: clients reach the sidecar alone.
"""

from typing import Final

API_PORT: Final = 8080  # OpenAI API and the allowed part of the Open Inference Protocol
ADMIN_PORT: Final = 9090  # probes, metrics and status: for the kubelet, the operator and Prometheus
TRITON_HTTP_PORT: Final = 8000
TRITON_GRPC_PORT: Final = 8001
TRITON_METRICS_PORT: Final = 8002

LIVE_PATH: Final = "/livez"
READY_PATH: Final = "/readyz"
METRICS_PATH: Final = "/metrics"
STATUS_PATH: Final = "/status"  # answers with casava_wire.state.SidecarStatus
