# SPDX-License-Identifier: LGPL-2.1-or-later
"""Secrets: definitions, values, usage, events, files."""
import os
import stat
import threading
from pathlib import Path

import libvirt
import pytest

from test_libvirt import code_of

UUID = "22e1353d-c27e-4d6d-bf15-465053e6ba0b"


def secret_xml(uuid=UUID, usage="<usage type='ceph'><name>client.admin secret</name></usage>", ephemeral="no", private="no"):
    return (f"<secret ephemeral='{ephemeral}' private='{private}'>{uuid and f'<uuid>{uuid}</uuid>'}"
            f"<description>a &amp; b</description>{usage}</secret>")


def folder(daemon):
    return daemon.lib / "libvirt" / "secrets"


def test_life(daemon, conn):
    secret = conn.secretDefineXML(secret_xml())
    assert secret.UUIDString() == UUID and secret.usageType() == libvirt.VIR_SECRET_USAGE_TYPE_CEPH
    assert secret.usageID() == "client.admin secret"
    assert conn.secretLookupByUUIDString(UUID).usageID() == secret.usageID()
    assert conn.secretLookupByUsage(libvirt.VIR_SECRET_USAGE_TYPE_CEPH, "client.admin secret").UUIDString() == UUID
    assert code_of(conn.secretLookupByUsage, libvirt.VIR_SECRET_USAGE_TYPE_TLS, "client.admin secret") == libvirt.VIR_ERR_NO_SECRET
    assert conn.numOfSecrets() == 1 and conn.listSecrets() == [UUID]
    assert code_of(secret.value) == libvirt.VIR_ERR_NO_SECRET
    secret.setValue(b"\0s3cret\xff")
    assert secret.value() == b"\0s3cret\xff"
    for path in folder(daemon).glob(f"{UUID}*"):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600 and b"s3cret" not in path.read_bytes()
    assert stat.S_IMODE(os.stat(folder(daemon)).st_mode) == 0o700
    secret.undefine()
    assert list(folder(daemon).glob(f"{UUID}*")) == [] and conn.listAllSecrets() == []
    assert code_of(secret.XMLDesc) == libvirt.VIR_ERR_NO_SECRET


def test_xml_is_kept(conn):
    for usage in ["<usage type='volume'><volume>/a b</volume></usage>", "<usage type='iscsi'><target>t</target></usage>",
                  "<usage type='tls'><name>n</name></usage>", "<usage type='vtpm'><name>n</name></usage>", ""]:
        secret = conn.secretDefineXML(secret_xml(uuid="", usage=usage))
        assert usage in "".join(line.strip() for line in secret.XMLDesc().splitlines())
        assert "<secret ephemeral='no' private='no'>" in secret.XMLDesc() and "<description>a &amp; b</description>" in secret.XMLDesc()


def test_corpus(conn):
    shared = Path(os.environ.get("KANZEN_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "corpora" / "secretxml2xmlin"
    if not shared.is_dir():
        pytest.skip("no shared folder")
    for path in shared.iterdir():
        secret = conn.secretDefineXML(path.read_text())
        assert secret.XMLDesc() == path.read_text()
        secret.undefine()


def test_private_and_ephemeral(daemon):
    conn = daemon.connect()
    private = conn.secretDefineXML(secret_xml(private="yes"))
    private.setValue(b"x")
    assert code_of(private.value) == libvirt.VIR_ERR_INVALID_SECRET
    assert code_of(conn.secretDefineXML, secret_xml()) == libvirt.VIR_ERR_OPERATION_DENIED
    passing = conn.secretDefineXML(secret_xml(uuid="", usage="<usage type='tls'><name>n</name></usage>", ephemeral="yes"))
    passing.setValue(b"y")
    assert passing.value() == b"y" and list(folder(daemon).glob(f"{passing.UUIDString()}*")) == []
    assert [len(conn.listAllSecrets(flag)) for flag in (1, 2, 4, 8, 0)] == [1, 1, 1, 1, 2]
    daemon.kill()
    daemon.start()
    again = daemon.connect()
    assert [s.UUIDString() for s in again.listAllSecrets()] == [UUID]


def test_value_survives(daemon):
    conn = daemon.connect()
    conn.secretDefineXML(secret_xml()).setValue(b"keep me")
    conn.secretDefineXML(secret_xml())  # the same again keeps it
    daemon.kill()
    daemon.start()
    assert daemon.connect().secretLookupByUUIDString(UUID).value() == b"keep me"


@pytest.mark.parametrize("xml, code", [
    ("<secret", libvirt.VIR_ERR_XML_DETAIL),
    ("<pool/>", libvirt.VIR_ERR_XML_ERROR),
    (secret_xml(uuid="12"), libvirt.VIR_ERR_XML_ERROR),
    (secret_xml(usage="<usage type='ceph'/>"), libvirt.VIR_ERR_XML_ERROR),
    (secret_xml(usage="<usage type='odd'/>"), libvirt.VIR_ERR_XML_ERROR),
    (secret_xml(usage="<usage type='tls'><name>other</name></usage>"), libvirt.VIR_ERR_INTERNAL_ERROR),
    (secret_xml(uuid="22e1353d-c27e-4d6d-bf15-465053e6ba0c"), libvirt.VIR_ERR_INTERNAL_ERROR),
])
def test_refused(conn, xml, code):
    conn.secretDefineXML(secret_xml())
    assert code_of(conn.secretDefineXML, xml) == code
    assert conn.listSecrets() == [UUID]


def test_events(daemon, conn):
    libvirt.virEventRegisterDefaultImpl()
    stop, seen = threading.Event(), []

    def loop():
        while not stop.is_set():
            libvirt.virEventRunDefaultImpl()

    listener = libvirt.open(daemon.uri)
    listener.secretEventRegisterAny(None, libvirt.VIR_SECRET_EVENT_ID_LIFECYCLE, lambda _c, s, event, _d, _o: seen.append(event), None)
    listener.secretEventRegisterAny(None, libvirt.VIR_SECRET_EVENT_ID_VALUE_CHANGED, lambda _c, s, _o: seen.append("value"), None)
    tick = libvirt.virEventAddTimeout(50, lambda _t, _o: None, None)
    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    secret = conn.secretDefineXML(secret_xml())
    secret.setValue(b"x")
    secret.undefine()
    pause = threading.Event()
    for _ in range(100):
        if len(seen) == 3 or pause.wait(0.05):
            break
    assert seen == [libvirt.VIR_SECRET_EVENT_DEFINED, "value", libvirt.VIR_SECRET_EVENT_UNDEFINED]
    stop.set()
    thread.join(5)
    libvirt.virEventRemoveTimeout(tick)
    listener.close()


def test_read_only(daemon, conn):
    conn.secretDefineXML(secret_xml()).setValue(b"x")
    reader = libvirt.openReadOnly(daemon.uri)
    secret = reader.secretLookupByUUIDString(UUID)
    assert UUID in secret.XMLDesc()
    for call, args in [(secret.value, []), (secret.setValue, [b"y"]), (secret.undefine, []), (reader.secretDefineXML, [secret_xml()])]:
        assert code_of(call, *args) == libvirt.VIR_ERR_OPERATION_DENIED
    reader.close()
