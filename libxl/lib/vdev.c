/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of virtual devices: Xen's block device numbers (docs/man/xen-vbd-interface.7) and MACs. */
#include "vdev.h"

#include <string.h>

typedef struct {
    const char *prefix;
    KxlVdevClass class;
    int max_disks, max_partitions;
} VdevRow;

static const VdevRow vdev_rows[] = {
    { "xvd", KXL_VDEV_XVD, 1 << 20, 255 },
    { "vd", KXL_VDEV_XVD, 1 << 20,
      255 }, /* libvirt's target name of a virtio disk: numbered as xvd */
    { "hd", KXL_VDEV_HD, 4, 63 },
    { "sd", KXL_VDEV_SD, 16, 15 },
    { "fd", KXL_VDEV_FD, 2, 0 },
};

/* a..z, aa..: as in Linux' names; stops at the first other character. -1 without letters or when
 * too big. */
static int parse_letters(const char **text)
{
    int disk = -1;

    for (; g_ascii_islower(**text); (*text)++) {
        disk = (disk + 1) * 26 + (**text - 'a');
        if (disk >= 1 << 20)
            return -1;
    }
    return disk;
}

/* Decimal without sign, leading zero or overflow; -1 when malformed. */
static int parse_number(const char **text)
{
    int value = 0;

    if (!g_ascii_isdigit(**text) || (**text == '0' && g_ascii_isdigit((*text)[1])))
        return -1;
    for (; g_ascii_isdigit(**text); (*text)++) {
        value = value * 10 + (**text - '0');
        if (value >= 1 << 20)
            return -1;
    }
    return value;
}

/* The part behind the class: "a", "a1" or the generic "d<disk>p<partition>" spelling. */
static gboolean parse_unit(const char *text, int *ret_disk, int *ret_partition)
{
    *ret_partition = 0;
    *ret_disk = parse_letters(&text);
    if (*ret_disk < 0)
        return FALSE;
    if (*text == '\0')
        return TRUE;
    *ret_partition = parse_number(&text);
    return *text == '\0' && *ret_partition > 0;
}

/* "d<disk>[p<partition>]", libxl's class-free form; same numbers as xvd. */
static gboolean parse_generic(const char *text, int *ret_disk, int *ret_partition)
{
    *ret_partition = 0;
    if (*text++ != 'd')
        return FALSE;
    *ret_disk = parse_number(&text);
    if (*ret_disk < 0)
        return FALSE;
    if (*text == '\0')
        return TRUE;
    if (*text++ != 'p')
        return FALSE;
    *ret_partition = parse_number(&text);
    return *text == '\0' && *ret_partition >= 0;
}

gboolean kxl_vdev_parse(const char *vdev, KxlVdevClass *ret_class, int *ret_disk,
                        int *ret_partition)
{
    int disk, partition;

    if (!vdev)
        return FALSE;
    if (parse_generic(vdev, &disk, &partition) && partition <= 255) {
        *ret_class = KXL_VDEV_XVD;
        *ret_disk = disk;
        *ret_partition = partition;
        return TRUE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(vdev_rows); i++) {
        const VdevRow *row = &vdev_rows[i];

        if (!g_str_has_prefix(vdev, row->prefix))
            continue;
        if (!parse_unit(vdev + strlen(row->prefix), &disk, &partition) || disk >= row->max_disks ||
            partition > row->max_partitions)
            return FALSE;
        *ret_class = row->class;
        *ret_disk = disk;
        *ret_partition = partition;
        return TRUE;
    }
    return FALSE;
}

/* xen-vbd-interface(7), "Concrete encoding in the VBD interface". */
int kxl_vdev_to_devid(const char *vdev)
{
    KxlVdevClass class;
    int disk, partition;

    if (!kxl_vdev_parse(vdev, &class, &disk, &partition))
        return -1;
    switch (class) {
    case KXL_VDEV_HD: /* IDE: two channels of two drives, majors 3 and 22 */
        return (disk < 2 ? 3 : 22) << 8 | (disk & 1) << 6 | partition;
    case KXL_VDEV_SD:
        return 8 << 8 | disk << 4 | partition;
    case KXL_VDEV_FD:
        return 2 << 8 | disk;
    case KXL_VDEV_XVD:
        break;
    }
    if (disk < 16 && partition < 16)
        return 202 << 8 | disk << 4 | partition;
    return 1 << 28 | disk << 8 | partition;
}

/* The numbers of xen-vbd-interface(7), MAJOR << 8 | disk << disk_shift | partition. */
static const struct {
    int major;
    const char *prefix;
    int first_disk, disk_shift;
} majors[] = {
    { 2, "fd", 0, 0 },  { 3, "hd", 0, 6 },    { 8, "sd", 0, 4 },
    { 22, "hd", 2, 6 }, { 202, "xvd", 0, 4 },
};

static char *format_name(const char *prefix, int disk, int partition)
{
    GString *name = g_string_new(NULL);

    for (int left = disk + 1; left > 0; left = (left - 1) / 26)
        g_string_prepend_c(name, (char)('a' + (left - 1) % 26));
    g_string_prepend(name, prefix);
    if (partition > 0)
        g_string_append_printf(name, "%d", partition);
    return g_string_free(name, FALSE);
}

/* NULL: of no device with a name. */
static char *name_of_number(guint64 number)
{
    g_autofree char *name = NULL;

    if (number > G_MAXINT)
        return NULL;
    if (number >> 28 == 1)
        name = format_name("xvd", (int)(number >> 8 & 0xfffff), (int)(number & 0xff));
    for (guint i = 0; i < G_N_ELEMENTS(majors) && !name; i++) {
        int minor = (int)(number & 0xff), shift = majors[i].disk_shift;

        if (number >> 8 == (guint64)majors[i].major)
            name = format_name(majors[i].prefix, majors[i].first_disk + (minor >> shift),
                               minor & ((1 << shift) - 1));
    }
    return kxl_vdev_to_devid(name) == (int)number ? g_steal_pointer(&name) : NULL;
}

char *kxl_vdev_normalise(const char *text)
{
    KxlVdevClass class;
    int disk, partition;
    guint64 number;
    char *end;

    if (g_str_has_prefix(text, "/dev/"))
        text += strlen("/dev/");
    if (g_ascii_isdigit(*text)) {
        number = g_ascii_strtoull(text, &end, 0);
        return *end == '\0' ? name_of_number(number) : NULL;
    }
    if (!kxl_vdev_parse(text, &class, &disk, &partition))
        return NULL;
    return text[0] == 'd' ? format_name("xvd", disk, partition) : g_strdup(text);
}

char *kxl_mac_normalise(const char *text)
{
    guint8 mac[6];

    if (!text)
        return NULL;
    for (guint i = 0; i < sizeof mac; i++) {
        int high = g_ascii_xdigit_value(*text);
        int low;

        if (high < 0)
            return NULL;
        low = g_ascii_xdigit_value(*++text);
        mac[i] = (guint8)(low < 0 ? high : high << 4 | low);
        text += low >= 0;
        if (*text++ != (i + 1 < sizeof mac ? ':' : '\0'))
            return NULL;
    }
    if (mac[0] & 1) /* IEEE 802: group address */
        return NULL;
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                           mac[5]);
}

char *kxl_mac_random(void)
{
    guint32 r = g_random_int();

    return g_strdup_printf("00:16:3e:%02x:%02x:%02x", r >> 16 & 0x7f, r >> 8 & 0xff, r & 0xff);
}
