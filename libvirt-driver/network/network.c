/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The networks: their table, their definitions on disk, events. What is active is also in the run
 * directory, as the XML in use, for the daemon after this one; and before a network is started it
 * is noted there that it is about to be, so that the next daemon can clear away what a start that
 * was cut short has left.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "boot-mark.h"
#include "complete.h"
#include "handler-util.h"
#include "leases.h"
#include "network-internal.h"
#include "pool.h"
#include "port-plug.h"
#include "rpc/event.h"
#include "run.h"
#include "update.h"

#define RUN_STORE      "libvirt-network"             /* below the run directory */
#define STARTING_STORE "libvirt-network-starting"
#define MARK           "libvirt-network-autostarted" /* see boot-mark.h */

enum { NETWORK_DEFINED, NETWORK_UNDEFINED, NETWORK_STARTED, NETWORK_STOPPED }; /* libvirt's */
enum { EVENT_LIFECYCLE = 0 };

static void network_free(gpointer data)
{
    Network *network = data;

    watch_end(network);
    network_def_free(network->def);
    network_def_free(network->next);
    g_hash_table_unref(network->ports);
    g_free(network);
}

static void port_free(gpointer port)
{
    network_port_free(port);
}

void network_view_clear(NetworkView *view)
{
    g_clear_pointer(&view->def, network_def_free);
    g_clear_pointer(&view->next, network_def_free);
}

static void view_free(gpointer view)
{
    network_view_clear(view);
    g_free(view);
}

/* ---- finding ---- */

static void fill_view(const Network *network, NetworkView *view)
{
    *view = (NetworkView){ network_def_dup(network->def),
                           network->next != NULL ? network_def_dup(network->next) : NULL,
                           network->active, network->persistent, network->autostart };
    view->def->connections = g_hash_table_size(network->ports);
    network_count_connections(view->def, network->ports);
}

static Network *find_name(NetworkRegistry *registry, const char *name)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, registry->networks);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        if (strcmp(((Network *)value)->def->name, name) == 0)
            return value;
    }
    return NULL;
}

Network *registry_find(NetworkRegistry *registry, const char *uuid, GError **error)
{
    Network *network = g_hash_table_lookup(registry->networks, uuid);

    if (network == NULL)
        fail(error, VIR_ERR_NO_NETWORK, "no network with matching uuid '%s'", uuid);
    return network;
}

gboolean network_find_uuid(NetworkRegistry *registry, const char *uuid, NetworkView *ret_view,
                           GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->lock);
    const Network *network = registry_find(registry, uuid, error);

    if (network != NULL)
        fill_view(network, ret_view);
    return network != NULL;
}

gboolean network_find_name(NetworkRegistry *registry, const char *name, NetworkView *ret_view,
                           GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->lock);
    const Network *network = find_name(registry, name);

    if (network == NULL)
        return fail(error, VIR_ERR_NO_NETWORK, "no network with matching name '%s'", name);
    fill_view(network, ret_view);
    return TRUE;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    const NetworkView *const *x = a, *const *y = b;

    return strcmp((*x)->def->name, (*y)->def->name);
}

GPtrArray *network_list(NetworkRegistry *registry)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(view_free);
    GHashTableIter iter;
    gpointer value;

    g_mutex_lock(&registry->lock);
    g_hash_table_iter_init(&iter, registry->networks);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        NetworkView *view = g_new0(NetworkView, 1);

        fill_view(value, view);
        g_ptr_array_add(list, view);
    }
    g_mutex_unlock(&registry->lock);
    g_ptr_array_sort(list, compare_names);
    return list;
}

GPtrArray *network_leases(NetworkRegistry *registry, const NetworkDef *def)
{
    g_autofree char *path = dnsmasq_lease_path(&registry->dirs, def);
    g_autofree char *text = NULL;

    g_file_get_contents(path, &text, NULL, NULL); /* without a lease there may be no file */
    return leases_parse(text != NULL ? text : "", def, g_get_real_time() / G_USEC_PER_SEC);
}

/* ---- the steps of a change; all under change ---- */

