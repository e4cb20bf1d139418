/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the emulators of running domains say, as libvirt's events. A row for each event of QEMU's
 * (docs/interop/qemu-qmp-ref); what has no row is nothing a client can be told.
 */
#include <json-glib/json-glib.h>
#include <string.h>

#include "backup.h"
#include "channel.h"
#include "disk.h"
#include "memory-device.h"
#include "registry-internal.h"
#include "rpc/event.h"

typedef struct {
    DomainRegistry *registry;
    Domain *domain;
    const DomainDef *def; /* of the live definition */
    JsonObject *data;
} Said;

static const char *text(const Said *said, const char *name)
{
    return json_object_get_string_member_with_default(said->data, name, "");
}

static void send(const Said *said, int event_id, const GByteArray *body)
{
    domain_send_event(said->registry, said->domain, event_id, body);
}

static int index_of(const char *const *words, const char *word, int otherwise)
{
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], word) == 0)
            return i;
    }
    return otherwise;
}

/* ---- disks ---- */

/* The target of the disk whose device or block node QEMU names: "dev-disk-hda", "dev-vbd-51712", a
 * path in the tree of objects with it, or an image that came later, "copy-hda-...". */
static const char *target_of_device(const Said *said, const char *device)
{
    for (guint i = 0; i < said->def->disks->len; i++) {
        const DomainDisk *disk = said->def->disks->pdata[i];
        g_autofree char *vbd = g_strdup_printf("vbd-%d", kxl_vdev_to_devid(disk->target));
        g_autofree char *hvm = g_strdup_printf("disk-%s", disk->target);

        g_autofree char *later = g_strdup_printf("-%s-", disk->target);

        if (strstr(device, vbd) != NULL || strstr(device, hvm) != NULL ||
            strstr(device, later) != NULL)
            return disk->target;
    }
    return NULL;
}

enum { JOB_COMPLETED = 0, JOB_FAILED = 1, JOB_CANCELED = 2, JOB_READY = 3 };

static void block_job(const Said *said, int status)
{
    g_autofree char *target = NULL;
    KxlBlockJobKind kind;
    /* The older form names the source, the newer one the target. */
    const int forms[] = { VIR_DOMAIN_EVENT_ID_BLOCK_JOB, VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2 };

    if (!kxl_block_job_parse_id(text(said, "device"), text(said, "type"), &target, &kind))
        return;
    if (kind == KXL_BLOCK_BACKUP) { /* part of a whole, of whose end clients are told */
        backup_job_ended(said->registry, said->domain);
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autoptr(GByteArray) body = g_byte_array_new();

        xdr_put_string(body, i == 0 ? disk_source(said->def, target) : target);
        xdr_put_i32(body, block_job_type(kind));
        xdr_put_i32(body, status);
        send(said, forms[i], body);
    }
}

static void block_job_completed(const Said *said)
{
    block_job(said, *text(said, "error") != '\0' ? JOB_FAILED : JOB_COMPLETED);
}

static void block_job_cancelled(const Said *said)
{
    block_job(said, JOB_CANCELED);
}

static void block_job_ready(const Said *said)
{
    block_job(said, JOB_READY);
}

static void write_threshold(const Said *said)
{
    const char *target = target_of_device(said, text(said, "node-name"));
    g_autoptr(GByteArray) body = g_byte_array_new();

    if (target == NULL)
        return;
    xdr_put_string(body, target);
    xdr_put_optional_string(body, disk_source(said->def, target));
    xdr_put_u64(body,
                (guint64)json_object_get_int_member_with_default(said->data, "write-threshold", 0));
    xdr_put_u64(body,
                (guint64)json_object_get_int_member_with_default(said->data, "amount-exceeded", 0));
    send(said, VIR_DOMAIN_EVENT_ID_BLOCK_THRESHOLD, body);
}

static void io_error(const Said *said)
{
    static const char *const actions[] = { "ignore", "stop", "report", NULL };
    const char *device = text(said, "qom-path");
    const char *target = target_of_device(said, *device != '\0' ? device : text(said, "device"));
    gboolean no_space = json_object_get_boolean_member_with_default(said->data, "nospace", FALSE);
    const int forms[] = { VIR_DOMAIN_EVENT_ID_IO_ERROR, VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON };

    for (guint i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autoptr(GByteArray) body = g_byte_array_new();

        xdr_put_string(body, target != NULL ? disk_source(said->def, target) : "");
        xdr_put_string(body, target != NULL ? target : "");
        xdr_put_i32(body, index_of(actions, text(said, "action"), 0));
        if (forms[i] == VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON)
            xdr_put_string(body, no_space ? "enospc" : "eio");
        send(said, forms[i], body);
    }
}

