/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is learned of guests' addresses: into their interfaces' rules, and into a file each in the
 * run directory ("ADDRESS EXPIRY" a line), for the daemon after this one.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "handler-util.h"
#include "network/inet.h"
#include "nwfilter-internal.h"

/* Addresses one interface may have by DHCP: a guest could ask for ever more. */
#define ADDRESSES_MAX 64

void nwfilter_address_free(gpointer data)
{
    NwfilterAddress *address = data;

    g_free(address->ip);
    g_free(address);
}

static gint64 now_s(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

/* ---- the file ---- */

static char *file_path(const NwfilterRegistry *registry, const NwfilterBinding *binding)
{
    return g_strdup_printf("%s/%s.learned", registry->binding_dir, binding->def->portdev);
}

static void add_address(NwfilterBinding *binding, const char *ip, gint64 expiry)
{
    NwfilterAddress *address = g_new(NwfilterAddress, 1);

    *address = (NwfilterAddress){ g_strdup(ip), expiry };
    g_ptr_array_add(binding->addresses, address);
}

void nwfilter_learned_load(NwfilterRegistry *registry, NwfilterBinding *binding)
{
    g_autofree char *path = file_path(registry, binding);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        char *gap = strchr(lines[i], ' ');
        InetAddress address;
        gint64 expiry;

        if (gap == NULL ||
            !g_ascii_string_to_signed(gap + 1, 10, 0, G_MAXINT64, &expiry, NULL) ||
            (expiry != 0 && expiry <= now_s()))
            continue;
        *gap = '\0';
        if (inet_parse(lines[i], &address))
            add_address(binding, lines[i], expiry);
    }
}

static void save(const NwfilterRegistry *registry, const NwfilterBinding *binding)
{
    g_autofree char *path = file_path(registry, binding);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < binding->addresses->len; i++) {
        const NwfilterAddress *address = binding->addresses->pdata[i];
        g_string_append_printf(text, "%s %" G_GINT64_FORMAT "\n", address->ip, address->expiry);
    }
    if (!g_file_set_contents(path, text->str, (gssize)text->len, &error))
        g_warning("nwfilter: cannot keep what was learned of '%s': %s", binding->def->portdev,
                  error->message);
}

/* ---- tasks, which run in workers: changing rules takes a while ---- */

typedef struct {
    NwfilterRegistry *registry;
    char *portdev;
    NwfilterSighting sighting; /* NOTHING: a lease may have run out */
} Task;

static guint find_address(const NwfilterBinding *binding, const char *ip)
{
    guint i = 0;

    while (i < binding->addresses->len &&
           strcmp(((NwfilterAddress *)binding->addresses->pdata[i])->ip, ip) != 0)
        i++;
    return i;
}

/* Whether the addresses are others now. */
static gboolean remove_expired(NwfilterBinding *binding)
{
    guint before = binding->addresses->len;
    gint64 now = now_s();

    for (guint i = before; i > 0; i--) {
        const NwfilterAddress *address = binding->addresses->pdata[i - 1];
        if (address->expiry != 0 && address->expiry <= now)
            g_ptr_array_remove_index(binding->addresses, i - 1);
    }
    return binding->addresses->len != before;
}

static gboolean take_lease(NwfilterBinding *binding, const NwfilterSighting *sighting)
{
    gboolean is_forever =
        binding->learning == NWFILTER_LEARN_ANY || sighting->lease_s == G_MAXUINT32;
    gint64 expiry = is_forever ? 0 : now_s() + sighting->lease_s;
    guint i = find_address(binding, sighting->ip);

    if (i < binding->addresses->len) {
        ((NwfilterAddress *)binding->addresses->pdata[i])->expiry = expiry;
        return FALSE;
    }
    if (binding->addresses->len >= ADDRESSES_MAX)
        return FALSE;
    add_address(binding, sighting->ip, expiry);
    return TRUE;
}

static gboolean release(NwfilterBinding *binding, const char *ip)
{
    guint i = find_address(binding, ip);

    if (i == binding->addresses->len)
        return FALSE;
    g_ptr_array_remove_index(binding->addresses, i);
    return TRUE;
}

/* Whether the addresses are others now. Of a binding that learns the first address, what was seen
 * after it is too late. */
static gboolean take_sighting(NwfilterBinding *binding, const NwfilterSighting *sighting)
{
    if (binding->learning == NWFILTER_LEARN_NONE)
        return FALSE;
    switch (sighting->seen) {
    case NWFILTER_SEEN_USED:
    case NWFILTER_SEEN_LEASED:
        return take_lease(binding, sighting);
    case NWFILTER_SEEN_RELEASED:
        return binding->learning == NWFILTER_LEARN_DHCP && release(binding, sighting->ip);
    default:
        return remove_expired(binding);
    }
}

