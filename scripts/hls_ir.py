# SPDX-License-Identifier: Apache-2.0
"""C sources as a synthesis tool sees them: one function, calls inlined, constant loops unrolled.

clang and opt make LLVM IR of the sources (typed pointers, LLVM 14: Debian 12's); this module reads
its text into blocks, loops and accesses of memories. hls_ports judges what it finds.
"""
import os
import re
import shutil
import subprocess
import tempfile

UNROLL = ("loop-simplify,lcssa,loop(loop-rotate,indvars),loop-unroll<O3;full-unroll-max=4096;"
          "no-partial;no-runtime;no-peeling;no-upperbound>,sroa,early-cse,instcombine,simplifycfg")
PASSES = ("cgscc(inline),globaldce,function(sroa,early-cse,simplifycfg,instcombine,"
          f"{UNROLL},{UNROLL},early-cse,adce)")
# Beyond -O0's attributes, which keep functions from being inlined; the passes are ours alone.
CLANG = ["-std=c99", "-O2", "-g", "-Xclang", "-disable-llvm-passes", "-fno-discard-value-names",
         "-Wno-unknown-pragmas", "-w"]


def tools():
    """(clang, opt) of LLVM 14, or None where they are not installed."""
    found = [shutil.which(name + "-14") for name in ("clang", "opt")]
    return found if all(found) else None


OPERAND = re.compile(r"(?<!label )%(?!struct\.|union\.)[\w.]+")


class Unit:
    """A translation unit: its IR, its pragmas with their places, its macros."""

    def __init__(self, sources, flags):
        clang, opt = tools()
        with tempfile.TemporaryDirectory() as folder:
            one = os.path.join(folder, "unit.c")
            with open(one, "w", encoding="ascii") as f:
                f.writelines(f'#include "{os.path.abspath(s)}"\n' for s in sources)
            raw, done = os.path.join(folder, "raw.ll"), os.path.join(folder, "done.ll")
            base = [clang, *CLANG, *flags, one]
            run(base + ["-S", "-emit-llvm", "-o", raw])
            run([opt, "-S", "-inline-threshold=10000000", "-unroll-threshold=100000000",
                 "-passes=" + PASSES, raw, "-o", done])
            with open(raw, encoding="ascii") as f:
                self.written = f.read()  # with every function, as a function
            with open(done, encoding="ascii") as f:
                self.ir = f.read()
            self.preprocessed = run([clang, *CLANG, *flags, "-E", one])
            self.macros = run([clang, *CLANG, *flags, "-E", "-dM", one])


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"hls_ports: {command[0]} failed:\n{done.stderr}")
    return done.stdout


class Instruction:
    __slots__ = ("name", "op", "text", "block", "debug")

    def __init__(self, name, op, text, block, debug):
        self.name, self.op, self.text, self.block, self.debug = name, op, text, block, debug

    def operands(self):
        return OPERAND.findall(self.text)


class Debug:
    """The metadata: places of instructions, names of variables and of the functions they are in."""

    def __init__(self, ir):
        self.node = dict(re.findall(r"^(![0-9]+) = (?:distinct )?(![\w]+\(.*\)|!\{.*\})$", ir, re.M))
        self.variable = dict(re.findall(
            r"llvm\.dbg\.declare\(metadata \S.*? ([%@][\w.]+), metadata (![0-9]+)", ir))

    def field(self, node, key):
        m = re.search(rf"\b{key}: (\"[^\"]*\"|![0-9]+|[\w.]+)", self.node.get(node, ""))
        return m.group(1).strip('"') if m else None

    def function(self, scope):
        """The subprogram that a scope is in."""
        while scope and "DISubprogram" not in self.node.get(scope, ""):
            scope = self.field(scope, "scope")
        return self.field(scope, "name") if scope else None

    def file(self, scope):
        node = self.field(scope, "file")
        if not node:
            return "?"
        return os.path.join(self.field(node, "directory") or "", self.field(node, "filename") or "?")

    def place(self, *instructions):
        """(file, line, function) of the first of some instructions that has one."""
        places = [i.debug for i in instructions
                  if i.debug and self.field(i.debug, "line") not in (None, "0")]
        node = places[0] if places else None
        scope = self.field(node, "scope") if node else None
        if not scope:
            return ("?", 0, "?")
        return (os.path.normpath(self.file(scope)), int(self.field(node, "line") or 0),
                self.function(scope))

    def owner(self, value):
        """(function, variable) of an alloca or a static; of a bare value itself."""
        if value.startswith("@"):
            function, _, name = value[1:].rpartition(".")
            return (function, name) if function else ("", value[1:])
        var = self.variable.get(value)
        if not var:
            return ("", value[1:])
        return (self.function(self.field(var, "scope")), self.field(var, "name"))