static void send_event(NetworkRegistry *registry, const NetworkDef *def, int kind)
{
    g_autoptr(GByteArray) body = g_byte_array_new();

    put_named_handle(body, def->name, def->uuid);
    xdr_put_i32(body, kind);
    xdr_put_i32(body, 0); /* no details exist */
    rpc_events_send(registry->server, RPC_EVENT_NETWORK, EVENT_LIFECYCLE, def->uuid, body);
}

static Network *ensure(NetworkRegistry *registry, const NetworkDef *def)
{
    Network *network = g_hash_table_lookup(registry->networks, def->uuid);

    if (network != NULL)
        return network;
    network = g_new0(Network, 1);
    network->def = network_def_dup(def);
    network->ports = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, port_free);
    g_mutex_lock(&registry->lock);
    g_hash_table_insert(registry->networks, g_strdup(def->uuid), network);
    g_mutex_unlock(&registry->lock);
    return network;
}

static void replace(NetworkDef **place, const NetworkDef *def)
{
    NetworkDef *copy = network_def_dup(def); /* it may be what it replaces */

    network_def_free(*place);
    *place = copy;
}

static void set_definition(NetworkRegistry *registry, Network *network, const NetworkDef *def)
{
    g_mutex_lock(&registry->lock);
    replace(network->active ? &network->next : &network->def, def);
    network->persistent = TRUE;
    g_mutex_unlock(&registry->lock);
}

/* def: in use from now on; a persistent network's own definition comes back when it stops. */
static void set_active(NetworkRegistry *registry, Network *network, const NetworkDef *def)
{
    g_mutex_lock(&registry->lock);
    if (network->persistent && network->next == NULL)
        network->next = network_def_dup(network->def);
    replace(&network->def, def);
    network->active = TRUE;
    g_mutex_unlock(&registry->lock);
    watch_begin(registry, network);
}

/* network may be gone afterwards. */
static void set_inactive(NetworkRegistry *registry, Network *network)
{
    g_autoptr(NetworkDef) def = network_def_dup(network->def);

    watch_end(network);
    ports_clear(registry, network);
    g_mutex_lock(&registry->lock);
    network->active = FALSE;
    if (network->next != NULL) {
        network_def_free(network->def);
        network->def = g_steal_pointer(&network->next);
    }
    if (!network->persistent)
        g_hash_table_remove(registry->networks, def->uuid);
    g_mutex_unlock(&registry->lock);
    send_event(registry, def, NETWORK_STOPPED);
}

gboolean registry_check_active(const Network *network, GError **error)
{
    return network->active || fail(error, VIR_ERR_OPERATION_INVALID, "network '%s' is not active",
                                   network->def->name);
}

static gboolean check_inactive(const Network *network, GError **error)
{
    return !network->active ||
           fail(error, VIR_ERR_OPERATION_INVALID, "network is already active as '%s'",
                network->def->name);
}

/* Name and UUID belong together. */
static gboolean check_new(NetworkRegistry *registry, const NetworkDef *def, GError **error)
{
    const Network *by_uuid = g_hash_table_lookup(registry->networks, def->uuid);
    const Network *by_name = find_name(registry, def->name);

    if (by_uuid != NULL && by_uuid != by_name)
        return fail(error, VIR_ERR_OPERATION_FAILED, "network '%s' is already defined with uuid %s",
                    by_uuid->def->name, def->uuid);
    if (by_name != NULL && by_uuid != by_name)
        return fail(error, VIR_ERR_OPERATION_FAILED, "network '%s' already exists with uuid %s",
                    def->name, by_name->def->uuid);
    return TRUE;
}

typedef struct {
    NetworkRegistry *registry;
    const NetworkDef *def;
} Taker;

static gboolean is_bridge_taken(const char *bridge, gpointer data)
{
    const Taker *taker = data;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, taker->registry->networks);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Network *network = value;
        if (strcmp(network->def->name, taker->def->name) == 0)
            continue;
        if (g_strcmp0(network->def->bridge, bridge) == 0 ||
            (network->next != NULL && g_strcmp0(network->next->bridge, bridge) == 0))
            return TRUE;
    }
    return FALSE;
}

/* A definition without UUID is that of the network of its name; one without bridge or MAC keeps
 * what it had. */
