"""What filters mean, how they are read, and that no filter and no message can hurt the search.

Times are the processor's, so that a busy machine is no slow filter.
"""

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.record.default_records import DefaultRecordBatchBuilder

from prompt_kafka.clients.kafka import Batch, KafkaError, Record
from prompt_kafka.clients.kafka.batches import parse
from prompt_kafka.clients.kafka.codecs import Buffer, decompress
from prompt_kafka.core.errors import UsageError
from prompt_kafka.messages.bounds import Range
from prompt_kafka.messages.expression import Expression
from prompt_kafka.messages.filters import Filter, FilterError, Text, read
from prompt_kafka.messages.matching import Matched, Matcher
from prompt_kafka.messages.view import PLAIN, Viewed

RECORD = Record(
    "t", 3, 17, 1_700_000_000_000, b"key-7", b'{"a": {"b": 5}, "s": "x"}', (("h", b"v"), ("n", None))
)


def batch_of(values: list[bytes | None], key: bytes | None = None) -> Batch:
    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 1 << 24)
    for number, value in enumerate(values):
        builder.append(number, 1_700_000_000_000 + number, key, value, [])
    (batch,) = parse("t", 0, bytes(builder.build()))
    return batch


def match(batch: Batch, *texts: Text, where: str | None = None, shown: bool = False) -> Matched:
    found = Matched([])
    matcher = Matcher(Filter(texts, where, shown), Range(), PLAIN)
    matcher.match(batch, 0, 1 << 60, Buffer(), found)
    return found


@pytest.mark.parametrize(
    ("part", "text", "meant"),
    [
        ("key", "key-7", Text("key", "exact", "key-7")),
        ("value", "x", Text("value", "contains", "x")),
        ("any", "iregex:a+", Text("any", "regex", "a+", True)),
        ("value", "exact:regex:x", Text("value", "exact", "regex:x")),
        ("value", "s3://bucket", Text("value", "contains", "s3://bucket")),
        ("header", "h=v", Text("header", "exact", "v", False, "h")),
        ("header", "h=icontains:V", Text("header", "contains", "V", True, "h")),
        ("header", "h=a=b", Text("header", "exact", "a=b", False, "h")),
        ("header", "h", Text("header", "contains", "", False, "h")),
    ],
)
def test_words(part: str, text: str, meant: Text) -> None:
    own = read(part, text)  # type: ignore[arg-type]
    assert own == meant
    again = own.words.split(" ", 1)[1]
    assert read(part, again) == meant  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ([("any", "key-7")], True),
        ([("any", "exact:v")], True),
        ([("any", "n")], True),
        ([("header", "n")], True),
        ([("header", "n=")], True),
        ([("header", "m")], False),
        ([("key", "key")], False),
        ([("key", "contains:key"), ("value", "x")], True),
        ([("key", "contains:key"), ("value", "y")], False),
        ([("value", 'regex:^."a"')], True),
        ([("value", "KEY")], False),
    ],
)
def test_meaning(texts: list[tuple[str, str]], found: bool) -> None:
    wanted = Filter(tuple(read(part, text) for part, text in texts))  # type: ignore[arg-type]
    assert wanted.accepts(RECORD, PLAIN) is found


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("value.a.b == 5 && key == 'key-7'", True),
        ("value.a.b > 5.5", False),
        ("has(value.c)", False),
        ("headers['h'] == 'v' && headers['n'] == null", True),
        ("offset == 17 && partition == 3 && topic == 't' && !tombstone", True),
        ("time >= timestamp('2023-11-14T00:00:00Z') && time < timestamp('2023-11-15T00:00:00Z')", True),
        ("text.contains('\"s\"')", True),
        ("value.s.matches('^x$')", True),
    ],
)
def test_expressions(where: str, found: bool) -> None:
    assert Expression(where).holds(RECORD, PLAIN, plain=True) is found
    assert Expression(where).holds(RECORD, PLAIN) is found


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Filter(where="value.").compile(), "Syntax error"),
        (lambda: Filter(where="nothing == 1").compile(), "nothing"),
        (lambda: Filter(where="1 + 1").compile(), "gives int"),
        (lambda: Filter(where="'a' + 1 == 2").compile(), "overload"),
        (lambda: Filter(where="(" * 3000 + "true" + ")" * 3000).compile(), "recursion"),
        (lambda: Filter(where="value" + ".a" * 4000 + " == 1").compile(), "recursion"),
        (lambda: Filter(where="true || " * 50_000 + "true").compile(), "too long"),
        (lambda: Filter((read("any", "regex:(a"),)).compile(), "missing \\)"),
        (lambda: Filter((read("any", "regex:(?=a)b"),)).compile(), "RE2|understood"),
        (lambda: Filter((read("any", "regex:((a{100}){100}){100}"),)).compile(), "repetition"),
        (lambda: read("value", ""), "finds everything"),
        (lambda: read("value", "regex:"), "finds everything"),
        (lambda: read("header", "=x"), "needs a name"),
        (lambda: read("value", "x" * 20_000), "too long"),
    ],
)
def test_a_wrong_filter_is_refused_at_once(make: Callable[[], object], said: str) -> None:
    began = time.thread_time()
    with pytest.raises(UsageError, match=said):
        make()
    assert time.thread_time() - began < 5


