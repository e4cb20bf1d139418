/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding and listing snapshots. */
#include <string.h>

#include "snapshot-call.h"

/* ---- what call and snapshot they are about ---- */

/* A snapshot's handle is its name and the domain's. */
gboolean call_snapshot(const RpcCall *call, gboolean lock, SnapshotCall *ret, GError **error)
{
    const Kanzend *kanzend = call->app;
    const XdrValue *handle = call->args[0].items;
    char uuid[UUID_TEXT_LEN];
    g_autoptr(Domain) domain = NULL;

    uuid_to_text(handle[1].items[1].bytes, uuid);
    domain = domain_registry_find_uuid(kanzend->domains, uuid);
    if (domain == NULL)
        return fail(error, VIR_ERR_NO_DOMAIN, "no domain with matching uuid '%s' (%s)", uuid,
                    handle[1].items[0].str);
    if (lock && !domain_job_begin(domain, error))
        return FALSE;
    domain_get_view(kanzend->domains, domain, &ret->view);
    ret->view.locked = lock;
    ret->all = snapshots_load(kanzend->domains, uuid);
    ret->snapshot = snapshots_find(ret->all, handle[0].str);
    return ret->snapshot != NULL ||
           fail(error, VIR_ERR_NO_DOMAIN_SNAPSHOT, "no domain snapshot with matching name '%s'",
                handle[0].str);
}

void snapshot_call_clear(SnapshotCall *call)
{
    g_clear_pointer(&call->all, g_ptr_array_unref);
    domain_view_clear(&call->view);
}

/* The snapshots of the domain in args[0]. */
static gboolean call_snapshots(const RpcCall *call, SnapshotCall *ret, GError **error)
{
    const Kanzend *kanzend = call->app;

    if (!call_view(call, &ret->view, error))
        return FALSE;
    ret->all = snapshots_load(kanzend->domains, ret->view.uuid);
    return TRUE;
}

void put_snapshot(RpcCall *call, const DomainView *view, const char *name)
{
    const Kanzend *kanzend = call->app;

    xdr_put_string(call->ret, name);
    domain_put_handle(kanzend->domains, call->ret, view->domain);
}

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
#define LIST_KNOWN ((LIST_TOPOLOGICAL << 1) - 1)

/* In each group one of the bits that are set must hold. */
static const guint32 groups[] = {
    LIST_METADATA | LIST_NO_METADATA,
    LIST_LEAVES | LIST_NO_LEAVES,
    LIST_INACTIVE | LIST_ACTIVE | LIST_DISK_ONLY,
    LIST_INTERNAL | LIST_EXTERNAL,
};

