/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How QEMU opens images: what a path leads to counts, not where it is. */
#include <glib/gstdio.h>
#include <unistd.h>

#include "fd.h"
#include "machine-image.h"

static void assert_driver(const char *path, const char *driver)
{
    KxlDeviceDisk *disk = kxl_device_disk_new();
    g_autoptr(GPtrArray) nodes = NULL;
    JsonObject *file;

    disk->vdev = g_strdup("xvda");
    disk->path = g_strdup(path);
    disk->format = KXL_DISK_RAW;
    nodes = kxl_image_nodes(disk, "disk", NULL);
    g_assert_nonnull(nodes);
    file = json_object_get_object_member(nodes->pdata[0], "file");
    g_assert_cmpstr(json_object_get_string_member(file, "filename"), ==, path);
    g_assert_cmpstr(json_object_get_string_member(file, "driver"), ==, driver);
    kxl_device_disk_free(disk);
}

static void test_file(void)
{
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "kxl-image-XXXXXX", NULL);
    g_auto(KxlFd) fd = g_mkstemp(path);

    g_assert_cmpint(fd, >=, 0);
    assert_driver(path, "file");
    unlink(path);
}

/* A tmpfs for everybody's files is among the devices. */
static void test_file_in_shm(void)
{
    g_autofree char *path = g_strdup("/dev/shm/kxl-image-XXXXXX");
    g_auto(KxlFd) fd = g_mkstemp(path);

    if (fd < 0) {
        g_test_skip("no /dev/shm");
        return;
    }
    assert_driver(path, "file");
    unlink(path);
}

static void test_device(void)
{
    g_autofree char *dir = g_dir_make_tmp("kxl-image-XXXXXX", NULL);
    g_autofree char *link = g_build_filename(dir, "link", NULL);

    assert_driver("/dev/null", "host_device");
    g_assert_cmpint(symlink("/dev/null", link), ==, 0);
    assert_driver(link, "host_device");
    unlink(link);
    assert_driver(link, "file");
    g_rmdir(dir);
}

static void test_not_there(void)
{
    assert_driver("/dev/no-such/volume", "host_device");
    assert_driver("/no-such/image", "file");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/machine-image/file", test_file);
    g_test_add_func("/machine-image/file-in-shm", test_file_in_shm);
    g_test_add_func("/machine-image/device", test_device);
    g_test_add_func("/machine-image/not-there", test_not_there);
    return g_test_run();
}
