/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "firmware.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define DEFAULT_CODE      "/usr/share/OVMF/OVMF_CODE_4M.fd"
#define DEFAULT_VARIABLES "/usr/share/OVMF/OVMF_VARS_4M.fd"
/* What the patterns of "machines" are held against: -machine pc. */
#define OUR_MACHINE "pc-i440fx-7.2"

/* In this order; of two files with one name the first counts. */
static const char *const folders[] = { "/etc/qemu/firmware", "/usr/share/qemu/firmware" };

static gboolean has_word(JsonObject *object, const char *member, const char *word)
{
    JsonArray *array = json_object_has_member(object, member)
                           ? json_object_get_array_member(object, member)
                           : NULL;

    for (guint i = 0; array && i < json_array_get_length(array); i++)
        if (g_pattern_match_simple(json_array_get_string_element(array, i), word))
            return TRUE;
    return FALSE;
}

static gboolean suits_machine(JsonObject *descriptor)
{
    JsonArray *targets = json_object_has_member(descriptor, "targets")
                             ? json_object_get_array_member(descriptor, "targets")
                             : NULL;

    for (guint i = 0; targets && i < json_array_get_length(targets); i++) {
        JsonObject *target = json_array_get_object_element(targets, i);
        const char *arch = json_object_get_string_member_with_default(target, "architecture", "");

        if (g_str_equal(arch, "x86_64") && has_word(target, "machines", OUR_MACHINE))
            return TRUE;
    }
    return FALSE;
}

static const char *file_of(JsonObject *mapping, const char *member)
{
    JsonObject *file = json_object_has_member(mapping, member)
                           ? json_object_get_object_member(mapping, member)
                           : NULL;

    return file ? json_object_get_string_member_with_default(file, "filename", NULL) : NULL;
}

/* Takes what one descriptor says if it is about code, or for our machine when code is NULL. */
static gboolean take(JsonObject *descriptor, const char *code, char **ret_code,
                     char **ret_variables)
{
    JsonObject *mapping = json_object_has_member(descriptor, "mapping")
                              ? json_object_get_object_member(descriptor, "mapping")
                              : NULL;
    const char *executable, *variables;

    if (!mapping || !has_word(descriptor, "interface-types", "uefi"))
        return FALSE;
    executable = file_of(mapping, "executable");
    variables = file_of(mapping, "nvram-template");
    if (!executable || !variables)
        return FALSE;
    if (code ? !g_str_equal(code, executable)
             : !suits_machine(descriptor) || has_word(descriptor, "features", "requires-smm") ||
                   !g_file_test(executable, G_FILE_TEST_EXISTS))
        return FALSE;
    *ret_code = g_strdup(executable);
    *ret_variables = g_strdup(variables);
    return TRUE;
}

static gboolean take_file(const char *path, const char *code, char **ret_code, char **ret_variables)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonNode *root =
        json_parser_load_from_file(parser, path, NULL) ? json_parser_get_root(parser) : NULL;

    return root && JSON_NODE_HOLDS_OBJECT(root) &&
           take(json_node_get_object(root), code, ret_code, ret_variables);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    g_autofree char *left = g_path_get_basename(*(char *const *)a);
    g_autofree char *right = g_path_get_basename(*(char *const *)b);

    int order = strcmp(left, right);

    return order != 0 ? order : strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *list_descriptors(void)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autoptr(GDir) dir = g_dir_open(folders[i], 0, NULL);
        const char *name;

        while (dir && (name = g_dir_read_name(dir)))
            if (g_str_has_suffix(name, ".json"))
                g_ptr_array_add(paths, g_build_filename(folders[i], name, NULL));
    }
    g_ptr_array_sort(paths, compare_names);
    return paths;
}

void kxl_firmware_find(const char *code, char **ret_code, char **ret_variables)
{
    g_autoptr(GPtrArray) paths = list_descriptors();

    for (guint i = 0; i < paths->len; i++)
        if (take_file(paths->pdata[i], code, ret_code, ret_variables))
            return;
    *ret_code = g_strdup(code ? code : DEFAULT_CODE);
    *ret_variables = g_strdup(DEFAULT_VARIABLES);
    /* Debian's images before the 4 MB ones: the variables' size must fit. */
    if (code && g_str_has_suffix(code, "OVMF_CODE.fd")) {
        g_autofree char *dir = g_path_get_dirname(code);

        g_free(*ret_variables);
        *ret_variables = g_build_filename(dir, "OVMF_VARS.fd", NULL);
    }
}
