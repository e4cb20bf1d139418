/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding and listing domains. */
#include "handler.h"
#include "listing.h"
#include "moment.h"
#include "save.h"

static gboolean put_found(RpcCall *call, Domain *found, GError **error)
{
    g_autoptr(Domain) domain = found;
    const Kanzend *kanzend = call->app;

    domain_put_handle(kanzend->domains, call->ret, domain);
    return TRUE;
}

gboolean on_domain_lookup_by_id(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    Domain *domain;

    domain_registry_settle(kanzend->domains);
    domain = domain_registry_find_id(kanzend->domains, call->args[0].i);
    if (domain == NULL)
        return fail(error, VIR_ERR_NO_DOMAIN, "no domain with matching id %d", call->args[0].i);
    return put_found(call, domain, error);
}

gboolean on_domain_lookup_by_name(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    Domain *domain;

    domain_registry_settle(kanzend->domains);
    domain = domain_registry_find_name(kanzend->domains, call->args[0].str);
    if (domain == NULL)
        return fail(error, VIR_ERR_NO_DOMAIN, "no domain with matching name '%s'",
                    call->args[0].str);
    return put_found(call, domain, error);
}

gboolean on_domain_lookup_by_uuid(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];
    Domain *domain;

    domain_registry_settle(kanzend->domains);
    uuid_to_text(call->args[0].bytes, uuid);
    domain = domain_registry_find_uuid(kanzend->domains, uuid);
    if (domain == NULL)
        return fail(error, VIR_ERR_NO_DOMAIN, "no domain with matching uuid '%s'", uuid);
    return put_found(call, domain, error);
}

/* ---- lists ---- */

enum { /* virConnectListAllDomainsFlags */
       LIST_ACTIVE = 1 << 0,
       LIST_INACTIVE = 1 << 1,
       LIST_PERSISTENT = 1 << 2,
       LIST_TRANSIENT = 1 << 3,
       LIST_RUNNING = 1 << 4,
       LIST_PAUSED = 1 << 5,
       LIST_SHUTOFF = 1 << 6,
       LIST_OTHER = 1 << 7,
       LIST_MANAGEDSAVE = 1 << 8,
       LIST_NO_MANAGEDSAVE = 1 << 9,
       LIST_AUTOSTART = 1 << 10,
       LIST_NO_AUTOSTART = 1 << 11,
       LIST_HAS_SNAPSHOT = 1 << 12,
       LIST_NO_SNAPSHOT = 1 << 13,
       LIST_HAS_CHECKPOINT = 1 << 14,
       LIST_NO_CHECKPOINT = 1 << 15,
};

static const guint32 list_groups[] = {
    LIST_ACTIVE | LIST_INACTIVE,
    LIST_PERSISTENT | LIST_TRANSIENT,
    LIST_RUNNING | LIST_PAUSED | LIST_SHUTOFF | LIST_OTHER,
    LIST_MANAGEDSAVE | LIST_NO_MANAGEDSAVE,
    LIST_AUTOSTART | LIST_NO_AUTOSTART,
    LIST_HAS_SNAPSHOT | LIST_NO_SNAPSHOT,
    LIST_HAS_CHECKPOINT | LIST_NO_CHECKPOINT,
    0,
};

/* What costs a look at the disk is looked for only where flags ask. */
static guint32 properties(DomainRegistry *registry, const DomainFacts *facts, guint32 flags)
{
    guint32 bits = 0;

    if (flags & (LIST_HAS_SNAPSHOT | LIST_NO_SNAPSHOT))
        bits |= moments_any(&snapshot_kind, registry, facts->uuid) ? LIST_HAS_SNAPSHOT
                                                                   : LIST_NO_SNAPSHOT;
    if (flags & (LIST_HAS_CHECKPOINT | LIST_NO_CHECKPOINT))
        bits |= moments_any(&checkpoint_kind, registry, facts->uuid) ? LIST_HAS_CHECKPOINT
                                                                     : LIST_NO_CHECKPOINT;
    if (flags & (LIST_MANAGEDSAVE | LIST_NO_MANAGEDSAVE))
        bits |= has_managed_save(registry, facts->uuid) ? LIST_MANAGEDSAVE : LIST_NO_MANAGEDSAVE;
    bits |= facts->id >= 0 ? LIST_ACTIVE : LIST_INACTIVE;
    bits |= facts->persistent ? LIST_PERSISTENT : LIST_TRANSIENT;
    bits |= facts->autostart ? LIST_AUTOSTART : LIST_NO_AUTOSTART;
    switch (facts->state) {
    case VIR_STATE_RUNNING:
        return bits | LIST_RUNNING;
    case VIR_STATE_PAUSED:
        return bits | LIST_PAUSED;
    case VIR_STATE_SHUTOFF:
        return bits | LIST_SHUTOFF;
    default:
        return bits | LIST_OTHER;
    }
}

GPtrArray *domain_list_matching(const RpcCall *call, guint32 flags)
{
    const Kanzend *kanzend = call->app;
    GPtrArray *found = g_ptr_array_new_with_free_func((GDestroyNotify)domain_unref);
    g_autoptr(GArray) all = NULL;

    domain_registry_settle(kanzend->domains);
    all = domain_registry_facts(kanzend->domains);
    for (guint i = 0; i < all->len; i++) {
        const DomainFacts *facts = &g_array_index(all, DomainFacts, i);

        if (list_wanted(properties(kanzend->domains, facts, flags), flags, list_groups))
            g_ptr_array_add(found, domain_ref(facts->domain));
    }
    return found;
}

static void put_listed(RpcCall *call, gconstpointer item)
{
    const Kanzend *kanzend = call->app;

    domain_put_handle(kanzend->domains, call->ret, (Domain *)item);
}

gboolean on_connect_list_all_domains(RpcCall *call, GError **error)
{
    if (!check_flags(call, call->args[1].u, (LIST_NO_CHECKPOINT << 1) - 1, error))
        return FALSE;
    g_autoptr(GPtrArray) found = domain_list_matching(call, call->args[1].u);
    list_put_handles(call, call->args[0].i != 0, found, put_listed);
    return TRUE;
}

/* ---- the calls before it: at most so many names or ids ---- */

static gboolean put_number(RpcCall *call, guint32 flags)
{
    g_autoptr(GPtrArray) found = domain_list_matching(call, flags);

    xdr_put_i32(call->ret, (gint32)found->len);
    return TRUE;
}

gboolean on_connect_num_of_domains(RpcCall *call, GError **error)
{
    return put_number(call, LIST_ACTIVE);
}

gboolean on_connect_num_of_defined_domains(RpcCall *call, GError **error)
{
    return put_number(call, LIST_INACTIVE);
}

static gboolean put_list(RpcCall *call, guint32 flags, gboolean names)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(GPtrArray) found = domain_list_matching(call, flags);
    guint n = MIN((guint)MAX(call->args[0].i, 0), found->len);

    xdr_put_u32(call->ret, n);
    for (guint i = 0; i < n; i++) {
        g_auto(DomainView) view = { 0 };

        domain_get_view(kanzend->domains, found->pdata[i], &view);
        if (names)
            xdr_put_string(call->ret, view.name);
        else
            xdr_put_i32(call->ret, view.id);
    }
    return TRUE;
}

gboolean on_connect_list_domains(RpcCall *call, GError **error)
{
    return put_list(call, LIST_ACTIVE, FALSE);
}

gboolean on_connect_list_defined_domains(RpcCall *call, GError **error)
{
    return put_list(call, LIST_INACTIVE, TRUE);
}
