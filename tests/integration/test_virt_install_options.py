# SPDX-License-Identifier: LGPL-2.1-or-later
"""What stock virt-install writes for 40 combinations of options: each is defined, comes out of dumpxml as something that libvirt's schema takes
and that is the same when it is defined again, and can be started (paused; the machine is made, the guest does not run)."""
import re
import subprocess

import pytest

from kanzen import run, state, virsh

PV = ["--paravirt", "--import", "--disk", "{disk},format=raw"]
PV_KERNEL = ["--paravirt", "--boot", "kernel={images}/vmlinuz-cloud,initrd={images}/initrd-cloud.img,kernel_args=console=hvc0"]
PVH = PV_KERNEL + ["--xml", "./os/type=xenpvh", "--xml", "./os/type/@machine=xenpvh"]
HVM = ["--hvm", "--import", "--disk", "{disk},format=raw"]
BARE = ["--hvm", "--import", "--disk", "none"]
QUIET = ["--graphics", "none", "--network", "none"]

COMBINATIONS = {
    "pv": PV_KERNEL + QUIET + ["--disk", "{disk},format=raw"],
    "pv-bridge-vcpus": PV_KERNEL + ["--graphics", "none", "--network", "bridge=xenbr0", "--vcpus", "2,maxvcpus=4", "--disk", "none"],
    "pv-user-net-mac": PV_KERNEL + ["--graphics", "none", "--network", "user,mac.address=00:16:3e:01:02:03", "--disk", "none"],
    "pv-two-disks-cd": PV_KERNEL + QUIET + ["--disk", "{disk},format=raw,target.bus=xen", "--disk", "{disk2},readonly=on,target.dev=xvdb",
                                            "--disk", "device=cdrom,target.dev=xvdc"],
    "pv-vnc-tablet": PV_KERNEL + ["--network", "none", "--graphics", "vnc", "--input", "tablet,bus=usb", "--disk", "none"],
    "pv-metadata-events": PV_KERNEL + QUIET + ["--disk", "none", "--metadata", "title=t,description=d", "--events",
                                               "on_crash=preserve,on_reboot=destroy"],
    "pv-memory-backing": PV_KERNEL + QUIET + ["--disk", "none", "--memorybacking", "source.type=memfd,access.mode=shared"],
    "pv-cputune-clock": PV_KERNEL + QUIET + ["--disk", "none", "--cputune", "shares=512", "--clock", "offset=localtime"],
    "pvh": PVH + QUIET + ["--disk", "{disk},format=raw,target.bus=xen,target.dev=xvda"],
    "pvh-bridge": PVH + ["--graphics", "none", "--network", "bridge=xenbr0", "--disk", "none"],
    "hvm": HVM + QUIET,
    "hvm-bridge-virtio": HVM + ["--graphics", "none", "--network", "bridge=xenbr0,model=virtio"],
    "hvm-two-nics": BARE + ["--graphics", "none", "--network", "bridge=xenbr0,model=e1000", "--network", "user,model=rtl8139"],
    "hvm-sata": ["--hvm", "--import", "--disk", "{disk},format=raw,bus=sata,cache=none,discard=unmap"] + QUIET,
    "hvm-scsi": ["--hvm", "--import", "--controller", "scsi,model=virtio-scsi", "--disk", "{disk},format=raw,bus=scsi"] + QUIET,
    "hvm-virtio-serial-number": ["--hvm", "--import", "--disk", "{disk},format=raw,bus=virtio,serial=S1,driver.io=threads"] + QUIET,
    "hvm-usb-floppy": ["--hvm", "--import", "--disk", "{disk},format=raw,bus=usb", "--disk", "{floppy},device=floppy"] + QUIET,
    "hvm-cdrom-install": ["--hvm", "--cdrom", "{iso}", "--disk", "{disk},format=raw"] + QUIET,
    "hvm-pxe": ["--hvm", "--pxe", "--disk", "none", "--graphics", "none", "--network", "bridge=xenbr0"],
    "hvm-vnc-password": BARE + ["--network", "none", "--graphics", "vnc,listen=127.0.0.1,port=5931,password=x"],
    "hvm-spice-qxl": BARE + ["--network", "none", "--graphics", "spice", "--video", "qxl"],
    "hvm-video-virtio": BARE + ["--network", "none", "--graphics", "vnc", "--video", "virtio"],
    "hvm-sound-usb-input": BARE + ["--network", "none", "--graphics", "vnc", "--sound", "ich6", "--input", "keyboard,bus=usb"],
    "hvm-serial-file": BARE + QUIET + ["--serial", "file,path={folder}/serial.log"],
    "hvm-serial-tcp": BARE + QUIET + ["--serial", "tcp,host=127.0.0.1:5932,mode=bind,protocol=telnet"],
    "hvm-channel": BARE + QUIET + ["--channel", "unix,target.type=virtio,name=org.qemu.guest_agent.0"],
    "hvm-watchdog-rng-panic": BARE + QUIET + ["--watchdog", "i6300esb,action=reset", "--rng", "/dev/urandom", "--panic", "default"],
    "hvm-tpm": BARE + QUIET + ["--tpm", "emulator,model=tpm-crb,version=2.0"],
    "hvm-uefi": HVM + QUIET + ["--boot", "uefi"],
    "hvm-uefi-loader": HVM + QUIET + ["--boot", "loader=/usr/share/OVMF/OVMF_CODE_4M.fd,loader.readonly=yes,loader.type=pflash"],
    "hvm-boot-menu": HVM + QUIET + ["--boot", "cdrom,hd,network,menu=on,bios.useserial=on"],
    "hvm-direct-kernel": BARE + QUIET + ["--boot", "kernel={images}/vmlinuz-cloud,initrd={images}/initrd-cloud.img,kernel_args=console=ttyS0"],
    "hvm-cpu-passthrough": BARE + QUIET + ["--cpu", "host-passthrough"],
    "hvm-cpu-host-model-topology": BARE + QUIET + ["--cpu", "host-model", "--vcpus", "4,sockets=1,cores=2,threads=2"],
    "hvm-cpu-custom": BARE + QUIET + ["--cpu", "qemu64,+ssse3,-svm"],
    "hvm-numa": BARE + QUIET + ["--vcpus", "2", "--cpu", "cell0.id=0,cell0.cpus=0,cell0.memory=131072,cell1.id=1,cell1.cpus=1,cell1.memory=131072"],
    "hvm-memory": BARE + QUIET + ["--memorybacking", "source.type=memfd,access.mode=shared,nosharepages=yes", "--numatune", "0",
                                  "--memory", "256,currentMemory=128"],
    "hvm-iothreads-features": BARE + QUIET + ["--iothreads", "2", "--features", "hyperv.relaxed.state=on,kvm.hidden.state=on,vmcoreinfo.state=on"],
    "hvm-sysinfo-clock": BARE + QUIET + ["--sysinfo", "system.serial=abc,system.manufacturer=m", "--clock", "offset=utc,hpet_present=no",
                                         "--pm", "suspend_to_mem.enabled=no"],
    "hvm-cloud-init": ["--hvm", "--import", "--disk", "{disk},format=raw", "--cloud-init", "disable=on"] + QUIET,
}


