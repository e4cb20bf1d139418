/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A virtual function goes to a guest and comes back: in a folder that looks like sysfs, with a
 * stand-in for ip(8) that remembers what the card was told. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "nic-function.h"

#define CARD     "bus/pci/devices/0000:03:00.0"
#define FUNCTION "bus/pci/devices/0000:03:10.1"

/* $DIR/card has "MAC VLAN" of function 1, $DIR/log every change; $DIR/refuse is what it refuses. */
#define IP                                                                                         \
    "#!/bin/sh\n"                                                                                  \
    "cd \"%s\" || exit 1\n"                                                                        \
    "read mac vlan < card\n"                                                                       \
    "if [ \"$3\" = show ]; then\n"                                                                 \
    "  echo \"[{\\\"ifname\\\":\\\"$5\\\",\\\"vfinfo_list\\\":[\"\n"                                 \
    "  echo \"{\\\"vf\\\":0,\\\"address\\\":\\\"00:00:00:00:00:01\\\"},\"\n"                          \
    "  echo \"{\\\"vf\\\":1,\\\"address\\\":\\\"$mac\\\",\\\"vlan_list\\\":[{\\\"vlan\\\":$vlan}]}]}]\"\n" \
    "  exit\n"                                                                                     \
    "fi\n"                                                                                         \
    "if [ -e refuse ] && grep -q \"$8\" refuse; then echo 'RTNETLINK answers: Invalid argument' >&2; exit 2; fi\n" \
    "echo \"$*\" >> log\n"                                                                         \
    "echo \"$8 ${10}\" > card\n"

typedef struct {
    char *dir, *before, *path;
    KxlDeviceNic nic;
    GPtrArray *others;
} Fixture;

static char *full_path(const Fixture *f, const char *path)
{
    return g_build_filename(f->dir, path, NULL);
}

static void put(const Fixture *f, const char *path, const char *text)
{
    g_autofree char *full = full_path(f, path);
    g_autofree char *dir = g_path_get_dirname(full);

    g_mkdir_with_parents(dir, 0700);
    g_assert_true(g_file_set_contents(full, text, -1, NULL));
}

static void link_to(const Fixture *f, const char *path, const char *target)
{
    g_autofree char *full = full_path(f, path), *to = full_path(f, target);
    g_autofree char *dir = g_path_get_dirname(full);

    g_mkdir_with_parents(dir, 0700);
    g_mkdir_with_parents(to, 0700);
    unlink(full);
    g_assert_cmpint(symlink(to, full), ==, 0);
}

static void check_file(const Fixture *f, const char *path, const char *text)
{
    g_autofree char *full = full_path(f, path);
    g_autofree char *is = kxl_file_read(full, NULL);

    g_assert_cmpstr(is ? is : "", ==, text);
}

static void remove_path(const Fixture *f, const char *path)
{
    g_autofree char *full = full_path(f, path);

    kxl_remove_tree(full);
}

