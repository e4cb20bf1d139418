/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * "rename-restart": the ended domain stays, under another name and UUID and without its devices,
 * and a new one takes its place. Its machine keeps memory and vCPUs, which is what it is kept for.
 * Disks, interfaces and the display's port are the successor's: QEMU gives up its images when a
 * migration is over, so one to nowhere makes it do so.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "file.h"
#include "hot-device.h"
#include "ops.h"
#include "rename.h"
#include "userdata.h"

#define TIMEOUT_MS 20000
#define POLL_US    10000
#define BANDWIDTH  (G_GINT64_CONSTANT(1) << 40) /* bytes a second: no limit */

/* As kanzend has it; a domain of another client's has none. */
#define USERDATA_KEY "libvirt-xml"

static gboolean wait_migrated(Session *s, GError **error)
{
    for (;;) {
        g_autoptr(JsonNode) answer =
            kxl_qmp_call(s->qmp, "query-migrate", NULL, TIMEOUT_MS, error);
        const char *status;

        if (!answer)
            return FALSE;
        status = json_object_get_string_member_with_default(json_node_get_object(answer), "status",
                                                            "none");
        if (g_str_equal(status, "completed"))
            return TRUE;
        if (g_str_equal(status, "failed") || g_str_equal(status, "cancelled") ||
            g_str_equal(status, "none")) {
            g_set_error(error, KXL_ERROR, KXL_ERROR_FAILED, "QEMU keeps its disks: %s", status);
            return FALSE;
        }
        g_usleep(POLL_US);
    }
}

static gboolean migrate_to_nowhere(Session *s, GError **error)
{
    g_auto(KxlFd) nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    g_autoptr(JsonNode) got = NULL;

    if (nowhere < 0)
        return kxl_error_set_errno(error, errno, "cannot open '/dev/null'");
    got = kxl_qmp_call_fd(s->qmp, "getfd", kxl_qmp_args("s:fdname", "nowhere", NULL), nowhere,
                          TIMEOUT_MS, error);
    return got &&
           kxl_qmp_run(s->qmp, "migrate-set-parameters",
                       kxl_qmp_args("i:max-bandwidth", BANDWIDTH, NULL), TIMEOUT_MS, error) &&
           kxl_qmp_run(s->qmp, "migrate", kxl_qmp_args("s:uri", "fd:nowhere", NULL), TIMEOUT_MS,
                       error) &&
           wait_migrated(s, error);
}

/* The port goes to the successor; who wants to see the picture finds it in the domain's folder. */
static gboolean move_vnc(Session *s, GError **error)
{
    g_autofree char *path = session_path(s, "vnc-ended.sock");
    JsonObject *address, *arguments;
    JsonArray *addresses;

    if (!kxl_machine_vnc(s->config))
        return TRUE;
    address = kxl_qmp_args("s:type", "unix", "s:path", path, NULL);
    addresses = json_array_new();
    json_array_add_object_element(addresses, address);
    arguments = kxl_qmp_args("s:type", "vnc", NULL);
    json_object_set_array_member(arguments, "addresses", addresses);
    return kxl_qmp_run(s->qmp, "display-update", arguments, TIMEOUT_MS, error);
}

static gboolean give_up_devices(Session *s, GError **error)
{
    gboolean ok =
        emulator_connect(s, error) && migrate_to_nowhere(s, error) && move_vnc(s, error);

    emulator_disconnect(s);
    if (ok)
        network_down(s);
    return ok;
}

/* As xl names it, by the time of the end in UTC; with the seconds, so that it is the only one. */
static char *name_of_ended(const KxlDomainConfig *config)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format(now, "%Y%m%dT%H%M%SZ");

    return g_strdup_printf("%s-%s", config->name, time);
}

static void become_ended(KxlDomainConfig *config, gconstpointer name)
{
    g_free(config->name);
    config->name = g_strdup(name);
    g_free(config->uuid);
    config->uuid = g_uuid_string_random();
    g_ptr_array_set_size(config->disks, 0);
    g_ptr_array_set_size(config->nics, 0);
}

static gboolean create_successor(Session *s, const KxlDomainConfig *config, const char *userdata,
                                 GError **error)
{
    int domid = kxl_domain_create(s->host, config, 0, userdata ? USERDATA_KEY : NULL, userdata,
                                  error);

    if (domid < 0)
        return FALSE;
    g_message("domain %d '%s': stays as '%s', domain %d takes its place", s->domid, config->name,
              s->config->name, domid);
    return TRUE;
}

/* The config of the next life, as session_end() found it. */
static KxlDomainConfig *next_config(Session *s)
{
    KxlDomainConfig *config = kxl_domain_config_dup(s->config);

    kxl_hot_drop_unfinished(s->host, s->domid, config);
    config->machine_memkb = 0;
    return config;
}

gboolean session_rename_restart(Session *s, GError **error)
{
    g_autoptr(KxlDomainConfig) next = next_config(s);
    g_autofree char *name = name_of_ended(next);
    g_autofree char *folder = session_path(s, NULL);
    g_autofree char *userdata =
        kxl_domain_userdata_load(s->host, s->domid, USERDATA_KEY, NULL);
    KxlDomainConfig *ended;

    if (!give_up_devices(s, error) || !kxl_userdata_write(folder, USERDATA_KEY, NULL, error) ||
        !kxl_op_change_config(s->host, s->domid, become_ended, name, error))
        return FALSE;
    ended = kxl_rundir_load_config(s->host, s->domid, error);
    if (!ended)
        return FALSE;
    kxl_domain_config_free(s->config);
    s->config = ended;
    return create_successor(s, next, userdata, error);
}