def print_xml(name, folder, images, options):
    for image in ("disk", "disk2", "floppy", "iso"):
        path = folder / f"{image}.img"
        if not path.exists():
            path.write_bytes(b"")
            subprocess.run(["truncate", "-s", "1440K" if image == "floppy" else "8M", path], check=True)
    words = [word.format(images=images, folder=folder, **{i: folder / f"{i}.img" for i in ("disk", "disk2", "floppy", "iso")})
             for word in options]
    text = run("virt-install", "--connect", "xen:///system", "--name", name, "--memory", "256", "--os-variant", "generic", "--noautoconsole",
               "--check", "all=off", "--print-xml", *words, timeout=120).stdout
    return re.findall(r"<domain .*?</domain>", text, re.DOTALL)


def dump(name):
    return virsh("dumpxml", "--inactive", "--security-info", name)


@pytest.mark.parametrize("case", COMBINATIONS)
def test_combination(images, name, tmp_path, case):
    documents = print_xml(name, tmp_path, images, COMBINATIONS[case])
    assert documents
    path = tmp_path / "domain.xml"
    # The last is the one that stays; those before it are for installing.
    for document in documents:
        path.write_text(document)
        virsh("define", path)
        first = dump(name)
        path.write_text(first)
        virsh("define", "--validate", path)
        assert dump(name) == first
    virsh("start", "--paused", name)
    assert state(name) == "paused"
    virsh("destroy", name)


def test_there_are_forty():
    assert len(COMBINATIONS) == 40
