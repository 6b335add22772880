"""lib/store/sql.c: SQLite and PostgreSQL both take each statement unchanged."""
import re
import sqlite3
import subprocess
from pathlib import Path

import pytest

from kit import postgres
from kit.site import ROOT

SCHEMA = (ROOT / "lib/store/sqlite/schema.sql").read_text()
PRINT = r"""
#include <stdio.h>
#include "sql.h"
int
main(void)
{
	for (int i = 0; i < SQL_COUNT; i++)
		printf("%s%c", sql_table[i].text, 0);
	return 0;
}
"""


@pytest.fixture(scope="module")
def statements(tmp_path_factory):
    """The texts of the statements, as the compiler has them."""
    top = tmp_path_factory.mktemp("statements")
    (top / "print.c").write_text(PRINT)
    subprocess.run(["cc", "-I", ROOT / "lib/store", "-o", top / "print", top / "print.c",
                    ROOT / "lib/store/sql.c"], check=True)
    out = subprocess.run([top / "print"], check=True, capture_output=True, text=True).stdout
    texts = out.split("\0")[:-1]
    assert len(texts) > 90 and "(null)" not in texts
    return texts


# What only one of the two takes.  A comparison as a column is a number in SQLite, and a
# boolean in PostgreSQL.
ALONE = re.compile(r"GLOB|group_concat|string_agg|LIMIT -1|OR (IGNORE|REPLACE)|\bx'|CROSS JOIN"
                   r"|IS NOT \?|\b(max|min)\([^()]*,|::|\bFOR UPDATE|\buser\b|rowid", re.I)


def test_no_statement_has_what_one_engine_has_alone(statements):
    for text in statements:
        assert not ALONE.search(re.sub(r"'user'", "", text)), text


def test_the_numbers_of_parameters_have_no_gaps(statements):
    """PostgreSQL cannot find the type of a parameter that is not used."""
    for text in statements:
        used = sorted({int(n) for n in re.findall(r"\?(\d+)", text)})
        assert used == list(range(1, len(used) + 1)), text


def test_sqlite_takes_each(statements):
    db = sqlite3.connect(":memory:")
    db.executescript(SCHEMA)
    for text in statements:
        db.execute("EXPLAIN " + text, [None] * len(set(re.findall(r"\?\d+", text))))


def schema_of_postgresql():
    """As the build makes it."""
    return subprocess.run(["sed", "-E", "-f", ROOT / "lib/store/pgsql/schema.sed",
                           ROOT / "lib/store/sqlite/schema.sql"],
                          check=True, capture_output=True, text=True).stdout


def test_version_15_is_newer_than_9():
    places = [Path("/usr/lib/postgresql/%s/bin/initdb" % v) for v in ("9.6", "15", "9.10")]
    assert postgres.newest(places) == places[1] and postgres.newest(places[::2]) == places[2]


@pytest.fixture(scope="module")
def psql():
    """Run statements in a new PostgreSQL, which no network reaches."""
    with postgres.cluster() as made:
        yield made.psql


def test_postgresql_takes_each(statements, psql):
    """All numbers have 64 bits: a parameter of 32 bits could not take every id."""
    script = schema_of_postgresql()
    for i, text in enumerate(statements):
        script += "\nPREPARE s%d AS %s;" % (i, re.sub(r"\?(\d+)", r"$\1", text))
    p = psql(script + "\nSELECT DISTINCT unnest(parameter_types)::text"
             " FROM pg_prepared_statements ORDER BY 1;")
    assert p.returncode == 0, p.stderr
    assert p.stdout.split() == ["bigint", "bytea", "text"]


TYPES = {"INTEGER": "bigint", "TEXT": "text", "BLOB": "bytea"}