DEEP = b'{"a":' + b"[" * 900 + b"]" * 900 + b"}"


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (b'{"a": 1}', "value.a.b.c == 1"),
        (b"\xff\x00", "value.a == 1"),
        (None, "value.a == 1"),
        (b'{"a": 0}', "1 / value.a == 1"),
        (DEEP, "value.a.b == 1"),
        (b"[" * 100_000, "value.a == 1"),
        (b'{"l": [' + b"1," * 3000 + b"1]}", "value.l.map(x, value.l.map(y, value.l)).size() > 0"),
        (b'{"l": [' + b"1," * 30000 + b"1]}", "value.l.all(x, value.l.all(y, value.l.all(z, x + y > z)))"),
        (b'{"s": "x"}', "value.s.matches(value.s + '(')"),
        (b'{"s": "x"}', "value.s"),
    ],
)  # fmt: skip
def test_no_message_can_hurt_an_expression(value: bytes | None, where: str) -> None:
    """It is counted with its reason, soon."""
    began = time.thread_time()
    found = match(batch_of([value]), where=where)
    assert (found.records, found.errors) == ([], 1)
    assert found.example is not None and found.example[1]
    assert time.thread_time() - began < 20


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*b", "(a*)*c", "(.*a){12}b", "(x+x+)+y", "([a-zA-Z]+)*[0-9]$"]
)
def test_no_regular_expression_hangs(pattern: str) -> None:
    began = time.thread_time()
    assert match(batch_of([b"a" * 200_000 + b"!"]), read("value", f"regex:{pattern}")).records == []
    assert time.thread_time() - began < 10


def test_a_batch_that_grows_without_end_is_not_read() -> None:
    import cramjam

    bomb = bytes(cramjam.zstd.compress(bytes(300 << 20)))
    assert len(bomb) < 100_000
    with pytest.raises(KafkaError, match="grows beyond"):
        decompress("zstd", bomb)
    blocks = bytes(cramjam.gzip.compress(bytes(20 << 20)))
    with pytest.raises(KafkaError, match="grows beyond"):
        decompress("gzip", blocks, most=8 << 20)


def test_a_damaged_batch_is_named_and_the_search_goes_on() -> None:
    good = batch_of([b"row"] * 3)
    damaged = good.__class__(
        **{name: getattr(good, name) for name in good.__slots__ if name != "raw"}, raw=b"\x06\x00\xff\xff"
    )
    found = Matched([])
    matcher = Matcher(Filter((read("value", "\udcff\udcff"),)), Range(), PLAIN)
    matcher.match(damaged, 0, 10, Buffer(), found)
    assert found.damaged == [(0, 3, "a record batch is damaged")]
    plain = Matcher(Filter((read("value", "row"),)), Range(), PLAIN)
    plain.match(good, 0, 10, Buffer(), found)
    assert len(found.records) == 3


