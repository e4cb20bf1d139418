#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every element and attribute of libvirt's schema of domains has its row.

Walks the RELAX NG schema that libvirt's packages install, and looks each path up in the table of docs/domain-xml.md, which
another test keeps equal to the tables of the parser. What stands in neither that table nor the list of exceptions would be
dropped without a word, though libvirt knows it.
"""
import os
import re
import sys
import xml.etree.ElementTree as ET

NS = "{http://relaxng.org/ns/structure/1.0}"
PREFIXES = {"http://libvirt.org/schemas/domain/qemu/1.0": "qemu:", "http://libvirt.org/schemas/domain/xen/1.0": "xen:"}
OTHERS = ("http://libvirt.org/schemas/domain/lxc/1.0", "http://libvirt.org/schemas/domain/bhyve/1.0")


class Schema:
    def __init__(self, path):
        self.defines = {}
        self.files = set()
        self.start = None
        self.load(path)

    def load(self, path):
        if path in self.files:
            return
        self.files.add(path)
        self.read(ET.parse(path).getroot(), os.path.dirname(path), os.environ.get("NS", ""))

    def read(self, node, folder, namespace):
        for child in node:
            if child.tag == NS + "include":
                self.load(os.path.join(folder, child.get("href")))
                self.read(child, folder, namespace)
            elif child.tag == NS + "define":
                self.defines.setdefault(child.get("name"), []).append(child)
            elif child.tag == NS + "start":
                self.start = child

    def names(self, node):
        """What an element or attribute pattern is called, without those of anybody's namespace."""
        if node.get("name"):
            return [node.get("name")]
        first = node[0]
        if first.tag == NS + "name":
            return [first.text.strip()]
        if first.tag == NS + "choice":
            return [name.text.strip() for name in first if name.tag == NS + "name"]
        return []  # anyName, nsName

    def walk(self, node, path, seen, found, namespace):
        for child in node:
            inside = child.get("ns", namespace)
            if child.tag == NS + "ref":
                name = child.get("name")
                if name not in seen:
                    for define in self.defines[name]:
                        self.walk(define, path, seen | {name}, found, define.get("ns", inside))
            elif child.tag == NS + "attribute":
                for name in self.names(child):
                    found.add(f"{path}@{name}")
            elif child.tag == NS + "element":
                if inside in OTHERS:
                    continue
                for name in self.names(child):
                    below = path + PREFIXES.get(inside, "") + name
                    if below in found and below.count("/") > 12:
                        continue
                    found.add(below)
                    self.walk(child, below + "/", seen, found, inside)
            else:
                self.walk(child, path, seen, found, inside)


def schema_paths(folder):
    schema = Schema(os.path.join(folder, "domain.rng"))
    found = set()
    schema.walk(schema.start, "", frozenset(), found, "")
    return {path[len("domain/"):] for path in found if path.startswith("domain/")}


def table_rows(page):
    rows = {}
    for line in open(page, encoding="utf-8"):
        match = re.match(r"\| `([^`]+)` \| (.*) \| (\w+) \|$", line)
        if match:
            rows.setdefault(match[1], []).append((match[2], match[3]))
    return rows


def is_known(path, rows):
    if path in rows or any(row.startswith(path + "/") for row in rows):
        return True
    parts = path.split("/")
    for i in range(1, len(parts)):
        for values, fate in rows.get("/".join(parts[:i]), []):
            # refused or kept whole; the table tells addresses once
            if fate == "refused" or values == "anything" or values.startswith("as of"):
                return True
    return parts[-1] == "@unit" and ("/".join(parts[:-1]) in rows or any(
        row.startswith("/".join(parts[:-1]) + "/@") for row in rows))


def main():
    page, exceptions, folder = sys.argv[1:]
    if not os.path.exists(os.path.join(folder, "domain.rng")):
        print("1..0 # SKIP libvirt's schemas are not installed")
        return 0
    rows = table_rows(page)
    allowed = {line.split("#")[0].strip() for line in open(exceptions, encoding="utf-8")} - {""}
    paths = schema_paths(folder)
    unknown = {path for path in paths if not is_known(path, rows)}
    missing = sorted(path for path in unknown - allowed if not any(path.startswith(other + "/") for other in unknown | allowed))
    stale = sorted(path for path in allowed if path not in unknown)
    for path in missing:
        print(f"# neither in the tables nor an exception: {path}")
    for path in stale:
        print(f"# an exception that is none: {path}")
    print(f"# {len(paths)} paths of the schema")
    print("1..1\n" + ("not ok" if missing or stale or len(paths) < 500 else "ok") + " 1 schema")
    return 1 if missing or stale else 0


sys.exit(main())
