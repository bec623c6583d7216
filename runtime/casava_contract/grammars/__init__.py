"""Regular expressions and grammars in Lark and GBNF, read into one tree and printed for the engines."""
