/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qemu-caps.h"

#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "qemu-ask.h"

struct KxlQemuCaps {
    GHashTable *types;  /* set of char * */
    GHashTable *blocks; /* set of char * */
};

/*
 * Block drivers that a program may come without, and options that QEMU understands and that fail
 * before anything is opened or connected to: what counts is whether it says that it does not know
 * the driver. They are all in one package of Debian's, except vvfat.
 */
static const struct {
    const char *driver, *options, *package;
} block_probes[] = {
    { "rbd", "\"pool\":\"-\",\"image\":\"-\",\"conf\":\"/nonexistent\"", "qemu-block-extra" },
    { "iscsi", "\"transport\":\"tcp\",\"portal\":\"\",\"target\":\"\"", "qemu-block-extra" },
    { "http", "\"url\":\"-\"", "qemu-block-extra" },
    { "https", "\"url\":\"-\"", "qemu-block-extra" },
    { "ftp", "\"url\":\"-\"", "qemu-block-extra" },
    { "ftps", "\"url\":\"-\"", "qemu-block-extra" },
    { "ssh", "\"path\":\"\",\"server\":{\"host\":\"\",\"port\":\"-\"}", "qemu-block-extra" },
    { "nfs", "\"path\":\"\",\"server\":{\"type\":\"inet\",\"host\":\"\"}", "qemu-block-extra" },
    { "gluster", "\"volume\":\"\",\"path\":\"\",\"server\":[]", "qemu-block-extra" },
    { "vvfat", "\"dir\":\"/nonexistent\"", NULL },
};

void kxl_qemu_caps_free(KxlQemuCaps *caps)
{
    if (!caps)
        return;
    g_hash_table_unref(caps->types);
    g_hash_table_unref(caps->blocks);
    g_free(caps);
}

gboolean kxl_qemu_caps_has_type(const KxlQemuCaps *caps, const char *type)
{
    return g_hash_table_contains(caps->types, type);
}

gboolean kxl_qemu_caps_has_block(const KxlQemuCaps *caps, const char *driver)
{
    return g_hash_table_contains(caps->blocks, driver);
}

/* --- asking ----------------------------------------------------------------------------------- */

static char *make_questions(void)
{
    GString *text = g_string_new("{\"execute\":\"qmp_capabilities\"}\n"
                                 "{\"execute\":\"qom-list-types\",\"arguments\":{\"abstract\":"
                                 "false},\"id\":\"types\"}\n");

    for (guint i = 0; i < G_N_ELEMENTS(block_probes); i++)
        g_string_append_printf(text,
                               "{\"execute\":\"blockdev-add\",\"arguments\":{\"driver\":\"%s\","
                               "\"node-name\":\"probe%u\",%s},\"id\":\"%s\"}\n",
                               block_probes[i].driver, i, block_probes[i].options,
                               block_probes[i].driver);
    g_string_append(text, "{\"execute\":\"quit\"}\n");
    return g_string_free(text, FALSE);
}

/* --- answers ---------------------------------------------------------------------------------- */

static void add_types(KxlQemuCaps *caps, JsonArray *types)
{
    for (guint i = 0; i < json_array_get_length(types); i++) {
        JsonObject *type = json_array_get_object_element(types, i);

        g_hash_table_add(caps->types,
                         g_strdup(json_object_get_string_member_with_default(type, "name", "")));
    }
}

static void add_answer(KxlQemuCaps *caps, JsonObject *answer)
{
    const char *id = json_object_get_string_member_with_default(answer, "id", "");
    JsonNode *ret = json_object_get_member(answer, "return");
    const char *why = "";

    if (g_str_equal(id, "types") && ret && JSON_NODE_HOLDS_ARRAY(ret)) {
        add_types(caps, json_node_get_array(ret));
    } else if (*id) {
        if (json_object_has_member(answer, "error"))
            why = json_object_get_string_member_with_default(
                json_object_get_object_member(answer, "error"), "desc", "");
        /* One that is left out of the build is no value of the QAPI type either. */
        if (!strstr(why, "Unknown driver") && !strstr(why, "does not accept value"))
            g_hash_table_add(caps->blocks, g_strdup(id));
    }
}

KxlQemuCaps *kxl_qemu_caps_parse(const char *answers)
{
    g_autoptr(KxlQemuCaps) caps = g_new0(KxlQemuCaps, 1);
    g_auto(GStrv) lines = g_strsplit(answers, "\n", -1);

    caps->types = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    caps->blocks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (char **line = lines; *line; line++) {
        g_autoptr(JsonNode) node = json_from_string(*line, NULL);

        if (node && JSON_NODE_HOLDS_OBJECT(node))
            add_answer(caps, json_node_get_object(node));
    }
    return g_hash_table_size(caps->types) > 0 ? g_steal_pointer(&caps) : NULL;
}

/* --- remembering ------------------------------------------------------------------------------ */

/* One file for each program; its first line says which state of the program it is about. */
static char *cache_path(const KxlHost *host, const char *program)
{
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA1, program, -1);
    g_autofree char *name = g_strdup_printf("qemu-caps-%.16s", sum);

    return g_build_filename(kxl_host_run_dir(host), name, NULL);
}

