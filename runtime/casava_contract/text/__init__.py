"""Contracts over plain text: regular expressions, choices, grammars in Lark and GBNF."""
