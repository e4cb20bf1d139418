/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image.h"

#include <kxl-image.h>
#include <string.h>
#include <unistd.h>

#define HEAD_LEN 0x8010u /* up to the descriptor of an ISO 9660 image */

enum { LITTLE, BIG };

/* Where each format has its mark, and the number that is its capacity in units of some bytes. */
static const struct {
    const char *format;
    guint magic_offset;
    const char *magic;
    guint magic_len;
    guint size_offset; /* 0: the file's size */
    guint size_order;
    guint size_unit;
} formats[] = {
    { "qcow2", 0, "QFI\xfb", 4, 24, BIG, 1 }, /* qemu docs/interop/qcow2.txt */
    { "qed", 0, "QED\0", 4, 48, LITTLE, 1 },  /* docs/interop/qed_spec.txt */
    { "vmdk", 0, "KDMV", 4, 12, LITTLE, 512 },
    { "vpc", 0, "conectix", 8, 48, BIG, 1 },
    { "vdi", 0x40, "\x7f\x10\xda\xbe", 4, 0x170, LITTLE, 1 },
    { "luks", 0, "LUKS\xba\xbe", 6, 0, LITTLE, 1 }, /* LUKS1 on-disk format 2.1 */
    { "iso", 0x8001, "CD001", 5, 0, LITTLE, 1 },    /* ECMA-119 8.4.2 */
};

static guint64 get_number(const guint8 *p, guint len, guint order)
{
    guint64 value = 0;

    for (guint i = 0; i < len; i++)
        value = value << 8 | p[order == BIG ? i : len - 1 - i];
    return value;
}

/* ---- qcow2, docs/interop/qcow2.txt; and qcow, its version 1 ---- */

#define QCOW2_CLUSTER_BITS_MAX 21u
#define QCOW2_LAZY_REFCOUNTS   1u        /* bit 0 of the compatible features */
#define QCOW2_EXTENDED_L2      (1u << 4) /* of the incompatible ones */
#define QCOW2_CRYPT_LUKS       2u

static void probe_backing(int fd, ImageInfo *info)
{
    g_auto(KxlImageLinks) links = { NULL };

    if (!kxl_image_links(fd, info->format, &links))
        return;
    info->backing_path = g_steal_pointer(&links.backing);
    info->backing_format = g_steal_pointer(&links.backing_format);
}

static void probe_qcow2(const guint8 *head, ImageInfo *info)
{
    guint version = (guint)get_number(head + 4, 4, BIG);
    guint cluster_bits = (guint)get_number(head + 20, 4, BIG);

    if (version < 2) {
        info->format = "qcow";
        return;
    }
    info->compat = version == 2 ? "0.10" : "1.1";
    if (cluster_bits <= QCOW2_CLUSTER_BITS_MAX)
        info->cluster_size = 1u << cluster_bits;
    info->encrypted = get_number(head + 32, 4, BIG) == QCOW2_CRYPT_LUKS;
    info->extended_l2 = version > 2 && (get_number(head + 72, 8, BIG) & QCOW2_EXTENDED_L2);
    info->lazy_refcounts = version > 2 && (get_number(head + 80, 8, BIG) & QCOW2_LAZY_REFCOUNTS);
}

/* ---- LUKS version 1: bytes behind a header, whose length it says in sectors ---- */

#define LUKS_PAYLOAD 104u
#define SECTOR       512u

static void probe_luks(const guint8 *head, guint64 size, ImageInfo *info)
{
    guint64 payload = get_number(head + LUKS_PAYLOAD, 4, BIG) * SECTOR;

    info->format = "raw";
    info->encrypted = TRUE;
    if (get_number(head + 6, 2, BIG) == 1)
        info->capacity = size - MIN(payload, size);
}

gboolean image_probe(int fd, guint64 size, ImageInfo *ret_info)
{
    g_autofree guint8 *head = g_malloc0(HEAD_LEN);
    ssize_t len = pread(fd, head, HEAD_LEN, 0);

    if (len < 0)
        return FALSE;
    *ret_info = (ImageInfo){ .format = "raw", .capacity = size };
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (memcmp(head + formats[i].magic_offset, formats[i].magic, formats[i].magic_len) != 0)
            continue;
        ret_info->format = formats[i].format;
        if (formats[i].size_offset != 0)
            ret_info->capacity =
                get_number(head + formats[i].size_offset, 8, formats[i].size_order) *
                formats[i].size_unit;
        if (i == 0)
            probe_qcow2(head, ret_info);
        if (strcmp(formats[i].format, "luks") == 0)
            probe_luks(head, size, ret_info);
        probe_backing(fd, ret_info);
        break;
    }
    return TRUE;
}

void image_info_clear(ImageInfo *info)
{
    g_free(info->backing_path);
    g_free(info->backing_format);
}
