/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xl.cfg: single lines in a minimal domain, what becomes of them or the error. */
#include <string.h>

#include "xlcfg-fixture.h"

/* One line in a minimal PV domain: what the whole becomes in JSON must contain, or the error. */
typedef struct {
    const char *line;
    const char *json;  /* a part of the JSON without blanks */
    const char *error; /* the whole message, without "line:" */
} Line;

static const Line lines[] = {
    { "memory = \"512\"", "\"target_memkb\":524288", NULL },
    { "memory = 0x40", "\"target_memkb\":65536", NULL },
    { "memory = 'a lot'", NULL, "4:10: option 'memory': 'a lot' is not a valid number" },
    { "memory = [ 5 ]", NULL, "4:10: option 'memory': a number is wanted, not a list" },
    { "maxmem = 32", NULL, "maxmem is less than memory" },
    { "vcpus = 4; maxvcpus = 2", NULL, "maxvcpus < vcpus" },
    { "maxvcpus = 3", "\"max_vcpus\":3", NULL },
    { "root = '/dev/xvda1 ro'; extra = 'quiet'", "\"cmdline\":\"root=/dev/xvda1roquiet\"", NULL },
    { "root = '/dev/xvda1'", "\"cmdline\":\"root=/dev/xvda1\"", NULL },
    { "extra = 'quiet'; cmdline = 'console=hvc0'", "\"cmdline\":\"console=hvc0\"", NULL },
    { "root='/dev/nfs'; nfs_server='2.3.4.5'; nfs_root='/r'",
      "\"cmdline\":\"root=/dev/nfsnfsroot=2.3.4.5:/r\"", NULL },
    { "nfs_root = '/r'", "\"name\":\"minimal\"", NULL },
    { "dhcp = 'dhcp'; root = '/dev/nfs'", "\"cmdline\":\"ip=dhcproot=/dev/nfs\"", NULL },
    { "ip = '10.0.0.2'; netmask = '255.0.0.0'", "\"cmdline\":\"ip=10.0.0.2:::255.0.0.0::eth0:off\"",
      NULL },
    { "on_crash = 'coredump-restart'", "\"on_crash\":\"coredump-restart\"", NULL },
    { "on_crash = 'explode'", NULL,
      "4:12: option 'on_crash': Unknown on_crash action \"explode\" specified" },
    { "kernel = ''", NULL, "Neither kernel nor bootloader specified" },
    { "name = ''", NULL, "4:8: option 'name': Domain name must be specified." },
    { "uuid = 'nonsense'", NULL, "4:8: option 'uuid': Failed to parse UUID: nonsense" },
    { "type = 'arm'", NULL, "4:8: option 'type': Invalid domain type arm." },
    { "type = 'pvh'; builder = 'hvm'", NULL,
      "4:1: option 'type': Contradicting \"builder\" and \"type\" options specified." },
    { "pvh = 1", "\"type\":\"pvh\"", NULL },
    { "pvh = 0", "\"type\":\"pv\"", NULL },
    { "pvshim = 1; pvh = 1", "\"type\":\"pv\"", NULL },
    { "pvh = 1; builder = 'hvm'", NULL, "4:7: option 'pvh': the type of the guest is \"hvm\"" },
    { "type = 'pvh'; pvshim = 1", "\"type\":\"pv\"", NULL },
    { "firmware = 'pvgrub64'", "\"bootloader\":\"pvgrub64\"", NULL },
    { "cpus = [ 0, '2-3,^2' ]", "\"cpus\":\"[0,\\\"2-3,^2\\\"]\"", NULL },
    { "tsc_mode = 2", "\"tsc_mode\":\"native\"", NULL },
    { "tsc_mode = 9", NULL, "4:12: option 'tsc_mode': invalid value 9" },
    { "p9 = [ 'tag=x,path=/' ]", NULL,
      "4:6: option 'p9': not supported: the 9p split driver is not supported yet" },
    { "p9 = [ ]", "\"name\":\"minimal\"", NULL },
    { "max_grant_frames = 64", "\"key\":\"max_grant_frames\",\"value\":\"64\"", NULL },

    { "disk = [ 'phy:hda3,sda1,w' ]", "\"pdev_path\":\"/dev/hda3\"", NULL },
    { "disk = [ 'phy:vg/lv,sda1,w' ]", "\"pdev_path\":\"/dev/vg/lv\"", NULL },
    { "disk = [ 'tap:aio:/a.img,xvda,w' ]", "\"pdev_path\":\"/a.img\"", NULL },
    { "disk = [ 'tap:qcow2:/a.img,ioemu:hda,w' ]", "\"format\":\"qcow2\",\"vdev\":\"hda\"", NULL },
    { "disk = [ '/a.img,xvda,w' ]", "\"vdev\":\"xvda\"", NULL },
    { "disk = [ 'tap:sync:/a.img,/dev/xvdb,w' ]", "\"vdev\":\"xvdb\"", NULL },
    { "disk = [ 'file:/a.img,0x301,w' ]", "\"vdev\":\"hda1\"", NULL },
    { "disk = [ '/a.img,,d1p2' ]", "\"vdev\":\"xvdb2\"", NULL },
    { "disk = [ '/a.img,,12345' ]", NULL,
      "4:10: option 'disk': '12345' is no virtual device (xvda, hda, sda1 ...)" },
    { "disk = [ '/a.img,,xvda,w!' ]", "\"shareable\":true", NULL },
    { "disk = [ '/a.iso,,hdc,cdrom' ]", "\"is_cdrom\":1", NULL },
    { "disk = [ 'file:/a.iso,hdd:cdrom,r' ]", "\"is_cdrom\":1", NULL },
    { "disk = [ ',hdc:cdrom,r' ]", "\"format\":\"empty\"", NULL },
    { "disk = [ 'vdev=hdc,devtype=cdrom' ]", "\"format\":\"empty\"", NULL },
    { "disk = [ 'vdev=xvda, access=ro, target=/with,comma ' ]", "\"pdev_path\":\"/with,comma\"",
      NULL },
    { "disk = [ 'vdev=xvda,target=rbd:pool/image:id=x' ]", "\"is_uri\":true", NULL },
    { "disk = [ 'nbd://host/export,raw,xvda,w' ]", "\"pdev_path\":\"nbd://host/export\"", NULL },
    { "disk = [ '/a.img,raw,xvda,rw,rw' ]", NULL,
      "4:10: option 'disk': too many positional parameters in '/a.img,raw,xvda,rw,rw'" },
    { "disk = [ '/a.img,raw' ]", NULL, "4:10: option 'disk': no vdev specified in '/a.img,raw'" },
    { "disk = [ ',raw,xvda' ]", NULL, "4:10: option 'disk': no target specified in ',raw,xvda'" },
    { "disk = [ '/a.img,zip,xvda' ]", NULL, "4:10: option 'disk': unknown value 'zip' for format" },
    { "disk = [ '/a.img,raw,floppy0' ]", NULL,
      "4:10: option 'disk': 'floppy0' is no virtual device (xvda, hda, sda1 ...)" },
    { "disk = [ '/a.img,raw,xvda,maybe' ]", NULL,
      "4:10: option 'disk': unknown value 'maybe' for access" },
    { "disk = [ '/a.img,raw,xvda,format=raw' ]", NULL,
      "4:10: option 'disk': format is given twice in '/a.img,raw,xvda,format=raw'" },
    { "disk = [ 'drbd:res,xvda,w' ]", NULL,
      "4:10: option 'disk': block scripts ('drbd:') are not supported: give a URI, "
      "target=drbd://..." },
    { "disk = [ '/a,raw,xvda,backend=dd' ]", NULL,
      "4:10: option 'disk': driver domains are not supported: backend=dd" },
    { "disk = '/a,raw,xvda'", NULL, "4:8: option 'disk': a list is wanted, not a single value" },

    { "vif = [ '' ]", "\"nics\":[{", NULL },
    { "vif = [ 'mac=00:16:3E:AA:00:01' ]", "\"mac\":\"00:16:3e:aa:00:01\"", NULL },
    { "vif = [ 'mac=01:00:00:00:00:00' ]", NULL,
      "4:9: option 'vif': '01:00:00:00:00:00' is no MAC address" },
    { "vif = [ 'mac=00:16:3e' ]", NULL, "4:9: option 'vif': '00:16:3e' is no MAC address" },
    { "vif = [ 'rate=10Mb/s' ]", "\"rate_bytes_per_interval\":62500,\"rate_interval_usecs\":50000",
      NULL },
    { "vif = [ 'rate=1MB/s@20ms' ]",
      "\"rate_bytes_per_interval\":20000,\"rate_interval_usecs\":20000", NULL },
    { "vif = [ 'rate=7b/s' ]", NULL,
      "4:9: option 'vif': '7b/s' is no rate (like 10Mb/s or 1MB/s@20ms)" },
    { "vif = [ 'rate=99999999999GB/s' ]", NULL,
      "4:9: option 'vif': '99999999999GB/s' is no rate (like 10Mb/s or 1MB/s@20ms)" },
    { "vif = [ 'script=vif-route,netdev=eth0' ]", "\"gatewaydev\":\"eth0\"", NULL },
    { "vif = [ 'type=netfront' ]", "\"model\":\"netfront\"", NULL },
    { "vif = [ 'colour=red' ]", NULL, "4:9: option 'vif': unrecognized argument 'colour'" },

    { "vfb = [ 'vnc=1,vncdisplay=:1' ]", "\"display\":1", NULL },
    { "vfb = [ 'vnclisten=0.0.0.0:7' ]", "\"listen\":\"0.0.0.0\",\"display\":7", NULL },
    { "vfb = [ 'vnclisten=[::1]:7' ]", "\"listen\":\"::1\",\"display\":7", NULL },
    { "vfb = [ 'vnclisten=[x:1]:7' ]", NULL, "4:9: option 'vfb': '[x:1]:7' is no address" },
    { "vfb = [ 'vnclisten=[[::1]' ]", NULL, "4:9: option 'vfb': '[[::1]' is no address" },
    { "vfb = [ 'vnclisten=::1' ]", "\"listen\":\"::1\"", NULL },
    { "vfb = [ 'vnclisten=1.2.3.4:1,vncdisplay=2' ]", NULL,
      "4:9: option 'vfb': Display specified both in vnclisten and vncdisplay!" },
    { "vnc = 1; vnclisten = '0.0.0.0'",
      "\"vfbs\":[{\"vnc\":{\"enable\":\"True\",\"listen\":\"0.0.0.0\"", NULL },

    { "pci = [ '0000:03:00.0' ]", "\"bus\":3", NULL },
    { "pci = [ '01:13.0@5,seize=1' ]", "\"options\":\"vslot=5,seize=1\"", NULL },
    { "pci = [ 'bdf=36:00.0,vslot=20' ]", "\"options\":\"vslot=20\"", NULL },
    { "pci = [ '3.0' ]", NULL, "4:9: option 'pci': '3.0' is no PCI address ([DDDD:]BB:SS.F)" },
    { "pci = [ '01:13.*' ]", NULL,
      "4:9: option 'pci': '01:13.*': name each function of the device" },

    { "channel = [ 'connection=socket,path=/s,name=n' ]", "\"connection\":\"unix\",\"path\":\"/s\"",
      NULL },
    { "channel = [ 'connection=socket,name=n' ]", NULL,
      "4:13: option 'channel': channel connection 'socket' requires path=.." },
    { "serial = 'tcp:127.0.0.1:77'", "\"kind\":\"tcp\",\"target\":\"127.0.0.1:77\"", NULL },
    { "serial = [ 'pty', '/dev/ttyS0' ]", "\"kind\":\"dev\",\"target\":\"/dev/ttyS0\"", NULL },
    { "serial = 'chardev:x'", NULL,
      "4:10: option 'serial': unknown kind of serial device 'chardev:x'" },
    { "serial = [ 'pty', 'x' ]", NULL, "4:19: option 'serial': unknown kind of serial device 'x'" },

    { "extra = 'a'\nextra += ' b'", "\"cmdline\":\"ab\"", NULL },
    { "vif = [ 'bridge=a' ]\nvif += [ 'bridge=b' ]", "\"bridge\":\"b\"", NULL },
    { "extra = 'a'; extra += [ 'b' ]", NULL,
      "4:23: only a string can be added to a string, a list to a list, a number to a number" },
    { "extra = \\\n 'continued'", "\"cmdline\":\"continued\"", NULL },
    { "extra = \"\\x41\\102\\t\\\"\"", "\"cmdline\":\"AB\\t\\\"\"", NULL },
    { "extra = \"\\q\"", NULL, "4:11: invalid character after a backslash in a string" },
    { "extra = \"\\xff\"", NULL, "4:9: the string is not UTF-8" },
    { "extra = 'open", NULL, "4:9: the string does not end on its line" },
    { "memory = 12MB", NULL, "4:10: expected a whole number, found '12MB'" },
    { "memory =", NULL, "4:9: expected a value, found the end of the line" },
    { "memory 512", NULL, "4:1: 'memory' does not begin an assignment (Python is not executed)" },
    { "disk = [ 'a' 'b' ]", NULL, "4:14: expected ',' or ']', found the string 'b'" },
    { "disk = [ 'a',", NULL,
      "5:1: expected a string, a number or a list, found the end of the file" },
    { "name = foo", NULL, "4:8: expected a string, a number or a list, found 'foo'" },
    { "for i in x: pass", NULL,
      "4:1: 'for' does not begin an assignment (Python is not executed)" },
    { "import os\nname = os.uname()[1]", NULL,
      "5:1: option 'name': its value is a Python expression, which is not evaluated" },
    { "import os\nif os.x:\n  memory = 5", NULL,
      "6:3: option 'memory': it depends on a Python condition, which is not decided" },
    { "import os\ndevice_model = '/usr/' + libdir + '/qemu-dm'", "\"name\":\"minimal\"", NULL },
    { "if x: a = 1; b = 2\nelif y: a = f(1,\n 2)\nelse:\n  a = [ 3 ]\nmemory = 65",
      "\"target_memkb\":66560", NULL },
    { "if x:\n  if y:\n    a = 1\n  else:\n    a = 2\nelse:\n  pass\nmemory = 65",
      "\"target_memkb\":66560", NULL },
    /* Python that says no more than the file itself */
    { "import os, re\narch = os.uname()[4]\nif re.search('64', arch):\n  lib = 'lib64'\nelse:\n"
      "  lib = 'lib'\nramdisk = '/usr/' + lib + '/initrd'",
      "\"ramdisk\":\"/usr/lib64/initrd\"", NULL },
    { "vmid = 7\nvif = [ 'mac=00:16:3e:00:00:%02x' % vmid, 'bridge=br%d,ip=%s' % (vmid, '1.2.3.4') "
      "]",
      "\"mac\":\"00:16:3e:00:00:07\"", NULL },
    { "import x\nextra = 'a' 'b'\n", "\"cmdline\":\"ab\"", NULL },
    { "import x\nmemory = 32 + int('32') + 1", "\"target_memkb\":66560", NULL },
    { "import x\nextra = ('a' +\n'b')", NULL,
      "5:1: option 'extra': its value is a Python expression, which is not evaluated" },
    { "import x\nextra = str(5) + 'b'", "\"cmdline\":\"5b\"", NULL },
    { "a = [ 'bridge=x' ]\nvif = a + [ 'bridge=y' ]", "\"bridge\":\"y\"", NULL },
    { "a = 'x'\na += 'y'\nextra = a", "\"cmdline\":\"xy\"", NULL },
    { "arch = 'i686'\nif arch == 'x86_64':\n  memory = 1\nelif arch != 'i686':\n  memory = 2\n"
      "else:\n  memory = 65",
      "\"target_memkb\":66560", NULL },
    { "a = ''\nif not a: memory = 65\nelse: memory = 1", "\"target_memkb\":66560", NULL },
    { "if 0:\n  if x:\n    memory = 1\n  else:\n    memory = 2\nelse:\n  memory = 65",
      "\"target_memkb\":66560", NULL },
    { "if x:\n  memory = 1\nelif 1:\n  memory = 2\nelse:\n  a = 5", NULL,
      "7:3: option 'memory': it depends on a Python condition, which is not decided" },
    { "if x:\n  a = 1\nelse:\n  a = 2\nmemory = a", NULL,
      "8:1: option 'memory': its value is a Python expression, which is not evaluated" },
    { "extra = 'a' % 5", NULL, "4:9: the values behind % do not fit what is before it" },
    { "extra = 'a%n' % 5", NULL, "4:9: the values behind % do not fit what is before it" },
    { "extra = 'a%d%d' % 5", NULL, "4:9: the values behind % do not fit what is before it" },
    { "extra = 'a' + 5", NULL,
      "4:15: only a string can be added to a string, a list to a list, a number to a number" },
    { "extra = a", NULL, "4:9: expected a string, a number or a list, found 'a'" },
    { "extra = '''a\n'b' \\x41'''", "\"cmdline\":\"a\\n'b'A\"", NULL },
    { "extra = \"\"\"\"\"\"; memory = 65", "\"target_memkb\":66560", NULL },
    { "extra = '''a", NULL, "4:9: the string does not end" },

    { "restart = 'always'", "\"on_poweroff\":\"restart\",\"on_reboot\":\"restart\"", NULL },
    { "restart = 'maybe'", NULL,
      "4:11: option 'restart': invalid value \"maybe\" for \"restart\"" },
    { "cpu = 2", "\"cpus\":\"2\"", NULL },
    { "cpu = -1", "\"name\":\"minimal\"", NULL },
    { "pci = [ '01:00.0', '01:00.1,permissive=0' ]; pci_permissive = 1; pci_seize = 0",
      "\"options\":\"permissive=1,seize=0\"},{\"bus\":1,\"func\":1,\"options\":\"permissive=0,"
      "seize=0\"",
      NULL },
    { "mmio_hole = 128", NULL, "4:13: option 'mmio_hole': 128 is not in the range 256 to 3840" },
    { "mmio_hole = 512", "\"mmio_hole_memkb\":524288", NULL },
    { "if x:\na = 1", NULL, "5:1: expected an indented line below the if, found 'a'" },
    { "else:\n  a = 1", NULL, "4:1: expected an if before it, found 'else'" },
    { "vnc = True; sdl = False", "\"enable\":\"True\"", NULL },
    { "\xc3\xa4", NULL, "4:1: unexpected character" },
};

