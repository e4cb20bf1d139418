# SPDX-License-Identifier: LGPL-2.1-or-later
"""CPU models, capabilities, validation by libvirt's schemas, and what dumpxml's flags show. The fake libkxl offers guests a CPU with the
features of qemu64, and knows the models qemu64 (can be used) and Nehalem (lacks popcnt)."""
import os
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import libvirt
import pytest

SCHEMAS = Path("/usr/share/libvirt/schemas")
SHARED = Path(os.environ.get("KANZEN_SHARED", Path(__file__).parents[2] / ".." / "shared"))

pytestmark = pytest.mark.skipif(not Path("/usr/share/libvirt/cpu_map").is_dir(), reason="libvirt's CPU map is not installed")


def code_of(call, *args):
    with pytest.raises(libvirt.libvirtError) as raised:
        call(*args)
    return raised.value.get_error_code(), raised.value.get_error_message()


def guest_cpu(model, *features, match="exact", vendor=""):
    parts = "".join(f"<feature policy='{policy}' name='{name}'/>" for policy, name in features)
    return f"<cpu mode='custom' match='{match}'><model>{model}</model>{vendor}{parts}</cpu>"


def host_cpu(model, *features):
    return f"<cpu><arch>x86_64</arch><model>{model}</model>" + "".join(f"<feature name='{n}'/>" for n in features) + "</cpu>"


def test_models(conn):
    names = conn.getCPUModelNames("x86_64")
    assert {"qemu64", "Nehalem", "EPYC"} <= set(names) and len(names) == len(set(names))
    assert code_of(conn.getCPUModelNames, "pdp11")[0] == libvirt.VIR_ERR_INVALID_ARG


@pytest.mark.parametrize("cpu, result", [
    (guest_cpu("486"), libvirt.VIR_CPU_COMPARE_SUPERSET),
    (guest_cpu("486", match="strict"), libvirt.VIR_CPU_COMPARE_INCOMPATIBLE),
    (guest_cpu("Nehalem"), libvirt.VIR_CPU_COMPARE_INCOMPATIBLE),
    (guest_cpu("486", ("require", "popcnt")), libvirt.VIR_CPU_COMPARE_INCOMPATIBLE),
    (guest_cpu("486", ("optional", "popcnt")), libvirt.VIR_CPU_COMPARE_SUPERSET),
    (guest_cpu("486", ("forbid", "lm")), libvirt.VIR_CPU_COMPARE_INCOMPATIBLE),
    (guest_cpu("486", ("forbid", "popcnt")), libvirt.VIR_CPU_COMPARE_SUPERSET),
    (guest_cpu("486", vendor="<vendor>Intel</vendor>"), libvirt.VIR_CPU_COMPARE_INCOMPATIBLE),
    ("<cpu mode='host-passthrough'/>", libvirt.VIR_CPU_COMPARE_IDENTICAL),
])
def test_compare_with_what_guests_get(conn, cpu, result):
    assert conn.compareHypervisorCPU(None, None, None, None, cpu) == result


def test_compare_says_why(conn):
    flag = libvirt.VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE
    code, message = code_of(conn.compareHypervisorCPU, None, None, None, None, guest_cpu("486", ("require", "popcnt")), flag)
    assert code == libvirt.VIR_ERR_CPU_INCOMPATIBLE and "popcnt" in message
    assert "Unknown CPU model toaster" in code_of(conn.compareCPU, guest_cpu("toaster"))[1]
    assert "Unknown CPU feature crumbs" in code_of(conn.compareCPU, guest_cpu("486", ("require", "crumbs")))[1]
    assert code_of(conn.compareCPU, "<cpu><model>486</model>")[0] == libvirt.VIR_ERR_XML_DETAIL
    assert code_of(conn.compareCPU, "<cpu match='exact'/>")[0] == libvirt.VIR_ERR_XML_ERROR
    assert code_of(conn.compareCPU, "<cpu><arch>s390x</arch><model>z13</model></cpu>")[0] == libvirt.VIR_ERR_CONFIG_UNSUPPORTED
    assert code_of(conn.compareCPU, guest_cpu("486"), 64)[0] == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(conn.compareCPU, "<cpu><model>486</model><crumbs/></cpu>",
                   libvirt.VIR_CONNECT_COMPARE_CPU_VALIDATE_XML)[0] == libvirt.VIR_ERR_XML_INVALID_SCHEMA


def test_entities_are_refused(conn):
    refused = libvirt.VIR_ERR_XML_ERROR, libvirt.VIR_ERR_XML_DETAIL  # by us, or by the parser before
    laughs = "".join(f"<!ENTITY e{i + 1} '{f'&e{i};' * 10}'>" for i in range(8))
    for head in (f"<!DOCTYPE cpu [<!ENTITY e0 'ha'>{laughs}]>", "<!DOCTYPE cpu [<!ENTITY e8 SYSTEM 'file:///etc/passwd'>]>"):
        code, message = code_of(conn.compareCPU, head + "<cpu match='exact'><model>&e8;</model></cpu>")
        assert code in refused and "root:" not in message
        assert code_of(conn.baselineCPU, [head + "<cpu><model>&e8;</model></cpu>"])[0] in refused


