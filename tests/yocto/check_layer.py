#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What of meta-zurt can be checked without bitbake: names, sources, licences, overlays, the
firmware recipes' own shell and Python, and the ptest script with the command of this build.

Usage: check_layer.py FOLDER_OF_ZURT
"""
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from recipe import BB, Recipe  # noqa: E402

SOURCE = os.path.realpath(os.environ["ZURT_SOURCE"])
LAYER = os.path.join(SOURCE, "petalinux-recipe", "meta-zurt")
RECIPES = sorted(glob.glob(LAYER + "/recipes-*/*/*.bb"))
FIRMWARE = [path for path in RECIPES if "zurt-firmware" in path]
ZURT = glob.glob(LAYER + "/recipes-zurt/zurt/zurt_*.bb")[0]
PYTHON = glob.glob(LAYER + "/recipes-zurt/zurt/python3-zurt_*.bb")[0]
SERIES = "honister langdale scarthgap walnascar whinlatter wrynose"
BINARIES = (".bit.bin", ".xclbin")


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def filespath(path):
    """Where bitbake looks for a recipe's file:// sources."""
    folder, name = os.path.dirname(path), Recipe(path).getVar("PN")
    return [os.path.join(folder, name), os.path.join(folder, "files")]


def find(path, name):
    """A file:// source of the recipe; None: there is none."""
    places = [os.path.join(folder, name) for folder in filespath(path)]
    return next((place for place in places if os.path.exists(place)), None)


