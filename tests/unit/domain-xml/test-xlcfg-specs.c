/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The strings inside disk=, vif= and the like: every parameter of Xen's xl-disk-configuration(5),
 * xl-network-configuration(5), xl-pci-configuration(5) and of xl.cfg(5)'s device lists is known,
 * each parameter of the positional forms lands where the named one does.
 */
#include <string.h>

#include "xlcfg-fixture.h"

#define HVM "name = 'h'; type = 'hvm'; memory = 64\n"

/* Nothing of these is an unknown word; what is refused says why. */
static const struct {
    const char *option, *format;
    const char *items[40];
} known[] = {
    { "disk",
      "vdev=hda,%s,target=/a",
      { "format=raw",
        "format=qcow",
        "format=qcow2",
        "format=vhd",
        "format=qed",
        "format=",
        "vdev=",
        "access=ro",
        "access=r",
        "access=rw",
        "access=w",
        "access=",
        "devtype=cdrom",
        "devtype=",
        "cdrom",
        "backend=0",
        "backend=dd",
        "backendtype=phy",
        "backendtype=qdisk",
        "backendtype=standalone",
        "backendtype=tap",
        "script=",
        "script=block-x",
        "direct-io-safe",
        "discard",
        "no-discard",
        "trusted",
        "untrusted",
        "specification=xen",
        "specification=virtio",
        "colo",
        "colo-host=h",
        "colo-port=1",
        "colo-export=e",
        "active-disk=/x",
        "hidden-disk=/y" } },
    { "vif",
      "%s",
      { "mac=00:16:3e:00:00:01",
        "bridge=xenbr0",
        "gatewaydev=eth0",
        "netdev=eth0",
        "type=ioemu",
        "type=vif",
        "model=e1000",
        "vifname=web0",
        "script=vif-route",
        "ip=10.0.0.1",
        "backend=0",
        "backend=dd",
        "rate=1MB/s",
        "rate=8Gb/s@1s",
        "rate=500KB/s@100us",
        "devid=3",
        "mtu=9000",
        "trusted",
        "untrusted",
        "accel=1" } },
    { "vfb",
      "%s",
      { "vnc=1", "vnc=0", "vnclisten=0.0.0.0", "vnclisten=0.0.0.0:5", "vncdisplay=5", "vncunused=0",
        "vncpasswd=x", "vncpasswd=", "sdl=0", "display=:0", "xauthority=/x", "opengl=0",
        "keymap=de" } },
    { "pci",
      "01:00.0,%s",
      { "vslot=8", "permissive=1", "msitranslate=1", "seize=1", "power_mgmt=1", "rdm_policy=strict",
        "rdm_policy=relaxed", "name=x" } },
    { "channel",
      "connection=pty,name=n,%s",
      { "backend=0", "backend=dd", "path=/x", "connection=socket,path=/x" } },
    { "usbctrl",
      "%s",
      { "type=auto", "type=pv", "type=qusb", "type=devicemodel", "version=1", "version=2",
        "type=devicemodel,version=3", "ports=8", "backend=0" } },
    { "usbdev",
      "hostbus=1,hostaddr=2,%s",
      { "type=hostdev", "controller=0", "controller=0,port=1" } },
};

static void check_item(const char *option, const char *format, const char *item)
{
    g_auto(GStrv) halves = g_strsplit(format, "%s", 2);
    g_autofree char *text =
        g_strdup_printf(HVM "%s = [ '%s%s%s' ]\n", option, halves[0], item, halves[1]);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(KxlDomainConfig) config = xl_cfg_parse(text, "t", warnings, &error);

    g_test_message("%s", text);
    if (config) {
        xlcfg_assert_round_trip(config);
        return;
    }
    /* an empty vdev is none at all */
    if (!strcmp(item, "vdev="))
        return;
    g_assert_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_UNSUPPORTED);
    g_assert_nonnull(strstr(error->message, "support"));
}

static void test_known(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(known); i++)
        for (guint k = 0; k < G_N_ELEMENTS(known[i].items) && known[i].items[k]; k++)
            check_item(known[i].option, known[i].format, known[i].items[k]);
}

/* The examples of xl-disk-configuration(5): each group is one disk. */
static const char *const same_disks[][6] = {
    { "/dev/vg/guest-volume,,hda", "/dev/vg/guest-volume,raw,hda,rw",
      "format=raw, vdev=hda, access=rw, target=/dev/vg/guest-volume",
      "raw:/dev/vg/guest-volume,hda,w", "vg/guest-volume,raw,hda,w" },
    { "/root/image.iso,,hdc,cdrom", "/root/image.iso,,hdc,,cdrom",
      "/root/image.iso,raw,hdc,devtype=cdrom",
      "format=raw, vdev=hdc, access=ro, devtype=cdrom, target=/root/image.iso",
      "raw:/root/image.iso,hdc:cdrom,ro", "devtype=cdrom,/root/image.iso,raw,vdev=hdc" },
    { "/a.img,qcow2,xvda,w", "qcow2:/a.img,xvda,w", "tap:qcow2:/a.img,xvda,w",
      "tap2:tapdisk:qcow2:/a.img,xvda,rw", "access=w,/a.img,qcow2,xvda",
      "ioemu:file:qcow2:/a.img,ioemu:xvda,w" },
    { ",hdc:cdrom,r", "vdev=hdc,cdrom", ",,hdc,,cdrom", ",,hdc,devtype=cdrom",
      "format=raw,vdev=hdc,cdrom,target=" },
};

static void test_same_disks(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(same_disks); i++) {
        g_autofree char *first = NULL;

        for (guint k = 0; k < G_N_ELEMENTS(same_disks[i]) && same_disks[i][k]; k++) {
            g_autofree char *text = g_strdup_printf(HVM "disk = [ '%s' ]\n", same_disks[i][k]);
            g_autoptr(KxlDomainConfig) config = xlcfg_parse_ok(text);
            char *json = xlcfg_packed_json(config);

            g_test_message("%s", same_disks[i][k]);
            if (first)
                g_assert_cmpstr(json, ==, first);
            g_free(first);
            first = json;
        }
    }
}

/* Prefixes that named scripts, and forms that are wrong. */
static void test_bad_disks(void)
{
    static const char *const bad[] = {
        "iscsi:x,xvda,w",
        "nbd:x,xvda,w",
        "enbd:x,xvda,w",
        "drbd:x,xvda,w",
        "foo:/a,xvda,w",
        "/a,raw,xvda,rw,extra",
        "/a,raw,xvda,rw,x=y",
        "/a,raw,xvd,rw",
        "",
        "raw",
        "vdev=xvda",
        "/a,raw,xvda,target=/b",
        "/a,,",
        "/a,raw,hda:floppy:x,w",
        "/a,raw,hdzzzz,w",
        "/a,raw,sda99,w",
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text = g_strdup_printf(HVM "disk = [ '%s' ]\n", bad[i]);
        g_autoptr(GError) error = NULL;
        g_autoptr(KxlDomainConfig) config = xl_cfg_parse(text, "t", NULL, &error);

        g_test_message("'%s'", bad[i]);
        g_assert_null(config);
        g_assert_true(g_str_has_prefix(error->message, "t:2:10: option 'disk': "));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xlcfg/specs/known", test_known);
    g_test_add_func("/xlcfg/specs/same-disks", test_same_disks);
    g_test_add_func("/xlcfg/specs/bad-disks", test_bad_disks);
    return g_test_run();
}