static char *program_key(const char *program)
{
    struct stat st;

    if (stat(program, &st) < 0)
        return NULL;
    return g_strdup_printf("%s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT ".%09ld\n", program,
                           (gint64)st.st_size, (gint64)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static KxlQemuCaps *load(const char *path, const char *key)
{
    g_autofree char *text = kxl_file_read(path, NULL);

    return text && g_str_has_prefix(text, key) ? kxl_qemu_caps_parse(text + strlen(key)) : NULL;
}

static KxlQemuCaps *get(const KxlHost *host, const char *qemu, gboolean anew, gboolean *ret_cached,
                        GError **error)
{
    g_autofree char *program = g_find_program_in_path(qemu);
    g_autofree char *key = program ? program_key(program) : NULL;
    g_autofree char *path = NULL, *answers = NULL, *text = NULL, *questions = NULL;
    KxlQemuCaps *caps;

    if (!key) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND, "emulator '%s' is missing", qemu);
        return NULL;
    }
    path = cache_path(host, program);
    caps = anew ? NULL : load(path, key);
    *ret_cached = caps != NULL;
    if (caps)
        return caps;
    questions = make_questions();
    answers = kxl_qemu_ask(host, program, NULL, questions, error);
    if (!answers)
        return NULL;
    caps = kxl_qemu_caps_parse(answers);
    if (!caps) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_FAILED, "emulator '%s' does not tell what it has",
                    qemu);
        return NULL;
    }
    text = g_strconcat(key, answers, NULL);
    kxl_file_write(path, text, NULL); /* only a cache */
    return caps;
}

KxlQemuCaps *kxl_qemu_caps_get(const KxlHost *host, const char *qemu, GError **error)
{
    gboolean cached;

    return get(host, qemu, FALSE, &cached, error);
}

char **kxl_host_filter_devices(KxlHost *host, const char *const *types)
{
    g_autoptr(KxlQemuCaps) caps = kxl_qemu_caps_get(host, kxl_host_qemu_path(host), NULL);
    g_autoptr(GStrvBuilder) present = g_strv_builder_new();

    for (; *types; types++)
        if (!caps || kxl_qemu_caps_has_type(caps, *types))
            g_strv_builder_add(present, *types);
    return g_strv_builder_end(present);
}

/* --- checking a command line ------------------------------------------------------------------ */

static gboolean lacks(GError **error, const char *what, const char *name, const char *package)
{
    g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                "%s '%s' is not supported: the emulator does not have it%s%s", what, name,
                package ? "; Debian's package for it is " : "", package ? package : "");
    return FALSE;
}

/* "NAME,option=..." or a JSON object with the name in a member. */
static gboolean allow_type(const KxlQemuCaps *caps, const char *what, const char *member,
                           const char *value, GError **error)
{
    g_autoptr(JsonNode) json = *value == '{' ? json_from_string(value, NULL) : NULL;
    g_autofree char *name = json && JSON_NODE_HOLDS_OBJECT(json)
                                ? g_strdup(json_object_get_string_member_with_default(
                                      json_node_get_object(json), member, ""))
                                : g_strndup(value, strcspn(value, ","));

    return kxl_qemu_caps_has_type(caps, name) || lacks(error, what, name, NULL);
}

static gboolean allow_block(const KxlQemuCaps *caps, JsonNode *node, GError **error);

static gboolean allow_block_object(const KxlQemuCaps *caps, JsonObject *object, GError **error)
{
    const char *driver = json_object_get_string_member_with_default(object, "driver", "");
    g_autoptr(GList) members = json_object_get_values(object);

    for (guint i = 0; i < G_N_ELEMENTS(block_probes); i++)
        if (g_str_equal(driver, block_probes[i].driver) && !kxl_qemu_caps_has_block(caps, driver))
            return lacks(error, "disk protocol", driver, block_probes[i].package);
    for (GList *member = members; member; member = member->next)
        if (!allow_block(caps, member->data, error))
            return FALSE;
    return TRUE;
}

static gboolean allow_block(const KxlQemuCaps *caps, JsonNode *node, GError **error)
{
    return !node || !JSON_NODE_HOLDS_OBJECT(node) ||
           allow_block_object(caps, json_node_get_object(node), error);
}

gboolean kxl_qemu_caps_allow(const KxlQemuCaps *caps, char *const *argv, GError **error)
{
    for (; argv[0] && argv[1]; argv++) {
        if (g_str_equal(argv[0], "-device")) {
            if (!allow_type(caps, "device", "driver", argv[1], error))
                return FALSE;
        } else if (g_str_equal(argv[0], "-object")) {
            if (!allow_type(caps, "object", "qom-type", argv[1], error))
                return FALSE;
        } else if (g_str_equal(argv[0], "-blockdev")) {
            g_autoptr(JsonNode) json = json_from_string(argv[1], NULL);

            if (!allow_block(caps, json, error))
                return FALSE;
        }
    }
    return TRUE;
}

gboolean kxl_qemu_caps_check(const KxlHost *host, char *const *argv, GError **error)
{
    gboolean cached = FALSE;
    g_autoptr(GError) local = NULL;
    g_autoptr(KxlQemuCaps) caps = get(host, argv[0], FALSE, &cached, &local);

    if (caps && cached && !kxl_qemu_caps_allow(caps, argv, NULL)) {
        kxl_qemu_caps_free(caps);
        caps = get(host, argv[0], TRUE, &cached, &local);
    }
    if (!caps) {
        g_debug("%s", local->message);
        return TRUE;
    }
    return kxl_qemu_caps_allow(caps, argv, error);
}