def git(*arguments):
    return subprocess.run(["git", "-C", SOURCE, *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout.decode()


class Layer(unittest.TestCase):
    def test_series_and_their_place_in_the_docs(self):
        conf = read(LAYER + "/conf/layer.conf")
        self.assertIn('LAYERSERIES_COMPAT_zurt = "%s"' % SERIES, conf)
        page = read(SOURCE + "/docs/yocto.md")
        for series in SERIES.split():
            self.assertIn(series, page)

    def test_every_recipe_is_found_by_bbfiles(self):
        conf = read(LAYER + "/conf/layer.conf")
        patterns = re.findall(r"\$\{LAYERDIR\}(/[^\s\"]+\.bb\w*)", conf)
        found = {path for pattern in patterns for path in glob.glob(LAYER + pattern)}
        there = {os.path.join(folder, name) for folder, _, names in os.walk(LAYER)
                 for name in names if name.endswith((".bb", ".bbappend"))}
        self.assertEqual(found, there)
        self.assertGreaterEqual(len(there), 7)

    def test_overrides_have_the_syntax_of_honister_on(self):
        for path in RECIPES + glob.glob(LAYER + "/**/*.bbappend", recursive=True):
            old = re.search(r"^\w+_(append|prepend|remove|zynqmp|\$\{PN\})\b.*=", read(path), re.M)
            self.assertIsNone(old, path)

    def test_the_layer_can_be_copied_without_the_rest(self):
        for folder, _, names in os.walk(LAYER):
            for name in names:  # a link that leads nowhere would end the parsing of every recipe
                self.assertFalse(os.path.islink(os.path.join(folder, name)), name)

    def test_every_word_of_the_recipes_is_understood(self):
        for path in RECIPES:
            recipe = Recipe(path)
            for name in list(recipe.values):
                self.assertIsNotNone(recipe.getVar(recipe.expand(name)), name)


class Sources(unittest.TestCase):
    def test_nothing_is_fetched_but_src_uri(self):
        for path in RECIPES:
            recipe = Recipe(path, {"ZURT_REPOSITORY": SOURCE})
            for uri in recipe.words("SRC_URI"):
                self.assertRegex(uri, r"^(git|https|file)://", path)
                if uri.startswith("https:"):
                    self.assertRegex(recipe.flags[("SRC_URI", "sha256sum")], r"^[0-9a-f]{64}$")
            self.assertFalse([flag for _, flag in recipe.flags if flag == "network"], path)
            for body in recipe.functions.values():
                self.assertNotRegex(body, r"\b(wget|curl|git|pip|npm)\b", path)
        for path in glob.glob(SOURCE + "/**/CMakeLists.txt", recursive=True):
            if os.sep + "build" + os.sep not in path[len(SOURCE):]:
                self.assertNotRegex(read(path), "FetchContent|ExternalProject|DOWNLOAD", path)

    def test_local_files_are_there(self):
        for path in RECIPES:
            for uri in Recipe(path, {"ZURT_REPOSITORY": SOURCE}).words("SRC_URI"):
                name = uri[len("file://"):]
                if uri.startswith("file://") and not name.endswith(BINARIES):
                    self.assertIsNotNone(find(path, name), name)

    def test_git_tarball_and_external_tree(self):
        from_git = Recipe(ZURT, {"ZURT_REPOSITORY": "/checkout"})
        uri = from_git.words("SRC_URI")[0]
        self.assertEqual(uri, "git:///checkout;protocol=file;nobranch=1;destsuffix=zurt-0.1.0+git")
        self.assertEqual(from_git.getVar("BP"), "zurt-0.1.0+git")  # S, which no line sets
        commit = from_git.getVar("SRCREV")[:12]
        self.assertIn("-DZURT_COMMIT=" + commit, from_git.words("EXTRA_OECMAKE"))

        newest = Recipe(ZURT, {"ZURT_REPOSITORY": "/checkout", "SRCREV": "AUTOINC"})
        self.assertNotIn("ZURT_COMMIT", newest.getVar("EXTRA_OECMAKE"))

        tarball = Recipe(ZURT, {"ZURT_URI": "https://host/zurt-0.1.0.tar.gz;sha256sum=00"})
        self.assertEqual(tarball.words("SRC_URI")[0], "https://host/zurt-0.1.0.tar.gz;sha256sum=00")
        self.assertEqual(tarball.getVar("BP"), "zurt-0.1.0")
        self.assertIn("-DZURT_COMMIT=v0.1.0", tarball.words("EXTRA_OECMAKE"))

        external = Recipe(ZURT, {"ZURT_REPOSITORY": "/x", "EXTERNALSRC": "/tree"})
        self.assertNotIn("ZURT_COMMIT", external.getVar("EXTRA_OECMAKE"))

    def test_the_version_is_the_projects(self):
        version = re.search(r'ZURT_VERSION_STRING "(.*)"',
                            read(SOURCE + "/runtime/include/zurt/version.h")).group(1)
        self.assertEqual(os.path.basename(ZURT), "zurt_%s.bb" % version)
        self.assertEqual(os.path.basename(PYTHON), "python3-zurt_%s.bb" % version)

    def test_the_commit_is_of_our_history_and_has_the_options(self):
        commit = Recipe(ZURT).getVar("SRCREV")
        if not shutil.which("git") or git("cat-file", "-t", commit).strip() != "commit":
            self.skipTest("no git, or a clone without history")
        self.assertEqual(git("merge-base", commit, "HEAD").strip(), commit)
        for option in re.findall(r"-D(ZURT_\w+)[:=]", read(ZURT)):
            found = git("grep", "-l", option, commit, "--", "*CMakeLists.txt", "*.cmake")
            self.assertTrue(found, option)
        self.assertEqual(Recipe(PYTHON).getVar("SRCREV"), commit)
        self.assertTrue(git("ls-tree", commit, "python/zurt/__init__.py"))

    def test_options_are_those_of_cmake(self):
        known = "".join(read(path) for pattern in
                        ("/CMakeLists.txt", "/scripts/cmake/*.cmake", "/apps/zurt/CMakeLists.txt")
                        for path in glob.glob(SOURCE + pattern))
        for name in set(re.findall(r"-D(\w+)[:=]", read(ZURT))):
            declared = re.search(r"(set|option|find_path|find_program)\(%s\b" % name, known)
            self.assertIsNotNone(declared, name)

    def test_what_cmake_looks_for_is_in_depends(self):
        cmake = read(SOURCE + "/scripts/cmake/ZurtDependencies.cmake")
        recipe_of = {"libprotobuf-c": "protobuf-c", "libjpeg": "jpeg", "zlib": "zlib",
                     "libpng": "libpng", "libcjson": "cjson", "cmocka": None}
        recipe = Recipe(ZURT, {"PACKAGECONFIG": "compiler"})
        depends = recipe.words("DEPENDS") + recipe.packageconfig()[1]
        names = re.findall(r"pkg_check_modules\(\w+ REQUIRED IMPORTED_TARGET (\S+)\)", cmake)
        self.assertEqual(len(names), cmake.count("pkg_check_modules("))
        for name in names:
            self.assertIn(name, recipe_of)
            self.assertTrue(recipe_of[name] is None or recipe_of[name] in depends, name)
        self.assertIn("protobuf-c-native", depends)  # protoc-c

    def test_licences(self):
        for path in RECIPES:
            recipe = Recipe(path)
            self.assertEqual(recipe.getVar("LICENSE"), "Apache-2.0", path)
            if "inherit packagegroup" in read(path):
                continue
            where, md5 = re.match(r"file://([^;]+).*;md5=([0-9a-f]{32})$",
                                  recipe.getVar("LIC_FILES_CHKSUM")).groups()
            if where == "LICENSE":
                with open(SOURCE + "/LICENSE", "rb") as f:
                    self.assertEqual(hashlib.md5(f.read()).hexdigest(), md5)
            elif where.startswith("/licenses/"):  # openembedded-core's copy
                self.assertEqual(md5, "89aea4e17d99a7cacdbeed46a0096b10", path)


class Boards(unittest.TestCase):
    def test_the_pl_is_of_amds_boards_alone(self):
        amd = {"BBFILE_COLLECTIONS": "core xilinx", "DISTRO_FEATURES": "systemd"}
        for settings, overrides, pl in (({}, [], False), (amd, [], False), ({}, ["zynqmp"], False),
                                        (amd, ["zynqmp"], True)):
            zurt = Recipe(ZURT, settings, overrides)
            options, depends = zurt.packageconfig()
            self.assertEqual("-DZURT_XRT=ON" in options, pl)
            self.assertEqual("xrt" in depends, pl)
            self.assertEqual(zurt.words("RRECOMMENDS:libzurt"), ["xrt", "zocl"] if pl else [])
            group = Recipe(glob.glob(LAYER + "/*/packagegroups/*.bb")[0], settings, overrides)
            self.assertEqual(group.words("RDEPENDS:packagegroup-zurt"),
                             ["zurt", "zurt-udev"] + (["xrt", "zocl"] if pl else []))
            self.assertEqual(group.words("RRECOMMENDS:packagegroup-zurt"),
                             ["dfx-mgr"] if pl else [])

    def test_the_compiler_is_off_until_asked_for(self):
        self.assertIn("-DZURT_BUILD_COMPILER=OFF", Recipe(ZURT).packageconfig()[0])
        options, depends = Recipe(ZURT, {"PACKAGECONFIG": "compiler"}).packageconfig()
        self.assertIn("-DZURT_BUILD_COMPILER=ON", options)
        self.assertIn("onnx-proto", depends)


class Packages(unittest.TestCase):
    def test_the_first_package_that_wants_a_file_gets_it(self):
        recipe = Recipe(ZURT)
        for path, package in {
                "/usr/bin/zurt": "zurt", "/usr/lib/libzurt.so.0": "libzurt",
                "/usr/lib/libzurt-compiler.so.0": "libzurt-compiler",
                "/usr/libexec/zurt/zurt": "zurt-compiler", "/usr/lib/libzurt.so": "zurt-dev",
                "/usr/lib/cmake/zurt/zurtConfig.cmake": "zurt-dev",
                "/usr/include/zurt/zurt.h": "zurt-dev", "/usr/lib/libzurt.a": "zurt-staticdev",
                "/usr/share/man/man1/zurt.1": "zurt-doc",
                "/usr/share/bash-completion/completions/zurt": "zurt-completion",
                "/usr/share/zurt/model.zurt": None, "/usr/bin/zurt-swemu-env": None}.items():
            self.assertEqual(recipe.package_of(path), package, path)


    def test_python_is_installed_whole(self):
        with tempfile.TemporaryDirectory() as folder:
            recipe = Recipe(PYTHON, {"S": SOURCE, "D": folder})
            subprocess.run(["sh", "-euc", recipe.expand(recipe.functions["do_install"])], check=True)
            there = folder + recipe.getVar("FILES:python3-zurt")
            ours = [name for name in os.listdir(SOURCE + "/python/zurt") if name != "__pycache__"]
            self.assertEqual(sorted(os.listdir(there)), sorted(ours))
        self.assertEqual(recipe.getVar("BP"), "zurt-0.1.0+git")  # the folder of a release tarball


class Firmware(unittest.TestCase):
    def setUp(self):
        if not shutil.which("dtc"):
            self.skipTest("no dtc (device-tree-compiler)")
        self.work = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.work)

    def build(self, path, change=lambda text: text):
        """Runs do_compile and do_install of the recipe as they stand; what is installed."""
        source, build = self.work + "/s", self.work + "/b"
        shutil.rmtree(self.work)
        os.makedirs(source)
        os.makedirs(build)
        recipe = Recipe(path, {"UNPACKDIR": source, "B": build})
        for uri in recipe.words("SRC_URI"):
            name = uri[len("file://"):]
            if name.endswith(BINARIES):
                with open(os.path.join(source, name), "w") as f:
                    f.write(name)
            else:
                with open(os.path.join(source, name), "w") as f:
                    f.write(change(read(find(path, name))))
        script = "bbfatal() { echo \"$*\" >&2; exit 1; }\nD=%s/d\n" % self.work
        for task in ("do_compile", "do_install"):
            script += "(%s\n) || exit 1\n" % recipe.expand(recipe.functions[task])
        run = subprocess.run(["sh", "-euc", script], stderr=subprocess.PIPE)
        if run.returncode:
            raise RuntimeError(run.stderr.decode())
        return recipe, {os.path.join(folder, name)[len(self.work + "/d"):]
                        for folder, _, names in os.walk(self.work + "/d") for name in names}

    def test_what_is_installed_is_what_the_overlay_names(self):
        self.assertEqual(len(FIRMWARE), 2)
        for path in FIRMWARE:
            recipe, installed = self.build(path)
            app = recipe.getVar("PN")
            folder = "/lib/firmware/xilinx/" + app
            self.assertEqual(installed, {"%s/%s" % (folder, name) for name in (
                app + ".bit.bin", app + ".dtbo", app + ".xclbin", "shell.json")})
            for name in installed:
                self.assertEqual(recipe.package_of(name), app)
            overlay = self.work + "/d%s/%s.dtbo" % (folder, app)
            text = subprocess.run(["dtc", "-I", "dtb", "-O", "dts", overlay], check=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()
            named = re.findall(r'firmware-name = "([^"]*)"', text)
            self.assertEqual(named, [app + ".bit.bin"])
            self.assertIn("%s/%s" % (folder, named[0]), installed)

    def test_overlays_compile_without_a_warning(self):
        for path in FIRMWARE:
            for source in glob.glob(filespath(path)[0] + "/*.dtso"):
                run = subprocess.run(["dtc", "-@", "-I", "dts", "-O", "dtb", "-o", os.devnull,
                                      source], stderr=subprocess.PIPE)
                self.assertEqual((run.returncode, run.stderr), (0, b""))

    def test_an_overlay_that_names_another_file_is_refused(self):
        for path in FIRMWARE:
            app = Recipe(path).getVar("PN")
            with self.assertRaisesRegex(RuntimeError, "must say firmware-name"):
                self.build(path, lambda text: text.replace(app + ".bit.bin", app + ".bin"))

    def test_without_its_binaries_a_recipe_is_skipped(self):
        class SkipRecipe(Exception):
            pass

        class Which(BB):
            class utils(BB.utils):
                which = staticmethod(lambda folders, name: next(
                    (f for f in folders.split(":") if os.path.exists(os.path.join(f, name))), ""))

            class parse:
                pass
        Which.parse.SkipRecipe = SkipRecipe
        for path in FIRMWARE:
            folders = filespath(path) + [self.work]
            recipe = Recipe(path, {"FILESPATH": ":".join(folders)})
            check = "if True:\n" + recipe.functions["anonymous"]
            app = recipe.getVar("PN")
            with self.assertRaisesRegex(SkipRecipe, app + ".bit.bin.*kernels-hls/vitis"):
                exec(check, {"d": recipe, "bb": Which})
            for ending in BINARIES:
                open(os.path.join(self.work, app + ending), "w").close()
            exec(check, {"d": recipe, "bb": Which})

    def test_shell_json_is_the_one_of_the_scripts(self):
        want = json.loads(read(SOURCE + "/kernels-hls/vitis/shell.json"))
        for path in FIRMWARE:
            self.assertEqual(json.loads(read(find(path, "shell.json"))), want)


class Ptest(unittest.TestCase):
    def test_the_command_of_this_build_passes_it(self):
        with tempfile.TemporaryDirectory() as folder:
            files = os.path.join(os.path.dirname(ZURT), "zurt")
            recipe = Recipe(ZURT, {"S": SOURCE, "D": folder, "PTEST_PATH": "/p"})
            os.mkdir(folder + "/p")
            shutil.copy(files + "/run-ptest", folder + "/p")
            body = recipe.expand(recipe.functions["do_install_ptest"])
            subprocess.run(["sh", "-euc", body], check=True)
            path = "%s:%s" % (COMMANDS, os.environ["PATH"])
            run = subprocess.run([folder + "/p/run-ptest"], env=dict(os.environ, PATH=path),
                                 stdout=subprocess.PIPE, check=True)
            lines = run.stdout.decode().splitlines()
            self.assertIn("PASS: format_1_0.zurt on cpu", lines)
            self.assertEqual(len(lines), 2, lines)
            self.assertFalse([line for line in lines if line.startswith("FAIL")], lines)
            # and it can fail
            with open(folder + "/p/run-ptest", "r+") as f:
                text = f.read()
                f.seek(0)
                f.write(text.replace("a38e", "a38f"))
            run = subprocess.run([folder + "/p/run-ptest"], env=dict(os.environ, PATH=path),
                                 stdout=subprocess.PIPE, check=True)
            self.assertIn(b"FAIL: format_1_0.zurt on cpu", run.stdout)


if __name__ == "__main__":
    COMMANDS = sys.argv.pop(1)
    unittest.main()
