# SPDX-License-Identifier: Apache-2.0
"""Tables that scripts write into pages of docs, between `<!-- table: NAME -->` and `<!-- end -->`."""
import re


def with_tables(text, tables):
    """The page's text with the tables of a dict by name; one without a place raises KeyError."""
    missing = set(tables)

    def put(match):
        if match[1] not in tables:
            return match[0]
        missing.discard(match[1])
        return f"<!-- table: {match[1]} -->\n\n{tables[match[1]]}\n\n<!-- end -->"

    new = re.sub(r"<!-- table: (\w+) -->.*?<!-- end -->", put, text, flags=re.S)
    if missing:
        raise KeyError(f"no marker for the tables {', '.join(sorted(missing))}")
    return new


def table_of(text, name):
    """What stands there now."""
    return re.search(rf"<!-- table: {name} -->\n\n(.*?)\n\n<!-- end -->", text, re.S)[1]


def markdown(header, rows):
    """The lines of a table; cells are strings."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
