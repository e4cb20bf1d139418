/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client's own data with a domain: one file per key. */
#include "userdata.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "rundir.h"

/* Keys are file names. */
static gboolean check_key(const char *key, GError **error)
{
    if (*key && *key != '.' && !strchr(key, '/') && strlen(key) < 128)
        return TRUE;
    g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "userdata key '%s' is malformed", key);
    return FALSE;
}

gboolean kxl_userdata_write(const char *folder, const char *key, const char *value, GError **error)
{
    g_autofree char *dir = g_build_filename(folder, "userdata", NULL);
    g_autofree char *path = g_build_filename(dir, key, NULL);

    if (!check_key(key, error))
        return FALSE;
    if (!value) {
        if (remove(path) < 0 && errno != ENOENT)
            return kxl_error_set_errno(error, errno, "cannot remove '%s'", path);
        return TRUE;
    }
    if (mkdir(dir, 0700) < 0 && errno != EEXIST)
        return kxl_error_set_errno(error, errno, "cannot make '%s'", dir);
    return kxl_file_write(path, value, error);
}

gboolean kxl_domain_userdata_store(KxlHost *host, int domid, const char *key, const char *value,
                                   GError **error)
{
    g_autofree char *folder = kxl_rundir_path(host, domid, NULL);

    if (!g_file_test(folder, G_FILE_TEST_IS_DIR)) {
        kxl_rundir_no_domain(error, domid);
        return FALSE;
    }
    return kxl_userdata_write(folder, key, value, error);
}

char *kxl_domain_userdata_load(KxlHost *host, int domid, const char *key, GError **error)
{
    g_autofree char *dir = kxl_rundir_path(host, domid, "userdata");
    g_autofree char *path = g_build_filename(dir, key, NULL);

    return check_key(key, error) ? kxl_file_read(path, error) : NULL;
}
