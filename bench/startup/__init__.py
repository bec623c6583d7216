"""How long from `kubectl apply` to Ready, the images present."""
