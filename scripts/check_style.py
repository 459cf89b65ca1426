#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""House rules of text: what neither the compiler nor check_deps.py sees.

Usage: check_style.py format|opening|comments|conditions|words|spelling|commits [ROOT]

format    clang-format 14 would change no C file
opening   a C file says in a sentence what it is for, right below its licence
comments  a doc comment of a header stands alone: it does not lean on the one above or below
conditions  join MOST_GROUPS groups of terms at the most: more get names, a name for each group
words     no word that the glossary of CONTRIBUTING.md calls otherwise there (RETIRED)
spelling  British, one form a word; names of others (ALLOWED) stay theirs
commits   `area: what changes`, at most 72 characters, no full stop, and a blank line

Prints one line per finding; exit 1 if there are any, 77 where it cannot look, with the reason.
"""
import os
import re
import shutil
import subprocess
import sys

# The form of commit messages is kept from here on.
FIRST_COMMIT = "399cde0cf1c8"
SUBJECT_LENGTH = 72

TEXT = (".c", ".h", ".def", ".md", ".sh", ".py", ".cmake", ".in", ".tcl", ".proto", "CMakeLists.txt")

# Words that end in -ise here, and others with an American form. Commands and functions are called
# quantize; its other forms are only words.
STEMS = ("normal optim initial synthes summar organ minim maxim serial recogn general util special "
         "emphas visual equal real final categor memor priorit parallel local capital standard")
AMERICAN = re.compile(
    r"(?<![\w`.>])(?:"
    r"(?:de|re)?quantiz(?:ations?|ers?|ed|ing)"
    rf"|(?:{'|'.join(STEMS.split())})iz(?:es?|ed|ers?|ing|ations?)"
    r"|analyz(?:es?|ed|ers?|ing)|behaviors?|neighbors?|labeled|modeled|modeling|canceled|catalogs?"
    r"|artifacts?|licenses?(?= file)"
    r")(?![\w(])", re.IGNORECASE)

# Path -> words that are somebody's name for something.
ALLOWED = {
    "compiler/import/onnx": {"initializer", "initializers"},  # ONNX's field
    "compiler/import/onnx/attributes.c": {"optimization"},  # ONNX's text
    "compiler/quantise/weights.h": {"quantization", "equalization"},  # a title
    "kernels-hls/vitis/run_hls.tcl": {"normalize"},  # Tcl's command
    "models/train_mnist.py": {"optimizer"},  # Keras's argument
}


def git(root, *arguments):
    return subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True)


def tracked(root):
    """Files of the project: those of git, or of the folder where there is none."""
    listed = git(root, "ls-files", "-z")
    if listed.returncode == 0:
        return [f for f in listed.stdout.split("\0") if f and os.path.isfile(os.path.join(root, f))]
    files = []
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if not f.startswith((".", "build"))]
        files += [os.path.relpath(os.path.join(folder, n), root) for n in names]
    return sorted(files)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


# ---- the checks


def check_format(root):
    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    if not tool:
        skip("no clang-format")
    version = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout
    if not re.search(r"version 14\.", version):
        skip(f"clang-format 14 decides, this is {version.strip()}")
    files = [f for f in tracked(root) if f.endswith((".c", ".h"))]
    result = subprocess.run([tool, "--dry-run", *files], cwd=root, capture_output=True, text=True)
    found = sorted(set(re.findall(r"^([^:\n]+\.[ch]):\d+:\d+: warning", result.stderr, re.M)))
    for path in found:
        yield f"{path}: not as clang-format writes it (clang-format -i {path})"
    if result.returncode and not found:
        yield f"clang-format: {result.stderr.strip()}"


def opening_fault(text):
    """What is wrong below the licence of a C file; None if it opens with a sentence."""
    lines = text.split("\n")
    if not re.match(r"(/\*|//) SPDX-License-Identifier:", lines[0]):
        return "no licence in its first line"
    comment = re.match(r"/\*(?!\s*-)(.*?)\*/", "\n".join(lines[1:]), re.S)
    if not comment:
        return "no sentence below its licence that says what it is for"
    words = comment.group(1).replace("*", " ").split()
    if len(words) >= 2 and any(w.endswith((".", ":")) for w in words):
        return None
    return "its opening is no sentence"


def check_opening(root):
    for path in tracked(root):
        if path.endswith(".c"):
            fault = opening_fault(read(root, path))
            if fault:
                yield f"{path}: {fault}"


# What leans on a neighbour breaks when one is put between, and Doxygen shows one at a time. A name
# is fine: "as zurt_image_load(), from memory".
LEANING = re.compile(
    r"/\*\*<?\s*(?:as (?:above|below|before|the (?:next|last|one|others?)\b)"
    r"|(?:the )?same(?:[;,.]| (?:for|of|with|as (?:above|below|before))\b)"
    r"|ditto\b|likewise\b|the reverse\b|undoes (?:that|it)\b|whether it is that\b|its last part\b)"
    r"|\bas (?:the (?:one|two|three|four|five)|those|the \w+) (?:below|above)\b|\bditto\b",
    re.IGNORECASE)


def doc_comments(text):
    """Line number and words of each doc comment."""
    for m in re.finditer(r"/\*\*.*?\*/", text, re.S):
        words = re.sub(r"\n\s*\*(?!/)", " ", m.group())
        yield text.count("\n", 0, m.start()) + 1, re.sub(r"\s+", " ", words)


def comment_faults(path, text):
    for number, words in doc_comments(text):
        m = LEANING.search(words)
        if m:
            yield f"{path}:{number}: '{m.group().lstrip('/*<').strip()}' does not stand alone"


def check_comments(root):
    for path in tracked(root):
        if path.endswith(".h"):
            yield from comment_faults(path, read(root, path))


# `a == 1 || a == 2` and `!a || !b` are one group: a list reads as one term. What is joined beyond
# this many wants names.
MOST_GROUPS = 4

# Files that still have such conditions, and how many: the numbers only fall.
LONG_CONDITIONS = {
    "runtime/kernels/x86/conv_s8_x86.c": 1,
}


def code_alone(text):
    """The text with comments, strings, directives and static assertions blank."""
    def blank(m):
        return re.sub(r"[^\n]", " ", m.group())
    text = re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", blank, text,
                  flags=re.S)
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank, text, flags=re.M)
    return re.sub(r"_Static_assert[^;]*;", blank, text)


def up_to_end(part):
    """A term up to the parenthesis that closes around it, a comma or a question mark."""
    depth = 0
    for at, c in enumerate(part):
        depth += (c == "(") - (c == ")")
        if depth < 0 or (depth == 0 and c in ",?"):
            return part[:at]
    return part


def from_begin(part):
    """A term from behind the parenthesis that opens around it, a comma, a question mark, `=`."""
    depth = 0
    for at in range(len(part) - 1, -1, -1):
        c = part[at]
        depth += (c == ")") - (c == "(")
        assigns = c == "=" and part[at - 1] not in "=!<>" and part[at + 1:at + 2] != "="
        if depth < 0 or (depth == 0 and (c in ",?:" or assigns)):
            return part[at + 1:]
    return re.sub(r"^\s*return\b", "", part)


def shape_of(term):
    """What makes a term one of a list with its neighbour: left side, operator, right side."""
    compared = re.match(r"(.+?)(==|!=|<=|>=|<|>)([^<>=].*)$", term)
    if compared:
        return compared.groups()
    if re.match(r"!?[\w.>\[\]-]+$", term):
        return term[0] == "!", "name", ""
    called = re.match(r"(!?)(\w+)\(", term)
    return (called.group(1), called.group(2), "call") if called else (term, "", "")


def count_groups(expression):
    parts = re.split(r"&&|\|\|", expression)
    parts[0] = from_begin(parts[0])
    groups, last = 0, None
    for part in parts:
        shape = shape_of(re.sub(r"\s+", "", up_to_end(part)).lstrip("("))
        listed = last and shape[1] == last[1] and (shape[0] == last[0] or shape[2] == last[2] != "")
        groups += not listed
        last = shape
    return groups


def long_conditions(text):
    """Line number and groups of the conditions of a C file that want names."""
    text = code_alone(text)
    for m in re.finditer(r"[^;{}]+", text):
        if len(re.findall(r"&&|\|\|", m.group())) >= MOST_GROUPS:
            groups = count_groups(m.group())
            if groups > MOST_GROUPS:
                start = m.start() + len(m.group()) - len(m.group().lstrip())
                yield text.count("\n", 0, start) + 1, groups


def check_conditions(root):
    for path in tracked(root):
        if not path.endswith((".c", ".h")):
            continue
        found = list(long_conditions(read(root, path)))
        if len(found) > LONG_CONDITIONS.get(path, 0):
            for number, groups in found:
                yield f"{path}:{number}: a condition of {groups} groups; name some of them"


# Folders -> words that have another name there, and that name: CONTRIBUTING.md, Words.
ENGINE = ("runtime/isa/", "runtime/codegen/", "runtime/backend/pl/", "kernels-hls/", "tests/conf/")
RETIRED = (
    (ENGINE, r"strips?", "band"),
    (ENGINE, r"zi_place|places? it in", "tensor, buffer"),
    (ENGINE + ("runtime/",), r"[a-z_]*qparams?", "channel, rescale; of a tensor: scale and zero point"),
    (("runtime/plan/",), r"(?:zi_)?blocks?", "allocation"),
    (("runtime/base/",), r"(?:new_)?blocks?_?", "chunk, allocation"),
    (("runtime/plan/", "runtime/codegen/"), r"ring_words", "ring_beats"),
)


def word_faults(path, text):
    for folders, word, instead in RETIRED:
        if not path.startswith(folders):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            for m in re.finditer(rf"\b(?:{word})\b", line):
                if not re.search(r"\bblocks (?:every|until|for|on)\b", line):  # a thread does
                    yield f"{path}:{number}: '{m.group()}' is called otherwise here: {instead}"


def check_words(root):
    for path in tracked(root):
        if path.endswith((".c", ".h", ".def")):
            yield from word_faults(path, read(root, path))


def spelling_faults(path, text):
    allowed = set()
    for place, words in ALLOWED.items():
        if path == place or path.startswith(place + "/"):
            allowed |= words
    for number, line in enumerate(text.split("\n"), 1):
        for m in AMERICAN.finditer(line):
            if m.group().lower() not in allowed:
                yield f"{path}:{number}: '{m.group()}' is not spelt so here"


def check_spelling(root):
    for path in tracked(root):
        if path.endswith(TEXT) and path != "scripts/check_style.py" and not path.startswith("tests/"):
            yield from spelling_faults(path, read(root, path))


def message_faults(message):
    subject, _, rest = message.partition("\n")
    if len(subject) > SUBJECT_LENGTH:
        yield f"{len(subject)} characters, {SUBJECT_LENGTH} fit"
    if not re.match(r"[A-Za-z0-9][\w./, -]*: \S", subject):
        yield "not of the form `area: what changes`"
    if subject.endswith("."):
        yield "ends with a full stop"
    if rest.strip() and not rest.startswith("\n"):
        yield "no blank line behind it"


def check_commits(root):
    if git(root, "cat-file", "-e", FIRST_COMMIT + "^{commit}").returncode:
        skip("no git history that reaches back to " + FIRST_COMMIT)
    log = git(root, "log", "--no-merges", "--format=%h%x00%B%x01", FIRST_COMMIT + "..HEAD").stdout
    for entry in log.split("\x01"):
        name, _, message = entry.strip("\n").partition("\0")
        for fault in message_faults(message) if name else ():
            yield f"{name} '{message.split(chr(10))[0]}': {fault}"


CHECKS = {"format": check_format, "opening": check_opening, "comments": check_comments,
          "conditions": check_conditions, "words": check_words, "spelling": check_spelling,
          "commits": check_commits}


def self_test():
    """Each rule must find its fault: a check that cannot fail is none."""
    licence = "/* SPDX-License-Identifier: Apache-2.0 */\n"
    wrong = [opening_fault("int x;\n"), opening_fault(licence + "#include <a.h>\n"),
             opening_fault(licence + "/* word */\n"),
             *comment_faults("a.h", "/** The same for a node. */"),
             *comment_faults("a.h", "/** NULL: none. As the\n *  one below. */"),
             *comment_faults("a.h", "int x; /**< as above */"),
             *long_conditions("if (a && b == 1 && f(c) && !d && e < 2) x();"),
             *long_conditions("bool x = g(y, a > b || (b && c != d)) && !e && h(1);"),
             *word_faults("runtime/codegen/a.c", "int strips;"),
             *spelling_faults("a.c", "// quantized weights"),
             *spelling_faults("a.md", "The behavior of"),
             *message_faults("area: " + "x" * 70), *message_faults("no area"),
             *message_faults("area: ends."), *message_faults("area: a\nb")]
    fine = [opening_fault(licence + "/* What it is for. */\n"),
            *comment_faults("a.h", "/** As load(), of the same bytes; see the table below. */ // ditto"),
            *long_conditions("if (a == 1 || a == 2 || a == 3 || a == 4 || a == 5 || a == 6) x();"),
            *long_conditions("if (!a || !b || !c || !d || !e || !f) x();"),
            *long_conditions("if (a && b == 1 /* || c || d || e */) x();"),
            *word_faults("runtime/kernels/a.c", "int strips; // of blocks"),
            *spelling_faults("a.c", "zurt_quantize(g); is_quantized(g); `quantized`"),
            *message_faults("area, other: a change\n\nWhy.")]
    return len(wrong) == 15 and all(wrong) and not any(fine)


def main(argv):
    if len(argv) < 2 or argv[1] not in CHECKS:
        print(__doc__)
        return 2
    if not self_test():
        print("check_style.py: self-test failed")
        return 1
    root = argv[2] if len(argv) > 2 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    findings = list(CHECKS[argv[1]](root))
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
