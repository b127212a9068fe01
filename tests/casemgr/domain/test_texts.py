from casemgr.domain.texts import tabulate


def test_columns_are_aligned_by_their_width_on_a_terminal() -> None:
    rows = [("ID", "NAME", "DISABLED"), ("1", "美 林", "no"), ("1000", "Ada", "yes")]
    assert list(tabulate(rows)) == ["ID    NAME   DISABLED", "1     美 林  no", "1000  Ada    yes"]


def test_accents_of_their_own_take_no_column() -> None:
    assert list(tabulate([("e\N{COMBINING ACUTE ACCENT}", "x"), ("ab", "x")])) == [
        "e\N{COMBINING ACUTE ACCENT}   x",
        "ab  x",
    ]


def test_a_later_part_of_a_long_table_is_as_wide_as_the_first() -> None:
    rows = [("NAME", "x"), *[("a long name", "x")] * 9, ("short", "x"), ("an even longer name", "x")]
    lines = list(tabulate(rows, 10))
    assert {len(line) for line in lines[:10]} == {len("a long name  x")}
    assert {len(line) for line in lines[10:]} == {len("an even longer name  x")}


def test_a_table_without_rows_is_empty() -> None:
    assert list(tabulate([])) == []
