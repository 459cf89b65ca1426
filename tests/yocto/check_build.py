#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does by hand what bitbake would with the recipe zurt for a board: a cross build with the recipe's
CMake options and those that cmake.bbclass adds, an installation, and what do_package and its QA
look at: the package of every file, the libraries that each program needs, paths of this machine.
Then the ptest script, with qemu-user in the board's place.

Usage: check_build.py BUILD_FOLDER [WORD OF PACKAGECONFIG...]      (xrt; by hand also: compiler xrt)
Wants scripts/arm64-root to have run; $ZURT_ARM64_ROOT names its folder. Exit 77 without.
"""
import glob
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from recipe import Recipe, matches  # noqa: E402

SOURCE = os.path.realpath(os.environ["ZURT_SOURCE"])
ROOT = os.environ.get("ZURT_ARM64_ROOT", SOURCE + "/build/arm64/root")
RECIPE = glob.glob(SOURCE + "/petalinux-recipe/meta-zurt/recipes-zurt/zurt/zurt_*.bb")[0]
TOOLS = ("aarch64-linux-gnu-gcc", "aarch64-linux-gnu-readelf", "qemu-aarch64-static", "ninja")

# What a shared library is built from. libc and its parts are in every build.
RECIPE_OF = {"libcjson": "cjson", "libjpeg": "jpeg", "libpng16": "libpng",
             "libprotobuf-c": "protobuf-c", "libz": "zlib"}
HEADERS = {"onnx-proto", "util-linux-libuuid", "xrt"}  # of what is included, or loaded at run time
OF_LIBC = {"libc", "libm", "ld-linux-aarch64"}

BSS_LIMIT = 64 << 10  # of a program or library without the engine's simulation

# What comes out of a runtime-only build, and of one with the compiler.
WANTED = {"zurt", "libzurt", "zurt-dev", "zurt-doc", "zurt-completion"}
COMPILER = {"zurt-compiler", "libzurt-compiler"}


def skip(reason):
    print("skipped: " + reason)
    sys.exit(77)


def check(holds, *words):
    if not holds:
        sys.exit("FAIL: " + " ".join(str(word) for word in words))


def output(*command, **how):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, **how).stdout.decode()


def run(*command, **how):
    """Its output is of interest if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **how)
    check(done.returncode == 0, " ".join(command), "\n" + done.stdout.decode()[-4000:])


def build(folder, recipe):
    """Configures, builds and installs; the installed tree."""
    shutil.rmtree(folder, ignore_errors=True)
    flags = "-O2 -pipe -g" + "".join(
        " -ffile-prefix-map=%s=/usr/src/debug" % place for place in (SOURCE, folder))
    options = recipe.packageconfig()[0] + recipe.words("EXTRA_OECMAKE")
    print("options of the recipe: " + " ".join(options))
    run("cmake", "-S", SOURCE, "-B", folder, "-G", "Ninja", "-Wno-dev",
        "-DCMAKE_TOOLCHAIN_FILE=%s/scripts/cmake/aarch64-debian.cmake" % SOURCE,
        "-DZURT_ARM64_ROOT=" + ROOT, "-DZURT_QEMU_AARCH64:STRING=OFF",  # Yocto's has no emulator
        "-DCMAKE_INSTALL_PREFIX=/usr", "-DCMAKE_INSTALL_BINDIR=bin", "-DCMAKE_INSTALL_LIBDIR=lib",
        "-DCMAKE_INSTALL_LIBEXECDIR=libexec", "-DCMAKE_INSTALL_INCLUDEDIR=include",
        "-DCMAKE_INSTALL_DATAROOTDIR=share",
        "-DCMAKE_C_FLAGS=" + flags, "-DCMAKE_C_FLAGS_RELEASE=-DNDEBUG", *options)
    run("cmake", "--build", folder)
    image = folder + "/image"
    run("cmake", "--install", folder, env=dict(os.environ, DESTDIR=image))
    return image


def packages(image, recipe):
    """{package: [path]}, as do_package splits the image; the recipe must know every file."""
    split = {}
    for folder, _, names in os.walk(image):
        for name in names:
            path = os.path.join(folder, name)[len(image):]
            split.setdefault(recipe.package_of(path), []).append(path)
    check(None not in split, "installed, but in no package:", split.get(None))
    with_compiler = "compiler" in recipe.words("PACKAGECONFIG")
    wanted = WANTED | COMPILER if with_compiler else WANTED
    check(set(split) == wanted, "packages:", sorted(split))
    for package in wanted:
        for pattern in recipe.words("FILES:" + package):
            stated = "FILES:%s = " % package.replace("zurt", "${PN}", package.startswith("zurt"))
            if stated in text_of(RECIPE):
                found = [path for path in split[package] if matches(pattern, path)]
                check(found, package, "has no", pattern)
    return split


