/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "places.h"

#include <string.h>

#include "hot-qmp.h"

#define PERIPHERAL "/machine/peripheral"

/* set_hvm_vcpus() names them so; they are no part of argv. */
#define CPU_PREFIX "vcpu-"

/* --- asking ----------------------------------------------------------------------------------- */

/* Names of the properties of an object of QOM; owns its strings. */
static GHashTable *list_names(KxlQmp *qmp, const char *path, GError **error)
{
    g_autoptr(JsonNode) answer =
        kxl_qmp_call(qmp, "qom-list", kxl_qmp_args("s:path", path, NULL), KXL_HOT_QMP_MS, error);
    GHashTable *names;
    JsonArray *list;

    if (!answer)
        return NULL;
    names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    list = JSON_NODE_HOLDS_ARRAY(answer) ? json_node_get_array(answer) : NULL;
    for (guint i = 0; list && i < json_array_get_length(list); i++) {
        JsonObject *item = json_array_get_object_element(list, i);

        /* Its own "type" is a plain property; those below are its children. */
        if (!g_str_equal(path, PERIPHERAL) ||
            g_str_has_prefix(json_object_get_string_member_with_default(item, "type", ""),
                             "child<"))
            g_hash_table_add(names, g_strdup(json_object_get_string_member_with_default(
                                        item, "name", "")));
    }
    return names;
}

/* NULL: it has no such property. */
static JsonNode *get(KxlQmp *qmp, GHashTable *names, const char *path, const char *property)
{
    if (!g_hash_table_contains(names, property))
        return NULL;
    return kxl_qmp_call(qmp, "qom-get", kxl_qmp_args("s:path", path, "s:property", property, NULL),
                        KXL_HOT_QMP_MS, NULL);
}

static guint64 get_number(KxlQmp *qmp, GHashTable *names, const char *path, const char *property)
{
    g_autoptr(JsonNode) value = get(qmp, names, path, property);

    return value && JSON_NODE_HOLDS_VALUE(value) ? (guint64)json_node_get_int(value) : 0;
}

/* "/machine/i440fx/pci.0" is the path of bus pci.0. "": it is on none. */
static char *get_bus(KxlQmp *qmp, GHashTable *names, const char *path)
{
    g_autoptr(JsonNode) value = get(qmp, names, path, "parent_bus");
    const char *bus = value && JSON_NODE_HOLDS_VALUE(value) ? json_node_get_string(value) : NULL;
    const char *slash = bus ? strrchr(bus, '/') : NULL;

    return g_strdup(slash ? slash + 1 : "");
}

static gboolean add_place(KxlQmp *qmp, const char *id, GString *out, GError **error)
{
    g_autofree char *path = g_strconcat(PERIPHERAL "/", id, NULL);
    g_autoptr(GHashTable) names = list_names(qmp, path, error);
    g_autofree char *bus = names ? get_bus(qmp, names, path) : NULL;
    guint64 addr;

    if (!names)
        return FALSE;
    g_string_append(out, id);
    addr = get_number(qmp, names, path, "addr");
    if (*bus && g_hash_table_contains(names, "multifunction")) /* as all of PCI have it */
        g_string_append_printf(out, " bus=%s addr=%02x.%x", bus, (guint)(addr >> 3 & 0x1f),
                               (guint)(addr & 7));
    else if (!*bus && g_hash_table_contains(names, "memdev")) /* a module of memory */
        g_string_append_printf(out, " slot=%u addr=%#" G_GINT64_MODIFIER "x",
                               (guint)get_number(qmp, names, path, "slot"), addr);
    if (g_hash_table_contains(names, "memaddr"))
        g_string_append_printf(out, " memaddr=%#" G_GINT64_MODIFIER "x",
                               get_number(qmp, names, path, "memaddr"));
    g_string_append_c(out, '\n');
    return TRUE;
}

static GHashTable *ids_of(char **argv)
{
    GHashTable *ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (; *argv && argv[1]; argv++) {
        char *id = g_str_equal(*argv, "-device") ? kxl_hot_option_name(*argv, argv[1]) : NULL;

        if (id)
            g_hash_table_add(ids, id);
    }
    return ids;
}

/* What of a is not in b; NULL: nothing. */
static const char *first_missing(GHashTable *a, GHashTable *b)
{
    GHashTableIter iter;
    gpointer id;

    g_hash_table_iter_init(&iter, a);
    while (g_hash_table_iter_next(&iter, &id, NULL))
        if (!g_hash_table_contains(b, id) && !g_str_has_prefix(id, CPU_PREFIX))
            return id;
    return NULL;
}

char *kxl_places_ask(KxlQmp *qmp, char **argv, GError **error)
{
    g_autoptr(GHashTable) wanted = ids_of(argv), present = list_names(qmp, PERIPHERAL, error);
    g_autoptr(GString) out = g_string_new(NULL);
    const char *id = present ? first_missing(present, wanted) : NULL;
    GHashTableIter iter;
    gpointer key;

    if (!present)
        return NULL;
    if (!id)
        id = first_missing(wanted, present);
    if (id) {
        kxl_args_unsupported(error,
                             "a state of a machine whose device '%s' is %s its configuration", id,
                             g_hash_table_contains(present, id) ? "not in" : "only in");
        return NULL;
    }
    g_hash_table_iter_init(&iter, present);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        if (!g_str_has_prefix(key, CPU_PREFIX) && !add_place(qmp, key, out, error))
            return NULL;
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* --- putting ---------------------------------------------------------------------------------- */

static gboolean says(const char *device, const char *option)
{
    g_autofree char *name =
        g_strdup_printf(",%.*s=", (int)(strchr(option, '=') - option), option);

    return strstr(device, name) != NULL;
}

/* The words of that id's line after the first; NULL: it has none. */
static char **options_of(char **lines, const char *id)
{
    for (; id && *lines; lines++) {
        g_auto(GStrv) words = g_strsplit(*lines, " ", -1);

        if (g_strcmp0(words[0], id) == 0)
            return g_strdupv(words + 1);
    }
    return NULL;
}

void kxl_places_put(KxlArgs *args, const char *places)
{
    g_auto(GStrv) lines = g_strsplit(places, "\n", -1);

    for (guint i = 0; i + 1 < args->len; i++) {
        g_autofree char *id = g_str_equal(args->pdata[i], "-device")
                                  ? kxl_hot_option_name(args->pdata[i], args->pdata[i + 1])
                                  : NULL;
        g_auto(GStrv) options = options_of(lines, id);

        for (char **option = options; option && *option; option++) {
            char *device = args->pdata[i + 1];

            if (strchr(*option, '=') && !says(device, *option)) {
                args->pdata[i + 1] = g_strconcat(device, ",", *option, NULL);
                g_free(device);
            }
        }
    }
}
