/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A domain whose nic is a virtual function, from start to end, with the real supervisor, a fake
 * emulator and a made-up card: however it ends, the card is as it was before. */
#include <signal.h>
#include <unistd.h>

#include "card.h"
#include "file.h"
#include "kxl.h"
#include "process.h"
#include "rundir.h"

#define WAIT_US (60 * G_USEC_PER_SEC)
#define BEFORE  "52:54:00:00:00:09 7\n"
#define DURING  "00:16:3e:00:00:07 42\n"

typedef struct {
    Card card;
    KxlHost *host;
    KxlDomainConfig *config;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    static const char *const dirs[][2] = { { "KANZEN_RUN_DIR", "run" },
                                           { "KANZEN_LIB_DIR", "lib" },
                                           { "KANZEN_LOG_DIR", "log" },
                                           { "KANZEN_LIBEXEC_DIR", "libexec" } };
    KxlDeviceNic *nic = kxl_device_nic_new();
    g_autofree char *supervisor = NULL;

    card_make(&f->card);
    card_put(&f->card, "card", BEFORE);
    for (guint i = 0; i < G_N_ELEMENTS(dirs); i++) {
        g_autofree char *path = card_path(&f->card, dirs[i][1]);

        g_mkdir_with_parents(path, 0700);
        g_setenv(dirs[i][0], path, TRUE);
    }
    g_setenv("KANZEN_SYSFS_DIR", f->card.dir, TRUE);
    g_setenv("KANZEN_QEMU", g_getenv("TEST_FAKE_QEMU"), TRUE);
    g_setenv("KANZEN_ACCEL", "tcg", TRUE);
    g_unsetenv("FAKE_QEMU");
    supervisor = card_path(&f->card, "libexec/kxl-supervisor");
    g_assert_cmpint(symlink(g_getenv("TEST_SUPERVISOR"), supervisor), ==, 0);
    card_put(&f->card, "libexec/kanzen-hv.elf", "hv");
    f->host = kxl_host_new(NULL);
    g_assert_nonnull(f->host);
    f->config = kxl_domain_config_new();
    f->config->type = KXL_TYPE_HVM;
    f->config->name = g_strdup("a");
    f->config->target_memkb = 4096;
    nic->kind = KXL_NIC_FUNCTION;
    nic->mac = g_strdup("00:16:3e:00:00:07");
    nic->vlan = 42;
    nic->pci.bus = 3;
    nic->pci.dev = 0x10;
    nic->pci.fn = 1;
    nic->pci.managed = TRUE;
    g_ptr_array_add(f->config->nics, nic);
}

static gboolean is_gone(const Fixture *f)
{
    g_autoptr(GPtrArray) left = kxl_domain_list(f->host, FALSE, NULL);

    return left->len == 0;
}

static gboolean is_as_before(const Fixture *f)
{
    g_autofree char *path = card_path(&f->card, "card");
    g_autofree char *text = kxl_file_read(path, NULL);

    return g_strcmp0(text, BEFORE) == 0;
}

static void tear_down(Fixture *f, gconstpointer data)
{
    g_assert_true(is_gone(f) && is_as_before(f));
    kxl_domain_config_free(f->config);
    kxl_host_free(f->host);
    card_clear(&f->card);
}

/* And its driver has it again, as far as a folder can tell. */
static void assert_given_back(const Fixture *f)
{
    card_check(&f->card, "bus/pci/drivers/vfio-pci/unbind", "0000:03:10.1");
    card_put(&f->card, "bus/pci/drivers/vfio-pci/unbind", "");
    card_link(&f->card, FUNCTION "/driver", "bus/pci/drivers/ixgbevf");
}

static int create(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    int domid = kxl_domain_create(f->host, f->config, 0, NULL, NULL, &error);

    g_assert_no_error(error);
    card_check(&f->card, "card", DURING);
    card_check(&f->card, FUNCTION "/driver_override", "vfio-pci\n");
    return domid;
}

static void refuse(Fixture *f, const char *pattern)
{
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(kxl_domain_create(f->host, f->config, 0, NULL, NULL, &error), ==, -1);
    g_test_message("%s", error->message);
    g_assert_true(g_pattern_match_simple(pattern, error->message));
    g_assert_true(is_as_before(f));
}

static void test_destroyed(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    int domid = create(f);

    /* Another domain cannot have it meanwhile. */
    g_free(f->config->name);
    f->config->name = g_strdup("b");
    g_autofree char *mac = ((KxlDeviceNic *)f->config->nics->pdata[0])->mac;
    ((KxlDeviceNic *)f->config->nics->pdata[0])->mac = g_strdup("00:16:3e:00:00:08");
    g_assert_cmpint(kxl_domain_create(f->host, f->config, 0, NULL, NULL, &error), ==, -1);
    g_assert_error(error, KXL_ERROR, KXL_ERROR_IN_USE);
    g_assert_cmpstr(error->message, ==, "pci '0000:03:10.1' is in use by domain 'a'");
    card_check(&f->card, "card", DURING);

    g_assert_true(kxl_domain_destroy(f->host, domid, NULL));
    assert_given_back(f);
}

/* The emulator dies, and with it the domain. */
static void test_crashed(Fixture *f, gconstpointer data)
{
    g_autofree char *pid_path = kxl_rundir_path(f->host, create(f), "emulator.pid");
    gint64 deadline = g_get_monotonic_time() + WAIT_US;
    KxlProcess process;

    g_assert_true(kxl_process_load(pid_path, &process));
    g_assert_cmpint(kill(process.pid, SIGKILL), ==, 0);
    while (!is_gone(f) && g_get_monotonic_time() < deadline)
        g_usleep(10000);
    assert_given_back(f);
}

/* The next one knows from the domain's folder what to give back. */
static void test_lost_supervisor(Fixture *f, gconstpointer data)
{
    g_autoptr(KxlDomainInfo) info = kxl_domain_get_info(f->host, create(f), NULL);

    g_assert_nonnull(info);
    g_assert_cmpint(kill(info->supervisor_pid, SIGKILL), ==, 0);
    g_assert_true(kxl_domain_destroy(f->host, info->domid, NULL));
    assert_given_back(f);
}

static void test_start_fails(Fixture *f, gconstpointer data)
{
    g_setenv("FAKE_QEMU", "exit", TRUE);
    refuse(f, "*");
    g_unsetenv("FAKE_QEMU");
    assert_given_back(f);
    card_put(&f->card, "refuse", "00:16:3e:00:00:07\n");
    refuse(f, "*vif 0: pci '0000:03:10.1': *RTNETLINK answers: Invalid argument*");
    assert_given_back(f);
    card_remove(&f->card, FUNCTION "/iommu_group");
    refuse(f, "pci '0000:03:10.1' is not supported: the host has no IOMMU, or does not use it");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*func)(Fixture *f, gconstpointer data);
    } tests[] = { { "/function-life/destroyed", test_destroyed },
                  { "/function-life/crashed", test_crashed },
                  { "/function-life/lost-supervisor", test_lost_supervisor },
                  { "/function-life/start-fails", test_start_fails } };

    g_test_init(&argc, &argv, NULL);
    if (geteuid() != 0) {
        g_print("1..0 # SKIP needs root\n");
        return 0;
    }
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].func, tear_down);
    return g_test_run();
}
