/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "event.h"

#include "client-internal.h"

/* libvirtd's own; clients ignore it. */
#define EVENT_SERIAL 1

typedef struct {
    guint16 procedure; /* with callback number */
    guint16 legacy;    /* without; 0: newer than that style */
} EventRow;

static const EventRow domain_events[] = {
    [0] = { 318, 107 },  /* LIFECYCLE */
    [1] = { 319, 169 },  /* REBOOT */
    [2] = { 320, 170 },  /* RTC_CHANGE */
    [3] = { 321, 171 },  /* WATCHDOG */
    [4] = { 322, 172 },  /* IO_ERROR */
    [5] = { 323, 173 },  /* GRAPHICS */
    [6] = { 324, 195 },  /* IO_ERROR_REASON */
    [7] = { 325, 224 },  /* CONTROL_ERROR */
    [8] = { 326, 241 },  /* BLOCK_JOB */
    [9] = { 327, 248 },  /* DISK_CHANGE */
    [10] = { 328, 268 }, /* TRAY_CHANGE */
    [11] = { 329, 269 }, /* PMWAKEUP */
    [12] = { 330, 270 }, /* PMSUSPEND */
    [13] = { 331, 276 }, /* BALLOON_CHANGE */
    [14] = { 332, 292 }, /* PMSUSPEND_DISK */
    [15] = { 333, 311 }, /* DEVICE_REMOVED */
    [16] = { 339, 0 },   /* BLOCK_JOB_2 */
    [17] = { 346, 0 },   /* TUNABLE */
    [18] = { 348, 0 },   /* AGENT_LIFECYCLE */
    [19] = { 354, 0 },   /* DEVICE_ADDED */
    [20] = { 359, 0 },   /* MIGRATION_ITERATION */
    [21] = { 363, 0 },   /* JOB_COMPLETED */
    [22] = { 367, 0 },   /* DEVICE_REMOVAL_FAILED */
    [23] = { 379, 0 },   /* METADATA_CHANGE */
    [24] = { 385, 0 },   /* BLOCK_THRESHOLD */
    [25] = { 423, 0 },   /* MEMORY_FAILURE */
    [26] = { 438, 0 },   /* MEMORY_DEVICE_SIZE_CHANGE */
};
static const EventRow network_events[] = { { 315, 0 } };             /* LIFECYCLE */
static const EventRow pool_events[] = { { 370, 0 }, { 373, 0 } };    /* LIFECYCLE, REFRESH */
static const EventRow nodedev_events[] = { { 376, 0 }, { 377, 0 } }; /* LIFECYCLE, UPDATE */
static const EventRow secret_events[] = { { 382, 0 }, { 383, 0 } };  /* LIFECYCLE, VALUE_CHANGED */

static const EventRow monitor_events[] = { { 6, 0 } }; /* of the program for QEMU */

static const struct {
    const char *name;
    const EventRow *rows;
    guint n_rows;
} classes[RPC_EVENT_CLASS_COUNT] = {
    [RPC_EVENT_DOMAIN] = { "domain", domain_events, G_N_ELEMENTS(domain_events) },
    [RPC_EVENT_NETWORK] = { "network", network_events, G_N_ELEMENTS(network_events) },
    [RPC_EVENT_POOL] = { "storage pool", pool_events, G_N_ELEMENTS(pool_events) },
    [RPC_EVENT_NODEDEV] = { "node device", nodedev_events, G_N_ELEMENTS(nodedev_events) },
    [RPC_EVENT_SECRET] = { "secret", secret_events, G_N_ELEMENTS(secret_events) },
    [RPC_EVENT_MONITOR] = { "monitor", monitor_events, G_N_ELEMENTS(monitor_events) },
};

typedef struct {
    RpcEventClass klass;
    int event_id;
    gint id;
    gboolean legacy;
    gboolean armed;  /* the client knows id */
    GPtrArray *held; /* packets until then; NULL: none */
    char *key;       /* NULL: all objects */
    GRegex *names;   /* NULL: all of the events */
} Registration;