class Function:
    """A function of the IR: blocks in order, who defines what, loops."""

    def __init__(self, ir, name):
        at = re.search(rf"^define [^\n]*@{re.escape(name)}\(", ir, re.M)
        if not at:
            raise SystemExit(f"hls_ports: no function {name}")
        text = ir[at.start():ir.index("\n}", at.start())]
        self.name = name
        self.blocks, self.next, self.defined = {}, {}, {}
        head, *lines = text.split("\n")
        self.arguments = re.findall(r"(%[\w.]+)(?=[,)])", head[head.index("("):])
        block, joined = "entry", []
        for line in lines:  # a switch takes several lines
            if joined and joined[-1].lstrip().startswith("switch") and "]" not in joined[-1]:
                joined[-1] += " " + line.strip()
            else:
                joined.append(line)
        for line in joined:
            label = re.match(r"([\w.]+):", line)
            if label:
                block = label.group(1)
            elif line.startswith("  ") and "@llvm.dbg." not in line:
                self.add(block, line.strip())
            self.blocks.setdefault(block, [])
        self.previous = {b: [] for b in self.blocks}
        for b, following in self.next.items():
            for n in following:
                self.previous[n].append(b)
        self.order = self.topological()
        self.dominator = self.dominators()

    def add(self, block, line):
        m = re.match(r"(?:(%[\w.]+) = )?(?:tail |musttail |notail )?(\w+)(.*)", line)
        text = re.sub(r", ![\w.]+ ![0-9]+", "", m.group(3))
        debug = re.search(r"!dbg (![0-9]+)", line)
        i = Instruction(m.group(1), m.group(2), text, block, debug.group(1) if debug else None)
        self.blocks.setdefault(block, []).append(i)
        if i.name:
            self.defined[i.name] = i
        if i.op in ("br", "switch", "ret", "unreachable"):
            self.next[block] = list(dict.fromkeys(re.findall(r"label %([\w.]+)", text)))

    def topological(self):
        """Blocks in reverse postorder."""
        seen, out, stack = set(), [], [(next(iter(self.blocks)), None)]
        while stack:
            block, rest = stack.pop()
            if rest is None:
                if block in seen:
                    continue
                seen.add(block)
                rest = list(self.next.get(block, []))
            while rest and rest[-1] in seen:
                rest.pop()
            if rest:
                following = rest.pop()
                stack += [(block, rest), (following, None)]
            else:
                out.append(block)
        return out[::-1]

    def dominators(self):
        place = {b: i for i, b in enumerate(self.order)}
        first = self.order[0]
        dominator, changed = {first: first}, True

        def meet(a, b):
            while a != b:
                while place[a] > place[b]:
                    a = dominator[a]
                while place[b] > place[a]:
                    b = dominator[b]
            return a

        while changed:
            changed = False
            for block in self.order[1:]:
                known = [p for p in self.previous[block] if p in dominator]
                new = known[0]
                for p in known[1:]:
                    new = meet(new, p)
                if dominator.get(block) != new:
                    dominator[block], changed = new, True
        return dominator

    def dominates(self, a, b):
        while b != a and self.dominator[b] != b:
            b = self.dominator[b]
        return a == b

    def loops(self):
        """Innermost loops: header -> (latches, blocks)."""
        found = {}
        for block in self.order:
            for header in self.next.get(block, []):
                if self.dominates(header, block):
                    latches, inside = found.setdefault(header, ([], {header}))
                    latches.append(block)
                    todo = [block]
                    while todo:
                        b = todo.pop()
                        if b not in inside:
                            inside.add(b)
                            todo += self.previous[b]
        return {h: v for h, v in found.items()
                if not any(o != h and o in v[1] for o in found)}


class Access:
    """One load or store: of which memory, at which index of each dimension."""

    def __init__(self, instruction, kind, root, path, dims, index, raw):
        self.instruction, self.kind, self.root, self.path = instruction, kind, root, path
        self.dims, self.index, self.raw = dims, index, raw


class Types:
    def __init__(self, ir):
        self.struct = {name: split_types(body) for name, body in
                       re.findall(r"^(%[\w.]+) = type <?\{(.*)\}>?$", ir, re.M)}

    def element(self, text, index):
        """Type of an element, and the size of the dimension (None: a field)."""
        text = text.strip()
        array = re.match(r"\[(\d+) x (.*)\]$", text)
        if array:
            return array.group(2), int(array.group(1))
        fields = self.struct.get(text) or split_types(text.strip("{} "))
        return fields[int(index)].strip(), None


def split_types(text):
    out, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += c in "[{(<"
        depth -= c in "]})>"
        if c == "," and depth == 0:
            out.append(text[start:i])
            start = i + 1
    return out + [text[start:]]