def text_of(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def dynamic(image, path):
    """(soname, [needed], other search paths) of a shared object or program."""
    text = output("aarch64-linux-gnu-readelf", "-dW", image + path)

    def named(tag):
        return re.findall(r"\(%s\).*\[(.*)\]" % tag, text)
    return named("SONAME"), named("NEEDED"), named("RPATH") + named("RUNPATH")


def check_libraries(image, split, recipe):
    """DEPENDS and RDEPENDS against what the linker wrote down."""
    needed, sonames = set(), {}
    elves = [p for package in ("zurt", "libzurt", *COMPILER) for p in split.get(package, [])
             if not os.path.islink(image + p)]
    for path in elves:
        soname, names, search = dynamic(image, path)
        check(not search, path, "looks for libraries in", search)
        needed |= set(names)
        sonames.update({name: path for name in soname})
    own = {name for name in needed if name in sonames}
    check({recipe.package_of(sonames[n]) for n in own} == {p for p in split if "libzurt" in p},
          "own libraries:", own)
    outside = {name.split(".so")[0] for name in needed - own} - OF_LIBC
    check(outside <= set(RECIPE_OF), "a library without a recipe:", outside - set(RECIPE_OF))
    stated = set(recipe.words("DEPENDS") + recipe.packageconfig()[1]) - HEADERS
    stated = {name for name in stated if not name.endswith("-native")}
    check(stated == {RECIPE_OF[name] for name in outside}, "DEPENDS:", stated, "needed:", outside)
    # what no linker sees: the name that dlopen gets
    library = next(p for p in elves if "libzurt.so" in p)
    with open(image + library, "rb") as f:
        loads_xrt = b"libxrt_coreutil.so" in f.read()
    check(loads_xrt == ("xrt" in recipe.words("RRECOMMENDS:libzurt")), "RRECOMMENDS of libzurt")
    return elves


def check_memory(image, elves):
    """Memory that is there before anything is done: the engine's simulation alone would be 16.8 MB."""
    for path in elves:
        sections = output("aarch64-linux-gnu-readelf", "-SW", image + path)
        sizes = re.findall(r" \.t?bss +NOBITS +\w+ +\w+ +(\w+)", sections)
        size = sum(int(word, 16) for word in sizes)
        print("%9d bytes of bss:  %s" % (size, path))
        check(size < BSS_LIMIT, path, "has", size, "bytes of bss")


def check_paths(image, split, elves, folder):
    """QA's buildpaths: nothing that is installed knows where it was built."""
    for path in elves:
        subprocess.run(["aarch64-linux-gnu-strip", image + path], check=True)
        print("%9d bytes stripped: %s" % (os.path.getsize(image + path), path))
    for path in sum(split.values(), []):
        with open(image + path, "rb") as f:
            content = f.read()
        for place in (folder, SOURCE, os.path.realpath(ROOT)):
            check(place.encode() not in content, path, "has the path", place)


def check_runs(image, recipe, folder):
    """The command and the ptest package's script, in qemu-user."""
    commands = folder + "/commands"
    os.makedirs(commands)
    with open(commands + "/zurt", "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\nexec qemu-aarch64-static -L '%s' -E LD_LIBRARY_PATH='%s/usr/lib' "
                "'%s/usr/bin/zurt' \"$@\"\n" % (ROOT, image, image))
    os.chmod(commands + "/zurt", 0o755)
    environment = dict(os.environ, PATH=commands + ":" + os.environ["PATH"])
    info = output("zurt", "info", env=environment)
    commit = recipe.getVar("SRCREV")[:12]
    check(re.search(r"^commit at configure +%s$" % commit, info, re.M), info)
    files = os.path.join(os.path.dirname(RECIPE), "zurt")
    ptest = Recipe(RECIPE, {"S": SOURCE, "D": folder, "PTEST_PATH": "/ptest"})
    os.makedirs(folder + "/ptest")
    shutil.copy(files + "/run-ptest", folder + "/ptest")
    subprocess.run(["sh", "-euc", ptest.expand(ptest.functions["do_install_ptest"])], check=True)
    lines = output(folder + "/ptest/run-ptest", env=environment).splitlines()
    print("\n".join(lines))
    check("PASS: format_1_0.zurt on cpu" in lines and
          not [line for line in lines if line.startswith("FAIL")], "ptest")


def main():
    if not os.path.exists(ROOT + "/complete"):
        skip("no arm64 packages; scripts/arm64-root gets them")
    for tool in TOOLS:
        if not shutil.which(tool):
            skip("no " + tool)
    folder = os.path.realpath(sys.argv[1])
    board = {"BBFILE_COLLECTIONS": "core openembedded-layer xilinx",
             "STAGING_INCDIR": ROOT + "/usr/include"}
    if len(sys.argv) > 2:
        board["PACKAGECONFIG"] = " ".join(sys.argv[2:])
    recipe = Recipe(RECIPE, board, ["zynqmp"])
    image = build(folder, recipe)
    split = packages(image, recipe)
    for package, paths in sorted(split.items()):
        print("%-16s %3d files" % (package, len(paths)))
    elves = check_libraries(image, split, recipe)
    if "compiler" not in recipe.words("PACKAGECONFIG"):
        check_memory(image, elves)
    check_paths(image, split, elves, folder)
    check_runs(image, recipe, folder)


main()
