"""What runs inside Triton's Python backend: the model of one GGUF file over llama.cpp's server."""
