/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A virtual function of a made-up card goes to a guest and comes back. */
#include <glib/gstdio.h>
#include <string.h>

#include "card.h"
#include "nic-function.h"

typedef struct {
    Card card;
    char *before;
    KxlDeviceNic nic;
    GPtrArray *others;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    card_make(&f->card);
    f->before = card_path(&f->card, "before");
    f->nic = (KxlDeviceNic){ .kind = KXL_NIC_FUNCTION,
                             .mac = (char *)"00:16:3e:00:00:07",
                             .vlan = 42,
                             .pci = { .bus = 3, .dev = 0x10, .fn = 1, .managed = TRUE } };
    f->others = g_ptr_array_new();
    g_ptr_array_add(f->others, &f->nic.pci);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    card_clear(&f->card);
    g_ptr_array_unref(f->others);
    g_free(f->before);
}

static void refuse(Fixture *f, int code, const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(kxl_nic_function_check(f->card.dir, &f->nic, f->others, &error));
    g_assert_error(error, KXL_ERROR, code);
    g_assert_cmpstr(error->message, ==, message);
}

static void accept(Fixture *f)
{
    g_autoptr(GError) error = NULL;

    kxl_nic_function_check(f->card.dir, &f->nic, f->others, &error);
    g_assert_no_error(error);
}

static void test_check(Fixture *f, gconstpointer data)
{
    accept(f);
    card_remove(&f->card, CARD "/net");
    refuse(
        f, KXL_ERROR_STATE,
        "pci '0000:03:10.1': its card '0000:03:00.0' has no network interface on the host to set "
        "its MAC address by");
    card_remove(&f->card, FUNCTION "/physfn");
    refuse(f, KXL_ERROR_UNSUPPORTED,
           "pci '0000:03:10.1' is not supported as a network interface: it is no virtual function "
           "of a card (SR-IOV)");
    card_remove(&f->card, "bus/pci/drivers/vfio-pci");
    refuse(f, KXL_ERROR_NOT_FOUND,
           "pci '0000:03:10.1': the host has no driver 'vfio-pci' (modprobe vfio-pci)");
}

/* Bridges and what nobody uses do no harm; a device of the host's does, unless the guest gets it
 * too. */
static void test_group(Fixture *f, gconstpointer data)
{
    KxlDevicePci other = { .bus = 3, .dev = 0x10, .fn = 0, .managed = TRUE };

    card_link(&f->card, "kernel/iommu_groups/7/devices/0000:00:01.0",
              "bus/pci/devices/0000:00:01.0");
    card_link(&f->card, "bus/pci/devices/0000:00:01.0/driver", "bus/pci/drivers/pcieport");
    card_link(&f->card, "kernel/iommu_groups/7/devices/0000:03:10.0",
              "bus/pci/devices/0000:03:10.0");
    accept(f);
    card_link(&f->card, "bus/pci/devices/0000:03:10.0/driver", "bus/pci/drivers/ixgbevf");
    refuse(f, KXL_ERROR_IN_USE,
           "pci '0000:03:10.1': the host's driver 'ixgbevf' has '0000:03:10.0', which is in the "
           "same IOMMU group 7: a guest gets all of it or nothing");
    g_ptr_array_add(f->others, &other);
    accept(f);
}

static void take(Fixture *f)
{
    g_autoptr(GError) error = NULL;

    kxl_nic_function_take(f->card.dir, &f->nic, f->before, &error);
    g_assert_no_error(error);
}

static void test_there_and_back(Fixture *f, gconstpointer data)
{
    card_put(&f->card, "card", "52:54:00:00:00:09 7\n");
    take(f);
    card_check(&f->card, "log", "link set dev ens3 vf 1 mac 00:16:3e:00:00:07 vlan 42\n");
    card_check(&f->card, FUNCTION "/driver_override", "vfio-pci\n");
    card_check(&f->card, "bus/pci/drivers/ixgbevf/unbind", "0000:03:10.1");
    kxl_nic_function_return(f->card.dir, &f->nic, f->before);
    card_check(&f->card, "card", "52:54:00:00:00:09 7\n");
    card_check(&f->card, "bus/pci/drivers/vfio-pci/unbind", "0000:03:10.1");
    g_assert_false(g_file_test(f->before, G_FILE_TEST_EXISTS));

    /* Once is enough. */
    card_put(&f->card, "log", "");
    kxl_nic_function_return(f->card.dir, &f->nic, f->before);
    card_check(&f->card, "log", "");
}

/* One that VFIO had already gets its address and keeps its driver. */
static void test_unmanaged(Fixture *f, gconstpointer data)
{
    f->nic.pci.managed = FALSE;
    f->nic.vlan = 0;
    card_link(&f->card, FUNCTION "/driver", "bus/pci/drivers/vfio-pci");
    take(f);
    card_check(&f->card, "log", "link set dev ens3 vf 1 mac 00:16:3e:00:00:07 vlan 0\n");
    kxl_nic_function_return(f->card.dir, &f->nic, f->before);
    card_check(&f->card, "card", "00:00:00:00:00:00 0\n");
    card_check(&f->card, "bus/pci/drivers/vfio-pci/unbind", "");
    card_check(&f->card, FUNCTION "/driver_override", "\n");
}

