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

static const guint32 known_groups[] = {
    LIST_ACTIVE | LIST_INACTIVE,
    LIST_PERSISTENT | LIST_TRANSIENT,
    LIST_RUNNING | LIST_PAUSED | LIST_SHUTOFF | LIST_OTHER,
    LIST_AUTOSTART | LIST_NO_AUTOSTART,
    0,
};
/* What costs a look at the disk. */
static const guint32 disk_groups[] = {
    LIST_MANAGEDSAVE | LIST_NO_MANAGEDSAVE,
    LIST_HAS_SNAPSHOT | LIST_NO_SNAPSHOT,
    LIST_HAS_CHECKPOINT | LIST_NO_CHECKPOINT,
    0,
};
#define LIST_ON_DISK                                                                               \
    (LIST_MANAGEDSAVE | LIST_NO_MANAGEDSAVE | LIST_HAS_SNAPSHOT | LIST_NO_SNAPSHOT |               \
     LIST_HAS_CHECKPOINT | LIST_NO_CHECKPOINT)

/* So many are listed in a fraction of what it takes to wake a worker. */
#define LIST_QUICK_MAX 1024

static guint32 known_properties(const DomainFacts *facts)
{
    guint32 bits = facts->id >= 0 ? LIST_ACTIVE : LIST_INACTIVE;

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

/* Only what flags ask for is looked for. */
static guint32 disk_properties(DomainRegistry *registry, const char *uuid, guint32 flags)
{
    guint32 bits = 0;

    if (flags & (LIST_HAS_SNAPSHOT | LIST_NO_SNAPSHOT))
        bits |= moments_any(&snapshot_kind, registry, uuid) ? LIST_HAS_SNAPSHOT : LIST_NO_SNAPSHOT;
    if (flags & (LIST_HAS_CHECKPOINT | LIST_NO_CHECKPOINT))
        bits |= moments_any(&checkpoint_kind, registry, uuid) ? LIST_HAS_CHECKPOINT
                                                              : LIST_NO_CHECKPOINT;
    if (flags & (LIST_MANAGEDSAVE | LIST_NO_MANAGEDSAVE))
        bits |= has_managed_save(registry, uuid) ? LIST_MANAGEDSAVE : LIST_NO_MANAGEDSAVE;
    return bits;
}

typedef struct {
    guint32 flags;
    GPtrArray *found; /* references; NULL: only counted */
    GByteArray *out;  /* handles; NULL: none */
    guint n;
} Listing;

static void list_one(const DomainFacts *facts, gpointer data)
{
    Listing *listing = data;

    if (!list_wanted(known_properties(facts), listing->flags, known_groups))
        return;
    listing->n++;
    if (listing->found != NULL)
        g_ptr_array_add(listing->found, domain_ref(facts->domain));
    if (listing->out != NULL)
        domain_put_handle_locked(listing->out, facts->domain);
}

static void fill(const RpcCall *call, Listing *listing)
{
    const Kanzend *kanzend = call->app;

    domain_registry_settle(kanzend->domains);
    domain_registry_foreach(kanzend->domains, list_one, listing);
}

GPtrArray *domain_list_matching(const RpcCall *call, guint32 flags)
{
    const Kanzend *kanzend = call->app;
    GPtrArray *found = g_ptr_array_new_with_free_func((GDestroyNotify)domain_unref);
    Listing listing = { .flags = flags, .found = found };

    fill(call, &listing);
    for (guint i = flags & LIST_ON_DISK ? found->len : 0; i > 0; i--) {
        const char *uuid = domain_uuid(found->pdata[i - 1]);

        if (!list_wanted(disk_properties(kanzend->domains, uuid, flags), flags, disk_groups))
            g_ptr_array_remove_index_fast(found, i - 1);
    }
    return found;
}

static void put_listed(RpcCall *call, gconstpointer item)
{
    const Kanzend *kanzend = call->app;

    domain_put_handle(kanzend->domains, call->ret, (Domain *)item);
}

gboolean domain_list_is_short(const RpcCall *call)
{
    const Kanzend *kanzend = call->app;

    return !(call->args[1].u & LIST_ON_DISK) && domain_registry_is_settled(kanzend->domains) &&
           domain_registry_size(kanzend->domains) <= LIST_QUICK_MAX;
}

gboolean on_connect_list_all_domains(RpcCall *call, GError **error)
{
    guint32 flags = call->args[1].u;

    if (!check_flags(call, flags, (LIST_NO_CHECKPOINT << 1) - 1, error))
        return FALSE;
    if (flags & LIST_ON_DISK) {
        g_autoptr(GPtrArray) found = domain_list_matching(call, flags);

        list_put_handles(call, call->args[0].i != 0, found, put_listed);
    } else { /* in one go: no reference is taken of thousands */
        Listing listing = { .flags = flags, .out = call->args[0].i != 0 ? call->ret : NULL };
        guint count = xdr_put_count(call->ret);

        fill(call, &listing);
        xdr_set_u32(call->ret, count, listing.out != NULL ? listing.n : 0);
        xdr_put_u32(call->ret, listing.n);
    }
    return TRUE;
}

/* ---- the calls before it: at most so many names or ids ---- */

static gboolean put_number(RpcCall *call, guint32 flags)
{
    Listing listing = { .flags = flags };

    fill(call, &listing);
    xdr_put_i32(call->ret, (gint32)listing.n);
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
