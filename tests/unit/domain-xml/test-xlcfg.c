/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xl.cfg: golden files (tests/data/xlcfg), single lines in a minimal domain, and round trips. With
 * XLCFG_REGENERATE=1 in the environment the expected files are written anew: review them by diff.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "domain-xml.h"
#include "xlcfg-options.h"

#define MINIMAL "name = 'minimal'\nkernel = '/boot/vmlinuz'\nmemory = 64\n"

static char *join_warnings(const GPtrArray *warnings)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < warnings->len; i++)
        g_string_append_printf(text, "%s\n", (const char *)warnings->pdata[i]);
    return g_string_free(text, FALSE);
}

/* What is parsed is written so that it is parsed alike. */
static void assert_round_trip(const KxlDomainConfig *config)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = xl_cfg_format(config, &error);
    g_autoptr(KxlDomainConfig) again = NULL;
    g_autofree char *before = kxl_domain_config_to_json(config);
    g_autofree char *after = NULL;

    g_assert_no_error(error);
    again = xl_cfg_parse(text, "formatted", NULL, &error);
    g_assert_no_error(error);
    after = kxl_domain_config_to_json(again);
    g_assert_cmpstr(before, ==, after);
}

static void assert_file(const char *path, const char *content)
{
    g_autofree char *expected = NULL;

    if (g_getenv("XLCFG_REGENERATE")) {
        if (*content)
            g_assert_true(g_file_set_contents(path, content, -1, NULL));
        else
            g_unlink(path);
        return;
    }
    if (!g_file_get_contents(path, &expected, NULL, NULL))
        expected = g_strdup("");
    g_assert_cmpstr(content, ==, expected);
}

/* in/X.cfg gives out/X.cfg and perhaps out/X.warn, or out/X.err. */
static void test_golden(gconstpointer data)
{
    const char *name = data;
    g_autofree char *in = g_strdup_printf("%s/in/%s", XLCFG_DATA, name);
    g_autofree char *stem = g_strndup(name, strlen(name) - strlen(".cfg"));
    g_autofree char *out = g_strdup_printf("%s/out/%s.cfg", XLCFG_DATA, stem);
    g_autofree char *warn = g_strdup_printf("%s/out/%s.warn", XLCFG_DATA, stem);
    g_autofree char *err = g_strdup_printf("%s/out/%s.err", XLCFG_DATA, stem);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_autofree char *warned = NULL;
    g_autofree char *formatted = NULL;
    g_autofree char *failed = NULL;
    g_autoptr(KxlDomainConfig) config = NULL;

    g_assert_true(g_file_get_contents(in, &text, NULL, NULL));
    config = xl_cfg_parse(text, name, warnings, &error);
    failed = config ? g_strdup("") : g_strdup_printf("%s\n", error->message);
    assert_file(err, failed);
    warned = config ? join_warnings(warnings) : g_strdup("");
    assert_file(warn, warned);
    formatted = config ? xl_cfg_format(config, NULL) : g_strdup("");
    assert_file(out, formatted);
    if (config)
        assert_round_trip(config);
}

