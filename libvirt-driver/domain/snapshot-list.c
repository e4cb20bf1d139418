/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding and listing snapshots. */
#include <string.h>

#include "snapshot.h"

/* ---- filters ---- */

enum {                      /* virDomainSnapshotListFlags */
       LIST_ROOTS = 1 << 0, /* of a snapshot's children: LIST_DESCENDANTS */
       LIST_METADATA = 1 << 1,
       LIST_LEAVES = 1 << 2,
       LIST_NO_LEAVES = 1 << 3,
       LIST_NO_METADATA = 1 << 4,
       LIST_INACTIVE = 1 << 5,
       LIST_ACTIVE = 1 << 6,
       LIST_DISK_ONLY = 1 << 7,
       LIST_INTERNAL = 1 << 8,
       LIST_EXTERNAL = 1 << 9,
       LIST_TOPOLOGICAL = 1 << 10,
};

static const guint32 groups[] = {
    LIST_METADATA | LIST_NO_METADATA,
    LIST_LEAVES | LIST_NO_LEAVES,
    LIST_INACTIVE | LIST_ACTIVE | LIST_DISK_ONLY,
    LIST_INTERNAL | LIST_EXTERNAL,
};

gboolean snapshot_is_external(const Snapshot *snapshot)
{
    gboolean external = snapshot->memory == SNAPSHOT_EXTERNAL;

    for (guint i = 0; i < snapshot->disks->len; i++)
        external |= ((const SnapshotDisk *)snapshot->disks->pdata[i])->place == SNAPSHOT_EXTERNAL;
    return external;
}

static guint32 properties(GPtrArray *all, gconstpointer moment)
{
    const Snapshot *snapshot = moment;
    guint32 bits = LIST_METADATA;

    bits |= moment_has_children(all, moment) ? LIST_NO_LEAVES : LIST_LEAVES;
    bits |= snapshot_is_external(snapshot) ? LIST_EXTERNAL : LIST_INTERNAL;
    if (strcmp(snapshot->state, "disk-snapshot") == 0)
        return bits | LIST_DISK_ONLY;
    return bits | (strcmp(snapshot->state, "shutoff") == 0 ? LIST_INACTIVE : LIST_ACTIVE);
}

static gpointer load(DomainRegistry *registry, const char *xml, GError **error)
{
    return snapshot_parse(registry, xml, TRUE, error);
}

static char *save(gconstpointer snapshot)
{
    return snapshot_format(snapshot, TRUE);
}

const MomentKind snapshot_kind = {
    .folder = "snapshot",
    .title = "domain snapshot",
    .noun = "snapshot",
    .missing = VIR_ERR_NO_DOMAIN_SNAPSHOT,
    .load = load,
    .save = save,
    .free = (GDestroyNotify)snapshot_free,
    .finish = snapshot_finish,
    .properties = properties,
    .groups = groups,
    .n_groups = G_N_ELEMENTS(groups),
    .list_flags = (LIST_TOPOLOGICAL << 1) - 1,
};

/* ---- listing ---- */

gboolean on_domain_snapshot_num(RpcCall *call, GError **error)
{
    return put_moments(call, &snapshot_kind, FALSE, MOMENTS_NUMBER, 0, call->args[1].u, error);
}

gboolean on_domain_snapshot_list_names(RpcCall *call, GError **error)
{
    return put_moments(call, &snapshot_kind, FALSE, MOMENTS_NAMES, call->args[1].i, call->args[2].u,
                       error);
}

gboolean on_domain_list_all_snapshots(RpcCall *call, GError **error)
{
    return put_moments(call, &snapshot_kind, FALSE, MOMENTS_HANDLES, call->args[1].i,
                       call->args[2].u, error);
}

gboolean on_domain_snapshot_num_children(RpcCall *call, GError **error)
{
    return put_moments(call, &snapshot_kind, TRUE, MOMENTS_NUMBER, 0, call->args[1].u, error);
}

gboolean on_domain_snapshot_list_children_names(RpcCall *call, GError **error)
{
    return put_moments(call, &snapshot_kind, TRUE, MOMENTS_NAMES, call->args[1].i, call->args[2].u,
                       error);
}

gboolean on_domain_snapshot_list_all_children(RpcCall *call, GError **error)
{
    return put_moments(call, &snapshot_kind, TRUE, MOMENTS_HANDLES, call->args[1].i,
                       call->args[2].u, error);
}

/* ---- one of them ---- */

gboolean on_domain_snapshot_lookup_by_name(RpcCall *call, GError **error)
{
    g_auto(MomentCall) m = { 0 };

    if (!check_flags(call, call->args[2].u, 0, error) ||
        !call_moments(call, &snapshot_kind, call->args[1].str, &m, error))
        return FALSE;
    put_moment(call, &m.view, call->args[1].str);
    return TRUE;
}

gboolean on_domain_has_current_snapshot(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    g_autofree char *current = NULL;

    if (!check_flags(call, call->args[1].u, 0, error) || !call_view(call, &view, error))
        return FALSE;
    current = moments_current(&snapshot_kind, kanzend->domains, view.uuid);
    xdr_put_i32(call->ret, current != NULL);
    return TRUE;
}

gboolean on_domain_snapshot_current(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    g_autofree char *current = NULL;

    if (!check_flags(call, call->args[1].u, 0, error) || !call_view(call, &view, error))
        return FALSE;
    current = moments_current(&snapshot_kind, kanzend->domains, view.uuid);
    if (current == NULL)
        return fail(error, VIR_ERR_NO_DOMAIN_SNAPSHOT,
                    "the domain does not have a current snapshot");
    put_moment(call, &view, current);
    return TRUE;
}

gboolean on_domain_snapshot_is_current(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(MomentCall) m = { 0 };
    g_autofree char *current = NULL;

    if (!check_flags(call, call->args[1].u, 0, error) ||
        !call_moment(call, &snapshot_kind, FALSE, &m, error))
        return FALSE;
    current = moments_current(&snapshot_kind, kanzend->domains, m.view.uuid);
    xdr_put_i32(call->ret, g_strcmp0(current, ((const Moment *)m.moment)->name) == 0);
    return TRUE;
}

gboolean on_domain_snapshot_has_metadata(RpcCall *call, GError **error)
{
    g_auto(MomentCall) m = { 0 };

    if (!check_flags(call, call->args[1].u, 0, error) ||
        !call_moment(call, &snapshot_kind, FALSE, &m, error))
        return FALSE;
    xdr_put_i32(call->ret, TRUE); /* only those with it are known */
    return TRUE;
}

gboolean on_domain_snapshot_get_parent(RpcCall *call, GError **error)
{
    return put_moment_parent(call, &snapshot_kind, error);
}

enum { XML_SECURE = 1 };

gboolean on_domain_snapshot_get_xml_desc(RpcCall *call, GError **error)
{
    g_auto(MomentCall) m = { 0 };
    g_autofree char *xml = NULL;

    if (!check_flags(call, call->args[1].u, XML_SECURE, error) ||
        !call_moment(call, &snapshot_kind, FALSE, &m, error))
        return FALSE;
    xml = snapshot_format(m.moment, call->args[1].u & XML_SECURE);
    xdr_put_string(call->ret, xml);
    return TRUE;
}
