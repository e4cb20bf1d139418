/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pools of type iscsi-direct: a target that QEMU reaches itself. What it has is asked with
 * libiscsi's tools; this host's kernel takes no part. */
#include <string.h>

#include "command.h"
#include "handler-util.h"
#include "iscsi.h"
#include "pool-backend.h"
#include "secret-value.h"
#include "tool.h"

/* libiscsi's own names of what is not for a command line. */
#define USERNAME "LIBISCSI_CHAP_USERNAME="
#define PASSWORD "LIBISCSI_CHAP_PASSWORD="

/* Its environment; NULL with an error. */
static char **environment_of(const PoolAccess *pool, GError **error)
{
    const PoolAuth *auth = pool->def->source.auth;
    g_autoptr(GBytes) value = NULL;
    char **environment;

    if (auth == NULL)
        return g_new0(char *, 1);
    value = secret_value(pool->secrets, auth->secret_uuid, SECRET_USAGE_ISCSI, auth->secret_usage,
                         error);
    if (value == NULL)
        return NULL;
    environment = g_new0(char *, 3);
    environment[0] = g_strconcat(USERNAME, auth->username, NULL);
    environment[1] = g_strdup_printf("%s%.*s", PASSWORD, (int)g_bytes_get_size(value),
                                     (const char *)g_bytes_get_data(value, NULL));
    return environment;
}

/* "TOOL -i INITIATOR -s URL": its lines. */
static char **ask(const PoolAccess *pool, const char *tool, const char *url, GError **error)
{
    g_auto(GStrv) environment = environment_of(pool, error);
    const char *const argv[] = { tool, "-i", pool->def->source.initiator, "-s", url, NULL };
    g_autofree char *output = NULL;

    if (environment == NULL ||
        !command_run_with(argv, (const char *const *)environment, NULL, &output, error))
        return NULL;
    return g_strsplit(output, "\n", -1);
}

static gboolean read_size(const PoolAccess *pool, const char *lun, guint64 *ret_bytes)
{
    g_autofree char *portal = iscsi_portal(&pool->def->source);
    g_autofree char *url =
        g_strdup_printf("iscsi://%s/%s/%s", portal, iscsi_target(&pool->def->source, NULL), lun);
    g_auto(GStrv) lines = ask(pool, "iscsi-readcapacity16", url, NULL);

    return lines != NULL && lines[0] != NULL &&
           g_ascii_string_to_unsigned(lines[0], 10, 0, G_MAXINT64, ret_bytes, NULL);
}

static Volume *volume_of(const PoolAccess *pool, const char *lun)
{
    g_autofree char *name = g_strdup_printf("unit:0:0:%s", lun);
    g_autofree char *portal = iscsi_portal(&pool->def->source);
    Volume *volume = volume_new(VOLUME_NETWORK, name);

    /* The name udev would give it if this host logged in. */
    volume->path = g_strdup_printf("ip-%s-iscsi-%s-lun-%s", portal,
                                   iscsi_target(&pool->def->source, NULL), lun);
    volume->key = g_strdup(volume->path);
    if (read_size(pool, lun, &volume->capacity))
        volume->allocation = volume->capacity;
    return volume;
}

/*
 * iscsi-ls prints "Target:NAME Portal:..." and below each target its units, "Lun:1
 * Type:DIRECT_ACCESS (Size:19M)".
 */
static GPtrArray *direct_list(const PoolAccess *pool, GError **error)
{
    g_autofree char *portal = iscsi_portal(&pool->def->source);
    g_autofree char *url = g_strdup_printf("iscsi://%s/", portal);
    const char *target = iscsi_target(&pool->def->source, error);
    g_auto(GStrv) lines = target != NULL ? ask(pool, "iscsi-ls", url, error) : NULL;
    gboolean ours = FALSE, seen = FALSE;
    GPtrArray *volumes;

    if (lines == NULL)
        return NULL;
    volumes = volume_array_new();
    for (guint i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) words = g_strsplit_set(lines[i], ": ", 3);

        if (g_strv_length(words) < 3)
            continue;
        if (strcmp(words[0], "Target") == 0) {
            ours = g_str_has_prefix(lines[i] + strlen("Target:"), target) &&
                   lines[i][strlen("Target:") + strlen(target)] == ' ';
            seen |= ours;
        } else if (ours && strcmp(words[0], "Lun") == 0 &&
                   strstr(lines[i], "Type:DIRECT_ACCESS") != NULL) {
            g_ptr_array_add(volumes, volume_of(pool, words[1]));
        }
    }
    if (seen)
        return volumes;
    g_ptr_array_unref(volumes);
    fail(error, VIR_ERR_OPERATION_FAILED, "'%s' has no iSCSI target '%s'", portal, target);
    return NULL;
}

static gboolean direct_check(const PoolAccess *pool, GError **error)
{
    g_autoptr(GPtrArray) volumes = direct_list(pool, error);

    return volumes != NULL;
}

static gboolean direct_usage(const PoolAccess *pool, PoolUsage *ret_usage, GError **error)
{
    g_autoptr(GPtrArray) volumes = direct_list(pool, error);

    for (guint i = 0; volumes != NULL && i < volumes->len; i++) {
        ret_usage->capacity += ((Volume *)volumes->pdata[i])->capacity;
        ret_usage->allocation += ((Volume *)volumes->pdata[i])->capacity;
    }
    return volumes != NULL;
}

const PoolBackend pool_backend_iscsi_direct = {
    .tool = "iscsi-ls",
    .check = direct_check,
    .usage = direct_usage,
    .list = direct_list,
};