/* One line in a minimal PV domain: what the whole becomes in JSON must contain, or the error. */
static const struct {
    const char *line;
    const char *json;  /* a part of the JSON without blanks */
    const char *error; /* the whole message, without "line:" */
} lines[] = {
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
    { "nfs_root = '/r'", NULL, "option 'nfs_root' needs nfs_server" },
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
    { "disk = [ '/a.img,,xvda,w!' ]", "\"shareable\":true", NULL },
    { "disk = [ '/a.iso,,hdc,cdrom' ]", "\"is_cdrom\":true", NULL },
    { "disk = [ 'file:/a.iso,hdd:cdrom,r' ]", "\"is_cdrom\":true", NULL },
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
    { "vif = [ 'type=netfront' ]", "\"model\":\"netfront\"", NULL },
    { "vif = [ 'colour=red' ]", NULL, "4:9: option 'vif': unrecognized argument 'colour'" },

    { "vfb = [ 'vnc=1,vncdisplay=:1' ]", "\"display\":1", NULL },
    { "vfb = [ 'vnclisten=0.0.0.0:7' ]", "\"listen\":\"0.0.0.0\",\"display\":7", NULL },
    { "vfb = [ 'vnclisten=[::1]:7' ]", "\"listen\":\"::1\",\"display\":7", NULL },
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

static char *without_blanks(const char *text)
{
    GString *out = g_string_new(NULL);

    for (; *text; text++)
        if (!g_ascii_isspace(*text))
            g_string_append_c(out, *text);
    return g_string_free(out, FALSE);
}

static void test_lines(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *text = g_strconcat(MINIMAL, lines[i].line, "\n", NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(KxlDomainConfig) config = xl_cfg_parse(text, "t", NULL, &error);
        g_autofree char *json = NULL;
        g_autofree char *packed = NULL;

        g_test_message("%s", lines[i].line);
        if (lines[i].error) {
            g_assert_null(config);
            g_assert_cmpstr(strchr(error->message, ':') +
                                (g_ascii_isdigit(lines[i].error[0]) ? 1 : 2),
                            ==, lines[i].error);
            continue;
        }
        g_assert_no_error(error);
        json = kxl_domain_config_to_json(config);
        packed = without_blanks(json);
        if (!strstr(packed, lines[i].json))
            g_error("%s: no %s in %s", lines[i].line, lines[i].json, packed);
        assert_round_trip(config);
    }
}

static void test_hvm_defaults(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KxlDomainConfig) config =
        xl_cfg_parse("name='h'; builder='hvm'; memory=64; kernel='/usr/lib/xen/boot/hvmloader'\n"
                     "hdtype='ahci'; disk=['/a,raw,hda,w','/b,raw,xvdb,w']; usb=1\n"
                     "usbdevice='tablet'; usbdev=['hostbus=1,hostaddr=3']",
                     "t", NULL, &error);
    const KxlDeviceDisk *disk;

    g_assert_no_error(error);
    g_assert_cmpint(config->type, ==, KXL_TYPE_HVM);
    g_assert_null(config->kernel);
    g_assert_true(config->vnc.enable);
    g_assert_true(config->vnc.find_unused);
    disk = config->disks->pdata[0];
    g_assert_cmpstr(disk->bus, ==, "sata");
    disk = config->disks->pdata[1];
    g_assert_null(disk->bus);
    g_assert_cmpstr(config->usbdevices[0], ==, "tablet");
    g_assert_cmpstr(config->usbdevices[1], ==, "host:1.3");
    assert_round_trip(config);
}

static void test_warnings(void)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(KxlDomainConfig) config =
        xl_cfg_parse(MINIMAL "colour = 'red'\nvnuma = [ [ 'pnode=0' ] ]\npool = 'Pool-0'", "t",
                     warnings, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(warnings->len, ==, 2);
    g_assert_cmpstr(warnings->pdata[0], ==, "t:4:1: warning: unknown option 'colour' is ignored");
    g_assert_cmpstr(warnings->pdata[1], ==,
                    "t:5:1: warning: option 'vnuma' has no effect: the guest sees one NUMA node");
    g_assert_cmpuint(config->extras->len, ==, 2);
}

/* Values that no spec string can hold are not written wrongly. */
static void test_unwritable(void)
{
    g_autoptr(KxlDomainConfig) config = kxl_domain_config_new();
    KxlDeviceNic *nic = kxl_device_nic_new();
    g_autoptr(GError) error = NULL;

    config->name = g_strdup("x");
    nic->bridge = g_strdup("a,b");
    g_ptr_array_add(config->nics, nic);
    g_assert_null(xl_cfg_format(config, &error));
    g_assert_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_UNSUPPORTED);
}

