# Images, generated files.
