/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mounts.h"

#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

gboolean mount_is_at(const char *path, const char *source)
{
    FILE *mounts = setmntent("/proc/self/mounts", "r");
    /* The kernel shows paths without links. */
    char *real = realpath(path, NULL);
    char *real_source = source != NULL && *source == '/' ? realpath(source, NULL) : NULL;
    gboolean found = FALSE;
    struct mntent entry;
    char buffer[8192];

    while (mounts != NULL && !found && getmntent_r(mounts, &entry, buffer, sizeof buffer) != NULL)
        found = strcmp(entry.mnt_dir, real != NULL ? real : path) == 0 &&
                (source == NULL || strcmp(entry.mnt_fsname, source) == 0 ||
                 g_strcmp0(entry.mnt_fsname, real_source) == 0);
    if (mounts != NULL)
        endmntent(mounts);
    free(real);
    free(real_source);
    return found;
}
