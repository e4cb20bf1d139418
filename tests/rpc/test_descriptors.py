# SPDX-License-Identifier: LGPL-2.1-or-later
"""Descriptors that clients associate with a domain for its disks (virDomainFDAssociate): whose they are, and how long."""
import subprocess

import libvirt
import pytest

from test_libvirt import code_of, xml
from test_limits import n_fds, wait_until

DISK = ("<disk type='file'><driver name='qemu' type='raw'/><source file='/is/not/opened.img' fdgroup='{group}'/>"
        "<target dev='{target}' bus='xen'/></disk>")


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "image"
    path.write_text("through-a-hole")
    with open(path, "r+b") as file:
        yield file


def defined(conn, name, group="g"):
    return conn.defineXML(xml(name).replace("</devices>", DISK.format(group=group, target="xvdq") + "</devices>"))


def begins(daemon):
    return daemon.log.read_text().count("disk 'xvdq' of group 'g' begins with 'through-a-hole'")


def test_image_by_descriptor(daemon, conn, image):
    domain = defined(conn, "fd")
    assert "<source file='/is/not/opened.img' fdgroup='g'/>" in domain.XMLDesc()
    with pytest.raises(libvirt.libvirtError) as missing:
        domain.create()
    assert missing.value.get_error_code() == libvirt.VIR_ERR_INVALID_ARG and "group 'g'" in str(missing.value)
    assert not domain.isActive()
    domain.FDAssociate("g", [image.fileno()],
                       libvirt.VIR_DOMAIN_FD_ASSOCIATE_SECLABEL_RESTORE | libvirt.VIR_DOMAIN_FD_ASSOCIATE_SECLABEL_WRITABLE)
    for times in (1, 2):  # it is there for each start while the connection is
        domain.create()
        assert begins(daemon) == times
        domain.destroy()
    domain.FDAssociate("other", [image.fileno()])
    domain.create()
    assert code_of(domain.FDAssociate, "g", [image.fileno()], 4) == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(domain.FDAssociate, "g", []) == libvirt.VIR_ERR_INVALID_ARG


def test_group_goes_with_its_client(daemon, conn, image):
    domain = defined(conn, "fd")
    before = n_fds(daemon)
    with daemon.connect() as other:
        other.lookupByName("fd").FDAssociate("g", [image.fileno()])
        domain.create()  # any client may start it
        domain.destroy()
        other.lookupByName("fd").FDAssociate("g", [image.fileno(), image.fileno()])  # another group in its place
    with pytest.raises(libvirt.libvirtError, match="group 'g'"):
        while True:  # the end of the connection is not waited for by close()
            domain.create()
            domain.destroy()
    wait_until(lambda: n_fds(daemon) <= before, "descriptors are left over")  # the last ones are closed after the reply


def test_group_goes_with_its_domain(daemon, conn, image):
    domain = defined(conn, "fd")
    before = n_fds(daemon)
    domain.FDAssociate("g", [image.fileno()] * 5)
    domain.undefine()
    del domain
    wait_until(lambda: n_fds(daemon) <= before, "descriptors are left over")  # the last ones are closed after the reply
    again = defined(conn, "fd")
    assert code_of(again.create) == libvirt.VIR_ERR_INVALID_ARG


def test_virsh(daemon, conn, image):
    defined(conn, "fd")
    done = subprocess.run(["virsh", "-c", daemon.uri, f"dom-fd-associate fd g {image.fileno()} --seclabel-writable; start fd"],
                          capture_output=True, text=True, pass_fds=[image.fileno()], check=False)
    assert done.returncode == 0, done.stderr
    assert begins(daemon) == 1


def test_definitions(conn):
    for wrong in (DISK.replace("file='/is/not/opened.img' ", ""), DISK.replace("</disk>", "<transient/></disk>")):
        with pytest.raises(libvirt.libvirtError) as refused:
            conn.defineXML(xml("fd").replace("</devices>", wrong.format(group="g", target="xvdq") + "</devices>"))
        assert refused.value.get_error_code() == libvirt.VIR_ERR_XML_ERROR and "fdgroup" in str(refused.value)
