/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attributes of sysfs: what of a file counts as a text, and as a number; and writing them. */
#include "sysfs.h"

#include <glib/gstdio.h>
#include <string.h>

#include "rpc/error.h"

static const struct {
    const char *written, *text;
    gboolean is_number;
    guint64 number;
} rows[] = {
    { "up\n", "up" },
    { "  00:16:3e:00:00:01 \n", "00:16:3e:00:00:01" },
    { "two words\n", "two words" },
    { "1500\n", "1500", TRUE, 1500 },
    { "0", "0", TRUE, 0 },
    { "18446744073709551615\n", "18446744073709551615", TRUE, G_MAXUINT64 },
    { "18446744073709551616\n", "18446744073709551616" },
    { "-1\n", "-1" },
    { "0x10\n", "0x10" },
    { "12 MHz\n", "12 MHz" },
    { "", NULL },
    { " \n", NULL },
    { "caf\xe9\n", NULL },
};

static void test_rows(void)
{
    g_autofree char *dir = g_dir_make_tmp("sysfs.XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "file", NULL);

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = NULL;
        guint64 number = 0;

        g_assert_true(g_file_set_contents(path, rows[i].written, -1, NULL));
        text = sysfs_text(dir, "file");
        g_assert_cmpstr(text, ==, rows[i].text);
        g_assert_cmpint(sysfs_number(dir, "file", &number), ==, rows[i].is_number);
        g_assert_cmpuint(number, ==, rows[i].number);
    }
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_null(sysfs_text(dir, "file"));
    g_assert_null(sysfs_text(path, "file"));
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

static void test_vport(void)
{
    g_autofree char *root = g_dir_make_tmp("sysfs-XXXXXX", NULL);
    g_autofree char *host = g_build_filename(root, "class/fc_host/host3", NULL);
    g_autofree char *create = g_build_filename(host, "vport_create", NULL);
    g_autofree char *text = NULL, *remove = g_strdup_printf("rm -r %s", root);
    g_autoptr(GError) error = NULL;

    g_setenv("KANZEN_SYSFS_DIR", root, TRUE);
    g_assert_cmpint(g_mkdir_with_parents(host, 0755), ==, 0);
    g_assert_true(g_file_set_contents(create, "", 0, NULL));
    g_assert_true(sysfs_vport("host3", VPORT_CREATE, "20:10", VIR_ERR_SYSTEM_ERROR, &error));
    g_assert_true(g_file_get_contents(create, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "20:10");
    g_assert_false(sysfs_vport("host3", VPORT_DELETE, "20:10", VIR_ERR_OPERATION_FAILED, &error));
    g_assert_error(error, VIR_ERROR, VIR_ERR_OPERATION_FAILED);
    g_assert_nonnull(strstr(error->message, "cannot write '20:10' to '"));
    g_assert_nonnull(strstr(error->message, "host3/vport_delete': No such file"));
    g_assert_true(g_spawn_command_line_sync(remove, NULL, NULL, NULL, NULL));
    g_unsetenv("KANZEN_SYSFS_DIR");
}

static void test_path(void)
{
    g_autofree char *path = sysfs_path("block");

    g_assert_cmpstr(path, ==, "/sys/block");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sysfs/rows", test_rows);
    g_test_add_func("/sysfs/path", test_path);
    g_test_add_func("/sysfs/vport", test_vport);
    return g_test_run();
}
