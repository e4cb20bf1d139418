/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xl.cfg text, as it is ('t' in front), or behind a valid PV ('p') or HVM ('h') domain, or made of
 * the words below, one for each byte (anything else). What parses must be written and parsed again
 * to the same configuration.
 */
#include <domain-xml.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const words[] = {
    "\n",
    " = ",
    "'",
    "\"",
    "[ ",
    " ]",
    ", ",
    ",",
    ";",
    "\\",
    "#",
    ":",
    "=",
    "+=",
    "0",
    "1",
    "512",
    "0x40",
    "-1",
    "if x:\n  ",
    "else:\n",
    "import os\n",
    "(",
    ")",
    "True",
    "name",
    "memory",
    "maxmem",
    "vcpus",
    "maxvcpus",
    "cpus",
    "disk",
    "vif",
    "vfb",
    "vnc",
    "vnclisten",
    "vncdisplay",
    "vncunused",
    "vncpasswd",
    "pci",
    "serial",
    "channel",
    "usbdev",
    "usbdevice",
    "type",
    "builder",
    "hvm",
    "pvh",
    "pv",
    "extra",
    "root",
    "cmdline",
    "nfs_root",
    "nfs_server",
    "on_crash",
    "restart",
    "viridian",
    "cpuid",
    "host",
    "tsc_mode",
    "firmware",
    "pvgrub64",
    "kernel",
    "fda",
    "hdtype",
    "ahci",
    "device_model_args",
    "vnuma",
    "p9",
    "colour",
    "phy:",
    "file:",
    "tap:aio:",
    "tap:qcow2:",
    "ioemu:",
    "/a",
    "raw",
    "qcow2",
    "xvda",
    "hda",
    "hdc:cdrom",
    "cdrom",
    "rw",
    "w!",
    "ro",
    "target=",
    "format=",
    "vdev=",
    "access=",
    "devtype=",
    "bus=",
    "cache=",
    "no-discard",
    "nbd://h/x",
    "mac=",
    "00:16:3e:00:00:01",
    "bridge=",
    "xenbr0",
    "rate=",
    "10Mb/s",
    "1MB/s@20ms",
    "@",
    "model=",
    "e1000",
    "type=",
    "ioemu",
    "vif",
    "ip=",
    "mtu=",
    "devid=",
    "script=",
    "vnc=1",
    "sdl=1",
    "type=vnc",
    "[::1]:7",
    "0000:03:00.0",
    "01:13.0@5",
    "connection=",
    "pty",
    "socket",
    "path=",
    "name=",
    "hostbus=1",
    "hostaddr=3",
    "tcp:h:1",
    "none",
    "\xc3\xa4",
    "\x01",
    "'''",
    " + ",
    " % ",
    "%d",
    "%s",
    "%02x",
    "a",
    "a = ",
    "a += ",
    "os.uname()[4]",
    "if re.search('64', ",
    "if not ",
    " == ",
    " != ",
    "elif a:\n  ",
    "pass\n",
    ":\n  ",
    "\n  ",
    "str(",
    "int(",
    "usbctrl",
    "version=3",
    "ports=",
    "type=devicemodel",
    "usbversion",
    "size=64",
    "vcpus=0",
    "vdistances=10,20",
    "pnode=0",
    "[ [ ",
    " ] ]",
    "1:ecx=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx0",
    "0x80000001,0:edx=",
    "defaults",
    "base",
    "!freq",
    "all",
    "spice",
    "spicevdagent",
    "acpi_firmware",
    "ms_vm_genid",
    "generate",
    "nomigrate",
    "pci_permissive",
    "permissive=0",
    "restart",
    "always",
    "mmio_hole",
    "cap",
    "hap",
    "\\x41",
    "\\n",
};

static char *make_text(const uint8_t *data, size_t size)
{
    GString *text = g_string_new(NULL);
    char mode = size ? (char)data[0] : 0;

    if (mode == 't' || mode == 'p' || mode == 'h') {
        g_string_append(text, mode == 't' ? "" : "name='n';kernel='/k';memory=64\n");
        g_string_append(text, mode == 'h' ? "builder='hvm'\n" : "");
        g_string_append_len(text, (const char *)data + 1, (gssize)size - 1);
        return g_string_free(text, FALSE); /* up to a NUL, as the parser sees it */
    }
    g_string_append(text, mode & 1 ? "name='n';kernel='/k'\n" : "");
    for (size_t i = 1; i < size; i++)
        g_string_append(text, words[data[i] % G_N_ELEMENTS(words)]);
    return g_string_free(text, FALSE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = make_text(data, size);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(KxlDomainConfig) config = xl_cfg_parse(text, "fuzz", warnings, &error);
    g_autoptr(KxlDomainConfig) again = NULL;
    g_autofree char *written = NULL;
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;

    if (!config) {
        g_assert_nonnull(error);
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
        return 0;
    }
    written = xl_cfg_format(config, &error);
    g_assert_no_error(error);
    again = xl_cfg_parse(written, "again", NULL, &error);
    g_assert_no_error(error);
    before = kxl_domain_config_to_json(config);
    after = kxl_domain_config_to_json(again);
    g_assert_cmpstr(before, ==, after);
    return 0;
}
