"""What happens to an answer under a contract: released, refused, repaired, asked for again. Pure: no I/O, no clock."""
