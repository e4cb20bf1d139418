/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "block-file.h"

#include <sys/stat.h>

#include "block.h"
#include "command.h"

#define MAKE_TIMEOUT_MS 60000

gboolean kxl_block_file_make(const char *path, KxlDiskFormat format, guint64 size,
                             const char *backing, const char *backing_format, GError **error)
{
    g_autofree char *bytes = g_strdup_printf("%" G_GUINT64_FORMAT, size);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    const char *const first[] = { "qemu-img", "create", "-q", "-f", kxl_block_driver(format) };

    for (guint i = 0; i < G_N_ELEMENTS(first); i++)
        g_ptr_array_add(argv, (gpointer)first[i]);
    if (backing) {
        const char *const below[] = { "-b", backing, "-F", backing_format };

        for (guint i = 0; i < G_N_ELEMENTS(below); i++)
            g_ptr_array_add(argv, (gpointer)below[i]);
    }
    g_ptr_array_add(argv, (gpointer)path);
    g_ptr_array_add(argv, bytes);
    g_ptr_array_add(argv, NULL);
    return kxl_command_run((const char **)argv->pdata, NULL, MAKE_TIMEOUT_MS, NULL, error);
}

gboolean kxl_block_file_open(KxlQmp *qmp, const char *path, KxlDiskFormat format, const char *node,
                             const char *backing_node, GError **error)
{
    struct stat st;
    gboolean is_device = stat(path, &st) == 0 && S_ISBLK(st.st_mode);
    JsonObject *file = kxl_qmp_args("s:driver", is_device ? "host_device" : "file", "s:filename",
                                    path, "s:discard", "unmap", NULL);

    return kxl_qmp_run(qmp, "blockdev-add",
                       kxl_qmp_args("s:driver", kxl_block_driver(format), "s:node-name", node,
                                    "s:discard", "unmap", "o:file", file, "s:backing", backing_node,
                                    NULL),
                       KXL_OP_TIMEOUT_MS, error);
}

void kxl_block_file_close(KxlQmp *qmp, const char *node)
{
    kxl_qmp_run(qmp, "blockdev-del", kxl_qmp_args("s:node-name", node, NULL), KXL_OP_TIMEOUT_MS,
                NULL);
}