def test_the_host_is_identical_to_its_capabilities(conn):
    cpu = ET.fromstring(conn.getCapabilities()).find("host/cpu")
    if cpu.find("model") is None:
        pytest.skip("the host's CPU is of no model of libvirt's map")
    assert conn.compareCPU(ET.tostring(cpu, encoding="unicode")) == libvirt.VIR_CPU_COMPARE_IDENTICAL


def test_baseline(conn):
    same = ET.fromstring(conn.baselineCPU([host_cpu("Westmere"), host_cpu("SandyBridge")]))
    assert same.get("mode") == "custom" and same.findtext("model") == "Westmere" and not same.findall("feature")
    more = ET.fromstring(conn.baselineCPU([host_cpu("Nehalem", "vmx", "invtsc")]))
    assert more.findtext("model") == "Nehalem" and {f.get("name") for f in more.findall("feature")} == {"vmx", "invtsc"}
    movable = ET.fromstring(conn.baselineCPU([host_cpu("Nehalem", "vmx", "invtsc")], libvirt.VIR_CONNECT_BASELINE_CPU_MIGRATABLE))
    assert {f.get("name") for f in movable.findall("feature")} == {"vmx"}
    full = ET.fromstring(conn.baselineCPU([host_cpu("486")], libvirt.VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES))
    assert {"fpu"} <= {f.get("name") for f in full.findall("feature")}
    # The fake emulator has no Westmere.
    offered = ET.fromstring(conn.baselineHypervisorCPU(None, None, None, None, [host_cpu("Westmere")], 0))
    assert offered.findtext("model") == "Nehalem"
    assert code_of(conn.baselineCPU, [host_cpu("toaster")])[0] == libvirt.VIR_ERR_INTERNAL_ERROR
    vendors = [f"<cpu><model>486</model><vendor>{v}</vendor></cpu>" for v in ("Intel", "AMD")]
    assert code_of(conn.baselineCPU, vendors)[0] == libvirt.VIR_ERR_OPERATION_FAILED


def test_results_stand_against_their_sources(conn):
    """Whatever is common to several CPUs, each of them can give."""
    cpus = ["Conroe", "Penryn", "Nehalem", "Opteron_G3", "EPYC"]
    for first in cpus:
        for second in cpus:
            common = ET.fromstring(conn.baselineCPU([host_cpu(first), host_cpu(second)], libvirt.VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES))
            features = {f.get("name") for f in common.findall("feature")}
            for name in (first, second):
                whole = ET.fromstring(conn.baselineCPU([host_cpu(name)], libvirt.VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES))
                assert features <= {f.get("name") for f in whole.findall("feature")}


# ---- domain capabilities ----

def validate(schema, text, folder):
    path = folder / "document.xml"
    path.write_text(text)
    subprocess.run(["xmllint", "--noout", "--relaxng", str(SCHEMAS / schema), str(path)], check=True, capture_output=True)


def elements(node, path=""):
    """Paths of the elements below node, in order; an enum is told by its name. What is not supported has nothing below it."""
    for child in node:
        here = f"{path}/{child.tag}" + (f"[{child.get('name')}]" if child.get("name") else "")
        if child.tag != "value":
            yield here
        if child.get("supported") != "no":
            yield from elements(child, here)


@pytest.mark.parametrize("machine", ["xenpv", "xenfv", "xenpvh"])
def test_domain_capabilities(conn, tmp_path, machine):
    text = conn.getDomainCapabilities("/usr/bin/qemu-system-x86_64", "x86_64", machine, "xen")
    validate("domaincaps.rng", text, tmp_path)
    caps = ET.fromstring(text)
    golden = SHARED / "corpora" / "domaincapsdata" / f"libxl-{machine}.xml"
    if golden.exists():
        ours = list(elements(caps))
        unsupported = tuple(p for p in ours if caps.find("." + p.split("[")[0]) is not None and caps.find("." + p.split("[")[0]).get("supported") == "no")
        theirs = [p for p in elements(ET.parse(golden).getroot()) if not p.startswith(unsupported) or p in unsupported]
        assert [p for p in ours if p in theirs] == theirs
    buses = [v.text for v in caps.findall("devices/disk/enum[@name='bus']/value")]
    assert ("xen" in buses) == (machine != "xenfv")
    modes = {m.get("name"): m.get("supported") for m in caps.findall("cpu/mode")}
    assert set(modes.values()) == ({"yes"} if machine == "xenfv" else {"no"})
    if machine == "xenfv":
        models = {m.text: m.get("usable") for m in caps.findall("cpu/mode[@name='custom']/model")}
        assert models == {"qemu64": "yes", "Nehalem": "no"}


# ---- validation ----

