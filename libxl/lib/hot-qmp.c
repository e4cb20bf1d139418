/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hot-qmp.h"

#include <string.h>

#include "disk-fds.h"

#define POLL_MIN_US 2000
#define POLL_MAX_US 50000

#define FIRST_SLOT 3 /* machine-place.c */
#define NR_SLOTS   32

/* --- options ---------------------------------------------------------------------------------- */

/* Properties whose value is text whatever it looks like. */
static const char *const text_properties[] = { "id",     "drive",    "serial", "netdev", "mac",
                                               "bus",    "driver",   "type",   "fd",     "fds",
                                               "memdev", "mem-path", NULL };

/* QEMU from 9.2 on wants device_add's values in their types, as it always did netdev_add's. */
static void set_property(JsonObject *object, const char *name, const char *value)
{
    gboolean digits = *value && strspn(value, "0123456789") == strlen(value);

    if (g_strv_contains(text_properties, name))
        json_object_set_string_member(object, name, value);
    else if (g_str_equal(value, "on") || g_str_equal(value, "off"))
        json_object_set_boolean_member(object, name, g_str_equal(value, "on"));
    else if (digits)
        json_object_set_int_member(object, name, g_ascii_strtoll(value, NULL, 10));
    else
        json_object_set_string_member(object, name, value);
}

/* Takes the text up to the next comma that is not doubled; NULL at the end. New string. */
static char *take_part(const char **at)
{
    GString *part;

    if (!*at)
        return NULL;
    part = g_string_new(NULL);
    for (;; (*at)++) {
        if (**at == ',' && (*at)[1] == ',')
            (*at)++;
        else if (**at == ',' || **at == '\0')
            break;
        g_string_append_c(part, **at);
    }
    *at = **at ? *at + 1 : NULL;
    return g_string_free(part, FALSE);
}

/* "driver,name=value,..." with first as the name of the part that has none. */
static JsonObject *parse_options(const char *text, const char *first)
{
    JsonObject *object = json_object_new();
    g_autofree char *driver = take_part(&text);
    char *part;

    json_object_set_string_member(object, first, driver);
    while ((part = take_part(&text))) {
        char *value = strchr(part, '=');

        if (value)
            *value++ = '\0';
        set_property(object, part, value ? value : "on");
        g_free(part);
    }
    return object;
}

static JsonObject *parse_json(const char *text)
{
    g_autoptr(JsonNode) node = json_from_string(text, NULL);

    return json_node_dup_object(node);
}

char *kxl_hot_option_name(const char *option, const char *value)
{
    gboolean is_node = g_str_equal(option, "-blockdev");
    g_autoptr(JsonObject) object =
        *value == '{' ? parse_json(value) : parse_options(value, "driver");

    return g_strdup(
        json_object_get_string_member_with_default(object, is_node ? "node-name" : "id", NULL));
}

static JsonObject *make_json(const char *value, const KxlHotPlace *place)
{
    return parse_json(value);
}

static JsonObject *make_netdev(const char *value, const KxlHotPlace *place)
{
    static const char *const names[] = { "fd", "fds" };
    JsonObject *object = parse_options(value, "type");

    for (guint i = 0; place->fds && i < G_N_ELEMENTS(names); i++)
        if (json_object_has_member(object, names[i]))
            json_object_set_string_member(object, names[i], place->fds);
    return object;
}

static JsonObject *make_device(const char *value, const KxlHotPlace *place)
{
    JsonObject *object = *value == '{' ? parse_json(value) : parse_options(value, "driver");

    if (place->addr) {
        json_object_set_string_member(object, "addr", place->addr);
        json_object_remove_member(object, "multifunction");
    }
    return object;
}

/* "262144K", as the memory of a backend is written; QEMU wants the number of bytes. */
static gboolean set_size(JsonObject *object, const char *name, const char *value)
{
    g_autofree char *digits = g_str_has_suffix(value, "K") ? g_strndup(value, strlen(value) - 1)
                                                           : NULL;
    guint64 kb;

    if (!digits || !g_ascii_string_to_unsigned(digits, 10, 0, G_MAXINT64 / 1024, &kb, NULL))
        return FALSE;
    json_object_set_int_member(object, name, (gint64)(kb * 1024));
    return TRUE;
}

/* "0" or "2-3": numbers of a list, of which each option has a part. */
static gboolean add_nodes(JsonObject *object, const char *name, const char *value)
{
    JsonArray *list = json_object_has_member(object, name)
                          ? json_object_get_array_member(object, name)
                          : NULL;
    char *end;
    guint64 first = g_ascii_strtoull(value, &end, 10);
    guint64 last = *end == '-' ? g_ascii_strtoull(end + 1, NULL, 10) : first;

    if (!g_str_equal(name, "host-nodes"))
        return FALSE;
    if (!list) {
        list = json_array_new();
        json_object_set_array_member(object, name, list);
    }
    for (; first <= last; first++)
        json_array_add_int_element(list, (gint64)first);
    return TRUE;
}