static void follow(NwfilterRegistry *registry, NwfilterBinding *binding, const char *ip)
{
    g_autoptr(GError) error = NULL;

    if (*ip != '\0')
        g_message("nwfilter: '%s' has the address %s", binding->def->portdev, ip);
    if (!nwfilter_binding_refresh(registry, binding, &error))
        g_warning("nwfilter: cannot change rules for an address: %s", error->message);
}

static void run_task(gpointer data)
{
    Task *task = data;
    NwfilterRegistry *registry = task->registry;

    g_mutex_lock(&registry->change);
    NwfilterBinding *binding = g_hash_table_lookup(registry->bindings, task->portdev);
    if (binding != NULL && binding->learning != NWFILTER_LEARN_NONE) {
        gboolean changed = take_sighting(binding, &task->sighting);
        save(registry, binding);
        if (changed)
            follow(registry, binding, task->sighting.ip);
        else
            nwfilter_learned_settle(registry, binding); /* a lease may have become longer */
    }
    g_mutex_unlock(&registry->change);
    g_free(task->portdev);
    g_free(task);
}

static void start_task(NwfilterRegistry *registry, const char *portdev,
                       const NwfilterSighting *sighting)
{
    Task *task = g_new0(Task, 1);

    *task = (Task){ .registry = registry, .portdev = g_strdup(portdev) };
    if (sighting != NULL)
        task->sighting = *sighting;
    rpc_server_run(registry->server, run_task, task);
}

/* In the loop thread. */
void nwfilter_learned_sighting(const char *portdev, const NwfilterSighting *sighting,
                               gpointer user_data)
{
    start_task(user_data, portdev, sighting);
}

/* ---- leases run out ---- */

typedef struct {
    NwfilterRegistry *registry;
    char *portdev;
} Expiry;

static void expiry_free(gpointer data)
{
    Expiry *expiry = data;

    g_free(expiry->portdev);
    g_free(expiry);
}

static gboolean expired(gpointer data)
{
    const Expiry *expiry = data;

    start_task(expiry->registry, expiry->portdev, NULL);
    return G_SOURCE_REMOVE;
}

static void stop_timer(NwfilterBinding *binding)
{
    if (binding->expiry == NULL)
        return;
    g_source_destroy(binding->expiry);
    g_clear_pointer(&binding->expiry, g_source_unref);
}

static void start_timer(NwfilterRegistry *registry, NwfilterBinding *binding)
{
    gint64 first = 0, now = now_s();

    for (guint i = 0; i < binding->addresses->len; i++) {
        const NwfilterAddress *address = binding->addresses->pdata[i];
        if (address->expiry != 0 && (first == 0 || address->expiry < first))
            first = address->expiry;
    }
    stop_timer(binding);
    if (first == 0)
        return;
    Expiry *expiry = g_new(Expiry, 1);
    *expiry = (Expiry){ registry, g_strdup(binding->def->portdev) };
    binding->expiry = g_timeout_source_new_seconds((guint)CLAMP(first - now, 1, G_MAXINT));
    g_source_set_callback(binding->expiry, expired, expiry, expiry_free);
    g_source_attach(binding->expiry, NULL);
}

/* ---- watching ---- */

static void mac_bytes(const char *text, guint8 *ret_mac)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 6);

    for (guint i = 0; i < 6; i++)
        ret_mac[i] = (guint8)g_ascii_strtoull(parts[i], NULL, 16);
}

void nwfilter_learned_settle(NwfilterRegistry *registry, NwfilterBinding *binding)
{
    guint8 mac[6];

    start_timer(registry, binding);
    if (binding->learning == NWFILTER_LEARN_NONE) {
        nwfilter_learner_forget(registry->learner, binding->def->portdev);
        return;
    }
    mac_bytes(binding->def->mac, mac);
    nwfilter_learner_watch(registry->learner, binding->def->portdev, mac, binding->learning);
}

void nwfilter_learned_forget(NwfilterRegistry *registry, NwfilterBinding *binding)
{
    g_autofree char *path = file_path(registry, binding);

    stop_timer(binding);
    nwfilter_learner_forget(registry->learner, binding->def->portdev);
    if (unlink(path) < 0 && errno != ENOENT)
        g_warning("nwfilter: cannot remove '%s': %s", path, g_strerror(errno));
}