/* The same in a minimal HVM domain. */
static const Line hvm_lines[] = {
    { "vnuma = [ [ 'pnode=0', 'size=48', 'vcpus=0', 'vdistances=10,20' ],\n"
      "          [ 'pnode=0', 'size=16', 'vcpus=1-2,4', 'vdistances=20,10' ] ]",
      "\"memkb\":16384", NULL },
    { "maxmem = 128; vnuma = [ [ 'size=64', 'vcpus=0' ] ]", NULL,
      "maxmem is not the sum of the sizes in vnuma, 64 MiB" },
    { "vnuma = [ [ 'size=64', 'vcpus=0', 'vdistances=10,20' ] ]", NULL,
      "vnuma: node 0 has 2 distances, there are 1 nodes" },
    { "vnuma = [ [ 'vcpus=0' ] ]", NULL, "4:11: option 'vnuma': a node needs size= and vcpus=" },
    { "vnuma = [ [ 'colour=red' ] ]", NULL,
      "4:13: option 'vnuma': vnuma: 'colour=red' is not understood" },
    { "vnuma = [ 'size=64' ]", NULL, "4:11: option 'vnuma': a list is wanted for each node" },
    { "acpi_firmware = '/a,b.aml'", "\"file=/a,,b.aml\"", NULL },
    { "acpi_s3 = 0", "\"s3\":\"False\"", NULL },
    { "ms_vm_genid = 'generate'", "\"auto\"", NULL },
    { "ms_vm_genid = 'sometimes'", NULL,
      "4:15: option 'ms_vm_genid': \"ms_vm_genid\" option must be \"generate\" or \"none\"" },
    { "spice = 1; spicevdagent = 1; spice_clipboard_sharing = 0",
      "\"kind\":\"spicevmc\",\"name\":\"com.redhat.spice.0\"", NULL },
    { "spicevdagent = 1", "\"key\":\"spicevdagent\"", NULL },
    { "spice_image_compression = 'lz'", "\"image_compression\":\"lz\"", NULL },
    { "spice_streaming_video = 'some'", NULL,
      "4:25: option 'spice_streaming_video': invalid value \"some\" (known: filter, all, off)" },
    { "usbversion = 3", "\"model\":\"nec-xhci\"", NULL },
    { "usbctrl = [ 'version=1', 'type=devicemodel,version=3,ports=7' ]", "\"model\":\"piix3-uhci\"",
      NULL },
    { "usbctrl = [ 'version=1', 'type=devicemodel,version=3,ports=7' ]",
      "\"index\":1,\"model\":\"nec-xhci\",\"ports\":7", NULL },
    { "usbctrl = [ 'version=3' ]", "\"model\":\"nec-xhci\"", NULL },
    { "usbctrl = [ 'type=qusb,version=3' ]", NULL,
      "4:13: option 'usbctrl': USB version 3 of a controller 'qusb'" },
    { "usbctrl = [ 'type=none' ]", NULL,
      "4:13: option 'usbctrl': unknown USB controller type 'none'" },
    { "cpuid = [ '1:ecx=0xxxxxxxxxxxxxxxxxxxxxxxxxx1xxxx,edx=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxk' ]",
      "\"features\":[\"hypervisor=off\",\"ds_cpl=on\"]", NULL },
    { "cpuid = [ '0x80000001,0:edx=xxxx0xxxxxxxxxxxxxxxxxxxxxxxxxxx' ]",
      "\"features\":[\"rdtscp=off\"]", NULL },
    { "cpuid = [ '1:ecx=01' ]", NULL,
      "4:11: option 'cpuid': 'ecx=01' is no string of 32 of the letters 0, 1, x, k and s" },
    { "cpuid = [ 'one:ecx=01' ]", NULL,
      "4:11: option 'cpuid': 'one:ecx=01' is no \"leaf:reg=bits,...\"" },
    { "cpuid = [ '1:rip=01' ]", NULL, "4:11: option 'cpuid': 'rip=01' is no \"reg=bits\"" },
    { "cpuid = 'sse=0'", NULL, "4:9: option 'cpuid': first word must be \"host\"" },
    { "viridian = [ 'base', 'freq', 'stimer', '!freq' ]",
      "\"kvm_flags\":[\"hv-relaxed=on\",\"hv-vpindex=on\",\"hv-time=on\",\"hv-synic=on\",\"hv-"
      "stimer=on\"]",
      NULL },
    { "viridian = [ 'all', '!base' ]", NULL,
      "4:12: option 'viridian': the group 'base' is needed by 'freq'" },
    { "viridian = [ 'defaults' ]", "\"viridian\":\"True\"", NULL },
    { "viridian = [ 'turbo' ]", NULL,
      "4:14: option 'viridian': unknown viridian enlightenment 'turbo'" },
    { "nomigrate = 1", "\"kvm_flags\":[\"invtsc=on\"]", NULL },
    { "serial = [ 'pty', 'tcp:localhost:5555,server,nowait' ]", "\"kind\":\"tcp\"", NULL },
    { "fda = 'fd0'", "\"pdev_path\":\"/dev/fd0\"", NULL },
    { "hap = 0", "\"hap\":\"False\"", NULL },
};

static void check_line(const char *minimal, const Line *line)
{
    g_autofree char *text = g_strconcat(minimal, line->line, "\n", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(KxlDomainConfig) config = xl_cfg_parse(text, "t", NULL, &error);
    g_autofree char *packed = NULL;

    g_test_message("%s", line->line);
    if (line->error) {
        g_assert_null(config);
        g_assert_cmpstr(strchr(error->message, ':') + (g_ascii_isdigit(line->error[0]) ? 1 : 2), ==,
                        line->error);
        return;
    }
    g_assert_no_error(error);
    packed = xlcfg_packed_json(config);
    if (!strstr(packed, line->json))
        g_error("%s: no %s in %s", line->line, line->json, packed);
    xlcfg_assert_round_trip(config);
}

static void test_pv(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
        check_line(XLCFG_MINIMAL, &lines[i]);
}

static void test_hvm(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(hvm_lines); i++)
        check_line("name = 'minimal'; type = 'hvm'\n\nmemory = 64\n", &hvm_lines[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xlcfg/lines/pv", test_pv);
    g_test_add_func("/xlcfg/lines/hvm", test_hvm);
    return g_test_run();
}