static gboolean has_children(GPtrArray *all, const Snapshot *snapshot)
{
    for (guint i = 0; i < all->len; i++) {
        if (g_strcmp0(((const Snapshot *)all->pdata[i])->parent, snapshot->name) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean snapshot_is_external(const Snapshot *snapshot)
{
    gboolean external = snapshot->memory == SNAPSHOT_EXTERNAL;

    for (guint i = 0; i < snapshot->disks->len; i++)
        external |= ((const SnapshotDisk *)snapshot->disks->pdata[i])->place == SNAPSHOT_EXTERNAL;
    return external;
}

static guint32 properties(GPtrArray *all, const Snapshot *snapshot)
{
    guint32 bits = LIST_METADATA | (has_children(all, snapshot) ? LIST_NO_LEAVES : LIST_LEAVES);

    bits |= snapshot_is_external(snapshot) ? LIST_EXTERNAL : LIST_INTERNAL;
    if (strcmp(snapshot->state, "disk-snapshot") == 0)
        return bits | LIST_DISK_ONLY;
    return bits | (strcmp(snapshot->state, "shutoff") == 0 ? LIST_INACTIVE : LIST_ACTIVE);
}

gboolean snapshot_descends(GPtrArray *all, const Snapshot *snapshot, const char *ancestor)
{
    const char *parent = snapshot->parent;

    /* As many steps as there are snapshots: a file may have been changed to lead in a circle. */
    for (guint i = 0; parent != NULL && i <= all->len; i++) {
        const Snapshot *up;

        if (strcmp(parent, ancestor) == 0)
            return TRUE;
        up = snapshots_find(all, parent);
        parent = up != NULL ? up->parent : NULL;
    }
    return FALSE;
}

/* of NULL: all of the domain, with ROOTS those without parent. Else its children, with that same
 * bit all of its descendants. */
static gboolean is_listed(const SnapshotCall *s, const Snapshot *snapshot, const char *of,
                          guint32 flags)
{
    guint32 bits = properties(s->all, snapshot);
    gboolean deep = flags & LIST_ROOTS;

    if (of == NULL && deep && snapshot->parent != NULL)
        return FALSE;
    if (of != NULL &&
        !(deep ? snapshot_descends(s->all, snapshot, of) : g_strcmp0(snapshot->parent, of) == 0))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(groups); i++) {
        guint32 wanted = flags & groups[i];

        if (wanted != 0 && !(wanted & bits))
            return FALSE;
    }
    return TRUE;
}

/* Borrowed elements. In order of creation, which is a topological one as well. */
static GPtrArray *list(const SnapshotCall *s, const char *of, guint32 flags)
{
    GPtrArray *found = g_ptr_array_new();

    for (guint i = 0; i < s->all->len; i++) {
        if (is_listed(s, s->all->pdata[i], of, flags))
            g_ptr_array_add(found, s->all->pdata[i]);
    }
    return found;
}

/* ---- the calls ---- */

typedef enum { AS_NUMBER, AS_NAMES, AS_HANDLES } ListForm;

static gboolean put_list(RpcCall *call, const SnapshotCall *s, const char *of, ListForm form,
                         gint32 max, guint32 flags)
{
    g_autoptr(GPtrArray) found = list(s, of, flags);
    guint n = form == AS_NUMBER  ? 0
              : form == AS_NAMES ? MIN((guint)MAX(max, 0), found->len)
              : max != 0         ? found->len
                                 : 0;

    if (form != AS_NUMBER)
        xdr_put_u32(call->ret, n);
    for (guint i = 0; i < n; i++) {
        const Snapshot *snapshot = found->pdata[i];

        if (form == AS_NAMES)
            xdr_put_string(call->ret, snapshot->name);
        else
            put_snapshot(call, &s->view, snapshot->name);
    }
    if (form != AS_NAMES)
        xdr_put_i32(call->ret, (gint32)found->len);
    return TRUE;
}

static gboolean list_of_domain(RpcCall *call, ListForm form, gint32 max, guint32 flags,
                               GError **error)
{
    g_auto(SnapshotCall) s = { 0 };

    return check_flags(call, flags, LIST_KNOWN, error) && call_snapshots(call, &s, error) &&
           put_list(call, &s, NULL, form, max, flags);
}

static gboolean list_of_children(RpcCall *call, ListForm form, gint32 max, guint32 flags,
                                 GError **error)
{
    g_auto(SnapshotCall) s = { 0 };

    return check_flags(call, flags, LIST_KNOWN, error) && call_snapshot(call, FALSE, &s, error) &&
           put_list(call, &s, s.snapshot->name, form, max, flags);
}

gboolean on_domain_snapshot_num(RpcCall *call, GError **error)
{
    return list_of_domain(call, AS_NUMBER, 0, call->args[1].u, error);
}

gboolean on_domain_snapshot_list_names(RpcCall *call, GError **error)
{
    return list_of_domain(call, AS_NAMES, call->args[1].i, call->args[2].u, error);
}

gboolean on_domain_list_all_snapshots(RpcCall *call, GError **error)
{
    return list_of_domain(call, AS_HANDLES, call->args[1].i, call->args[2].u, error);
}

gboolean on_domain_snapshot_num_children(RpcCall *call, GError **error)
{
    return list_of_children(call, AS_NUMBER, 0, call->args[1].u, error);
}

gboolean on_domain_snapshot_list_children_names(RpcCall *call, GError **error)
{
    return list_of_children(call, AS_NAMES, call->args[1].i, call->args[2].u, error);
}

gboolean on_domain_snapshot_list_all_children(RpcCall *call, GError **error)
{
    return list_of_children(call, AS_HANDLES, call->args[1].i, call->args[2].u, error);
}

gboolean on_domain_snapshot_lookup_by_name(RpcCall *call, GError **error)
{
    g_auto(SnapshotCall) s = { 0 };

    if (!check_flags(call, call->args[2].u, 0, error) || !call_snapshots(call, &s, error))
        return FALSE;
    if (snapshots_find(s.all, call->args[1].str) == NULL)
        return fail(error, VIR_ERR_NO_DOMAIN_SNAPSHOT, "no domain snapshot with matching name '%s'",
                    call->args[1].str);
    put_snapshot(call, &s.view, call->args[1].str);
    return TRUE;
}

gboolean on_domain_has_current_snapshot(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    g_autofree char *current = NULL;

    if (!check_flags(call, call->args[1].u, 0, error) || !call_view(call, &view, error))
        return FALSE;
    current = snapshots_current(kanzend->domains, view.uuid);
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
    current = snapshots_current(kanzend->domains, view.uuid);
    if (current == NULL)
        return fail(error, VIR_ERR_NO_DOMAIN_SNAPSHOT,
                    "the domain does not have a current snapshot");
    put_snapshot(call, &view, current);
    return TRUE;
}

gboolean on_domain_snapshot_is_current(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(SnapshotCall) s = { 0 };
    g_autofree char *current = NULL;

    if (!check_flags(call, call->args[1].u, 0, error) || !call_snapshot(call, FALSE, &s, error))
        return FALSE;
    current = snapshots_current(kanzend->domains, s.view.uuid);
    xdr_put_i32(call->ret, g_strcmp0(current, s.snapshot->name) == 0);
    return TRUE;
}

gboolean on_domain_snapshot_has_metadata(RpcCall *call, GError **error)
{
    g_auto(SnapshotCall) s = { 0 };

    if (!check_flags(call, call->args[1].u, 0, error) || !call_snapshot(call, FALSE, &s, error))
        return FALSE;
    xdr_put_i32(call->ret, TRUE); /* only those with it are known */
    return TRUE;
}

gboolean on_domain_snapshot_get_parent(RpcCall *call, GError **error)
{
    g_auto(SnapshotCall) s = { 0 };

    if (!check_flags(call, call->args[1].u, 0, error) || !call_snapshot(call, FALSE, &s, error))
        return FALSE;
    if (s.snapshot->parent == NULL)
        return fail(error, VIR_ERR_NO_DOMAIN_SNAPSHOT, "snapshot '%s' does not have a parent",
                    s.snapshot->name);
    put_snapshot(call, &s.view, s.snapshot->parent);
    return TRUE;
}

enum { XML_SECURE = 1 };

gboolean on_domain_snapshot_get_xml_desc(RpcCall *call, GError **error)
{
    g_auto(SnapshotCall) s = { 0 };
    g_autofree char *xml = NULL;

    if (!check_flags(call, call->args[1].u, XML_SECURE, error) ||
        !call_snapshot(call, FALSE, &s, error))
        return FALSE;
    xml = snapshot_format(s.snapshot, call->args[1].u & XML_SECURE);
    xdr_put_string(call->ret, xml);
    return TRUE;
}