class Memories:
    """Resolves pointers of a function to memories."""

    def __init__(self, ir, function):
        self.types, self.function = Types(ir), function
        self.known, self.texts = {}, {}

    def resolve(self, pointer, seen=()):
        """(root, path of fields, sizes of dimensions, indices) of a pointer; None if unknown."""
        if pointer not in self.known:
            self.known[pointer] = self.look(pointer, seen)
        return self.known[pointer]

    def look(self, pointer, seen):
        if pointer.startswith(("@", "getelementptr", "bitcast")):
            return self.constant(pointer)
        i = self.function.defined.get(pointer)
        if i is None or i.op == "alloca":
            return (pointer, (), (), ())
        if pointer in seen:
            return None
        if i.op == "bitcast":
            source = re.search(r"([%@][\w.]+) to ", i.text)
            return self.resolve(source.group(1), seen) if source else None
        if i.op == "getelementptr":
            return self.step(i.text, seen)
        if i.op in ("phi", "select"):
            roots = [self.resolve(p, seen + (pointer,)) for p in i.operands()
                     if p not in seen and p != pointer and self.is_pointer(p)]
            roots = {r[0] for r in roots if r}
            return (roots.pop(), (), (None,), (pointer,)) if len(roots) == 1 else None
        return None

    def is_pointer(self, name):
        i = self.function.defined.get(name)
        return i is None or i.op in ("getelementptr", "bitcast", "alloca", "phi", "select")

    def constant(self, text):
        if text.startswith("@"):
            return (re.match(r"@[\w.]+", text).group(), (), (), ())
        inner = re.match(r"getelementptr (?:inbounds )?\((.*)\)$", text)
        if inner:
            return self.step(" inbounds " + inner.group(1), ())
        name = re.search(r"@[\w.]+", text)
        return (name.group(), (), (), ()) if name else None

    def step(self, text, seen):
        """A getelementptr: type, pointer, indices."""
        parts = split_types(re.sub(r"^ ?(?:inbounds )?", "", text.strip()))
        kind = parts[0].strip()
        pointer = parts[1].strip()
        where = re.search(r"([%@][\w.]+)$", pointer)
        nested = re.search(r"\* (getelementptr .*|bitcast .*)$", pointer)
        base = self.resolve(nested.group(1) if nested else where.group(1), seen)
        if base is None:
            return None
        root, path, dims, index = base
        path, dims, index = list(path), list(dims), list(index)
        first, *rest = [p.strip().split()[-1] for p in parts[2:]]
        if first != "0":
            if not index:  # a pointer into an array that comes from outside
                dims.append(None)
                index.append(first)
            elif index[-1].lstrip("-").isdigit() and first.lstrip("-").isdigit():
                index[-1] = str(int(index[-1]) + int(first))
            elif index[-1] == "0":
                index[-1] = first
            else:
                index[-1] = f"{index[-1]}+{first}"
        for i in rest:
            kind, size = self.types.element(kind, i)
            if size is None:
                path.append(int(i))
            else:
                dims.append(size)
                index.append(i)
        return (root, tuple(path), tuple(dims), tuple(index))

    def same(self, name, depth=12):
        """A text that is equal for values that are computed equally."""
        if name not in self.texts:
            i = self.function.defined.get(name)
            if i is None or i.op in ("phi", "load", "alloca") or depth == 0:
                return name
            if i.op in ("sext", "zext", "trunc"):
                return self.same(i.operands()[0], depth - 1) if i.operands() else name
            text = re.sub(r"\b(nuw|nsw|exact|inbounds) ", "", i.text)
            self.texts[name] = i.op + re.sub(
                r"%(?!struct|union)[\w.]+", lambda m: "(" + self.same(m.group(), depth - 1) + ")",
                text)
        return self.texts[name]

    def accesses(self, i):
        """What a load or store may touch: one memory, or each of those that a choice is between."""
        if i.op not in ("load", "store"):
            return []
        parts = split_types(re.sub(r"^ volatile", "", i.text))
        m = re.search(r"\* ([%@][\w.]+|getelementptr .*|bitcast .*)$", parts[1].strip())
        found = self.choices(m.group(1), set()) if m else [None]
        return [self.access(i, *f) if f else Access(i, i.op, "?", (), (), (), ()) for f in found]

    def choices(self, pointer, seen):
        found, i = self.resolve(pointer), self.function.defined.get(pointer)
        if found or i is None or i.op not in ("select", "phi"):
            return [found]
        seen.add(pointer)
        return [f for p in i.operands() if self.is_pointer(p) and p not in seen
                for f in self.choices(p, seen)]

    def access(self, i, root, path, dims, index):
        raw = index
        index = tuple(re.sub(r"%[\w.]+", lambda m: self.same(m.group()), x) for x in index)
        return Access(i, i.op, root, path, dims, index, raw)

    def residue(self, value, factor, depth=8):
        """A value modulo a power of two, where that is a constant: of 4 * x + 3, 3; else None."""
        if re.match(r"-?\d+$", value):
            return int(value) % factor
        i = self.function.defined.get(value)
        if i is None or depth == 0 or i.op not in ("sext", "zext", "shl", "or", "add", "mul", "and"):
            return None
        if i.op in ("sext", "zext"):
            return self.residue(i.operands()[0], factor, depth - 1) if i.operands() else None
        a, b = [p.split()[-1] for p in split_types(i.text)]
        if i.op in ("shl", "mul"):
            times = (1 << int(b) if i.op == "shl" else int(b)) if b.isdigit() else 1
            return 0 if times % factor == 0 else None
        x, y = (self.residue(v, factor, depth - 1) for v in (a, b))
        if i.op == "and":
            return 0 if 0 in (x, y) else None if None in (x, y) else x & y
        return None if x is None or y is None else (x | y if i.op == "or" else x + y) % factor
