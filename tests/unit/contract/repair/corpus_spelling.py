"""Answers that are nearly JSON, as models write them: wrappers, spelling, structure."""

from typing import Final

from tests.unit.contract.repair.cases import Mend

SPELLING: Final = (
    Mend(
        "a byte-order mark",
        '\ufeff{"total": 1}',
        wanted='{"total": 1}',
        edits=(("byte_order_mark", "", 0, "\ufeff", ""),),
    ),
    Mend(
        "a fence with a language",
        '```json\n{"total": 1}\n```',
        wanted='{"total": 1}\n',
        edits=(
            ("fence", "", 0, "```json\n", ""),
            ("fence", "", 21, "```", ""),
        ),
    ),
    Mend(
        "a fence after a sentence",
        'Here is the invoice:\n\n```json\n{"total": 1}\n```\n\nLet me know!',
        wanted='{"total": 1}\n',
        edits=(
            ("prose", "", 0, "Here is the invoice:\n\n", ""),
            ("fence", "", 22, "```json\n", ""),
            ("fence", "", 43, "```\n\n", ""),
            ("prose", "", 48, "Let me know!", ""),
        ),
    ),
    Mend(
        "a fence that was never closed",
        '```json\n{"total": 1}',
        wanted='{"total": 1}',
        edits=(("fence", "", 0, "```json\n", ""),),
    ),
    Mend(
        "tildes as a fence",
        '~~~\n{"total": 1}\n~~~\n',
        wanted='{"total": 1}\n',
        edits=(
            ("fence", "", 0, "~~~\n", ""),
            ("fence", "", 17, "~~~\n", ""),
        ),
    ),
    Mend(
        "prose before and after",
        'Sure! {"total": 1} Anything else?',
        wanted='{"total": 1} ',
        edits=(
            ("prose", "", 0, "Sure! ", ""),
            ("prose", "", 19, "Anything else?", ""),
        ),
    ),
    Mend(
        "an assignment",
        'const invoice = {"total": 1};',
        wanted='{"total": 1}',
        edits=(
            ("prose", "", 0, "const invoice = ", ""),
            ("prose", "", 28, ";", ""),
        ),
    ),
    Mend(
        "a think block with a draft",
        '<think>Maybe {"total": 2}?</think>\n{"total": 1}',
        wanted='{"total": 1}',
        edits=(("think_block", "", 0, '<think>Maybe {"total": 2}?</think>\n', ""),),
    ),
    Mend(
        "the end of thoughts that began in the prompt",
        'so {"total": 2}, no\n</think>\n\n{"total": 1}',
        wanted='\n\n{"total": 1}',
        edits=(("think_block", "", 0, 'so {"total": 2}, no\n</think>', ""),),
    ),
    Mend(
        "a think block between prose",
        'Well <think>{"total": 2}</think> so {"total": 1}',
        wanted='{"total": 1}',
        edits=(
            ("prose", "", 0, "Well ", ""),
            ("think_block", "", 5, '<think>{"total": 2}</think> ', ""),
            ("prose", "", 33, "so ", ""),
        ),
    ),
    Mend(
        "brackets in prose",
        'As [asked] (see [1]): {"total": 1}',
        wanted='{"total": 1}',
        edits=(("prose", "", 0, "As [asked] (see [1]): ", ""),),
    ),
    Mend(
        "a draft that the contract refuses",
        'Draft: {"total": "?"}\nFinal: {"total": 1}',
        wanted='{"total": 1}',
        edits=(("prose", "", 0, 'Draft: {"total": "?"}\nFinal: ', ""),),
    ),
    Mend(
        "twice the same",
        '{"total": 1}\n{ "total": 1 }',
        wanted='{"total": 1}\n',
        edits=(("prose", "", 13, '{ "total": 1 }', ""),),
    ),
    Mend(
        "a think tag inside of a string",
        '{"note": "write </think> last", "total": 1,}',
        wanted='{"note": "write </think> last", "total": 1}',
        edits=(("trailing_comma", "", 42, ",", ""),),
    ),
    Mend(
        "trailing commas",
        '{"tags": ["a", "b",], "total": 1,}',
        wanted='{"tags": ["a", "b"], "total": 1}',
        edits=(
            ("trailing_comma", "/tags", 18, ",", ""),
            ("trailing_comma", "", 32, ",", ""),
        ),
    ),
    Mend(
        "a comma twice",
        '{"total": 1,, "note": "x"}',
        wanted='{"total": 1, "note": "x"}',
        edits=(("extra_comma", "", 12, ",", ""),),
    ),
    Mend(
        "a comma missing at a line's end",
        '{\n  "total": 1\n  "note": "x"\n}',
        wanted='{\n  "total": 1,\n  "note": "x"\n}',
        edits=(("missing_comma", "", 14, "", ","),),
    ),
    Mend(
        "a comma missing between objects",
        '{"lines": [{"sku": "a", "count": 1} {"sku": "b", "count": 2}], "total": 1}',
        wanted='{"lines": [{"sku": "a", "count": 1}, {"sku": "b", "count": 2}], "total": 1}',
        edits=(("missing_comma", "/lines", 35, "", ","),),
    ),
    Mend(
        "a comma missing between strings",
        '{"tags": ["a" "b"], "total": 1}',
        wanted='{"tags": ["a", "b"], "total": 1}',
        edits=(("missing_comma", "/tags", 13, "", ","),),
    ),
    Mend(
        "unquoted keys",
        "{total: 1, paid: true}",
        wanted='{"total": 1, "paid": true}',
        edits=(
            ("unquoted_key", "/total", 1, "total", '"total"'),
            ("unquoted_key", "/paid", 11, "paid", '"paid"'),
        ),
    ),
    Mend(
        "single quotes",
        "{'total': 1, 'note': 'fine'}",
        wanted='{"total": 1, "note": "fine"}',
        edits=(
            ("quotes", "/total", 1, "'total'", '"total"'),
            ("quotes", "/note", 13, "'note'", '"note"'),
            ("quotes", "/note", 21, "'fine'", '"fine"'),
        ),
    ),
    Mend(
        "an apostrophe in single quotes",
        "{'note': 'it's fine', 'total': 1}",
        wanted='{"note": "it\'s fine", "total": 1}',
        edits=(
            ("quotes", "/note", 1, "'note'", '"note"'),
            ("quotes", "/note", 9, "'it's fine'", '"it\'s fine"'),
            ("quotes", "/total", 22, "'total'", '"total"'),
        ),
    ),
    Mend(
        "an escaped apostrophe",
        '{"note": "it\\\'s fine", "total": 1}',
        wanted='{"note": "it\'s fine", "total": 1}',
        edits=(("escape", "/note", 9, '"it\\\'s fine"', '"it\'s fine"'),),
    ),
    Mend(
        "double quotes inside of single ones",
        "{'note': 'the \"big\" one', 'total': 1}",
        wanted='{"note": "the \\"big\\" one", "total": 1}',
        edits=(
            ("quotes", "/note", 1, "'note'", '"note"'),
            ("quotes", "/note", 9, "'the \"big\" one'", '"the \\"big\\" one"'),
            ("quotes", "/total", 26, "'total'", '"total"'),
        ),
    ),
    Mend(
        "smart quotes",
        "{\u201ctotal\u201d: 1, \u201cnote\u201d: \u201cfine\u201d}",
        wanted='{"total": 1, "note": "fine"}',
        edits=(
            ("quotes", "/total", 1, "\u201ctotal\u201d", '"total"'),
            ("quotes", "/note", 17, "\u201cnote\u201d", '"note"'),
            ("quotes", "/note", 29, "\u201cfine\u201d", '"fine"'),
        ),
    ),
    Mend(
        "smart quotes inside of a string",
        '{"note": "the \u201cbig\u201d one", "total": 1,}',
        wanted='{"note": "the \u201cbig\u201d one", "total": 1}',
        edits=(("trailing_comma", "", 40, ",", ""),),
    ),
    Mend(
        "German quotes",
        '{\u201enote\u201c: \u201egut\u201c, "total": 1}',
        wanted='{"note": "gut", "total": 1}',
        edits=(
            ("quotes", "/note", 1, "\u201enote\u201c", '"note"'),
            ("quotes", "/note", 13, "\u201egut\u201c", '"gut"'),
        ),
    ),
    Mend(
        "quotes inside of a string",
        '{"note": "he said "fine" and left", "total": 1}',
        wanted='{"note": "he said \\"fine\\" and left", "total": 1}',
        edits=(("inner_quote", "/note", 9, '"he said "fine" and left"', '"he said \\"fine\\" and left"'),),
    ),
    Mend(
        "a line end inside of a string",
        '{"note": "one\ntwo\tthree", "total": 1}',
        wanted='{"note": "one\\ntwo\\tthree", "total": 1}',
        edits=(("control_character", "/note", 9, '"one\ntwo\tthree"', '"one\\ntwo\\tthree"'),),
    ),
    Mend(
        "Python's literals",
        "{'paid': True, 'note': None, 'total': 1}",
        wanted='{"paid": true, "note": null, "total": 1}',
        edits=(
            ("quotes", "/paid", 1, "'paid'", '"paid"'),
            ("literal", "/paid", 9, "True", "true"),
            ("quotes", "/note", 15, "'note'", '"note"'),
            ("literal", "/note", 23, "None", "null"),
            ("quotes", "/total", 29, "'total'", '"total"'),
        ),
    ),
    Mend(
        "undefined in an array",
        '{"total": 1, "marks": [1, undefined]}',
        wanted='{"total": 1, "marks": [1, null]}',
        edits=(("literal", "/marks/1", 26, "undefined", "null"),),
    ),
    Mend(
        "undefined for what must be there",
        '{"total": 1, "seen": undefined}',
        wanted='{"total": 1, "seen": null}',
        edits=(("literal", "/seen", 21, "undefined", "null"),),
        contract="seen",
    ),
    Mend(
        "comments",
        '{\n  // the sum\n  "total": 1, /* net */ "note": "http://x" # done\n}',
        wanted='{\n  \n  "total": 1,  "note": "http://x" \n}',
        edits=(
            ("comment", "", 4, "// the sum", ""),
            ("comment", "", 29, "/* net */", ""),
            ("comment", "", 58, "# done", ""),
        ),
    ),
    Mend(
        "numbers that JSON does not know",
        '{"total": +1.50, "marks": [007, .5, 5., 1_000, 0x1F, -0xff]}',
        wanted='{"total": 1.50, "marks": [7, 0.5, 5.0, 1000, 31, -255]}',
        edits=(
            ("number", "/total", 10, "+1.50", "1.50"),
            ("number", "/marks/0", 27, "007", "7"),
            ("number", "/marks/1", 32, ".5", "0.5"),
            ("number", "/marks/2", 36, "5.", "5.0"),
            ("number", "/marks/3", 40, "1_000", "1000"),
            ("number", "/marks/4", 47, "0x1F", "31"),
            ("number", "/marks/5", 53, "-0xff", "-255"),
        ),
    ),
    Mend(
        "thousands with a decimal point",
        '{"total": 1,234.50}',
        wanted='{"total": 1234.50}',
        edits=(("number", "/total", 10, "1,234.50", "1234.50"),),
    ),
    Mend(
        "thousands twice",
        '{"total": 1,234,567, "note": "x"}',
        wanted='{"total": 1234567, "note": "x"}',
        edits=(("number", "/total", 10, "1,234,567", "1234567"),),
    ),
    Mend(
        "thousands of a whole number",
        '{"total": 1, "count": 1,234}',
        wanted='{"total": 1, "count": 1234}',
        edits=(("number", "/count", 22, "1,234", "1234"),),
    ),
    Mend(
        "no-break spaces",
        '{\xa0"total":\xa01}',
        wanted='{ "total": 1}',
        edits=(
            ("white_space", "", 1, "\xa0", " "),
            ("white_space", "", 11, "\xa0", " "),
        ),
    ),
    Mend(
        "an array that was not closed",
        '{"tags": ["a", "b", "total": 1}',
        wanted='{"tags": ["a", "b"], "total": 1}',
        edits=(("missing_bracket", "/tags", 18, "", "]"),),
    ),
    Mend(
        "an array closed as an object",
        '{"total": 1, "tags": ["a", "b"}',
        wanted='{"total": 1, "tags": ["a", "b"]}',
        edits=(("missing_bracket", "/tags", 30, "", "]"),),
    ),
    Mend(
        "an object that was not closed in an array",
        '{"lines": [{"sku": "a", "count": 1, {"sku": "b", "count": 2}], "total": 1}',
        wanted='{"lines": [{"sku": "a", "count": 1}, {"sku": "b", "count": 2}], "total": 1}',
        edits=(("missing_bracket", "/lines/0", 34, "", "}"),),
    ),
    Mend(
        "an object in an object that was not closed",
        '{"address": {"city": "Ulm", "zip": "89073", "total": 1}',
        wanted='{"address": {"city": "Ulm", "zip": "89073"}, "total": 1}',
        edits=(("missing_bracket", "/address", 42, "", "}"),),
    ),
    Mend(
        "the last bracket missing",
        '{"total": 1, "tags": ["a"]',
        wanted='{"total": 1, "tags": ["a"]}',
        edits=(("missing_bracket", "", 26, "", "}"),),
    ),
    Mend(
        "two brackets missing after a string",
        '{"total": 1, "address": {"city": "Ulm"',
        wanted='{"total": 1, "address": {"city": "Ulm"}}',
        edits=(
            ("missing_bracket", "/address", 38, "", "}"),
            ("missing_bracket", "", 38, "", "}"),
        ),
    ),
    Mend(
        "a bracket too many",
        '{"total": 1, "tags": ["a"]}}',
        wanted='{"total": 1, "tags": ["a"]}',
        edits=(("extra_bracket", "", 27, "}", ""),),
    ),
    Mend(
        "a bracket too many in the middle",
        '{"address": {"city": "Ulm"}}, "total": 1}',
        wanted='{"address": {"city": "Ulm"}, "total": 1}',
        edits=(("extra_bracket", "", 27, "}", ""),),
    ),
    Mend(
        "the wrong bracket at the end",
        '{"total": 1]',
        wanted='{"total": 1}',
        edits=(("wrong_bracket", "", 11, "]", "}"),),
    ),
)