/* Cards that do not take zeros back. */
static void test_address_of_nobody(Fixture *f, gconstpointer data)
{
    take(f);
    card_put(&f->card, "refuse", "00:00:00:00:00:00\n");
    kxl_nic_function_return(f->card.dir, &f->nic, f->before);
    card_check(&f->card, "card", "02:00:00:00:00:00 0\n");
    card_check(&f->card, "bus/pci/drivers/vfio-pci/unbind", "0000:03:10.1");
}

static void test_card_refuses(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    card_put(&f->card, "refuse", "00:16:3e:00:00:07\n");
    g_assert_false(kxl_nic_function_take(f->card.dir, &f->nic, f->before, &error));
    g_assert_nonnull(strstr(error->message, "pci '0000:03:10.1': "));
    g_assert_nonnull(strstr(error->message, "RTNETLINK answers: Invalid argument"));
    kxl_nic_function_return(f->card.dir, &f->nic, f->before);
    card_check(&f->card, "bus/pci/drivers/vfio-pci/unbind", "0000:03:10.1");
    card_check(&f->card, "card", "00:00:00:00:00:00 0\n");
}

/* The function is the card's last one but four. */
static void add_functions(Fixture *f, guint count)
{
    g_autofree char *functions = g_strdup_printf("%u\n", count);
    g_autofree char *last = g_strdup_printf(CARD "/virtfn%u", count - 5);
    g_autofree char *number = g_strdup_printf("%u\n", count - 5);

    for (guint i = 1; i < count - 5; i++) {
        g_autofree char *link = g_strdup_printf(CARD "/virtfn%u", i);

        card_link(&f->card, link, "bus/pci/devices/0000:03:10.2");
    }
    card_link(&f->card, last, FUNCTION);
    card_put(&f->card, "number", number);
    card_put(&f->card, "functions", functions);
}

static void test_many(Fixture *f, gconstpointer data)
{
    add_functions(f, 256);
    card_put(&f->card, "card", "52:54:00:00:00:09 7\n");
    take(f);
    card_check(&f->card, "log", "link set dev ens3 vf 251 mac 00:16:3e:00:00:07 vlan 42\n");
    kxl_nic_function_return(f->card.dir, &f->nic, f->before);
    card_check(&f->card, "card", "52:54:00:00:00:09 7\n");
}

static void check_unlisted(Fixture *f, const char *warning, const char *back)
{
    g_test_expect_message("kxl", G_LOG_LEVEL_WARNING, warning);
    take(f);
    g_test_assert_expected_messages();
    card_check(&f->card, "card", "00:16:3e:00:00:07 42\n");
    kxl_nic_function_return(f->card.dir, &f->nic, f->before);
    card_check(&f->card, "card", back);
}

/* More functions than fit into netlink's attribute. */
static void test_list_is_cut(Fixture *f, gconstpointer data)
{
    add_functions(f, 256);
    card_put(&f->card, "functions", "220\n");
    card_put(&f->card, FUNCTION "/net/ens3v251/address", "52:54:00:00:00:0a\n");
    check_unlisted(f, "'ip link show dev ens3' does not list function 251: *52:54:00:00:00:0a *",
                   "52:54:00:00:00:0a 0\n");
}

static void test_no_list(Fixture *f, gconstpointer data)
{
    card_put(&f->card, "functions", "0\n");
    check_unlisted(f, "'ip link show dev ens3' does not list function 1: *00:00:00:00:00:00 *",
                   "00:00:00:00:00:00 0\n");
}

static void test_no_json(Fixture *f, gconstpointer data)
{
    g_autofree char *ip = card_path(&f->card, "bin/ip");
    g_autoptr(GError) error = NULL;

    card_put(&f->card, "bin/ip", "#!/bin/sh\necho 3: ens3\n");
    g_assert_cmpint(g_chmod(ip, 0755), ==, 0);
    g_assert_false(kxl_nic_function_take(f->card.dir, &f->nic, f->before, &error));
    g_assert_cmpstr(error->message, ==,
                    "pci '0000:03:10.1': 'ip -json link show dev ens3' printed no JSON");
    g_assert_false(g_file_test(f->before, G_FILE_TEST_EXISTS));
    card_check(&f->card, "bus/pci/drivers/ixgbevf/unbind", "");
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
        { "/nic-function/many", test_many },
        { "/nic-function/list-is-cut", test_list_is_cut },
        { "/nic-function/no-list", test_no_list },
        { "/nic-function/no-json", test_no_json },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].func, tear_down);
    return g_test_run();
}
