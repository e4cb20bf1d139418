/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images that QEMU gets as descriptors. */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "disk-fds.h"
#include "fd.h"

static KxlDeviceDisk *add_disk(KxlDomainConfig *config, const char *vdev, const char *group)
{
    KxlDeviceDisk *disk = kxl_device_disk_new();

    disk->vdev = g_strdup(vdev);
    disk->path = g_strdup("/not/opened");
    disk->fd_group = g_strdup(group);
    g_ptr_array_add(config->disks, disk);
    return disk;
}

static void set_fds(KxlDeviceDisk *disk, guint n, const int *numbers)
{
    g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));

    g_array_append_vals(fds, numbers, n);
    kxl_device_disk_set_fds(disk, fds);
}

/* What one process tells the next by the word, it finds at other numbers. */
static void test_word(void)
{
    g_autoptr(KxlDomainConfig) from = kxl_domain_config_new(), to = NULL;
    KxlDeviceDisk *first = add_disk(from, "xvda", "a"), *third;
    g_autofree char *word = NULL, *json = NULL;
    g_autoptr(GArray) all = NULL;

    add_disk(from, "xvdb", NULL);
    third = add_disk(from, "xvdc", "c");
    set_fds(first, 2, (int[]){ 9, 20 });
    set_fds(third, 1, (int[]){ 11 });
    all = kxl_disk_fds_list(from, &word);
    g_assert_cmpstr(word, ==, "xvda=2,xvdc=1");
    g_assert_cmpmem(all->data, all->len * sizeof(int), ((int[]){ 9, 20, 11 }), 3 * sizeof(int));

    json = kxl_domain_config_to_json(from);
    g_assert_null(strstr(json, "9:20"));
    to = kxl_domain_config_from_json(json, NULL);
    g_assert_cmpstr(((KxlDeviceDisk *)to->disks->pdata[0])->fd_group, ==, "a");
    g_assert_cmpuint(kxl_disk_fds_count(word), ==, 3);
    kxl_disk_fds_place(to, word, 5);
    g_assert_cmpstr(((KxlDeviceDisk *)to->disks->pdata[0])->fds, ==, "5:6");
    g_assert_null(((KxlDeviceDisk *)to->disks->pdata[1])->fds);
    g_assert_cmpstr(((KxlDeviceDisk *)to->disks->pdata[2])->fds, ==, "7");

    g_assert_cmpuint(kxl_disk_fds_count(""), ==, 0);
    g_assert_cmpuint(kxl_disk_fds_count("xvda,=,xvdb=0"), ==, 0);
    g_assert_cmpuint(kxl_disk_fds_count("xvda=-1"), ==, KXL_DISK_FDS_MAX);
}

static void test_arguments(void)
{
    g_autoptr(KxlDomainConfig) config = kxl_domain_config_new();
    KxlDeviceDisk *disk = add_disk(config, "xvda", "a");
    g_autoptr(GPtrArray) args = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = NULL;

    set_fds(disk, 2, (int[]){ 9, 20 });
    g_assert_true(kxl_args_image(args, "/run", disk, "image", NULL));
    g_ptr_array_add(args, NULL);
    text = g_strjoinv(" ", (char **)args->pdata);
    g_test_message("%s", text);
    g_assert_true(
        g_str_has_prefix(text, "-add-fd fd=9,set=51712 -add-fd fd=20,set=51712 -blockdev "));
    g_assert_nonnull(strstr(text, "\"filename\":\"/dev/fdset/51712\""));
    g_assert_null(strstr(text, "/not/opened"));
}

static void assert_check(KxlDeviceDisk *disk, int fd, const char *message)
{
    g_autoptr(GError) error = NULL;

    set_fds(disk, fd >= 0, &fd);
    g_assert_true(kxl_disk_fds_check(disk, &error) == (message == NULL));
    if (message)
        g_assert_nonnull(strstr(error->message, message));
}

/* QEMU looks for one that is open in the way it wants. */
static void test_check(void)
{
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "kxl-fds-XXXXXX", NULL);
    g_auto(KxlFd) both = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
    g_auto(KxlFd) reads = open(path, O_RDONLY | O_CLOEXEC),
                  writes = open(path, O_WRONLY | O_CLOEXEC);
    g_autoptr(KxlDomainConfig) config = kxl_domain_config_new();
    KxlDeviceDisk *disk = add_disk(config, "xvda", "a");
    int pair[2], gone;

    unlink(path);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    gone = dup(pair[0]);
    close(gone);

    disk->readwrite = TRUE;
    assert_check(disk, -1, "must be passed again");
    assert_check(disk, both, NULL);
    assert_check(disk, reads, "reading and writing");
    assert_check(disk, writes, "reading and writing");
    assert_check(disk, pair[0], "neither");
    assert_check(disk, gone, "descriptor");
    disk->readwrite = FALSE;
    assert_check(disk, reads, NULL);
    assert_check(disk, both, "reading only");
    set_fds(disk, 2, (int[]){ both, reads });
    g_assert_true(kxl_disk_fds_check(disk, NULL));
    g_assert_false(kxl_disk_fds_are_block(disk));
    g_clear_pointer(&disk->fd_group, g_free);
    assert_check(disk, -1, NULL);
    close(pair[0]);
    close(pair[1]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/disk-fds/word", test_word);
    g_test_add_func("/disk-fds/arguments", test_arguments);
    g_test_add_func("/disk-fds/check", test_check);
    return g_test_run();
}
