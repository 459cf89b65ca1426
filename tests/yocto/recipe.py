# SPDX-License-Identifier: Apache-2.0
"""Reads recipes as far as those of meta-zurt go, so that tests ask the recipe itself for what it
says: assignments, overrides, PACKAGECONFIG, inline Python and shell functions. Not bitbake: no
classes, and of bitbake.conf only the names below.
"""
import os
import re

# openembedded-core's conf/bitbake.conf, the same in every series that the layer names.
BITBAKE_CONF = {
    "prefix": "/usr", "bindir": "/usr/bin", "libdir": "/usr/lib", "libexecdir": "/usr/libexec",
    "includedir": "/usr/include", "datadir": "/usr/share", "mandir": "/usr/share/man",
    "docdir": "/usr/share/doc", "nonarch_base_libdir": "/lib",
    "PACKAGES": "${PN}-src ${PN}-dbg ${PN}-staticdev ${PN}-dev ${PN}-doc ${PN}-locale "
                "${PACKAGE_BEFORE_PN} ${PN}",
    "FILES:${PN}": "${bindir}/* ${libexecdir}/* ${libdir}/lib*.so.* ${datadir}/${BPN} "
                   "${libdir}/${BPN}/*",
    "FILES:${PN}-dev": "${includedir} ${libdir}/lib*.so ${libdir}/pkgconfig ${datadir}/pkgconfig "
                       "${libdir}/cmake ${datadir}/cmake",
    "FILES:${PN}-staticdev": "${libdir}/*.a",
    "FILES:${PN}-doc": "${docdir} ${mandir} ${datadir}/info",
    "BP": "${BPN}-${PV}", "BPN": "${PN}", "MACHINE_ARCH": "machine", "UNPACKDIR": "", "B": "",
    "WORKDIR": "/work", "STAGING_INCDIR": "/sysroot/usr/include", "BBFILE_COLLECTIONS": "core",
    "PYTHON_SITEPACKAGES_DIR": "/usr/lib/python3.12/site-packages",  # python3-dir.bbclass
    "DISTRO_FEATURES": "", "EXTERNALSRC": "", "COMMON_LICENSE_DIR": "/licenses",
}

ASSIGNMENT = re.compile(
    r"^([A-Za-z0-9_.${}+-]+(?::[a-z0-9${}A-Z_-]+)*)(?:\[([\w-]+)\])?\s*"
    r"(\?\?=|\?=|:=|\+=|=\+|\.=|=\.|=)\s*([\"'])(.*)\4$", re.S)


def contains(variable, wanted, yes, no, d):
    """bb.utils.contains"""
    return yes if set(wanted.split()) <= set((d.getVar(variable) or "").split()) else no


class BB:
    class utils:
        contains = staticmethod(contains)


class Recipe:
    """A recipe and what it requires, with settings as local.conf and a machine would make them."""

    def __init__(self, path, settings=None, overrides=()):
        self.path = path
        name, _, version = os.path.basename(path)[:-len(".bb")].partition("_")
        self.values = dict(BITBAKE_CONF, PN=name, PV=version)
        self.values.update(settings or {})
        self.fixed = set(settings or {})
        self.overrides = list(overrides)
        self.flags, self.functions, self.inherits, self.appends = {}, {}, [], []
        self.lines = 0
        self.python = {"bb": BB, "os": os}  # an expression sees d as a local, as in bitbake
        self.read(path)
        for name, value in self.appends:
            self.values[name] = self.values.get(name, "") + value

    def read(self, path):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        lines = iter(text.split("\n"))
        for line in lines:
            while line.endswith("\\"):
                line = line[:-1] + next(lines)
            if re.match(r"^(def \w+|python \()", line):
                self.block(line, lines, text)
            elif re.match(r"^\w+\(\) \{$", line):
                self.functions[line.split("(")[0]] = "\n".join(iter(lines.__next__, "}"))
            elif line.startswith("inherit "):
                self.inherits += line.split()[1:]
            elif line.startswith("require "):
                self.read(os.path.join(os.path.dirname(path), line.split()[1]))
            elif line.strip() and not line.startswith("#"):
                self.assign(line)

    def block(self, line, lines, text):
        """A Python function of the recipe's own; an anonymous one is kept as text."""
        if line.startswith("python "):
            self.functions["anonymous"] = "\n".join(iter(lines.__next__, "}"))
            return
        body = [line]
        for following in lines:
            if not following.strip():
                break
            body.append(following)
        exec("\n".join(body), self.python)

    def assign(self, line):
        match = ASSIGNMENT.match(line)
        if not match:
            raise ValueError("%s: not understood: %s" % (self.path, line))
        name, flag, operator, _, value = match.groups()
        if flag:
            self.flags[(name, flag)] = value
            return
        if name.endswith(":append"):
            self.appends.append((name[:-len(":append")], value))
            return
        append = re.match(r"^(.*):append:(\w[\w-]*)$", name)
        if append:
            if append.group(2) in self.overrides:
                self.appends.append((append.group(1), value))
            return
        if name in self.fixed or (operator in ("?=", "??=") and name in self.values):
            return
        old = self.values.get(name, "")
        self.values[name] = {"+=": old + " " + value, ".=": old + value, "=+": value + " " + old,
                             "=.": value + old}.get(operator, value)

    def getVar(self, name):
        for override in self.overrides:
            if "%s:%s" % (name, override) in self.values:
                name = "%s:%s" % (name, override)
        if name in self.values:
            return self.expand(self.values[name])
        for key, value in self.values.items():  # FILES:${PN} asked for as FILES:zurt
            if "${" in key and self.expand(key) == name:
                return self.expand(value)
        return None

    def expand(self, text):
        """Variables, then Python, until nothing changes; unknown names stay, as in bitbake."""
        while True:
            before = text
            text = re.sub(r"\$\{([\w.+-]+)\}", lambda m: self.known(m), text)
            text = re.sub(r"\$\{@(.+?)\}(?=[^']|$)",
                          lambda m: str(eval(m.group(1), self.python, {"d": self})), text)
            if text == before:
                return text

    def known(self, match):
        value = self.getVar(match.group(1))
        return match.group(0) if value is None else value

    def words(self, name):
        return (self.getVar(name) or "").split()

    def packageconfig(self):
        """[CMake options], [DEPENDS] of what is on and off in PACKAGECONFIG."""
        options, depends = [], []
        chosen = self.words("PACKAGECONFIG")
        for (name, flag), value in self.flags.items():
            if name == "PACKAGECONFIG":
                fields = [self.expand(field).split() for field in value.split(",")] + [[]] * 3
                options += fields[0] if flag in chosen else fields[1]
                depends += fields[2] if flag in chosen else []
        return options, depends

    def package_of(self, path):
        """The package that gets an installed file: the first of PACKAGES with a pattern for it."""
        for package in self.words("PACKAGES"):
            for pattern in self.words("FILES:" + package):
                if matches(pattern, path):
                    return package
        return None


def matches(pattern, path):
    """A pattern of FILES: * stays inside a folder, and a folder stands for all below it."""
    regex = re.escape(pattern).replace(r"\*", "[^/]*")
    return re.match("^%s(/.*)?$" % regex, path) is not None