static void tray_moved(const Said *said)
{
    const char *target = target_of_device(said, text(said, "id"));
    gboolean open = json_object_get_boolean_member_with_default(said->data, "tray-open", FALSE);
    g_autoptr(GByteArray) body = g_byte_array_new();
    const char *alias = target;

    if (target == NULL)
        return;
    for (guint i = 0; i < said->def->disks->len; i++) {
        const DomainDisk *disk = said->def->disks->pdata[i];

        if (g_strcmp0(disk->target, target) == 0 && disk->info.alias != NULL)
            alias = disk->info.alias;
    }
    xdr_put_string(body, alias);
    xdr_put_i32(body, open ? 0 : 1); /* virDomainEventTrayChangeReason */
    send(said, VIR_DOMAIN_EVENT_ID_TRAY_CHANGE, body);
}

/* ---- clock, watchdog, sleep ---- */

static void rtc_change(const Said *said)
{
    g_autoptr(GByteArray) body = g_byte_array_new();

    xdr_put_i64(body, json_object_get_int_member_with_default(said->data, "offset", 0));
    send(said, VIR_DOMAIN_EVENT_ID_RTC_CHANGE, body);
}

static void watchdog(const Said *said)
{
    /* virDomainEventWatchdogAction */
    static const char *const actions[] = { "none",     "pause", "reset",      "poweroff",
                                           "shutdown", "debug", "inject-nmi", NULL };
    g_autoptr(GByteArray) body = g_byte_array_new();

    xdr_put_i32(body, index_of(actions, text(said, "action"), 0));
    send(said, VIR_DOMAIN_EVENT_ID_WATCHDOG, body);
}

/* These two have a reason before the domain's handle; it is always 0, so the callback's number and
 * it are what the client finds. */
static void wakeup(const Said *said)
{
    domain_send_reason_event(said->registry, said->domain, VIR_DOMAIN_EVENT_ID_PMWAKEUP, 0);
}

static void sleeping(const Said *said)
{
    domain_send_reason_event(said->registry, said->domain, VIR_DOMAIN_EVENT_ID_PMSUSPEND, 0);
}

static void sleeping_on_disk(const Said *said)
{
    domain_send_reason_event(said->registry, said->domain, VIR_DOMAIN_EVENT_ID_PMSUSPEND_DISK, 0);
}

/* ---- display ---- */

static void put_address(GByteArray *body, JsonObject *from)
{
    static const char *const families[] = { "ipv4", "ipv6", "unix", NULL };

    xdr_put_i32(body, index_of(families,
                               json_object_get_string_member_with_default(from, "family", ""), 0));
    xdr_put_string(body, json_object_get_string_member_with_default(from, "host", ""));
    xdr_put_string(body, json_object_get_string_member_with_default(from, "service", ""));
}

static void graphics(const Said *said, int phase)
{
    static const char *const ends[] = { "server", "client" };
    g_autoptr(GByteArray) body = g_byte_array_new();
    JsonObject *client = NULL;
    const char *names[] = { "x509_dname", "sasl_username" };
    guint count, n = 0;

    for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
        if (!json_object_has_member(said->data, ends[i]))
            return;
    }
    client = json_object_get_object_member(said->data, "client");
    xdr_put_i32(body, phase);
    put_address(body, json_object_get_object_member(said->data, "server"));
    put_address(body, client);
    xdr_put_string(body, json_object_get_string_member_with_default(
                             json_object_get_object_member(said->data, "server"), "auth", ""));
    count = xdr_put_count(body);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *value = json_object_get_string_member_with_default(client, names[i], NULL);

        if (value == NULL)
            continue;
        xdr_put_string(body, names[i]);
        xdr_put_string(body, value);
        n++;
    }
    xdr_set_u32(body, count, n);
    send(said, VIR_DOMAIN_EVENT_ID_GRAPHICS, body);
}

enum { GRAPHICS_CONNECT = 0, GRAPHICS_INITIALIZE = 1, GRAPHICS_DISCONNECT = 2 };

static void display_connected(const Said *said)
{
    graphics(said, GRAPHICS_CONNECT);
}

static void display_initialized(const Said *said)
{
    graphics(said, GRAPHICS_INITIALIZE);
}

static void display_disconnected(const Said *said)
{
    graphics(said, GRAPHICS_DISCONNECT);
}

/* ---- channels ---- */

