"""What Casava's processes agree on, once: names, paths and file formats. Data only, no behaviour beyond parsing."""
