import pyarrow as pa
import pytest

from evidence.errors import ProbityError
from evidence.families import all_families, family
from evidence.families.arrow import arrow_schema
from evidence.families.schema import GATHERED


def test_a_schema_has_the_stated_columns_and_then_the_gathered_ones():
    schema = arrow_schema(family("data_lifecycle"))
    assert schema.names[0] == "system_id"
    assert schema.names[-4:] == ["source", "artefact", "row", "defects"]


def test_each_type_has_its_arrow_type():
    documents = arrow_schema(family("documents"))
    assert documents.field("issued_on").type == pa.date32()
    assert documents.field("services").type == pa.list_(pa.string())
    assert documents.field("received_at").type == pa.timestamp("us", tz="UTC")
    assert documents.field("row").type == pa.int64()
    assert arrow_schema(family("system_inventory")).field("in_scope").type == pa.bool_()


@pytest.mark.parametrize("name", sorted(all_families()))
def test_no_stated_column_takes_the_name_of_a_gathered_one(name):
    declared = family(name)
    names = [column.name for column in declared.all_columns]
    assert len(set(names)) == len(names)
    assert declared.gathered[-len(GATHERED) :] == GATHERED


def test_an_unknown_family_is_named_with_the_known_ones():
    with pytest.raises(ProbityError, match="data_lifecycle"):
        family("data_lifecyle")
