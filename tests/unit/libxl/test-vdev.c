/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vdev.h"

static const struct {
    const char *vdev;
    int devid;
} vdev_rows[] = {
    { "xvda", 51712 },
    { "xvda1", 51713 },
    { "xvdb", 51728 },
    { "xvdp15", 51967 },
    { "xvdq", 1 << 28 | 16 << 8 },
    { "xvda16", 1 << 28 | 16 },
    { "xvdaa", 1 << 28 | 26 << 8 },
    { "hda", 768 },
    { "hdb", 832 },
    { "hdc", 5632 },
    { "hdd", 5696 },
    { "hda3", 771 },
    { "sda", 2048 },
    { "sda1", 2049 },
    { "sdp15", 2048 + 255 },
    { "fda", 512 },
    { "fdb", 513 },
    { "vda", 51712 },
    { "d0", 51712 },
    { "d0p1", 51713 },
    { "d16p0", 1 << 28 | 16 << 8 },
    { "", -1 },
    { "xvd", -1 },
    { "xvda0", -1 },
    { "xvda01", -1 },
    { "xvda256", -1 },
    { "hde", -1 },
    { "hda64", -1 },
    { "sdq", -1 },
    { "sda16", -1 },
    { "fdc", -1 },
    { "fda1", -1 },
    { "xvda1x", -1 },
    { "nvme0n1", -1 },
    { "xvdzzzzzz", -1 },
    { "d", -1 },
    { "dp1", -1 },
    { "d99999999", -1 },
    { "hda:cdrom", -1 },
    { NULL, -1 },
};

static void test_devid(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(vdev_rows); i++) {
        g_test_message("%s", vdev_rows[i].vdev);
        g_assert_cmpint(kxl_vdev_to_devid(vdev_rows[i].vdev), ==, vdev_rows[i].devid);
    }
}

static const struct {
    const char *text, *name;
} name_rows[] = {
    { "xvda", "xvda" },
    { "vdb", "vdb" },
    { "sda1", "sda1" },
    { "/dev/hdc", "hdc" },
    { "d0", "xvda" },
    { "d1p2", "xvdb2" },
    { "d25p0", "xvdz" },
    { "d26", "xvdaa" },
    { "d701", "xvdzz" },
    { "d702p255", "xvdaaa255" },
    { "768", "hda" },
    { "0x301", "hda1" },
    { "0x1640", "hdd" },
    { "0x08f1", "sdp1" },
    { "51712", "xvda" },
    { "0x10001000", "xvdq" },
    { "513", "fdb" },
    { "0x2ff", NULL },
    { "0x380", NULL },
    { "0x10000000", NULL }, /* xvda has a shorter number */
    { "1", NULL },
    { "768x", NULL },
    { "99999999999999999999", NULL },
    { "/dev/", NULL },
    { "/dev/vg/lv", NULL },
    { "", NULL },
};

static void test_normalise(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(name_rows); i++) {
        g_autofree char *name = kxl_vdev_normalise(name_rows[i].text);

        g_test_message("%s", name_rows[i].text);
        g_assert_cmpstr(name, ==, name_rows[i].name);
    }
}

static const struct {
    const char *text, *mac;
} mac_rows[] = {
    { "00:16:3e:00:00:01", "00:16:3e:00:00:01" },
    { "00:16:3E:AB:Cd:0f", "00:16:3e:ab:cd:0f" },
    { "0:16:3e:1:2:3", "00:16:3e:01:02:03" },
    { "01:16:3e:00:00:01", NULL }, /* multicast */
    { "ff:ff:ff:ff:ff:ff", NULL },
    { "00:16:3e:00:00", NULL },
    { "00:16:3e:00:00:01:02", NULL },
    { "00:16:3e:00:00:001", NULL },
    { "00-16-3e-00-00-01", NULL },
    { "00:16:3e:00:00:0g", NULL },
    { "00:16:3e:00:00:", NULL },
    { "", NULL },
    { NULL, NULL },
};

static void test_mac(void)
{
    g_autofree char *made = kxl_mac_random();
    g_autofree char *same = kxl_mac_normalise(made);

    for (guint i = 0; i < G_N_ELEMENTS(mac_rows); i++) {
        g_autofree char *mac = kxl_mac_normalise(mac_rows[i].text);

        g_assert_cmpstr(mac, ==, mac_rows[i].mac);
    }
    g_assert_cmpstr(made, ==, same);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vdev/devid", test_devid);
    g_test_add_func("/vdev/normalise", test_normalise);
    g_test_add_func("/vdev/mac", test_mac);
    return g_test_run();
}
