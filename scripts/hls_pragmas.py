# SPDX-License-Identifier: Apache-2.0
"""What the HLS pragmas of a unit say: of each memory's banks and ports, and what claims stand beside
them. Used by hls_ports.
"""
import os
import re

# (reads, writes, both together) of a bank in a cycle; None: as many as are wanted.
PORTS = {"ram_1p": (1, 1, 1), "ram_2p": (2, 1, 2), "ram_s2p": (1, 1, 2), "ram_t2p": (2, 2, 2),
         "ram_1wnr": (None, 1, None), "fifo": (1, 1, 2)}
LAYOUT = ("array_partition", "array_reshape", "bind_storage", "stream")
PORT_OF_DDR = (1, 1, 2)
DEFAULT_PORTS = PORTS["ram_t2p"]


class Pragmas:
    """The pragmas of a unit, by function and variable, and the claims beside them."""

    def __init__(self, unit, debug):
        starts = []
        for node, text in debug.node.items():
            if "DISubprogram" in text:
                starts.append((os.path.normpath(debug.file(node)),
                               int(debug.field(node, "line")), debug.field(node, "name")))
        self.starts = sorted(starts)
        self.found, files = [], set()
        path, line = "?", 0
        for text in unit.preprocessed.split("\n"):
            marker = re.match(r'# (\d+) "([^"]*)"', text)
            if marker:
                path, line = os.path.normpath(marker.group(2)), int(marker.group(1))
                files.add(path)
                continue
            pragma = re.match(r"\s*#pragma HLS (\w+)(.*)", text)
            if pragma:
                options = re.sub(r"\s*=\s*", "=", pragma.group(2)).split()
                given = {k.lower(): v for k, _, v in (o.partition("=") for o in options)}
                self.found.append((self.function_at(path, line), pragma.group(1).lower(), given,
                                   (path, line)))
            line += 1
        self.claims = {}
        for path in files:
            if os.path.isfile(path):
                self.read_claims(path)

    def read_claims(self, path):
        with open(path, encoding="utf-8") as f:
            for n, text in enumerate(f, 1):
                m = re.search(r"// hls_ports: (\w+) (?:distance ([^:]+)|(never)): \S", text)
                if m:
                    who = re.findall(r"\b(\w+)\(\)", text)
                    self.claims[(self.function_at(path, n), m.group(1))] = (m.group(2) or "never", who)

    def function_at(self, path, line):
        at = [s for s in self.starts if s[0] == path and s[1] <= line]
        return max(at, key=lambda s: s[1])[2] if at else ""

    def of(self, name, function, variable):
        return [(given, place) for f, pragma, given, place in self.found
                if pragma == name and f == function and given.get("variable") == variable]


class Storage:
    """How a memory is laid out: which dimensions choose a bank, which lie in one word, its ports."""

    def __init__(self, pragmas, function, name, dims, residue):
        """name: a variable, or a field of one, for which a pragma of the whole holds too."""
        self.bank, self.word, self.residue = {}, set(), residue
        parts = name.split(".")
        names = [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
        variable = next((n for n in names if any(pragmas.of(p, function, n) for p in LAYOUT)), name)
        for name in ("array_partition", "array_reshape"):
            for given, _ in pragmas.of(name, function, variable):
                dim = int(given.get("dim", 1))
                if name == "array_reshape":
                    self.word |= set(range(len(dims))) if dim == 0 else {dim - 1}
                else:
                    ways = (int(given["factor"]) if "factor" in given else None,
                            "block" if "block" in given else "cyclic")
                    for d in range(len(dims)) if dim == 0 else [dim - 1]:
                        self.bank[d] = ways
        self.registers = all(d in self.bank and self.bank[d][0] is None for d in range(len(dims)))
        bound = pragmas.of("bind_storage", function, variable)
        self.ports = PORTS.get(bound[0][0].get("type", "").lower(), DEFAULT_PORTS) if bound \
            else DEFAULT_PORTS
        self.partitioned, self.bound, self.dims = bool(self.bank or self.word), bool(bound), dims
        self.stream = bool(pragmas.of("stream", function, variable))
        if self.stream:
            self.element_is_word(PORTS["fifo"])

    def element_is_word(self, ports):
        """FIFOs and ports of structs: whatever lies behind the first index comes along."""
        self.ports, self.word = ports, set(range(1, len(self.dims)))

    def banks_of(self, access):
        """The banks that an access may be in: a constant, or None for each that any may be."""
        out = []
        for d, (factor, how) in sorted(self.bank.items()):
            index = access.index[d] if d < len(access.index) else "0"
            if not re.match(r"-?\d+$", index):
                out.append(self.residue(access.raw[d], factor) if factor and how == "cyclic" else None)
            elif factor is None:
                out.append(int(index))
            elif how == "cyclic":
                out.append(int(index) % factor)
            else:
                out.append(int(index) * factor // self.dims[d])
        return tuple(out)

    def word_of(self, access):
        """What tells two accesses of a bank apart: equal ones are one access."""
        return tuple(i for d, i in enumerate(access.index)
                     if d not in self.word and not (d in self.bank and self.bank[d][0] is None))
