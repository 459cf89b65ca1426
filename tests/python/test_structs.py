# SPDX-License-Identifier: Apache-2.0
"""Structs, enums and functions of the package are those of the headers."""
import ctypes
import enum
import os
import re
import unittest

from common import SOURCE
from zurt import _native, _structs, _version


def exported(name):
    with open(os.path.join(SOURCE, "tests", "exports", name), encoding="utf-8") as f:
        return f.read().splitlines()


class Structs(unittest.TestCase):
    def setUp(self):
        self.fields, self.constants = {}, {}
        for line in exported("abi.txt"):
            field = re.fullmatch(r"(\w+): (\d+) \+(\d+) (.*);", line)
            constant = re.fullmatch(r"(\w+): (\w+) = (-?\d+)", line)
            if field:
                name = re.search(r"\(\*(\w+)\)|(\w+)(?:\[\d+\])*$", field[4])
                self.fields.setdefault(field[1], []).append(
                    (name[1] or name[2], int(field[2]), int(field[3])))
            elif constant:
                self.constants.setdefault(constant[1], {})[constant[2]] = int(constant[3])

    def test_fields_are_where_the_header_has_them(self):
        seen = 0
        for name, struct in vars(_structs).items():
            if not name.startswith("zurt_"):
                continue
            ours = [(f[0], getattr(struct, f[0]).offset, getattr(struct, f[0]).size)
                    for f in struct._fields_]
            self.assertEqual(ours, self.fields[name], name)
            seen += 1
        self.assertGreater(seen, 10)

    def test_constants_are_the_headers(self):
        for name, kind in vars(_structs).items():
            if not (isinstance(kind, type) and issubclass(kind, enum.IntEnum)) or name == "IntEnum":
                continue
            c_name = kind.__doc__
            theirs = self.constants[c_name]
            prefix = os.path.commonprefix(list(theirs)).rpartition("_")[0] + "_"
            ours = {m.name: int(m) for m in kind}
            self.assertEqual(ours, {k[len(prefix):]: v for k, v in theirs.items()}, c_name)

    def test_functions_are_exported(self):
        for table, name in ((_native.RUNTIME, "zurt.txt"), (_native.COMPILER, "zurt-compiler.txt")):
            self.assertEqual(sorted(set(table) - set(exported(name))), [])
            self.assertEqual(list(table), list(dict.fromkeys(table)))

    def test_versions_are_the_headers(self):
        with open(os.path.join(SOURCE, "runtime/include/zurt/version.h"), encoding="utf-8") as f:
            header = f.read()
        self.assertIn(f'#define ZURT_VERSION_STRING "{_version.VERSION}"', header)
        self.assertIn(f"#define ZURT_ABI {_version.ABI}\n", header)
        self.assertEqual(ctypes.sizeof(ctypes.c_void_p), 8)  # what abi.txt is of