static void set_up(Fixture *f, gconstpointer data)
{
    g_autofree char *ip = NULL, *path = NULL;

    f->dir = g_dir_make_tmp("kxl-function-XXXXXX", NULL);
    f->before = full_path(f, "before");
    f->nic = (KxlDeviceNic){ .kind = KXL_NIC_FUNCTION,
                             .mac = (char *)"00:16:3e:00:00:07",
                             .vlan = 42,
                             .pci = { .bus = 3, .dev = 0x10, .fn = 1, .managed = TRUE } };
    f->others = g_ptr_array_new();
    g_ptr_array_add(f->others, &f->nic.pci);

    put(f, FUNCTION "/driver_override", "");
    put(f, "bus/pci/drivers_probe", "");
    put(f, "bus/pci/drivers/ixgbevf/unbind", "");
    put(f, "bus/pci/drivers/vfio-pci/unbind", "");
    put(f, CARD "/net/ens3/ifindex", "3\n");
    link_to(f, FUNCTION "/driver", "bus/pci/drivers/ixgbevf");
    link_to(f, FUNCTION "/iommu_group", "kernel/iommu_groups/7");
    link_to(f, "kernel/iommu_groups/7/devices/0000:03:10.1", FUNCTION);
    link_to(f, FUNCTION "/physfn", CARD);
    link_to(f, CARD "/virtfn0", "bus/pci/devices/0000:03:10.0");
    link_to(f, CARD "/virtfn1", FUNCTION);

    put(f, "card", "00:00:00:00:00:00 0\n");
    ip = g_strdup_printf(IP, f->dir);
    put(f, "bin/ip", ip);
    path = full_path(f, "bin/ip");
    g_assert_cmpint(chmod(path, 0700), ==, 0);
    f->path = g_strdup(g_getenv("PATH"));
    g_free(path);
    path = g_strdup_printf("%s/bin:%s", f->dir, f->path);
    g_setenv("PATH", path, TRUE);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    g_setenv("PATH", f->path, TRUE);
    kxl_remove_tree(f->dir);
    g_ptr_array_unref(f->others);
    g_free(f->before);
    g_free(f->path);
    g_free(f->dir);
}

static void refuse(Fixture *f, int code, const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(kxl_nic_function_check(f->dir, &f->nic, f->others, &error));
    g_assert_error(error, KXL_ERROR, code);
    g_assert_cmpstr(error->message, ==, message);
}

static void accept(Fixture *f)
{
    g_autoptr(GError) error = NULL;

    kxl_nic_function_check(f->dir, &f->nic, f->others, &error);
    g_assert_no_error(error);
}

static void test_check(Fixture *f, gconstpointer data)
{
    accept(f);
    remove_path(f, CARD "/net");
    refuse(f, KXL_ERROR_STATE,
           "pci '0000:03:10.1': its card '0000:03:00.0' has no network interface on the host to set "
           "its MAC address by");
    remove_path(f, FUNCTION "/physfn");
    refuse(f, KXL_ERROR_UNSUPPORTED,
           "pci '0000:03:10.1' is not supported as a network interface: it is no virtual function "
           "of a card (SR-IOV)");
    remove_path(f, "bus/pci/drivers/vfio-pci");
    refuse(f, KXL_ERROR_NOT_FOUND,
           "pci '0000:03:10.1': the host has no driver 'vfio-pci' (modprobe vfio-pci)");
}

/* Bridges and what nobody uses do no harm; a device of the host's does, unless the guest gets it
 * too. */
static void test_group(Fixture *f, gconstpointer data)
{
    KxlDevicePci other = { .bus = 3, .dev = 0x10, .fn = 0, .managed = TRUE };

    link_to(f, "kernel/iommu_groups/7/devices/0000:00:01.0", "bus/pci/devices/0000:00:01.0");
    link_to(f, "bus/pci/devices/0000:00:01.0/driver", "bus/pci/drivers/pcieport");
    link_to(f, "kernel/iommu_groups/7/devices/0000:03:10.0", "bus/pci/devices/0000:03:10.0");
    accept(f);
    link_to(f, "bus/pci/devices/0000:03:10.0/driver", "bus/pci/drivers/ixgbevf");
    refuse(f, KXL_ERROR_IN_USE,
           "pci '0000:03:10.1': the host's driver 'ixgbevf' has '0000:03:10.0', which is in the "
           "same IOMMU group 7: a guest gets all of it or nothing");
    g_ptr_array_add(f->others, &other);
    accept(f);
}

static void take(Fixture *f)
{
    g_autoptr(GError) error = NULL;

    kxl_nic_function_take(f->dir, &f->nic, f->before, &error);
    g_assert_no_error(error);
    if (f->nic.pci.managed) /* as the kernel does when it is told to probe */
        link_to(f, FUNCTION "/driver", "bus/pci/drivers/vfio-pci");
}

