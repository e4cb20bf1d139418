/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "firmware.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "kxl.h"

#define DEFAULT_CODE      "/usr/share/OVMF/OVMF_CODE_4M.fd"
#define DEFAULT_VARIABLES "/usr/share/OVMF/OVMF_VARS_4M.fd"
/* What the patterns of "machines" are held against. */
#define MACHINE_PC  "pc-i440fx-7.2"
#define MACHINE_Q35 "pc-q35-7.2"

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

static gboolean suits_machine(JsonObject *descriptor, gboolean q35)
{
    JsonArray *targets = json_object_has_member(descriptor, "targets")
                             ? json_object_get_array_member(descriptor, "targets")
                             : NULL;

    for (guint i = 0; targets && i < json_array_get_length(targets); i++) {
        JsonObject *target = json_array_get_object_element(targets, i);
        const char *arch = json_object_get_string_member_with_default(target, "architecture", "");

        if (g_str_equal(arch, "x86_64") &&
            has_word(target, "machines", q35 ? MACHINE_Q35 : MACHINE_PC))
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

static gboolean suits(KxlTristate wish, gboolean has)
{
    return wish == KXL_DEFAULT || (wish == KXL_YES) == has;
}

static gboolean suits_wish(JsonObject *descriptor, const KxlFirmwareWish *wish)
{
    gboolean needs_smm = has_word(descriptor, "features", "requires-smm");

    return suits_machine(descriptor, wish->q35) &&
           suits(wish->secure_boot, has_word(descriptor, "features", "secure-boot")) &&
           suits(wish->enrolled_keys, has_word(descriptor, "features", "enrolled-keys")) &&
           (!needs_smm || wish->smm || wish->secure_boot == KXL_YES);
}

/* Takes what one descriptor says if it is about the user's image, or one that suits. */
static gboolean take(JsonObject *descriptor, const KxlFirmwareWish *wish, KxlFirmwareFiles *files)
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
    if (wish->code
            ? !g_str_equal(wish->code, executable)
            : !suits_wish(descriptor, wish) || !g_file_test(executable, G_FILE_TEST_EXISTS))
        return FALSE;
    files->code = g_strdup(executable);
    files->variables = g_strdup(variables);
    files->smm = has_word(descriptor, "features", "requires-smm");
    return TRUE;
}

static gboolean take_file(const char *path, const KxlFirmwareWish *wish, KxlFirmwareFiles *files)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonNode *root =
        json_parser_load_from_file(parser, path, NULL) ? json_parser_get_root(parser) : NULL;

    return root && JSON_NODE_HOLDS_OBJECT(root) && take(json_node_get_object(root), wish, files);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    g_autofree char *left = g_path_get_basename(*(char *const *)a);
    g_autofree char *right = g_path_get_basename(*(char *const *)b);

    int order = strcmp(left, right);

    return order != 0 ? order : strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_descriptors(GPtrArray *paths, const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        if (g_str_has_suffix(name, ".json"))
            g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
}

static GPtrArray *list_descriptors(const char *folder)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);

    if (folder)
        add_descriptors(paths, folder);
    for (guint i = 0; !folder && i < G_N_ELEMENTS(folders); i++)
        add_descriptors(paths, folders[i]);
    g_ptr_array_sort(paths, compare_names);
    return paths;
}

void kxl_firmware_files_clear(KxlFirmwareFiles *files)
{
    g_clear_pointer(&files->code, g_free);
    g_clear_pointer(&files->variables, g_free);
}

/* Debian's images before the 4 MB ones have smaller variables, whose size must fit. */
static void take_default(const char *code, KxlFirmwareFiles *files)
{
    g_autofree char *dir = g_path_get_dirname(code ? code : DEFAULT_CODE);

    files->code = g_strdup(code ? code : DEFAULT_CODE);
    files->variables = code && g_str_has_suffix(code, "OVMF_CODE.fd")
                           ? g_build_filename(dir, "OVMF_VARS.fd", NULL)
                           : g_strdup(DEFAULT_VARIABLES);
    files->smm = FALSE;
}

gboolean kxl_firmware_find(const KxlFirmwareWish *wish, KxlFirmwareFiles *ret_files, GError **error)
{
    g_autoptr(GPtrArray) paths = list_descriptors(wish->folder);

    for (guint i = 0; i < paths->len; i++)
        if (take_file(paths->pdata[i], wish, ret_files))
            return TRUE;
    if (wish->code || (wish->secure_boot != KXL_YES && wish->enrolled_keys != KXL_YES)) {
        take_default(wish->code, ret_files);
        return TRUE;
    }
    g_set_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND,
                "Unable to find any firmware to satisfy 'efi': none on this host has %s%s%s",
                wish->secure_boot == KXL_YES ? "secure boot" : "",
                wish->secure_boot == KXL_YES && wish->enrolled_keys == KXL_YES ? " and " : "",
                wish->enrolled_keys == KXL_YES ? "enrolled keys" : "");
    return FALSE;
}
