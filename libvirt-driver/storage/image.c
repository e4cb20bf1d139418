/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image.h"

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
#define QCOW2_V2_HEADER        72u
#define QCOW2_EXT_END          0u
#define QCOW2_EXT_BACKING      0xe2792acau
#define QCOW2_NAME_MAX         1023u

static char *read_string(int fd, guint64 offset, guint len)
{
    g_autofree char *text = g_malloc0(len + 1);

    if (pread(fd, text, len, (off_t)offset) != (ssize_t)len || memchr(text, '\0', len) != NULL)
        return NULL;
    return g_steal_pointer(&text);
}

static void probe_qcow2_backing(int fd, const guint8 *head, gsize len, ImageInfo *info)
{
    guint64 name_offset = get_number(head + 8, 8, BIG);
    guint name_len = (guint)get_number(head + 16, 4, BIG);
    guint version = (guint)get_number(head + 4, 4, BIG);
    gsize pos = version < 3 ? QCOW2_V2_HEADER : (gsize)get_number(head + 100, 4, BIG);

    if (name_offset == 0 || name_len == 0 || name_len > QCOW2_NAME_MAX)
        return;
    info->backing_path = read_string(fd, name_offset, name_len);
    while (pos + 8 <= len) {
        guint type = (guint)get_number(head + pos, 4, BIG);
        guint ext_len = (guint)get_number(head + pos + 4, 4, BIG);

        pos += 8;
        if (type == QCOW2_EXT_END || ext_len > len - pos)
            return;
        if (type == QCOW2_EXT_BACKING && info->backing_format == NULL)
            info->backing_format = g_strndup((const char *)head + pos, ext_len);
        pos += (ext_len + 7u) & ~7u;
    }
}

static void probe_qcow2(int fd, const guint8 *head, gsize len, ImageInfo *info)
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
    probe_qcow2_backing(fd, head, len, info);
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
            probe_qcow2(fd, head, (gsize)len, ret_info);
        if (strcmp(formats[i].format, "luks") == 0)
            probe_luks(head, size, ret_info);
        break;
    }
    return TRUE;
}

void image_info_clear(ImageInfo *info)
{
    g_free(info->backing_path);
    g_free(info->backing_format);
}
