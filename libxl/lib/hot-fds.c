/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets of descriptors in a running emulator. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>

#include "config-find.h"
#include "disk-fds.h"
#include "file.h"
#include "hot-qmp.h"

gboolean kxl_disk_fds_plug(KxlQmp *qmp, const char *value, GError **error)
{
    const char *set = strstr(value, "set=");
    g_autoptr(JsonNode) answer = NULL;

    g_return_val_if_fail(g_str_has_prefix(value, "fd=") && set, FALSE);
    answer = kxl_qmp_call_fd(qmp, "add-fd",
                             kxl_qmp_args("i:fdset-id", (gint64)atoi(set + strlen("set=")), NULL),
                             atoi(value + strlen("fd=")), KXL_HOT_QMP_MS, error);
    return answer != NULL;
}

void kxl_disk_fds_unplug(KxlQmp *qmp, const KxlDeviceDisk *disk)
{
    if (disk->fd_group)
        kxl_qmp_run(qmp, "remove-fd",
                    kxl_qmp_args("i:fdset-id", (gint64)kxl_disk_fds_number(disk), NULL),
                    KXL_HOT_QMP_MS, NULL);
}

/* Takes those of one set out of the emulator. */
static gboolean fetch_set(JsonObject *set, int pidfd, KxlDeviceDisk *disk, GError **error)
{
    JsonArray *members = json_object_get_array_member(set, "fds");
    g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));

    for (guint i = 0; members && i < json_array_get_length(members); i++) {
        JsonObject *member = json_array_get_object_element(members, i);
        int fd = pidfd_getfd(pidfd, (int)json_object_get_int_member(member, "fd"), 0);

        if (fd < 0) {
            kxl_error_set_errno(error, errno, "disk '%s': its descriptors", disk->vdev);
            kxl_device_disk_set_fds(disk, fds); /* to be closed with the others */
            return FALSE;
        }
        g_array_append_val(fds, fd);
    }
    kxl_device_disk_set_fds(disk, fds);
    return TRUE;
}

/* NULL: it is no disk's, or of one that is opened by path by now. */
static KxlDeviceDisk *disk_of_set(const KxlDomainConfig *config, gint64 number)
{
    int at = kxl_config_find_disk(config, (int)number);
    KxlDeviceDisk *disk = at >= 0 ? config->disks->pdata[at] : NULL;

    return disk && disk->fd_group ? disk : NULL;
}

gboolean kxl_disk_fds_fetch(KxlQmp *qmp, int pidfd, KxlDomainConfig *config, GError **error)
{
    g_autoptr(JsonNode) answer = kxl_qmp_call(qmp, "query-fdsets", NULL, KXL_HOT_QMP_MS, error);
    JsonArray *sets = answer && JSON_NODE_HOLDS_ARRAY(answer) ? json_node_get_array(answer) : NULL;

    for (guint i = 0; sets && i < json_array_get_length(sets); i++) {
        JsonObject *set = json_array_get_object_element(sets, i);
        KxlDeviceDisk *disk = disk_of_set(config, json_object_get_int_member(set, "fdset-id"));

        if (disk && !fetch_set(set, pidfd, disk, error))
            return FALSE;
    }
    return answer != NULL;
}