static JsonObject *make_object(const char *value, const KxlHotPlace *place)
{
    JsonObject *object = json_object_new();
    const char *at = value;
    char *part;

    if (*value == '{') {
        json_object_unref(object);
        return parse_json(value);
    }
    part = take_part(&at);
    json_object_set_string_member(object, "qom-type", part);
    g_free(part);
    while ((part = take_part(&at))) {
        char *is = strchr(part, '=');

        if (is)
            *is++ = '\0';
        if (!is || (!set_size(object, part, is) && !add_nodes(object, part, is)))
            set_property(object, part, is ? is : "on");
        g_free(part);
    }
    return object;
}

static const struct {
    const char *option, *command;
    JsonObject *(*make)(const char *value, const KxlHotPlace *place);
} commands[] = {
    { "-object", "object-add", make_object },
    { "-blockdev", "blockdev-add", make_json },
    { "-netdev", "netdev_add", make_netdev },
    { "-device", "device_add", make_device },
};

static gboolean plug_one(KxlQmp *qmp, const char *option, const char *value,
                         const KxlHotPlace *place, GError **error)
{
    if (g_str_equal(option, "-add-fd"))
        return kxl_disk_fds_plug(qmp, value, error);
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
        if (g_str_equal(commands[i].option, option))
            return kxl_qmp_run(qmp, commands[i].command, commands[i].make(value, place),
                               KXL_HOT_QMP_MS, error);
    return kxl_args_unsupported(error, "plugging this kind of device (%s) into a running domain",
                                option);
}

gboolean kxl_hot_plug(KxlQmp *qmp, const KxlArgs *args, const KxlHotPlace *place, GError **error)
{
    for (guint i = 0; i + 1 < args->len; i += 2)
        if (!plug_one(qmp, args->pdata[i], args->pdata[i + 1], place, error))
            return FALSE;
    return TRUE;
}

gboolean kxl_hot_command(KxlQmp *qmp, const char *command, const char *name, const char *value,
                         GError **error)
{
    JsonObject *arguments = json_object_new();

    json_object_set_string_member(arguments, name, value);
    return kxl_qmp_run(qmp, command, arguments, KXL_HOT_QMP_MS, error);
}

/* --- what there is ---------------------------------------------------------------------------- */

/* The answer of a query, when it is a list. */
static JsonNode *query(KxlQmp *qmp, const char *command, JsonObject *arguments, GError **error)
{
    JsonNode *answer = kxl_qmp_call(qmp, command, arguments, KXL_HOT_QMP_MS, error);

    if (!answer || JSON_NODE_HOLDS_ARRAY(answer))
        return answer;
    json_node_unref(answer);
    g_set_error(error, KXL_ERROR, KXL_ERROR_FAILED, "%s: the emulator's answer is no list",
                command);
    return NULL;
}

gboolean kxl_hot_has_device(KxlQmp *qmp, const char *id)
{
    g_autoptr(JsonNode) answer =
        query(qmp, "qom-list", kxl_qmp_args("s:path", "/machine/peripheral", NULL), NULL);
    JsonArray *list = answer ? json_node_get_array(answer) : NULL;
    for (guint i = 0; list && i < json_array_get_length(list); i++) {
        JsonObject *item = json_array_get_object_element(list, i);

        if (g_strcmp0(json_object_get_string_member_with_default(item, "name", NULL), id) == 0)
            return TRUE;
    }
    return FALSE;
}

/* QOM: a port's bus is its child of the same name, and has a property "child[0]" for its device. */
gboolean kxl_hot_port_is_free(KxlQmp *qmp, const char *id)
{
    g_autofree char *path = g_strdup_printf("/machine/peripheral/%s/%s", id, id);
    g_autoptr(JsonNode) answer =
        query(qmp, "qom-list", kxl_qmp_args("s:path", path, NULL), NULL);
    JsonArray *list = answer ? json_node_get_array(answer) : NULL;

    for (guint i = 0; list && i < json_array_get_length(list); i++)
        if (g_str_has_prefix(json_object_get_string_member_with_default(
                                 json_array_get_object_element(list, i), "name", ""),
                             "child["))
            return FALSE;
    return list != NULL;
}

gboolean kxl_hot_wait_gone(KxlQmp *qmp, const char *id, guint timeout_ms)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    gulong pause_us = POLL_MIN_US;

    while (kxl_hot_has_device(qmp, id)) {
        if (g_get_monotonic_time() >= deadline)
            return FALSE;
        g_usleep(pause_us);
        pause_us = MIN(pause_us * 2, POLL_MAX_US);
    }
    return TRUE;
}