/* Each option stands in xl.cfg(5); those without effect come from the table itself. */
static void test_manual(void)
{
    g_autofree char *page = NULL;

    g_assert_true(g_file_get_contents(XLCFG_ROOT "/docs/man/xl.cfg.5.rst", &page, NULL, NULL));
    for (guint i = 0; i < xlcfg_n_options; i++) {
        const XlOption *option = &xlcfg_options[i];
        g_autofree char *word = g_strdup_printf("\\b%s\\b", option->key);

        if (option->fate == XL_DONE && !g_regex_match_simple(word, page, 0, 0))
            g_error("option '%s' is not in xl.cfg(5)", option->key);
        if (option->fate != XL_DONE)
            g_assert_nonnull(option->why);
        g_assert_true(xlcfg_option_find(option->key) == option); /* one row each */
    }
}

/* Files of the project's reference material, where a checkout has it beside it. */
static void test_reference(gconstpointer data)
{
    const char *folder = data;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    guint n = 0;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *text = NULL;
        g_autoptr(GError) error = NULL;
        g_autoptr(KxlDomainConfig) config = NULL;

        if (!g_str_has_suffix(name, ".cfg") || !strcmp(name, "fragments.cfg"))
            continue;
        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        config = xl_cfg_parse(text, name, NULL, &error);
        g_assert_no_error(error);
        assert_round_trip(config);
        n++;
    }
    g_assert_cmpuint(n, >, 0);
}

static void test_fragments(gconstpointer data)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) fragments = NULL;

    g_assert_true(g_file_get_contents(data, &text, NULL, NULL));
    fragments = g_strsplit(text, "\n", -1);
    for (guint i = 0; fragments[i]; i++) {
        /* nfs_root alone is half an option: it comes with its server */
        g_autofree char *whole = g_strconcat(
            MINIMAL, g_str_has_prefix(fragments[i], "nfs_root") ? "nfs_server = '2.3.4.5'\n" : "",
            fragments[i], "\n", NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(KxlDomainConfig) config = xl_cfg_parse(whole, "fragment", NULL, &error);

        g_assert_no_error(error);
        assert_round_trip(config);
    }
}

static const char *reference_folder(void)
{
    static const char *const places[] = { XLCFG_ROOT "/../shared", XLCFG_ROOT "/../../shared" };

    if (g_getenv("KANZEN_SHARED"))
        return g_getenv("KANZEN_SHARED");
    for (guint i = 0; i < G_N_ELEMENTS(places); i++)
        if (g_file_test(places[i], G_FILE_TEST_IS_DIR))
            return places[i];
    return NULL;
}

static void add_reference_tests(void)
{
    static const char *const folders[] = { "seed-configs", "corpora/xlconfigdata",
                                           "corpora/xmconfigdata" };
    const char *shared = reference_folder();

    for (guint i = 0; shared && i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *test = g_strconcat("/xlcfg/reference/", folders[i], NULL);
        char *folder = g_build_filename(shared, folders[i], NULL);

        if (g_file_test(folder, G_FILE_TEST_IS_DIR))
            g_test_add_data_func_full(test, folder, test_reference, g_free);
        else
            g_free(folder);
    }
    if (shared) {
        char *path = g_build_filename(shared, "seed-configs/fragments.cfg", NULL);

        if (g_file_test(path, G_FILE_TEST_EXISTS))
            g_test_add_data_func_full("/xlcfg/reference/fragments", path, test_fragments, g_free);
        else
            g_free(path);
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GDir) dir = g_dir_open(XLCFG_DATA "/in", 0, NULL);
    const char *name;

    g_test_init(&argc, &argv, NULL);
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *test = g_strconcat("/xlcfg/golden/", name, NULL);

        g_test_add_data_func_full(test, g_strdup(name), test_golden, g_free);
    }
    g_test_add_func("/xlcfg/lines", test_lines);
    g_test_add_func("/xlcfg/hvm-defaults", test_hvm_defaults);
    g_test_add_func("/xlcfg/warnings", test_warnings);
    g_test_add_func("/xlcfg/unwritable", test_unwritable);
    g_test_add_func("/xlcfg/manual", test_manual);
    add_reference_tests();
    return g_test_run();
}
