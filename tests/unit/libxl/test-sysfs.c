/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <glib/gstdio.h>

#include "kxl-sysfs.h"

static void test_write(void)
{
    g_autofree char *path = NULL, *text = NULL;
    int fd = g_file_open_tmp("sysfs-XXXXXX", &path, NULL);

    g_close(fd, NULL);
    g_assert_cmpint(kxl_sysfs_write(path, "1"), ==, 0);
    g_assert_cmpint(kxl_sysfs_write(path, ""), ==, 0); /* which a driver_override takes */
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "1");
    g_unlink(path);
    g_assert_cmpint(kxl_sysfs_write(path, "1"), ==, ENOENT);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static void test_refused(void)
{
    g_assert_cmpint(kxl_sysfs_write("/dev/full", "1"), ==, ENOSPC);
    g_assert_cmpint(kxl_sysfs_write("/", "1"), ==, EISDIR);
    g_assert_cmpint(kxl_sysfs_write("/dev/null/x", "1"), ==, ENOTDIR);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sysfs/write", test_write);
    g_test_add_func("/sysfs/refused", test_refused);
    return g_test_run();
}