static void inherit(NetworkRegistry *registry, NetworkDef *def)
{
    const Network *present = find_name(registry, def->name);
    const NetworkDef *old = present == NULL         ? NULL
                            : present->next != NULL ? present->next
                                                    : present->def;

    if (old == NULL)
        return;
    if (def->uuid == NULL)
        def->uuid = g_strdup(old->uuid);
    if (!network_def_is_virtual(def) || !network_def_is_virtual(old))
        return;
    if (def->bridge == NULL)
        def->bridge = g_strdup(old->bridge);
    if (def->mac == NULL)
        def->mac = g_strdup(old->mac);
}

static gboolean complete(NetworkRegistry *registry, NetworkDef *def, GError **error)
{
    Taker taker = { registry, def };

    inherit(registry, def);
    return network_complete(def, is_bridge_taken, &taker, error) && check_new(registry, def, error);
}

static gboolean save(Store *store, const NetworkDef *def, GError **error)
{
    g_autofree char *xml = network_def_format(def, DOMAIN_XML_FORMAT_INACTIVE);

    return store_save(store, def->uuid, xml, error);
}

/* ---- changes ---- */

gboolean network_define(NetworkRegistry *registry, NetworkDef *def, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);

    if (!complete(registry, def, error) || !save(registry->store, def, error))
        return FALSE;
    set_definition(registry, ensure(registry, def), def);
    send_event(registry, def, NETWORK_DEFINED);
    return TRUE;
}

static gboolean start(NetworkRegistry *registry, const NetworkDef *def, GError **error)
{
    if (!network_run_check(def, error) || !save(registry->starting_store, def, error))
        return FALSE;
    gboolean ok = network_run_start(&registry->dirs, def, error);
    if (ok && !save(registry->run_store, def, error)) {
        network_run_stop(&registry->dirs, def);
        ok = FALSE;
    }
    store_remove(registry->starting_store, def->uuid, NULL);
    return ok;
}

gboolean network_create(NetworkRegistry *registry, NetworkDef *def, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);

    if (!complete(registry, def, error))
        return FALSE;
    const Network *present = g_hash_table_lookup(registry->networks, def->uuid);
    if ((present != NULL && !check_inactive(present, error)) || !pool_fill(def, error) ||
        !start(registry, def, error))
        return FALSE;
    set_active(registry, ensure(registry, def), def);
    send_event(registry, def, NETWORK_STARTED);
    return TRUE;
}

static gboolean start_defined(NetworkRegistry *registry, Network *network, GError **error)
{
    g_autoptr(NetworkDef) live = network_def_dup(network->def);

    if (!check_inactive(network, error) || !pool_fill(live, error) || !start(registry, live, error))
        return FALSE;
    set_active(registry, network, live);
    send_event(registry, network->def, NETWORK_STARTED);
    return TRUE;
}

gboolean network_start(NetworkRegistry *registry, const char *uuid, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    Network *network = registry_find(registry, uuid, error);

    return network != NULL && start_defined(registry, network, error);
}

gboolean network_stop(NetworkRegistry *registry, const char *uuid, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    Network *network = registry_find(registry, uuid, error);

    if (network == NULL || !registry_check_active(network, error))
        return FALSE;
    watch_end(network);
    /* The note stays until all is down: a daemon that is killed here leaves it to the next one. */
    network_run_stop(&registry->dirs, network->def);
    if (!store_remove(registry->run_store, uuid, error))
        return FALSE;
    set_inactive(registry, network);
    return TRUE;
}

/* An active one goes on as a transient one. */
gboolean network_undefine(NetworkRegistry *registry, const char *uuid, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    Network *network = registry_find(registry, uuid, error);

    if (network == NULL)
        return FALSE;
    if (!network->persistent)
        return fail(error, VIR_ERR_OPERATION_INVALID, "can't undefine transient network");
    if (!store_remove(registry->store, uuid, error))
        return FALSE;
    g_autoptr(NetworkDef) def = network_def_dup(network->def);
    g_mutex_lock(&registry->lock);
    network->persistent = network->autostart = FALSE;
    g_clear_pointer(&network->next, network_def_free);
    if (!network->active)
        g_hash_table_remove(registry->networks, uuid);
    g_mutex_unlock(&registry->lock);
    send_event(registry, def, NETWORK_UNDEFINED);
    return TRUE;
}

