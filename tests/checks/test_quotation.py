"""A quotation is found whatever printing did to it, and not found when a word is another one."""

from __future__ import annotations

import pytest

from checks.quotation import find, page_of

QUOTE = "shall delete Inputs and Outputs within twenty-four (24) hours"
PAGES = (
    "1 Definitions",
    "4.2 The Vendor shall delete Inputs and Outputs within twenty-four (24) hours of receipt.",
    "",
)


@pytest.mark.parametrize(
    "printed",
    [
        "shall delete Inputs and Outputs within twenty-four (24) hours",
        "Shall  delete\nInputs and\tOutputs within twenty-four (24) hours",
        "shall de-\nlete Inputs and Outputs within twenty–four (24) hours",
        "shall de\u00adlete Inputs and Outputs within twenty\u2011four (24) hours",
        "ſhall delete Inputs and Outputs within twenty-four (２４) hours",
    ],
)
def test_what_printing_changes_makes_no_difference(printed: str) -> None:
    assert find(QUOTE, ("nothing", f"4.2 The Vendor {printed}.")).pages == (2,)


@pytest.mark.parametrize(
    "printed",
    [
        "may delete Inputs and Outputs within twenty-four (24) hours",
        "shall delete Inputs and Outputs within forty-eight (48) hours",
        "shall not delete Inputs and Outputs within twenty-four (24) hours",
    ],
)
def test_another_word_is_another_promise(printed: str) -> None:
    found = find(QUOTE, (f"The Vendor {printed}.",))
    assert found.pages == ()
    assert "inputs and outputs" in found.closest
    assert 0.6 < found.likeness < 1


def test_words_left_out_must_follow_each_other() -> None:
    assert find("shall delete Inputs … (24) hours", PAGES).pages == (2,)
    assert find("shall delete Inputs [...] (24) hours", PAGES).pages == (2,)
    assert find("(24) hours … shall delete", PAGES).pages == ()


def test_a_quotation_may_run_over_the_end_of_a_page() -> None:
    assert find(QUOTE, ("x", "shall delete Inputs and", "Outputs within twenty-four (24) hours")).pages == (2,)


def test_every_page_on_which_it_stands_is_named() -> None:
    assert find("definitions", ("1 Definitions", "", "see Definitions")).pages == (1, 3)


@pytest.mark.parametrize("quote", ["", " ", "…", "\u00ad"])
def test_nothing_is_quoted_nowhere(quote: str) -> None:
    assert find(quote, PAGES).pages == ()


@pytest.mark.parametrize(
    ("clause", "page"), [("DPA §4.2 p.7", 7), ("DPA p. 12 §1", 12), ("DPA §4.2", None), ("MSA app.7", None)]
)
def test_the_page_is_read_from_the_clause(clause: str, page: int | None) -> None:
    assert page_of(clause) == page