static void packet_free(gpointer packet)
{
    if (packet != NULL)
        g_byte_array_unref(packet);
}

static GPtrArray *new_packets(void)
{
    return g_ptr_array_new_with_free_func(packet_free);
}

static void registration_clear(gpointer data)
{
    Registration *r = data;

    g_free(r->key);
    g_clear_pointer(&r->names, g_regex_unref);
    g_clear_pointer(&r->held, g_ptr_array_unref);
}

/* Under lock. Legacy registrations are found by event, the others by number. -1: none. */
static int find_locked(RpcClient *client, RpcEventClass klass, gboolean legacy, int number)
{
    for (guint i = 0; client->registrations != NULL && i < client->registrations->len; i++) {
        const Registration *r = &g_array_index(client->registrations, Registration, i);

        if (r->klass == klass && r->legacy == legacy && (legacy ? r->event_id : r->id) == number)
            return (int)i;
    }
    return -1;
}

/* NULL when nothing is held: it is armed then, or has gone. */
static GPtrArray *arm_or_take_held(RpcClient *client, gint id)
{
    GPtrArray *held = NULL;

    g_mutex_lock(&client->lock);
    for (guint i = 0; client->registrations != NULL && i < client->registrations->len; i++) {
        Registration *r = &g_array_index(client->registrations, Registration, i);

        if (r->id != id)
            continue;
        held = g_steal_pointer(&r->held);
        r->armed = held == NULL;
    }
    g_mutex_unlock(&client->lock);
    return held;
}

static void send_all(RpcClient *client, GPtrArray *packets)
{
    for (guint i = 0; i < packets->len; i++)
        rpc_client_send(client, g_steal_pointer(&packets->pdata[i]));
}

/* The reply that names the registration is on its way: now its events may follow, those first that
 * came meanwhile. */
static void arm(RpcCall *call)
{
    GPtrArray *held;

    while ((held = arm_or_take_held(call->client, (gint)call->arg_i)) != NULL) {
        send_all(call->client, held);
        g_ptr_array_unref(held);
    }
}

/* Takes what the registration has; its number is in r then. */
static void add_locked(RpcClient *client, Registration *r)
{
    if (client->registrations == NULL) {
        client->registrations = g_array_new(FALSE, FALSE, sizeof(Registration));
        g_array_set_clear_func(client->registrations, registration_clear);
    }
    r->id = client->next_callback_id++;
    g_array_append_val(client->registrations, *r);
}

static void arm_later(RpcCall *call, gint id)
{
    call->arg_i = (guint)id;
    call->replied = arm;
}

gboolean rpc_events_register(RpcCall *call, RpcEventClass klass, int event_id, const char *key,
                             gboolean legacy, gint *ret_id, GError **error)
{
    RpcClient *client = call->client;
    Registration r = { .klass = klass, .event_id = event_id, .legacy = legacy };
    gboolean known = event_id >= 0 && (guint)event_id < classes[klass].n_rows &&
                     (!legacy || classes[klass].rows[event_id].legacy != 0);

    if (!known) {
        g_set_error(error, VIR_ERROR, VIR_ERR_INTERNAL_ERROR, "unsupported event ID %d", event_id);
        return FALSE;
    }
    g_mutex_lock(&client->lock);
    if (legacy && find_locked(client, klass, TRUE, event_id) >= 0) {
        g_mutex_unlock(&client->lock);
        g_set_error(error, VIR_ERROR, VIR_ERR_INTERNAL_ERROR, "%s event %d already registered",
                    classes[klass].name, event_id);
        return FALSE;
    }
    r.key = g_strdup(key);
    add_locked(client, &r);
    g_mutex_unlock(&client->lock);

    *ret_id = r.id;
    arm_later(call, r.id);
    return TRUE;
}