/* Calls see for each function of bus 0, until it returns TRUE. */
typedef gboolean (*SeeFunction)(JsonObject *function, guint slot, gpointer data);

static gboolean each_function(KxlQmp *qmp, SeeFunction see, gpointer data, GError **error)
{
    g_autoptr(JsonNode) answer = query(qmp, "query-pci", NULL, error);
    JsonArray *buses = answer ? json_node_get_array(answer) : NULL;

    for (guint i = 0; buses && i < json_array_get_length(buses); i++) {
        JsonObject *bus = json_array_get_object_element(buses, i);
        JsonArray *devices = json_object_get_array_member(bus, "devices");

        if (json_object_get_int_member_with_default(bus, "bus", -1) != 0)
            continue;
        for (guint d = 0; devices && d < json_array_get_length(devices); d++) {
            JsonObject *function = json_array_get_object_element(devices, d);
            gint64 slot = json_object_get_int_member_with_default(function, "slot", 0);

            if (see(function, (guint)slot & (NR_SLOTS - 1), data))
                return TRUE;
        }
    }
    return buses != NULL;
}

static gboolean note_used(JsonObject *function, guint slot, gpointer used)
{
    *(guint32 *)used |= 1U << slot;
    return FALSE;
}

char *kxl_hot_free_slot(KxlQmp *qmp, GError **error)
{
    guint32 used = 0;

    if (!each_function(qmp, note_used, &used, error))
        return NULL;
    for (guint slot = FIRST_SLOT; slot < NR_SLOTS - 1; slot++)
        if (!(used & 1U << slot))
            return g_strdup_printf("%02x.0", slot);
    kxl_args_unsupported(error, "one more device: all PCI slots are taken, which");
    return NULL;
}

typedef struct {
    const char *id;
    char *slot;
} Sought;

static gboolean note_slot(JsonObject *function, guint slot, gpointer data)
{
    Sought *sought = data;

    if (g_strcmp0(json_object_get_string_member_with_default(function, "qdev_id", NULL),
                  sought->id) != 0)
        return FALSE;
    sought->slot = g_strdup_printf(
        "%02x.%d", slot, (int)json_object_get_int_member_with_default(function, "function", 0));
    return TRUE;
}

char *kxl_hot_slot(KxlQmp *qmp, const char *id)
{
    Sought sought = { .id = id };

    each_function(qmp, note_slot, &sought, NULL);
    return sought.slot;
}

/* --- images ----------------------------------------------------------------------------------- */

static gboolean has_node(KxlQmp *qmp, const char *node)
{
    g_autoptr(JsonNode) answer =
        query(qmp, "query-named-block-nodes", kxl_qmp_args("b:flat", TRUE, NULL), NULL);
    JsonArray *list = answer ? json_node_get_array(answer) : NULL;
    for (guint i = 0; list && i < json_array_get_length(list); i++)
        if (g_strcmp0(json_object_get_string_member_with_default(
                          json_array_get_object_element(list, i), "node-name", NULL),
                      node) == 0)
            return TRUE;
    return FALSE;
}

gboolean kxl_hot_remove_node(KxlQmp *qmp, const char *node, guint timeout_ms, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    gulong pause_us = POLL_MIN_US;

    while (has_node(qmp, node)) {
        g_autoptr(GError) local = NULL;

        if (kxl_hot_command(qmp, "blockdev-del", "node-name", node, &local))
            return TRUE;
        if (g_get_monotonic_time() >= deadline) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        g_usleep(pause_us);
        pause_us = MIN(pause_us * 2, POLL_MAX_US);
    }
    return TRUE;
}

/* query-block names a device by its id or by its path below /machine/peripheral. */
static gboolean is_device(JsonObject *block, const char *device)
{
    const char *name = json_object_get_string_member_with_default(block, "qdev", "");
    g_auto(GStrv) parts = g_strsplit(name, "/", -1);

    return g_strv_contains((const char *const *)parts, device);
}

char *kxl_hot_medium(KxlQmp *qmp, const char *device)
{
    g_autoptr(JsonNode) answer = query(qmp, "query-block", NULL, NULL);
    JsonArray *list = answer ? json_node_get_array(answer) : NULL;

    for (guint i = 0; list && i < json_array_get_length(list); i++) {
        JsonObject *block = json_array_get_object_element(list, i);

        if (!is_device(block, device) || !json_object_has_member(block, "inserted"))
            continue;
        return g_strdup(json_object_get_string_member_with_default(
            json_object_get_object_member(block, "inserted"), "node-name", NULL));
    }
    return NULL;
}
