#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what a compiler does not: which folder includes which, which headers are private to one,
which functions are called, and that every file name is unique. Prints one line per finding; exit 1 if there are any.

Usage: check_deps.py [--self-test] [ROOT]
"""
import os
import re
import sys

BASE = ["base"]
QUANT = ["quant"] + BASE
GRAPH = ["graph"] + QUANT
ISA = ["isa"]  # the step format and its timing, for runtime and engine: headers alone
PLAN = ["plan"] + GRAPH
CODEGEN = ["codegen"] + PLAN
MODEL = ["model"] + PLAN
KERNELS = ["kernels"] + QUANT
OPS = ["ops", "kernels"] + GRAPH
COMPILER = OPS + MODEL + ["compiler"]

# Folder -> folders whose headers it may include. The arrows of the architecture; the longest
# matching folder counts. "compiler" is the root of compiler/ itself, "backend" backend.h alone.
ALLOWED = {
    "runtime/base": BASE,
    "runtime/quant": QUANT,
    "runtime/graph": GRAPH,
    "runtime/isa": ISA,
    "runtime/kernels": KERNELS,
    "runtime/ops": OPS,
    "runtime/plan": PLAN,
    "runtime/codegen": ISA + CODEGEN,
    "runtime/model": MODEL,
    "runtime/backend": ["backend"] + PLAN,
    "runtime/backend/cpu": ["backend", "backend/cpu"] + OPS + PLAN,
    "runtime/backend/pl": ["backend", "backend/pl"] + ISA + CODEGEN,
    "runtime/exec": ["exec", "backend"] + MODEL,
    "runtime/image": ["image"] + QUANT,
    "compiler": COMPILER,
    "compiler/float": ["float"] + COMPILER,
    "compiler/passes": ["passes", "float"] + COMPILER,
    "compiler/quantise": ["quantise", "float", "passes"] + COMPILER,
    "compiler/import": ["import", "passes", "float", "quantise"] + COMPILER,
    "compiler/emit": ["emit"] + COMPILER,
    "kernels-hls": ["kernels-hls", "engine", "quant"] + ISA,
    "apps": [],  # public headers and its own folder
}

# Where the back ends that exist are named; and how a file is replaced, which the command and the
# compiler share: replace_file.h needs libc alone.
EXCEPTIONS = {("runtime/exec/devices.c", "backend/cpu"),
              ("runtime/exec/devices.c", "backend/pl"),
              ("runtime/exec/session.c", "backend/cpu"),
              ("apps/zurt/output.c", "base")}

# Headers from outside -> the folders that may see them. docs/dependencies.md argues for each.
OUTSIDE = {
    "jpeglib.h": ["runtime/image"],
    "jerror.h": ["runtime/image"],
    "png.h": ["runtime/image"],
    "protobuf-c/protobuf-c.h": ["runtime/model", "compiler/import", "compiler/emit"],
    "zurt.pb-c.h": ["runtime/model"],
    "onnx/onnx.pb-c.h": ["compiler/import", "compiler/emit"],
    "onnx.pb-c.h": ["compiler/import", "compiler/emit"],
    "pthread.h": ["runtime/base", "runtime/exec", "kernels-hls/swemu"],
    "xrt/xrt_bo.h": ["runtime/backend/pl/pl_xrt_api.h"],
    "xrt/xrt_device.h": ["runtime/backend/pl/pl_xrt_api.h"],
    "xrt/xrt_kernel.h": ["runtime/backend/pl/pl_xrt_api.h"],
    "zlib.h": ["apps"],
    "cjson/cJSON.h": ["apps"],
    "zurt/compile.h": ["compiler", "apps"],
    "zurt/image.h": ["runtime/image", "apps"],
}

BANNED = re.compile(r"\b(strcpy|strcat|sprintf|atoi|gets|rand|system)\s*\(")
OUTPUT = re.compile(
    r"\b(?:v?printf|puts|putchar|perror|exit|abort|quick_exit|_exit)\s*\(|\b(?:stdout|stderr)\b")
HEAP = re.compile(r"\b(malloc|calloc|realloc|aligned_alloc|posix_memalign|strdup|free)\s*\(")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)

# Names that a tool or convention asks for in each folder, and data that only looks like files.
SAME_NAME = {"CMakeLists.txt", "README.md", ".gitignore", "LICENSE",
             "shell.json"}  # dfx-mgr wants that name; a layer carries its own
DATA = ("tests/fuzz/corpus/", "tests/golden/", "tests/cli/cases/")


def bare(text):
    """The text without comments, strings and character constants; lines stay where they are."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda m: "\n" * m.group().count("\n") or " ", text, flags=re.S)


def folder_of(path, table):
    """The longest entry of `table` that holds the path; None if there is none."""
    parts = os.path.dirname(path).split("/")
    while parts:
        if "/".join(parts) in table:
            return "/".join(parts)
        parts.pop()
    return None


def module_of(header, path, files):
    """Module of an included "header"; None if it is a neighbour in the same folder."""
    here = os.path.dirname(path) + "/" + header
    if here in files or "/" not in header and folder_of(path, ALLOWED) == "apps":
        return None
    for root in ("runtime/", "compiler/", "kernels-hls/"):
        if root + header in files:
            if header.startswith(("backend/cpu/", "backend/pl/")):
                return "/".join(header.split("/")[:2])
            if "/" not in header:
                return root[:-1]
            return header.split("/")[0]
    return "?"


