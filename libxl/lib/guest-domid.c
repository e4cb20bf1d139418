/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest-domid.h"

#include "file.h"
#include "rundir.h"

#define FILE_NAME "guest-domid"

int kxl_guest_domid(const KxlHost *host, int domid)
{
    g_autofree char *path = kxl_rundir_path(host, domid, FILE_NAME);
    g_autofree char *text = kxl_file_read(path, NULL);
    gint64 number = text ? g_ascii_strtoll(text, NULL, 10) : 0;

    return number > 0 && number < G_MAXINT ? (int)number : domid;
}

gboolean kxl_guest_domid_write(const char *folder, int guest_domid, GError **error)
{
    g_autofree char *path = g_build_filename(folder, FILE_NAME, NULL);
    g_autofree char *text = g_strdup_printf("%d\n", guest_domid);

    return kxl_file_write(path, text, error);
}
