import pytest

from casava_sidecar.enforce.templates import Templates, template


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("", ""),
        ("/type", ""),
        ("/properties/total/minimum", "/total"),
        ("/properties/items/items/properties/price/type", "/items/*/price"),
        ("/properties/properties/properties/items/type", "/properties/items"),
        ("/prefixItems/2/enum", "/*"),
        ("/items/1/enum", "/*"),
        ("/items/enum", "/*"),
        ("/properties/a/anyOf/3/properties/b/const", "/a/b"),
        ("/$defs/Line/properties/n/type", "/n"),
        ("/additionalProperties/type", "/*"),
        ("/patternProperties/^x/type", "/*"),
        ("/rules/0", ""),
        ("/properties/a~1b/type", "/a~1b"),
    ],
)
def test_a_place_in_the_schema_is_a_place_in_every_answer(pointer: str, expected: str) -> None:
    assert template(pointer) == expected


def test_labels_are_bounded() -> None:
    templates = Templates()
    labels = {templates.label(f"/properties/p{number}/type") for number in range(1000)}
    assert len(labels) == 201
    assert "other" in labels
    assert templates.label("/properties/p3/minimum") == "/p3"
