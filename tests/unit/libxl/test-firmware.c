/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which UEFI image a guest gets, of what a folder of descriptors tells. */
#include <glib/gstdio.h>

#include "file.h"
#include "firmware.h"
#include "kxl.h"

static char *folder;

static char *path_of(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* number-name.json about name.code and name.vars. */
static void add(const char *file, const char *name, const char *machines, const char *features)
{
    g_autofree char *code_name = g_strconcat(name, ".code", NULL), *code = path_of(code_name);
    g_autofree char *path = path_of(file);
    g_autofree char *text = g_strdup_printf(
        "{\"interface-types\": [\"uefi\"], \"mapping\": {\"device\": \"flash\","
        " \"executable\": {\"filename\": \"%s\"}, \"nvram-template\": {\"filename\": \"/%s.vars\"}},"
        " \"targets\": [{\"architecture\": \"x86_64\", \"machines\": [%s]}], \"features\": [%s]}",
        code, name, machines, features);

    g_assert_true(g_file_set_contents(code, "", 0, NULL));
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void setup(void)
{
    g_autofree char *broken = NULL;

    folder = g_dir_make_tmp("firmware-XXXXXX", NULL);
    broken = path_of("10-broken.json");
    g_assert_true(g_file_set_contents(broken, "[1, 2", -1, NULL));
    add("40-keys.json", "keys", "\"pc-q35-*\"",
        "\"requires-smm\", \"secure-boot\", \"enrolled-keys\"");
    add("50-secure.json", "secure", "\"pc-q35-*\"", "\"requires-smm\", \"secure-boot\"");
    add("60-plain.json", "plain", "\"pc-i440fx-*\", \"pc-q35-*\"", "\"acpi-s3\"");
}

#define PC  FALSE
#define Q35 TRUE

static void test_find(void)
{
    static const struct {
        gboolean q35, smm;
        KxlTristate secure_boot, enrolled_keys;
        const char *name; /* NULL: nothing suits */
        gboolean ret_smm;
    } rows[] = {
        { PC, FALSE, KXL_DEFAULT, KXL_DEFAULT, "plain", FALSE },
        { Q35, FALSE, KXL_DEFAULT, KXL_DEFAULT, "plain", FALSE },
        { Q35, TRUE, KXL_DEFAULT, KXL_DEFAULT, "keys", TRUE },
        { Q35, FALSE, KXL_YES, KXL_DEFAULT, "keys", TRUE },
        { Q35, FALSE, KXL_YES, KXL_NO, "secure", TRUE },
        { Q35, FALSE, KXL_YES, KXL_YES, "keys", TRUE },
        { Q35, TRUE, KXL_NO, KXL_DEFAULT, "plain", FALSE },
        { PC, FALSE, KXL_YES, KXL_DEFAULT, NULL, FALSE },
        { PC, FALSE, KXL_DEFAULT, KXL_YES, NULL, FALSE },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        KxlFirmwareWish wish = { .folder = folder,
                                 .q35 = rows[i].q35,
                                 .smm = rows[i].smm,
                                 .secure_boot = rows[i].secure_boot,
                                 .enrolled_keys = rows[i].enrolled_keys };
        g_auto(KxlFirmwareFiles) files = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char *name = NULL, *expected = NULL;

        g_test_message("row %u", i);
        if (!rows[i].name) {
            g_assert_false(kxl_firmware_find(&wish, &files, &error));
            g_assert_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND);
            continue;
        }
        g_assert_true(kxl_firmware_find(&wish, &files, &error));
        name = g_path_get_basename(files.code);
        expected = g_strconcat(rows[i].name, ".code", NULL);
        g_assert_cmpstr(name, ==, expected);
        g_assert_cmpint(files.smm, ==, rows[i].ret_smm);
    }
}

/* What the user names is taken, with the variables that its descriptor names, or Debian's. */
static void test_named(void)
{
    g_autofree char *code = path_of("secure.code");
    KxlFirmwareWish wish = { .folder = folder, .code = code };
    g_auto(KxlFirmwareFiles) known = { 0 }, old = { 0 };

    g_assert_true(kxl_firmware_find(&wish, &known, NULL));
    g_assert_cmpstr(known.code, ==, code);
    g_assert_cmpstr(known.variables, ==, "/secure.vars");
    g_assert_true(known.smm);
    wish.code = "/srv/fw/OVMF_CODE.fd";
    g_assert_true(kxl_firmware_find(&wish, &old, NULL));
    g_assert_cmpstr(old.code, ==, wish.code);
    g_assert_cmpstr(old.variables, ==, "/srv/fw/OVMF_VARS.fd");
    g_assert_false(old.smm);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    setup();
    g_test_add_func("/firmware/find", test_find);
    g_test_add_func("/firmware/named", test_named);
    result = g_test_run();
    kxl_remove_tree(folder);
    g_free(folder);
    return result;
}