DOMAIN = "<domain type='xen'>\n<name>v</name><memory>65536</memory>{}<os><type>{}</type></os><devices>{}</devices></domain>"


@pytest.mark.skipif(not (SCHEMAS / "domain.rng").exists(), reason="libvirt's schemas are not installed")
@pytest.mark.parametrize("general, devices, where", [
    ("\n<frobnicate/>", "", "/domain/frobnicate, line 3"),
    ("", "\n<disk type='file' device='disk'><sourc file='/x'/><target dev='hda'/></disk>", "/domain/devices/disk/sourc, line 3"),
    ("<vcpu current='1' curent='2'>2</vcpu>", "", "curent"),
    ("<on_poweroff>later</on_poweroff>", "", "schemas/domain.rng"),
])
def test_invalid_documents_are_refused(conn, general, devices, where):
    xml = DOMAIN.format(general, "hvm", devices)
    code, message = code_of(conn.defineXMLFlags, xml, libvirt.VIR_DOMAIN_DEFINE_VALIDATE)
    assert code == libvirt.VIR_ERR_XML_INVALID_SCHEMA and where in message and "failed to validate against schema" in message
    assert code_of(conn.createXML, xml, libvirt.VIR_DOMAIN_START_VALIDATE)[0] == libvirt.VIR_ERR_XML_INVALID_SCHEMA
    assert not conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_INACTIVE)


def test_valid_documents_are_taken(conn):
    domain = conn.defineXMLFlags(DOMAIN.format("<vcpu>2</vcpu>", "hvm", ""), libvirt.VIR_DOMAIN_DEFINE_VALIDATE)
    again = conn.defineXMLFlags(domain.XMLDesc(), libvirt.VIR_DOMAIN_DEFINE_VALIDATE)
    assert again.UUIDString() == domain.UUIDString()
    # Not well-formed is not the schema's business.
    assert code_of(conn.defineXMLFlags, "<domain", libvirt.VIR_DOMAIN_DEFINE_VALIDATE)[0] == libvirt.VIR_ERR_XML_DETAIL


# ---- dumpxml's flags ----

def test_update_cpu(conn):
    domain = conn.defineXML(DOMAIN.format("<cpu mode='host-model'><feature policy='disable' name='cx16'/></cpu>", "hvm", ""))
    assert "mode='host-model'" in domain.XMLDesc()
    cpu = ET.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_UPDATE_CPU)).find("cpu")
    assert cpu.get("mode") == "custom" and cpu.findtext("model") == "qemu64"
    assert cpu.find("feature[@name='cx16']").get("policy") == "disable"
    assert "mode='host-model'" in domain.XMLDesc()
    pv = conn.defineXML(DOMAIN.format("<cpu mode='host-model'/>", "xen", "").replace("<name>v", "<name>pv")
                        .replace("</type>", "</type><kernel>/k</kernel>"))
    assert "mode='host-model'" in pv.XMLDesc(libvirt.VIR_DOMAIN_XML_UPDATE_CPU)


def test_a_cpu_that_cannot_be_does_not_start(conn):
    cases = [
        ("<cpu mode='custom'><model>EPYC</model></cpu>", libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "EPYC"),
        ("<cpu mode='custom'><model>qemu64</model><feature policy='require' name='popcnt'/></cpu>", libvirt.VIR_ERR_CPU_INCOMPATIBLE, "popcnt"),
        ("<cpu mode='host-passthrough'><feature policy='forbid' name='lm'/></cpu>", libvirt.VIR_ERR_CPU_INCOMPATIBLE, "lm"),
        ("<cpu mode='host-model'><feature name='crumbs'/></cpu>", libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "crumbs"),
    ]
    for cpu, code, what in cases:
        domain = conn.defineXML(DOMAIN.format(cpu, "hvm", ""))
        failed = code_of(domain.create)
        assert failed[0] == code and what in failed[1]
        assert not domain.isActive()
        domain.undefine()
    for cpu in ("<cpu mode='custom' check='none'><model>EPYC</model></cpu>", "<cpu mode='custom'><model>Nehalem</model></cpu>",
                "<cpu mode='custom'><model>qemu64</model><feature policy='optional' name='popcnt'/></cpu>"):
        domain = conn.defineXML(DOMAIN.format(cpu, "hvm", ""))
        domain.create()
        domain.destroy()
        domain.undefine()


def test_secrets_and_what_is_live(conn):
    conn.defineXML(DOMAIN.format("", "hvm", "<graphics type='vnc' passwd='secret'/><interface type='user'/>"))
    domain = conn.lookupByName("v")
    assert "passwd" not in domain.XMLDesc() and "passwd='secret'" in domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE)
    domain.create()
    live, movable = domain.XMLDesc(), domain.XMLDesc(libvirt.VIR_DOMAIN_XML_MIGRATABLE)
    assert "<alias name='net0'/>" in live and " id='" in live.splitlines()[0]
    assert "<alias" not in movable and " id='" not in movable.splitlines()[0]
    domain.destroy()
