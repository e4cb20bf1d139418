/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define ERRORS_FROM VIR_FROM_DOMAIN
#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "handler.h"
#include "registry-internal.h"

typedef struct {
    const RpcClient *client; /* only compared */
    GArray *fds;             /* of int; closed with it */
} FdGroup;

static void group_free(gpointer data)
{
    FdGroup *group = data;

    g_array_unref(group->fds);
    g_free(group);
}

/* ---- for a machine ---- */

static gboolean copy_fds(const GArray *fds, GArray *ret_numbers, GArray *held, GError **error)
{
    for (guint i = 0; i < fds->len; i++) {
        int copy = fcntl(g_array_index(fds, int, i), F_DUPFD_CLOEXEC, 0);

        if (copy < 0)
            return fail(error, VIR_ERR_SYSTEM_ERROR, "cannot copy a file descriptor: %s",
                        g_strerror(errno));
        g_array_append_val(held, copy);
        g_array_append_val(ret_numbers, copy);
    }
    return TRUE;
}

static gboolean resolve_locked(const Domain *domain, KxlDeviceDisk *disk, GArray *held,
                               GError **error)
{
    const FdGroup *group =
        domain->fd_groups != NULL ? g_hash_table_lookup(domain->fd_groups, disk->fd_group) : NULL;
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(int));

    if (group == NULL)
        return fail(error, VIR_ERR_INVALID_ARG,
                    "disk '%s': no file descriptors are associated with domain '%s' as group '%s'",
                    disk->vdev, domain->name, disk->fd_group);
    if (!copy_fds(group->fds, numbers, held, error))
        return FALSE;
    kxl_device_disk_set_fds(disk, numbers);
    return TRUE;
}

gboolean resolve_disk_descriptors(DomainRegistry *registry, Domain *domain, KxlDeviceDisk *disk,
                                  GArray *held, GError **error)
{
    gboolean ok;

    if (disk->fd_group == NULL)
        return TRUE;
    g_mutex_lock(&registry->lock);
    ok = resolve_locked(domain, disk, held, error);
    g_mutex_unlock(&registry->lock);
    return ok;
}

gboolean resolve_descriptors(DomainRegistry *registry, Domain *domain, KxlDomainConfig *config,
                             GArray **ret_held, GError **error)
{
    g_autoptr(GArray) held = fds_new();
    gboolean ok = TRUE;

    for (guint i = 0; i < config->disks->len && ok; i++)
        ok = resolve_disk_descriptors(registry, domain, config->disks->pdata[i], held, error);
    *ret_held = g_steal_pointer(&held);
    return ok;
}

/* ---- from clients ---- */

void fd_groups_drop_locked(Domain *domain, const RpcClient *client)
{
    GHashTableIter iter;
    gpointer group;

    if (domain->fd_groups == NULL)
        return;
    g_hash_table_iter_init(&iter, domain->fd_groups);
    while (g_hash_table_iter_next(&iter, NULL, &group))
        if (((FdGroup *)group)->client == client)
            g_hash_table_iter_remove(&iter);
}

/* The packet's descriptors are the group's now. */
static FdGroup *take_group(RpcCall *call)
{
    FdGroup *group = g_new(FdGroup, 1);

    *group = (FdGroup){ call->client, fds_new() };
    g_array_append_vals(group->fds, call->packet->fds, call->packet->n_fds);
    call->packet->n_fds = 0;
    return group;
}

/* virDomainFDAssociateFlags are of labels, which no image has here. */
enum { SECLABEL_RESTORE = 1, SECLABEL_WRITABLE = 2 };

gboolean on_domain_fd_associate(RpcCall *call, GError **error)
{
    DomainRegistry *registry = ((const Kanzend *)call->app)->domains;
    g_autoptr(Domain) domain = NULL;

    if (!check_flags(call, call->args[2].u, SECLABEL_RESTORE | SECLABEL_WRITABLE, error))
        return FALSE;
    domain = call_domain(call, 0, error);
    if (domain == NULL)
        return FALSE;
    if (call->packet->n_fds == 0)
        return fail(error, VIR_ERR_INVALID_ARG, "no file descriptor has come with the call");
    g_mutex_lock(&registry->lock);
    if (domain->fd_groups == NULL)
        domain->fd_groups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, group_free);
    g_hash_table_replace(domain->fd_groups, g_strdup(call->args[1].str), take_group(call));
    if (rpc_client_is_gone(call->client)) /* behind its end, which has dropped the others */
        fd_groups_drop_locked(domain, call->client);
    g_mutex_unlock(&registry->lock);
    return TRUE;
}