gboolean network_set_autostart(NetworkRegistry *registry, const char *uuid, gboolean autostart,
                               GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    Network *network = registry_find(registry, uuid, error);

    if (network == NULL)
        return FALSE;
    if (!network->persistent)
        return fail(error, VIR_ERR_OPERATION_INVALID, "cannot set autostart for transient network");
    if (!store_set_autostart(registry->store, uuid, autostart, error))
        return FALSE;
    g_mutex_lock(&registry->lock);
    network->autostart = autostart;
    g_mutex_unlock(&registry->lock);
    return TRUE;
}

/* ---- net-update ---- */

/* ports: those of an active network; NULL: it does not matter who uses it. */
static NetworkDef *changed(const NetworkDef *def, GHashTable *ports, const NetworkChange *change,
                           GError **error)
{
    g_autoptr(NetworkDef) copy = network_def_dup(def);

    if (ports != NULL)
        network_count_connections(copy, ports);
    if (!network_def_update(copy, change->command, change->section, change->parent_index,
                            change->xml, error))
        return NULL;
    return g_steal_pointer(&copy);
}

static gboolean update_config(NetworkRegistry *registry, Network *network, const NetworkDef *def,
                              GError **error)
{
    if (!save(registry->store, def, error))
        return FALSE;
    set_definition(registry, network, def);
    return TRUE;
}

static gboolean update_live(NetworkRegistry *registry, Network *network, const NetworkDef *def,
                            GError **error)
{
    watch_end(network);
    gboolean ok = network_run_update(&registry->dirs, network->def, def, error) &&
                  save(registry->run_store, def, error);
    if (ok) {
        g_mutex_lock(&registry->lock);
        replace(&network->def, def);
        g_mutex_unlock(&registry->lock);
    } else {
        network_run_update(&registry->dirs, def, network->def, NULL);
    }
    watch_begin(registry, network);
    return ok;
}

gboolean network_update(NetworkRegistry *registry, const char *uuid, const NetworkChange *change,
                        GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    Network *network = registry_find(registry, uuid, error);
    g_autoptr(NetworkDef) live = NULL;
    g_autoptr(NetworkDef) config = NULL;

    if (network == NULL)
        return FALSE;
    gboolean current = !change->live && !change->config;
    gboolean do_live = change->live || (current && network->active);
    gboolean do_config = change->config || (current && !network->active);
    if (do_live && !registry_check_active(network, error))
        return FALSE;
    if (do_config && !network->persistent)
        return fail(error, VIR_ERR_OPERATION_INVALID,
                    "cannot change persistent config of a transient network");
    /* Both are tried before either is done. */
    const NetworkDef *stored = network->next != NULL ? network->next : network->def;
    if (do_live && (live = changed(network->def, network->ports, change, error)) == NULL)
        return FALSE;
    if (do_config && (config = changed(stored, NULL, change, error)) == NULL)
        return FALSE;
    return (!do_live || update_live(registry, network, live, error)) &&
           (!do_config || update_config(registry, network, config, error));
}

/* ---- the registry ---- */

static gboolean load_definition(const char *uuid, const char *xml, gboolean autostart,
                                gpointer user_data, GError **error)
{
    NetworkRegistry *registry = user_data;
    g_autoptr(NetworkDef) def = network_def_parse(xml, DOMAIN_XML_PARSE_INACTIVE, error);

    if (def == NULL || !complete(registry, def, error))
        return FALSE;
    Network *network = ensure(registry, def);
    network->persistent = TRUE;
    network->autostart = autostart;
    return TRUE;
}

/* One that was about to be started when a daemon was killed. */
static gboolean clear_started(const char *uuid, const char *xml, gboolean autostart,
                              gpointer user_data, GError **error)
{
    NetworkRegistry *registry = user_data;
    g_autoptr(NetworkDef) def = network_def_parse(xml, DOMAIN_XML_PARSE_INACTIVE, error);

    if (def == NULL)
        return FALSE;
    g_message("network: the start of '%s' was cut short, taking it down", def->name);
    network_run_stop(&registry->dirs, def);
    store_remove(registry->run_store, uuid, NULL);
    return store_remove(registry->starting_store, uuid, error);
}