def test_both_schemas_have_the_same_tables_and_columns(psql):
    """lib/store/pgsql/schema.sed: name, type, NULL or not, and place in the primary key of
    each column; and the indexes, by what is unique."""
    db = sqlite3.connect(":memory:")
    db.executescript(SCHEMA)
    tables = [t for t, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'"
                                     " AND name NOT LIKE 'sqlite_%' ORDER BY name")]
    assert len(tables) > 15
    columns, indexes = [], []
    for table in tables:
        for _, name, type_, not_null, _, key in db.execute("PRAGMA table_info(%s)" % table):
            columns.append("|".join((table, name, TYPES[type_],
                                     "NO" if not_null or key else "YES", str(key))))
        indexes += ["%s|%s" % (table, name) for _, name, _, origin, _ in db.execute(
            "PRAGMA index_list(%s)" % table) if origin == "c"]
        indexes += ["%s|unique" % table for _, _, _, origin, _ in db.execute(
            "PRAGMA index_list(%s)" % table) if origin == "u"]
    p = psql("CREATE SCHEMA twin; SET search_path = twin;" + schema_of_postgresql() + """
        SELECT c.table_name, c.column_name, c.data_type, c.is_nullable,
            coalesce(k.ordinal_position, 0)
        FROM information_schema.columns c LEFT JOIN (
            SELECT u.table_name, u.column_name, u.ordinal_position
            FROM information_schema.key_column_usage u JOIN information_schema.table_constraints t
            USING (constraint_schema, constraint_name)
            WHERE t.constraint_type = 'PRIMARY KEY' AND u.table_schema = 'twin') k
        USING (table_name, column_name)
        WHERE c.table_schema = 'twin' AND c.table_name <> 'schema_version'
        ORDER BY c.table_name COLLATE "C", c.ordinal_position;""")
    assert p.returncode == 0, p.stderr
    assert p.stdout.splitlines() == columns
    p = psql("""SELECT c.relname, CASE WHEN i.indisunique THEN 'unique' ELSE n.relname END
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class n ON
        n.oid = i.indexrelid WHERE c.relnamespace = 'twin'::regnamespace
        AND NOT i.indisprimary;""")
    assert sorted(p.stdout.splitlines()) == sorted(indexes)


def test_a_type_that_the_rules_do_not_know_is_seen():
    """STRICT has REAL and ANY too: a column of these needs a rule in schema.sed."""
    assert set(re.findall(r"(?m)^\t\w+ ([A-Z]+)", SCHEMA)) - {"KEY"} == set(TYPES)


# What CockroachDB's manual, "PostgreSQL Compatibility" and "SQL Feature Support", says that it
# has not, or has otherwise: advisory locks, LISTEN, triggers and functions, deferred
# constraints, the system columns, large objects, ranges, ... and the division of integers.
NOT_COCKROACH = re.compile(
    r"advisory|\b(LISTEN|NOTIFY|TRIGGER|FUNCTION|PROCEDURE|RULE|INHERITS|DEFERR\w+|EXCLUDE|DOMAIN|"
    r"UNLOGGED|TABLESPACE|TABLESAMPLE|XML\w*|MONEY|SERIAL|XMIN|XMAX|CTID|OID|LO_\w+|MERGE|"
    r"DISCARD|DO LANGUAGE|REINDEX|VACUUM|CLUSTER|LOCK TABLE|KEY SHARE|int4range|tsrange)\b"
    r"|(?<![*/])/(?![*/])|\bFOR NO KEY|::(xid|regclass|oid)", re.I)
# It has no numbers of transactions: lost.c asks for them where the server has, alone.
NUMBERS = {"SELECT pg_current_xact_id()::text", "SELECT pg_xact_status('%s'::xid8)"}


def sql_of_the_engine():
    """Strings of lib/store/pgsql/ that are SQL.  Those next to each other are one."""
    for path in sorted((ROOT / "lib/store/pgsql").glob("*.c")):
        text = re.sub(r'"\s*\n?\s*"', "", re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S))
        yield from re.findall(r'"((?:SELECT|UPDATE|INSERT|DELETE|BEGIN|SET|SHOW|COPY|COMMIT)\b'
                              r'[^"]*)"', text)


def test_cockroachdb_has_all_that_is_used(statements):
    """doc/architecture.md, Engines: no statement, table or command of ours needs what CockroachDB does
    not have.  It itself was not run."""
    engine = set(sql_of_the_engine())
    assert len(engine) > 12 and NUMBERS <= engine
    for text in [*statements, *schema_of_postgresql().split(";\n"), *(engine - NUMBERS)]:
        assert not NOT_COCKROACH.search(re.sub(r"'[^']*'", "''", text)), text
    source = (ROOT / "lib/store/pgsql/transaction.c").read_text()
    assert re.search(r"if \(!db->has_no_xid\)\n\t*pg_send\(db, SENT_XID", source)