def test_masks_are_not_looked_behind() -> None:
    """A filter sees what is shown, so nobody can guess at what is hidden."""

    class Masked:
        masks = True

        def __call__(self, record: Record) -> Viewed:
            hidden = record._replace(value=(record.value or b"").replace(b"secret", b"***"))
            return PLAIN(hidden)

    batch = batch_of([b'{"a": "secret"}', b'{"a": "open"}'])
    for texts, where, count in (
        ((read("value", "secret"),), None, 0),
        ((read("any", "regex:s.cret"),), None, 0),
        ((), "value.a == 'secret'", 0),
        ((), "text.contains('secret')", 0),
        ((read("value", "***"),), None, 1),
        ((), "value.a == '***'", 1),
        ((read("value", "open"),), None, 1),
    ):
        found = Matched([])
        Matcher(Filter(texts, where), Range(), Masked()).match(batch, 0, 10, Buffer(), found)
        assert len(found.records) == count


pieces = st.binary(max_size=6) | st.sampled_from([b"ab", b"abc", b"\n", "ä".encode(), b"a\x00b"])


@given(
    st.lists(st.none() | st.lists(pieces, max_size=4).map(b"".join), min_size=1, max_size=12),
    st.sampled_from(
        ["contains:ab",
         "icontains:AB", "exact:ab", "iexact:AB", "contains:ä", "icontains:Ä", "regex:a.b",
         "regex:^ab", "regex:b$", "regex:a[^b]",
         "regex:(?s)a.*b", "regex:x*", "regex:\\bab\\b", "regex:b\\x00?a"]
    ),
)  # fmt: skip
def test_looking_at_the_payload_first_finds_the_same(values: list[bytes | None], text: str) -> None:
    """Against each record for itself."""
    batch = batch_of(values, b"k")
    own = read("value", text)
    alone = Filter((own,))
    expected = [record for record in batch.records() if alone.accepts(record, PLAIN)]
    assert match(batch, own).records == expected


def test_an_error_of_a_filter_is_no_exception_of_python() -> None:
    with pytest.raises(FilterError, match="nope"):
        Expression("value.nope == 1").holds(RECORD, PLAIN)


documents = st.sampled_from(
    [None, b"", b"text", b"{", b'{"n": 1}', b'{"n": 3}', b'{"n": "3"}', b'{"n": 3.0}', b'{"m": 3}', b"[3]",
     b'{"n": NaN}', b'{"n": 9999999999999999999999}', b' {"n": 3}', b"\x81\xa1n\x03", b'{"n": {"n": 3}}']
)  # fmt: skip


@given(
    st.lists(documents, min_size=1, max_size=200),
    st.sampled_from(
        [
            "value.n == 3",
            "value.n > 2",
            "value.n in [1, 3] || false // why",
            "has(value.m)",
            "value == null",
            "value.n.n == 3",
            "value[0] == 3",
            "value.n == 3 && value.m == 3",
            "value.n == 3 && value.n == '3'",
            "value.m == 3 && value.n.n == 3",
            "1 == 1 && value.n == 3",
            "value.n >= 3.0 && value.zz == 1",
            "value.n <= 2.5 && value.n < 2",
            "value.n == 3 ? true : value.m == 3",
            "value.n == 3 || has(value.m)",
            "(value.n == 3 && value.m == 3) || value.n == 1",
            "!(value.n == 3 && true)",
        ]
    ),
)
def test_judging_many_values_at_once_says_the_same(values: list[bytes | None], where: str) -> None:
    batch = batch_of(values, b"k")
    alone = Filter(where=where)
    expected, errors = [], []
    for record in batch.records():
        try:
            if alone.accepts(record, PLAIN):
                expected.append(record)
        except FilterError:
            errors.append(record)
    found = match(batch, where=where)
    assert found.records == expected
    assert found.errors == len(errors)
    assert found.example is None or found.example[0] == errors[0]