static void test_there_and_back(Fixture *f, gconstpointer data)
{
    put(f, "card", "52:54:00:00:00:09 7\n");
    take(f);
    check_file(f, "log", "link set dev ens3 vf 1 mac 00:16:3e:00:00:07 vlan 42\n");
    check_file(f, FUNCTION "/driver_override", "vfio-pci\n");
    check_file(f, "bus/pci/drivers/ixgbevf/unbind", "0000:03:10.1");
    kxl_nic_function_return(f->dir, &f->nic, f->before);
    check_file(f, "card", "52:54:00:00:00:09 7\n");
    check_file(f, "bus/pci/drivers/vfio-pci/unbind", "0000:03:10.1");
    g_assert_false(g_file_test(f->before, G_FILE_TEST_EXISTS));

    /* Once is enough. */
    put(f, "log", "");
    kxl_nic_function_return(f->dir, &f->nic, f->before);
    check_file(f, "log", "");
}

/* One that VFIO had already gets its address and keeps its driver. */
static void test_unmanaged(Fixture *f, gconstpointer data)
{
    f->nic.pci.managed = FALSE;
    f->nic.vlan = 0;
    link_to(f, FUNCTION "/driver", "bus/pci/drivers/vfio-pci");
    take(f);
    check_file(f, "log", "link set dev ens3 vf 1 mac 00:16:3e:00:00:07 vlan 0\n");
    kxl_nic_function_return(f->dir, &f->nic, f->before);
    check_file(f, "card", "00:00:00:00:00:00 0\n");
    check_file(f, "bus/pci/drivers/vfio-pci/unbind", "");
    check_file(f, FUNCTION "/driver_override", "");
}

/* Cards that do not take zeros back. */
static void test_address_of_nobody(Fixture *f, gconstpointer data)
{
    take(f);
    put(f, "refuse", "00:00:00:00:00:00\n");
    kxl_nic_function_return(f->dir, &f->nic, f->before);
    check_file(f, "card", "02:00:00:00:00:00 0\n");
    check_file(f, "bus/pci/drivers/vfio-pci/unbind", "0000:03:10.1");
}

static void test_card_refuses(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    put(f, "refuse", "00:16:3e:00:00:07\n");
    g_assert_false(kxl_nic_function_take(f->dir, &f->nic, f->before, &error));
    g_assert_nonnull(strstr(error->message, "pci '0000:03:10.1': "));
    g_assert_nonnull(strstr(error->message, "RTNETLINK answers: Invalid argument"));
    link_to(f, FUNCTION "/driver", "bus/pci/drivers/vfio-pci");
    kxl_nic_function_return(f->dir, &f->nic, f->before);
    check_file(f, "bus/pci/drivers/vfio-pci/unbind", "0000:03:10.1");
    check_file(f, "card", "00:00:00:00:00:00 0\n");
}

static void test_says_nothing(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    remove_path(f, CARD "/virtfn1");
    link_to(f, CARD "/virtfn1", "bus/pci/devices/0000:03:10.2");
    link_to(f, CARD "/virtfn2", FUNCTION);
    g_assert_false(kxl_nic_function_take(f->dir, &f->nic, f->before, &error));
    g_assert_cmpstr(error->message, ==,
                    "pci '0000:03:10.1': 'ip link show dev ens3' does not say what function 2 has");
    g_assert_false(g_file_test(f->before, G_FILE_TEST_EXISTS));
    check_file(f, "bus/pci/drivers/ixgbevf/unbind", "");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*func)(Fixture *f, gconstpointer data);
    } tests[] = {
        { "/nic-function/check", test_check },
        { "/nic-function/group", test_group },
        { "/nic-function/there-and-back", test_there_and_back },
        { "/nic-function/unmanaged", test_unmanaged },
        { "/nic-function/address-of-nobody", test_address_of_nobody },
        { "/nic-function/card-refuses", test_card_refuses },
        { "/nic-function/says-nothing", test_says_nothing },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].func, tear_down);
    return g_test_run();
}