/* One that was active when the last daemon ended. */
static gboolean load_active(const char *uuid, const char *xml, gboolean autostart,
                            gpointer user_data, GError **error)
{
    NetworkRegistry *registry = user_data;
    g_autoptr(NetworkDef) def = network_def_parse(xml, DOMAIN_XML_PARSE_INACTIVE, error);
    g_autoptr(GError) missing = NULL;
    pid_t pid;

    if (def == NULL || !check_new(registry, def, error))
        return FALSE;
    if (!network_run_is_up(def)) {
        g_message("network: '%s' has gone meanwhile", def->name);
        network_run_stop(&registry->dirs, def);
        return store_remove(registry->run_store, uuid, error);
    }
    if (dnsmasq_find(&registry->dirs, def) == 0 &&
        !dnsmasq_start(&registry->dirs, def, &pid, error))
        return FALSE;
    if (!pool_fill(def, &missing))
        g_warning("network: '%s': %s", def->name, missing->message);
    Network *network = ensure(registry, def);
    set_active(registry, network, def);
    ports_load(registry, network);
    return TRUE;
}

static void autostart_all(NetworkRegistry *registry)
{
    g_autoptr(GPtrArray) networks = network_list(registry);

    for (guint i = 0; i < networks->len; i++) {
        const NetworkView *view = networks->pdata[i];
        g_autoptr(GError) error = NULL;

        if (view->autostart && !view->active && !network_start(registry, view->def->uuid, &error))
            g_warning("network: cannot start '%s': %s", view->def->name, error->message);
    }
}

static gboolean make_dir(const char *path, int mode, GError **error)
{
    if (g_mkdir_with_parents(path, mode) == 0)
        return TRUE;
    return fail(error, VIR_ERR_SYSTEM_ERROR, "cannot make '%s': %s", path, g_strerror(errno));
}

static Store *open_run_store(NetworkRegistry *registry, const char *name, GError **error)
{
    g_autofree char *dir = g_build_filename(registry->run_dir, name, NULL);

    return store_new(dir, error);
}

NetworkRegistry *network_registry_new(const char *lib_dir, const char *run_dir,
                                      gboolean probe_addresses, RpcServer *server, GError **error)
{
    g_autoptr(NetworkRegistry) registry = g_new0(NetworkRegistry, 1);
    g_autofree char *dir = g_build_filename(lib_dir, "libvirt", "networks", NULL);

    registry->server = server;
    registry->run_dir = g_strdup(run_dir);
    /* Beside the run directory, which only root may enter: dnsmasq gives up being root. */
    registry->dirs.conf_dir = g_strconcat(run_dir, "-dnsmasq", NULL);
    registry->dirs.lease_dir = g_build_filename(lib_dir, "dnsmasq", NULL);
    registry->dirs.probe_addresses = probe_addresses;
    g_mutex_init(&registry->lock);
    g_mutex_init(&registry->change);
    registry->networks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, network_free);
    if (!make_dir(registry->dirs.conf_dir, 0755, error) ||
        !make_dir(registry->dirs.lease_dir, 0700, error))
        return NULL;
    registry->store = store_new(dir, error);
    if (registry->store == NULL ||
        (registry->run_store = open_run_store(registry, RUN_STORE, error)) == NULL ||
        (registry->starting_store = open_run_store(registry, STARTING_STORE, error)) == NULL ||
        !store_load(registry->store, load_definition, registry, error) ||
        !store_load(registry->starting_store, clear_started, registry, error) ||
        !store_load(registry->run_store, load_active, registry, error))
        return NULL;
    if (boot_mark_set(run_dir, MARK))
        autostart_all(registry);
    return g_steal_pointer(&registry);
}

void network_registry_free(NetworkRegistry *registry)
{
    if (registry == NULL)
        return;
    g_hash_table_unref(registry->networks);
    g_clear_pointer(&registry->store, store_free);
    g_clear_pointer(&registry->run_store, store_free);
    g_clear_pointer(&registry->starting_store, store_free);
    g_free(registry->run_dir);
    g_free(registry->dirs.conf_dir);
    g_free(registry->dirs.lease_dir);
    g_mutex_clear(&registry->lock);
    g_mutex_clear(&registry->change);
    g_free(registry);
}
