# SPDX-License-Identifier: LGPL-2.1-or-later
"""TCP, TLS and SASL with stock libvirt clients over the loopback, and polkit with a stand-in for it."""
import os
import re
import socket
import ssl
import subprocess

import libvirt
import pytest

from test_config import free_port
from wire import ERROR, OK, Closed, Wire, i32, packet, string, u32

PATH = "/system" if os.geteuid() == 0 else "/session"
AUTH_FAILED, AUTH_UNAVAILABLE, RPC = 45, 94, 39


# ---- certificates ----

def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True, timeout=30)


def make_key(key):
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)


def make_ca(folder):
    folder.mkdir()
    make_key(folder / "key.pem")
    openssl("req", "-x509", "-new", "-key", folder / "key.pem", "-subj", "/CN=ca", "-days", "2", "-out", folder / "cacert.pem")
    return folder


def make_certificate(ca, folder, what, subject, extension):
    """WHATcert.pem and WHATkey.pem, signed by the CA."""
    folder.mkdir(exist_ok=True)
    make_key(folder / f"{what}key.pem")
    (folder / "ext").write_text(extension)
    openssl("req", "-new", "-key", folder / f"{what}key.pem", "-subj", subject, "-out", folder / "request")
    openssl("x509", "-req", "-in", folder / "request", "-CA", ca / "cacert.pem", "-CAkey", ca / "key.pem", "-CAcreateserial",
            "-days", "2", "-extfile", folder / "ext", "-out", folder / f"{what}cert.pem")


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    """server/; alice/, bob/ of the CA; mallory/ of another; each as a client's pkipath."""
    top = tmp_path_factory.mktemp("pki")
    ca, other = make_ca(top / "ca"), make_ca(top / "other")
    make_certificate(ca, top / "server", "server", "/O=Example/CN=localhost",
                     "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    for name, signer in (("alice", ca), ("bob", ca), ("mallory", other)):
        make_certificate(signer, top / name, "client", f"/O=Example/CN={name}", "extendedKeyUsage=clientAuth\n")
        (top / name / "cacert.pem").write_bytes((ca / "cacert.pem").read_bytes())
    return top


def tls_config(pki, port, more=""):
    return (f"[tls]\nlisten = yes\naddress = 127.0.0.1\nport = {port}\ncertificate = {pki}/server/servercert.pem\n"
            f"key = {pki}/server/serverkey.pem\nca = {pki}/ca/cacert.pem\n{more}")


def tls_uri(port, pkipath, host="localhost"):
    return f"xen+tls://{host}:{port}{PATH}?pkipath={pkipath}"


def error_of(call, *args):
    with pytest.raises(libvirt.libvirtError) as caught:
        call(*args)
    return caught.value


# ---- TLS ----

def test_tls(stopped_daemon, pki):
    port = free_port()
    stopped_daemon.configure(tls_config(pki, port))
    stopped_daemon.start()
    done = subprocess.run(["virsh", "-q", "-c", tls_uri(port, pki / "alice"), "list --all; define /dev/stdin; dumpxml big"],
                          input="<domain type='xen'><name>big</name><description>" + "x" * 300000 + "</description><memory>65536</memory>"
                                "<os><type>linux</type><kernel>/k</kernel></os></domain>",
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and "Domain-0" in done.stdout and "x" * 300000 in done.stdout, done.stderr
    conn = libvirt.open(tls_uri(port, pki / "bob", "127.0.0.1"))
    assert conn.isEncrypted() == 1 and conn.isSecure() == 1
    conn.close()


def test_tls_strangers(stopped_daemon, pki, tmp_path):
    port = free_port()
    stopped_daemon.configure(tls_config(pki, port))
    stopped_daemon.start()
    error_of(libvirt.open, tls_uri(port, pki / "mallory") + "&no_sanity=1")
    stopped_daemon.wait_for_log("its certificate: ")
    (tmp_path / "nobody").mkdir()
    (tmp_path / "nobody" / "cacert.pem").write_bytes((pki / "ca" / "cacert.pem").read_bytes())
    error_of(libvirt.open, tls_uri(port, tmp_path / "nobody") + "&no_sanity=1")
    stopped_daemon.wait_for_log("it shows no certificate")
    plain = socket.create_connection(("127.0.0.1", port))
    plain.sendall(b"\0\0\0\x1c this is not TLS" * 10)
    plain.settimeout(20)
    while plain.recv(1000):  # an alert, then the end
        pass
    stopped_daemon.wait_for_log("TLS handshake")
    libvirt.open(tls_uri(port, pki / "alice")).close()


def test_tls_names(stopped_daemon, pki):
    """Only whom the list names, written either way round; a reload changes it, and what is wrong with it is said."""
    port = free_port()
    stopped_daemon.configure(tls_config(pki, port, "allowed-dn = CN=alice,O=Example\n"))
    stopped_daemon.start()
    libvirt.open(tls_uri(port, pki / "alice")).close()
    error_of(libvirt.open, tls_uri(port, pki / "bob"))
    stopped_daemon.wait_for_log("the name of its certificate, 'CN=bob,O=Example', is not allowed")
    stopped_daemon.configure(tls_config(pki, port, "allowed-dn = O=Example,CN=b*\n"))
    stopped_daemon.reload()
    libvirt.open(tls_uri(port, pki / "bob")).close()
    error_of(libvirt.open, tls_uri(port, pki / "alice"))
    stopped_daemon.configure(tls_config(pki, port, "verify-clients = no\nallowed-dn = CN=alice\n"))
    stopped_daemon.reload()
    assert "allowed-dn is of no use with verify-clients = no" in stopped_daemon.log.read_text()
    libvirt.open(tls_uri(port, pki / "bob")).close()  # as before


def test_tls_bytes(stopped_daemon, pki):
    """Packets cut anywhere, many in one record; and a peer that stops in the handshake does not stop others."""
    port = free_port()
    stopped_daemon.configure(tls_config(pki, port))
    stopped_daemon.start()
    hanging = socket.create_connection(("127.0.0.1", port))
    hanging.sendall(b"\x16\x03\x01\x02\x00")
    context = ssl.create_default_context(cafile=pki / "ca" / "cacert.pem")
    context.load_cert_chain(pki / "alice" / "clientcert.pem", pki / "alice" / "clientkey.pem")
    secured = context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost")
    assert secured.recv(1) == b"\1"
    wire = Wire.over(secured).open()
    wire.send(b"".join(packet(3, serial=n) for n in range(40)))
    assert sorted(wire.receive().serial for _ in range(40)) == list(range(40))
    for byte in packet(3, serial=77):
        wire.send(bytes([byte]))
    assert wire.receive().serial == 77
    wire.send(packet(310, u32(1) + bytes(32), kind=4))  # descriptors do not travel over TLS
    with pytest.raises((Closed, ssl.SSLError)):
        wire.receive()


# ---- TCP, SASL ----

def test_tcp_without_authentication(stopped_daemon):
    port = free_port()
    stopped_daemon.configure(f"[tcp]\nlisten = yes\naddress = localhost\nport = {port}\nauth = none\n")
    stopped_daemon.start()
    assert "whoever reaches port" in stopped_daemon.log.read_text()
    conn = libvirt.open(f"xen+tcp://localhost:{port}{PATH}")
    assert conn.getType() == "Xen" and conn.isSecure() == 0
    conn.close()


@pytest.fixture(scope="module")
def users(tmp_path_factory):
    """A database with alice and bob."""
    database = tmp_path_factory.mktemp("sasl") / "passwd.db"
    for user in ("alice", "bob"):
        subprocess.run(["saslpasswd2", "-p", "-c", "-f", database, "-a", "kanzend", user], input=f"{user}-secret", text=True,
                       check=True, timeout=20)
    return database


def login(uri, user, password):
    def answer(wanted, _):
        for one in wanted:
            one[4] = user if one[0] == libvirt.VIR_CRED_AUTHNAME else password
        return 0
    return libvirt.openAuth(uri, [[libvirt.VIR_CRED_AUTHNAME, libvirt.VIR_CRED_PASSPHRASE], answer, None], 0)


def sasl_config(users, mechanisms, more=""):
    return f"[sasl]\nmechanisms = {mechanisms}\ndatabase = {users}\n{more}"


def test_sasl_over_tcp(stopped_daemon, users):
    """DIGEST-MD5 encrypts; nothing weaker is offered without TLS."""
    port = free_port()
    stopped_daemon.configure(f"[tcp]\nlisten = yes\naddress = 127.0.0.1\nport = {port}\n" +
                             sasl_config(users, "DIGEST-MD5 SCRAM-SHA-256 PLAIN"))
    stopped_daemon.start()
    uri = f"xen+tcp://127.0.0.1:{port}{PATH}"
    conn = login(uri, "alice", "alice-secret")
    domain = conn.defineXML("<domain type='xen'><name>big</name><description>" + "y" * 200000 + "</description><memory>65536</memory>"
                            "<os><type>linux</type><kernel>/k</kernel></os></domain>")
    assert "y" * 200000 in domain.XMLDesc() and conn.isEncrypted() == 1
    conn.close()
    assert re.search(r"auth: SASL has let client .* in as 'alice", stopped_daemon.log.read_text())
    assert error_of(login, uri, "alice", "wrong").get_error_code() == AUTH_FAILED

    wire = Wire.over(socket.create_connection(("127.0.0.1", port)))
    assert wire.call(66).payload == u32(1, 1)
    assert wire.call(3).error() == (RPC, 7, "authentication required")
    assert wire.call(1, u32(0, 0)).error() == (RPC, 7, "authentication required")
    assert wire.call(70).error()[0] == AUTH_FAILED  # polkit was not asked for
    assert wire.call(69, i32(1) + u32(0)).error()[0] == AUTH_FAILED  # a step before the start


@pytest.mark.parametrize("answer", [b"", b"\0" * 100, b"\xff" * 3000, b"username=\"alice\",realm=\"x\"", b"," * 500])
def test_sasl_nonsense(stopped_daemon, users, answer):
    port = free_port()
    stopped_daemon.configure(f"[tcp]\nlisten = yes\naddress = 127.0.0.1\nport = {port}\n" + sasl_config(users, "DIGEST-MD5"))
    stopped_daemon.start()
    wire = Wire.over(socket.create_connection(("127.0.0.1", port)))
    assert wire.call(67).payload == string("DIGEST-MD5")
    begun = wire.call(68, string("DIGEST-MD5") + i32(1) + u32(0))
    assert begun.status == OK
    data = i32(0) + u32(len(answer)) + b"".join(bytes([0, 0, 0, byte]) for byte in answer)
    assert wire.call(69, data).status == ERROR
    assert wire.is_closed()  # one attempt a connection
    again = Wire.over(socket.create_connection(("127.0.0.1", port)))
    assert again.call(67).status == OK and again.call(67).error()[0] == AUTH_FAILED
    assert again.call(68, string("PLAIN") + i32(1) + u32(0)).status == ERROR


def test_sasl_over_tls(stopped_daemon, users, pki):
    port = free_port()
    config = tls_config(pki, port, "auth = sasl\n")
    stopped_daemon.configure(config + sasl_config(users, "SCRAM-SHA-256", "allowed-user = alice*\n"))
    stopped_daemon.start()
    uri = tls_uri(port, pki / "alice")
    conn = login(uri, "alice", "alice-secret")
    assert conn.getType() == "Xen"
    assert error_of(login, uri, "bob", "bob-secret").get_error_code() == AUTH_FAILED
    assert "is not in the list of allowed users" in stopped_daemon.log.read_text()
    assert error_of(login, tls_uri(port, pki / "mallory") + "&no_sanity=1", "alice", "alice-secret")  # the certificate still counts
    stopped_daemon.configure(config + sasl_config(users, "SCRAM-SHA-256", "allowed-user = bob*\n"))
    stopped_daemon.reload()
    login(uri, "bob", "bob-secret").close()
    assert conn.getType() == "Xen"  # who is in stays in
    conn.close()


# ---- ssh ----

NETCAT = """#!/usr/bin/python3
import socket, sys, threading
server = socket.socket(socket.AF_UNIX)
server.connect(sys.argv[-1])
def forward():
    while data := server.recv(65536):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
threading.Thread(target=forward, daemon=True).start()
while data := sys.stdin.buffer.read1(65536):
    server.sendall(data)
"""


@pytest.mark.parametrize("readonly", [False, True])
def test_ssh(daemon, tmp_path, readonly):
    """What libvirt's client has ssh run on this host finds libvirt-sock."""
    if readonly and os.geteuid() != 0:
        pytest.skip("session daemons have no read-only socket")
    ssh, netcat = tmp_path / "ssh", tmp_path / "nc"
    ssh.write_text('#!/bin/sh\nwhile [ "$1" != host ]; do shift; done\nshift\nexec sh -c "$*"\n')
    netcat.write_text(NETCAT)
    for program in (ssh, netcat):
        program.chmod(0o755)
    name = "libvirt-sock-ro" if readonly else "libvirt-sock"
    uri = f"xen+ssh://host{PATH}?command={ssh}&netcat={netcat}&socket={daemon.run}/{name}&proxy=netcat"
    conn = (libvirt.openReadOnly if readonly else libvirt.open)(uri)
    assert conn.lookupByName("Domain-0").isActive() == 1
    conn.close()


# ---- polkit ----

def test_polkit_is_not_there(stopped_daemon):
    """Without a bus nobody but root gets in, and is told why."""
    stopped_daemon.configure("[sockets]\nauth = polkit\n")
    stopped_daemon.start(DBUS_SYSTEM_BUS_ADDRESS="unix:path=/nowhere/bus")
    if os.geteuid() == 0:
        assert stopped_daemon.wire().call(3).status == OK
        for folder in (stopped_daemon.folder, *stopped_daemon.folder.parents):
            if str(folder).startswith("/tmp/"):
                os.chmod(folder, os.stat(folder).st_mode | 0o011)
    wire = as_nobody(stopped_daemon.socket) if os.geteuid() == 0 else Wire(stopped_daemon.socket)
    assert wire.call(66).payload == u32(1, 2)
    assert wire.call(3).error() == (RPC, 7, "authentication required")
    code, _, message = wire.call(70).error()
    assert code == AUTH_UNAVAILABLE and "polkit cannot be asked" in message


def as_nobody(path):
    """A connection whose other end takes it for user nobody."""
    os.seteuid(65534)
    try:
        return Wire(path)
    finally:
        os.seteuid(0)
