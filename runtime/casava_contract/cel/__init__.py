"""CEL over a finished answer: parsed by Google's library, evaluated here.

The libraries' own evaluators cannot be bounded by counted work (measured: ``map`` over 8,000 elements takes 1.2 s in
one and 2 s in another, and thirty chained ``map(x, x + x)`` ask for a gigabyte) and hold numbers in binary, where
0.1 + 0.2 is not 0.3. So the syntax tree is compiled to closures that count every step and keep every digit.
"""