void rpc_events_register_named(RpcCall *call, RpcEventClass klass, const char *key, GRegex *names,
                               gint *ret_id)
{
    Registration r = { .klass = klass, .key = g_strdup(key), .names = names };

    g_mutex_lock(&call->client->lock);
    add_locked(call->client, &r);
    g_mutex_unlock(&call->client->lock);
    *ret_id = r.id;
    arm_later(call, r.id);
}

static gboolean deregister(RpcClient *client, RpcEventClass klass, gboolean legacy, int number,
                           GError **error)
{
    int index;

    g_mutex_lock(&client->lock);
    index = find_locked(client, klass, legacy, number);
    if (index >= 0)
        g_array_remove_index(client->registrations, (guint)index);
    g_mutex_unlock(&client->lock);
    if (index >= 0)
        return TRUE;
    g_set_error(error, VIR_ERROR, VIR_ERR_INTERNAL_ERROR,
                legacy ? "%s event %d not registered" : "%s event callback %d not registered",
                classes[klass].name, number);
    return FALSE;
}

gboolean rpc_events_deregister(RpcClient *client, RpcEventClass klass, gint id, GError **error)
{
    return deregister(client, klass, FALSE, id, error);
}

gboolean rpc_events_deregister_legacy(RpcClient *client, int event_id, GError **error)
{
    return deregister(client, RPC_EVENT_DOMAIN, TRUE, event_id, error);
}

void rpc_events_forget_client(RpcClient *client)
{
    g_mutex_lock(&client->lock);
    g_clear_pointer(&client->registrations, g_array_unref);
    g_mutex_unlock(&client->lock);
}

/* ---- sending ---- */

typedef struct {
    RpcEventClass klass;
    int event_id;
    const char *name; /* NULL: told by event_id alone */
    const char *key;
    const GByteArray *body;
} Event;

static GByteArray *event_packet(const Event *event, const Registration *r)
{
    const EventRow *row = &classes[event->klass].rows[event->event_id];
    RpcHeader header = { .program = event->klass == RPC_EVENT_MONITOR ? RPC_PROGRAM_QEMU
                                                                      : RPC_PROGRAM_REMOTE,
                         .version = 1,
                         .procedure = r->legacy ? row->legacy : row->procedure,
                         .type = RPC_MESSAGE,
                         .serial = EVENT_SERIAL };
    GByteArray *packet = rpc_packet_begin(&header);

    if (!r->legacy)
        xdr_put_i32(packet, r->id);
    g_byte_array_append(packet, event->body->data, event->body->len);
    rpc_packet_finish(packet);
    return packet;
}

static gboolean is_wanted(const Registration *r, const Event *event)
{
    return r->klass == event->klass && r->event_id == event->event_id &&
           (r->key == NULL || g_strcmp0(r->key, event->key) == 0) &&
           (r->names == NULL || g_regex_match(r->names, event->name, 0, NULL));
}

static void send_to_client(gpointer data, gpointer user_data)
{
    RpcClient *client = data;
    const Event *event = user_data;
    g_autoptr(GPtrArray) packets = new_packets();

    g_mutex_lock(&client->lock);
    for (guint i = 0; client->registrations != NULL && i < client->registrations->len; i++) {
        Registration *r = &g_array_index(client->registrations, Registration, i);

        if (!is_wanted(r, event))
            continue;
        if (!r->armed && r->held == NULL)
            r->held = new_packets();
        g_ptr_array_add(r->armed ? packets : r->held, event_packet(event, r));
    }
    g_mutex_unlock(&client->lock);
    send_all(client, packets);
}

void rpc_events_send(RpcServer *server, RpcEventClass klass, int event_id, const char *key,
                     const GByteArray *body)
{
    Event event = { .klass = klass, .event_id = event_id, .key = key, .body = body };

    rpc_server_foreach_client(server, send_to_client, &event);
}

void rpc_events_send_named(RpcServer *server, RpcEventClass klass, const char *name,
                           const char *key, const GByteArray *body)
{
    Event event = { .klass = klass, .name = name, .key = key, .body = body };

    rpc_server_foreach_client(server, send_to_client, &event);
}