static void port_changed(const Said *said)
{
    channel_changed(said->registry, said->domain, said->def, text(said, "id"),
                    json_object_get_boolean_member_with_default(said->data, "open", FALSE));
}

/* ---- memory ---- */

static void memory_failure(const Said *said)
{
    /* virDomainMemoryFailureRecipientType, ActionType and its flags */
    static const char *const recipients[] = { "hypervisor", "guest", NULL };
    static const char *const actions[] = { "ignore", "inject", "fatal", "reset", NULL };
    static const char *const flags[] = { "action-required", "recursive" };
    JsonNode *node = json_object_get_member(said->data, "flags");
    JsonObject *given =
        node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    g_autoptr(GByteArray) body = g_byte_array_new();
    guint32 bits = 0;

    for (guint i = 0; given != NULL && i < G_N_ELEMENTS(flags); i++)
        bits |= json_object_get_boolean_member_with_default(given, flags[i], FALSE) ? 1u << i : 0;
    xdr_put_i32(body, index_of(recipients, text(said, "recipient"), 0));
    xdr_put_i32(body, index_of(actions, text(said, "action"), 0));
    xdr_put_u32(body, bits);
    send(said, VIR_DOMAIN_EVENT_ID_MEMORY_FAILURE, body);
}

/* QEMU tells bytes (qapi/machine.json), libvirt.h has KiB. */
static void memory_size_change(const Said *said)
{
    gint64 size = json_object_get_int_member_with_default(said->data, "size", 0);
    g_autoptr(GByteArray) body = g_byte_array_new();

    xdr_put_string(body, memory_device_alias(said->def, text(said, "id")));
    xdr_put_u64(body, (guint64)MAX(size, 0) / 1024);
    send(said, VIR_DOMAIN_EVENT_ID_MEMORY_DEVICE_SIZE_CHANGE, body);
}

/* ---- for people who debug: all of it ---- */

static void tell_as_it_is(DomainRegistry *registry, const DomainView *view, const char *event,
                          const char *data)
{
    g_autoptr(GByteArray) body = g_byte_array_new();
    gint64 now_us = g_get_real_time();

    domain_put_handle(registry, body, view->domain);
    xdr_put_string(body, event);
    xdr_put_i64(body, now_us / G_USEC_PER_SEC);
    xdr_put_u32(body, (guint32)(now_us % G_USEC_PER_SEC));
    xdr_put_optional_string(body, strcmp(data, "{}") != 0 ? data : NULL);
    rpc_events_send_named(registry->server, RPC_EVENT_MONITOR, event, view->uuid, body);
}

/* ---- the table ---- */

static const struct {
    const char *name;
    void (*tell)(const Said *said);
} rows[] = {
    { "BLOCK_JOB_COMPLETED", block_job_completed },
    { "BLOCK_JOB_CANCELLED", block_job_cancelled },
    { "BLOCK_JOB_READY", block_job_ready },
    { "BLOCK_WRITE_THRESHOLD", write_threshold },
    { "BLOCK_IO_ERROR", io_error },
    { "DEVICE_TRAY_MOVED", tray_moved },
    { "RTC_CHANGE", rtc_change },
    { "WATCHDOG", watchdog },
    { "MEMORY_FAILURE", memory_failure },
    { "MEMORY_DEVICE_SIZE_CHANGE", memory_size_change },
    { "VSERPORT_CHANGE", port_changed },
    { "WAKEUP", wakeup },
    { "SUSPEND", sleeping },
    { "SUSPEND_DISK", sleeping_on_disk },
    { "VNC_CONNECTED", display_connected },
    { "VNC_INITIALIZED", display_initialized },
    { "VNC_DISCONNECTED", display_disconnected },
    { "SPICE_CONNECTED", display_connected },
    { "SPICE_INITIALIZED", display_initialized },
    { "SPICE_DISCONNECTED", display_disconnected },
};

void registry_machine_event(DomainRegistry *registry, int domid, const char *event,
                            const char *data)
{
    g_autoptr(Domain) domain = domain_registry_find_id(registry, domid);
    g_autoptr(JsonNode) node = json_from_string(data, NULL);
    g_auto(DomainView) view = { 0 };
    Said said = { registry, domain, NULL, NULL };

    if (domain == NULL || node == NULL || !JSON_NODE_HOLDS_OBJECT(node))
        return;
    domain_get_view(registry, domain, &view);
    if (view.live == NULL)
        return;
    tell_as_it_is(registry, &view, event, data);
    said.def = definition_def(view.live);
    said.data = json_node_get_object(node);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strcmp(rows[i].name, event) == 0)
            rows[i].tell(&said);
    }
}