def check_includes(path, text, files):
    folder = folder_of(path, ALLOWED)
    if folder is None:
        return
    for kind, header in INCLUDE.findall(text):
        if kind == "<" or header in OUTSIDE:
            seers = OUTSIDE.get(header)
            if seers and not any(path == s or path.startswith(s + "/") for s in seers):
                yield f"{path}: includes <{header}>, which only {', '.join(seers)} may see"
            continue
        module = module_of(header, path, files)
        if module is None or (path, module) in EXCEPTIONS:
            continue
        if module == "?":
            yield f'{path}: includes "{header}", which is not in the tree'
        elif module not in ALLOWED[folder]:
            yield f'{path}: includes "{header}": no arrow from {folder} to {module}'


# What a header that several files of one folder share says of itself; NAME_impl.h always does.
PRIVATE = re.compile(r"\bPrivate\s+(?:\*\s+)?to\s+(?:\*\s+)?([\w/-]+)/")


def private_headers(texts):
    """Path of a header -> the folder it is private to."""
    private = {}
    for path, text in texts.items():
        said = PRIVATE.search(text.partition("#ifndef")[0]) if path.endswith(".h") else None
        if said:
            private[path] = os.path.dirname(path)
    return private


def check_private(texts):
    private = private_headers(texts)
    for path, folder in private.items():
        name = PRIVATE.search(texts[path]).group(1)
        if not (folder + "/").endswith("/" + name + "/"):
            yield f"{path}: says that it is private to {name}/, and stands in {folder}"
    for path in texts:
        if path.endswith("_impl.h") and path not in private:
            yield f"{path}: does not say `Private to {os.path.basename(os.path.dirname(path))}/`"
    for path, text in texts.items():
        here = os.path.dirname(path)
        for kind, header in INCLUDE.findall(text):
            for place in (here + "/" + header, "runtime/" + header, "compiler/" + header):
                folder = private.get(place)
                if kind == '"' and folder and not (here + "/").startswith((folder + "/", "tests/", "scripts/")):
                    yield f'{path}: includes "{header}", which is private to {folder}/'


def check_calls(path, text):
    code = bare(text)
    library = path.startswith(("runtime/", "compiler/"))
    rules = [(BANNED, "is banned")]
    if library and path != "runtime/backend/pl/pl_xrt_end.c":  # the program is exiting there
        rules.append((OUTPUT, "prints or ends the process, which a library does not"))
    if library and path != "runtime/base/alloc.c":
        rules.append((HEAP, "belongs to base/alloc.c alone"))
    for pattern, why in rules:
        for m in pattern.finditer(code):
            line = code.count("\n", 0, m.start()) + 1
            yield f"{path}:{line}: {m.group().rstrip('( ')} {why}"


def check_names(files):
    seen = {}
    for path in sorted(files):
        name = os.path.basename(path)
        if name in SAME_NAME or path.startswith(DATA):
            continue
        if name in seen:
            yield f"{path}: same name as {seen[name]}"
        seen.setdefault(name, path)


def tree(root):
    """Files of the project, as paths from the root; build folders, dot folders and links apart."""
    files = set()
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if not f.startswith((".", "build")) and f != "__pycache__"
                      and not os.path.exists(os.path.join(folder, f, "CMakeCache.txt"))]
        for name in names:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                files.add(os.path.relpath(path, root).replace(os.sep, "/"))
    return files


def check_tree(root):
    files = tree(root)
    findings, texts = list(check_names(files)), {}
    for path in sorted(files):
        if not path.endswith((".c", ".h", ".def")):
            continue
        with open(os.path.join(root, path), encoding="utf-8") as f:
            text = texts[path] = f.read()
        findings += check_includes(path, text, files)
        findings += check_calls(path, text)
    return findings + list(check_private(texts))


def self_test():
    """Each rule must find its fault: a check that cannot fail is none."""
    files = {"runtime/ops/ops.h", "runtime/base/ctx.h", "runtime/exec/session.h"}
    own = "/** @file Shared. Private to ops/. */\n#ifndef X\n"
    faults = [
        list(check_private({"runtime/ops/a_impl.h": own,
                            "runtime/exec/a.c": '#include "ops/a_impl.h"\n'})),
        list(check_private({"runtime/exec/a.h": own})),
        list(check_private({"runtime/ops/a_impl.h": "#ifndef X\n"})),
        list(check_includes("runtime/base/a.c", '#include "ops/ops.h"\n', files)),
        list(check_includes("compiler/passes/a.c", '#include "exec/session.h"\n', files)),
        list(check_includes("runtime/ops/a.c", "#include <jpeglib.h>\n", files)),
        list(check_includes("apps/zurt/a.c", '#include "base/ctx.h"\n', files)),
        list(check_includes("runtime/ops/a.c", '#include "ops/none.h"\n', files)),
        list(check_calls("apps/zurt/a.c", "x = atoi(s);")),
        list(check_calls("runtime/ops/a.c", "fprintf(stderr, s);")),
        list(check_calls("runtime/ops/a.c", "p = malloc(3);")),
        list(check_names({"a/x.c", "b/x.c"})),
    ]
    fine = [
        list(check_private({"runtime/ops/a_impl.h": own,
                            "runtime/ops/a.c": '#include "ops/a_impl.h"\n',
                            "tests/unit/a.c": '#include "ops/a_impl.h"\n'})),
        list(check_includes("runtime/ops/a.c", '#include "base/ctx.h"\n', files)),
        list(check_calls("runtime/ops/a.c", '// malloc(3)\nf("system(");\nsnprintf(b, n, s);')),
        list(check_calls("runtime/base/alloc.c", "p = malloc(3);")),
        list(check_names({"a/CMakeLists.txt", "b/CMakeLists.txt"})),
    ]
    return all(len(f) == 1 for f in faults) and not any(fine)


def main(argv):
    args = [a for a in argv[1:] if a != "--self-test"]
    if not self_test():
        print("check_deps.py: self-test failed")
        return 1
    if "--self-test" in argv:
        return 0
    root = args[0] if args else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    findings = check_tree(root)
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
