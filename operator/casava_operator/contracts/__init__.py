"""Output contracts on the operator's side: references, what a contract is worth, and the status that says so."""
