/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Domains from start to end with the real supervisor and a fake emulator, in a run directory of
 * their own. Every test ends with nothing left: no domain, no folder, no process.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "kxl-vcpu.h"
#include "kxl.h"
#include "ops.h"
#include "rundir.h"

#define WAIT_US (20 * G_USEC_PER_SEC)

typedef struct {
    char *dir;
    KxlHost *host;
    KxlDomainConfig *config;
    GString *events; /* what the watch has told: "NEW 1 a running; " */
    GMainContext *context;
    KxlWatch *watch;
} Fixture;

/* --- fixture ---------------------------------------------------------------------------------- */

static void link_program(const Fixture *f, const char *target, const char *name)
{
    g_autofree char *path = g_build_filename(f->dir, "libexec", name, NULL);

    g_assert_cmpint(symlink(target, path), ==, 0);
}

static void set_dir(const Fixture *f, const char *variable, const char *name)
{
    g_autofree char *path = g_build_filename(f->dir, name, NULL);

    g_mkdir_with_parents(path, 0700);
    g_setenv(variable, path, TRUE);
}

static void set_up(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *hv = NULL;

    f->dir = g_dir_make_tmp("kxl-domain-XXXXXX", &error);
    g_assert_no_error(error);
    set_dir(f, "KANZEN_RUN_DIR", "run");
    set_dir(f, "KANZEN_LIB_DIR", "lib");
    set_dir(f, "KANZEN_LOG_DIR", "log");
    set_dir(f, "KANZEN_LIBEXEC_DIR", "libexec");
    g_setenv("KANZEN_QEMU", g_getenv("TEST_FAKE_QEMU"), TRUE);
    g_setenv("KANZEN_ACCEL", "tcg", TRUE);
    g_unsetenv("FAKE_QEMU");
    link_program(f, g_getenv("TEST_SUPERVISOR"), "kxl-supervisor");
    hv = g_build_filename(f->dir, "libexec", "kanzen-hv.elf", NULL);
    g_file_set_contents(hv, "hv", -1, NULL);
    f->host = kxl_host_new(&error);
    g_assert_no_error(error);
    f->config = kxl_domain_config_new();
    f->config->type = KXL_TYPE_HVM;
    f->config->name = g_strdup("a");
    f->config->target_memkb = 4096;
    f->events = g_string_new(NULL);
}

static char *run_path(const Fixture *f, const char *name)
{
    return g_build_filename(kxl_host_run_dir(f->host), name, NULL);
}

static void assert_nothing_left(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = kxl_domain_list(f->host, FALSE, &error);
    g_autoptr(GDir) dir = g_dir_open(kxl_host_run_dir(f->host), 0, NULL);
    const char *name;

    g_assert_no_error(error);
    g_assert_cmpuint(list->len, ==, 0);
    while ((name = g_dir_read_name(dir)))
        g_assert_false(g_ascii_isdigit(*name) || *name == '.');
}

static void tear_down(Fixture *f, gconstpointer data)
{
    assert_nothing_left(f);
    kxl_watch_free(f->watch);
    if (f->context)
        g_main_context_pop_thread_default(f->context);
    g_clear_pointer(&f->context, g_main_context_unref);
    g_string_free(f->events, TRUE);
    kxl_domain_config_free(f->config);
    kxl_host_free(f->host);
    kxl_remove_tree(f->dir);
    g_free(f->dir);
}

/* --- helpers ---------------------------------------------------------------------------------- */

static int create(Fixture *f, KxlCreateFlags flags)
{
    g_autoptr(GError) error = NULL;
    int domid = kxl_domain_create(f->host, f->config, flags, "note", "kept", &error);

    g_assert_no_error(error);
    g_assert_cmpint(domid, >, 0);
    return domid;
}

static void expect_refused(Fixture *f, KxlError code, const char *pattern)
{
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(kxl_domain_create(f->host, f->config, 0, NULL, NULL, &error), ==, -1);
    g_test_message("%s", error->message);
    g_assert_true(g_pattern_match_simple(pattern, error->message));
    g_assert_error(error, KXL_ERROR, (int)code);
}

static void destroy(Fixture *f, int domid)
{
    g_autoptr(GError) error = NULL;

    kxl_domain_destroy(f->host, domid, &error);
    g_assert_no_error(error);
}

static KxlDomainInfo *get_info(Fixture *f, int domid)
{
    g_autoptr(GError) error = NULL;
    KxlDomainInfo *info = kxl_domain_get_info(f->host, domid, &error);

    g_assert_no_error(error);
    return info;
}

static void assert_state(Fixture *f, int domid, KxlDomainState state)
{
    g_autoptr(KxlDomainInfo) info = get_info(f, domid);
    KxlDomainState is = info->state == KXL_STATE_BLOCKED ? KXL_STATE_RUNNING : info->state;

    g_assert_cmpint(is, ==, state);
}

/* A command that has no function of its own. */
static void machine(Fixture *f, int domid, const char *command)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(GError) error = NULL;

    kxl_op_begin(&op, f->host, domid, &error);
    g_assert_no_error(error);
    kxl_op_qmp(&op, command, NULL, &error);
    g_assert_no_error(error);
}

/* The domain of that name under another domid. */
static int wait_for_successor(Fixture *f, int domid)
{
    gint64 deadline = g_get_monotonic_time() + WAIT_US;

    while (g_get_monotonic_time() < deadline) {
        int next = kxl_domain_find(f->host, f->config->name, NULL);
        g_autoptr(KxlDomainInfo) info = next > 0 ? kxl_domain_get_info(f->host, next, NULL) : NULL;

        if (info && next != domid && info->state != KXL_STATE_STARTING)
            return next;
        g_usleep(2000);
    }
    g_error("no successor of domain %d", domid);
}

static void wait_until_gone(Fixture *f, int domid)
{
    g_autofree char *path = kxl_rundir_path(f->host, domid, NULL);
    gint64 deadline = g_get_monotonic_time() + WAIT_US;

    while (g_file_test(path, G_FILE_TEST_EXISTS) && g_get_monotonic_time() < deadline)
        g_usleep(2000);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static KxlShutdownReason end_reason(Fixture *f, int domid)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KxlState) end = kxl_rundir_load_end(f->host, domid, &error);

    g_assert_no_error(error);
    return end->reason;
}

static void wait_until_dead(int pid)
{
    gint64 deadline = g_get_monotonic_time() + WAIT_US;

    kill(pid, SIGKILL);
    while (kill(pid, 0) == 0 && g_get_monotonic_time() < deadline) {
        g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
        g_autofree char *stat = kxl_file_read(path, NULL);

        if (stat && strstr(stat, ") Z "))
            return;
        g_usleep(1000);
    }
}

/* --- life ------------------------------------------------------------------------------------- */

static void test_life(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KxlDomainInfo) info = NULL;
    g_autoptr(KxlDomainConfig) config = NULL;
    g_autofree char *note = NULL, *tty = NULL, *address = NULL;
    guint port;
    int domid;

    f->config->vnc.enable = TRUE;
    domid = create(f, 0);
    info = get_info(f, domid);
    g_assert_cmpstr(info->name, ==, "a");
    g_assert_cmpuint(info->memory_kb, ==, 4096);
    g_assert_cmpint(info->reason, ==, KXL_REASON_NONE);
    g_assert_cmpint(kxl_domain_find(f->host, "a", NULL), ==, domid);
    g_assert_cmpint(kxl_domain_find(f->host, info->uuid, NULL), ==, domid);
    config = kxl_domain_get_config(f->host, domid, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(config->uuid, ==, info->uuid);
    g_assert_cmpint(config->vnc.display, ==, 7);
    kxl_domain_vnc_address(f->host, domid, &address, &port, &error);
    g_assert_cmpuint(port, ==, 5907);
    tty = kxl_domain_console_tty(f->host, domid, "pv", 0, &error);
    g_assert_cmpstr(tty, ==, "/dev/pts/99");
    note = kxl_domain_userdata_load(f->host, domid, "note", &error);
    g_assert_cmpstr(note, ==, "kept");

    kxl_domain_pause(f->host, domid, &error);
    g_assert_no_error(error);
    assert_state(f, domid, KXL_STATE_PAUSED);
    kxl_domain_unpause(f->host, domid, &error);
    g_assert_no_error(error);
    assert_state(f, domid, KXL_STATE_RUNNING);
    kxl_domain_rename(f->host, domid, "b", &error);
    g_assert_no_error(error);
    g_assert_cmpint(kxl_domain_find(f->host, "b", NULL), ==, domid);
    destroy(f, domid);
    g_assert_cmpint(end_reason(f, domid), ==, KXL_REASON_DESTROYED);
    g_assert_false(kxl_domain_destroy(f->host, domid, &error));
    g_assert_error(error, KXL_ERROR, KXL_ERROR_NO_DOMAIN);
}

/* A name or a UUID that begins with another domain's number is not that number. */
static void test_find(Fixture *f, gconstpointer data)
{
    int domid = create(f, 0), other;

    g_free(f->config->name);
    f->config->name = g_strdup_printf("%dth", domid);
    g_free(f->config->uuid);
    f->config->uuid = g_strdup("0a111111-1111-1111-1111-111111111111");
    other = create(f, 0);
    g_assert_cmpint(kxl_domain_find(f->host, f->config->name, NULL), ==, other);
    g_assert_cmpint(kxl_domain_find(f->host, f->config->uuid, NULL), ==, other);
    g_assert_cmpint(kxl_domain_find(f->host, "0th", NULL), ==, -1);
    destroy(f, domid);
    destroy(f, other);
}

static void test_paused(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    int domid = create(f, KXL_CREATE_PAUSED);

    assert_state(f, domid, KXL_STATE_PAUSED);
    kxl_domain_unpause(f->host, domid, &error);
    g_assert_no_error(error);
    assert_state(f, domid, KXL_STATE_RUNNING);
    destroy(f, domid);
}

static void test_domids(Fixture *f, gconstpointer data)
{
    int first = create(f, 0), second;

    destroy(f, first);
    second = create(f, 0);
    g_assert_cmpint(second, ==, first + 1);
    destroy(f, second);
}

static void test_poweroff(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    int domid = create(f, 0);

    kxl_domain_shutdown(f->host, domid, &error);
    g_assert_no_error(error);
    wait_until_gone(f, domid);
    g_assert_cmpint(end_reason(f, domid), ==, KXL_REASON_POWEROFF);
}

static void test_restart(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *note = NULL;
    int domid = create(f, 0), next;

    kxl_domain_reset(f->host, domid, &error);
    g_assert_no_error(error);
    next = wait_for_successor(f, domid);
    g_assert_cmpint(end_reason(f, domid), ==, KXL_REASON_REBOOT);
    note = kxl_domain_userdata_load(f->host, next, "note", &error);
    g_assert_cmpstr(note, ==, "kept");
    destroy(f, domid); /* whoever has the number of the life before means the domain */
    g_assert_cmpint(kxl_domain_find(f->host, f->config->name, NULL), ==, -1);
    g_assert_false(kxl_domain_destroy(f->host, domid, &error));
    g_assert_error(error, KXL_ERROR, KXL_ERROR_NO_DOMAIN);
}

/* However far a restart has come, the end that was asked for is the end. */
static void test_destroyed_while_restarting(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    for (gulong delay_us = 0; delay_us < 100000; delay_us = delay_us * 2 + 500) {
        g_autoptr(GArray) left = NULL;
        int domid = create(f, 0);

        kxl_domain_reset(f->host, domid, &error);
        g_assert_no_error(error);
        g_usleep(delay_us);
        destroy(f, domid);
        left = kxl_rundir_list(f->host);
        g_assert_cmpuint(left->len, ==, 0);
    }
}

/* A restart that cannot be done ends the domain. */
static void test_restart_fails(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KxlState) end = NULL;
    g_autofree char *path = g_build_filename(f->dir, "nvram", NULL);
    int domid;

    f->config->firmware = KXL_FIRMWARE_OVMF;
    f->config->nvram_path = g_strdup(path);
    f->config->firmware_path = g_strdup(g_getenv("TEST_FAKE_QEMU"));
    g_file_set_contents(path, "variables", -1, NULL);
    domid = create(f, 0);
    remove(path);
    g_mkdir_with_parents(
        path, 0500); /* exists: no copy is made; then the emulator's lock file is a folder */
    {
        g_autofree char *lock = kxl_rundir_path(f->host, domid, "emulator.lock");

        remove(lock);
        g_mkdir_with_parents(lock, 0700);
    }
    kxl_domain_reset(f->host, domid, &error);
    g_assert_no_error(error);
    wait_until_gone(f, domid);
    wait_until_gone(f, domid + 1);
    end = kxl_rundir_load_end(f->host, domid + 1, &error);
    g_assert_no_error(error);
    g_assert_cmpint(end->reason, ==, KXL_REASON_FAILED);
    g_assert_nonnull(strstr(end->message, "emulator.lock"));
}

static void test_actions(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    int domid = create(f, 0);

    kxl_domain_set_actions(f->host, domid, KXL_ACTION_DESTROY, KXL_ACTION_DESTROY,
                           KXL_ACTION_DESTROY, &error);
    g_assert_no_error(error);
    kxl_domain_reset(f->host, domid, &error);
    g_assert_no_error(error);
    wait_until_gone(f, domid);
    g_assert_cmpint(end_reason(f, domid), ==, KXL_REASON_REBOOT);
    g_assert_cmpint(kxl_domain_find(f->host, "a", NULL), ==, -1);
}

static void test_crash(Fixture *f, gconstpointer data)
{
    g_autofree char *dumps = g_build_filename(kxl_host_lib_dir(f->host), "dump", NULL);
    g_autoptr(GDir) dir = NULL;
    int domid;

    f->config->on_crash =
        KXL_ACTION_COREDUMP_RESTART; /* too soon after the start to be restarted */
    domid = create(f, 0);
    machine(f, domid, "inject-nmi");
    wait_until_gone(f, domid);
    g_assert_cmpint(end_reason(f, domid), ==, KXL_REASON_CRASH);
    dir = g_dir_open(dumps, 0, NULL);
    g_assert_nonnull(dir);
    g_assert_nonnull(strstr(g_dir_read_name(dir), "-a."));
}

static void test_preserve(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    gint64 deadline = g_get_monotonic_time() + WAIT_US;
    KxlDomainState state = KXL_STATE_RUNNING;
    int domid;

    f->config->on_poweroff = KXL_ACTION_PRESERVE;
    domid = create(f, 0);
    kxl_domain_shutdown(f->host, domid, &error);
    g_assert_no_error(error);
    while (state != KXL_STATE_SHUTDOWN && g_get_monotonic_time() < deadline) {
        g_autoptr(KxlDomainInfo) info = get_info(f, domid);

        state = info->state;
        g_usleep(2000);
    }
    g_assert_cmpint(state, ==, KXL_STATE_SHUTDOWN);
    g_assert_false(kxl_domain_pause(f->host, domid, &error));
    g_assert_error(error, KXL_ERROR, KXL_ERROR_STATE);
    destroy(f, domid);
}

/* As if it had run for a while: the supervisor that is adopted last reads it anew. */
static void age(Fixture *f, int domid, int supervisor)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = kxl_rundir_path(f->host, domid, "state");
    g_autoptr(KxlState) state = NULL;

    wait_until_dead(supervisor);
    state = kxl_rundir_load_state(f->host, domid, &error);
    g_assert_no_error(error);
    state->start_time_us -= 60 * G_USEC_PER_SEC;
    kxl_state_save(state, path, &error);
    g_assert_no_error(error);
}

static void assert_ended(Fixture *f, int domid, const char *uuid)
{
    g_autoptr(KxlDomainInfo) info = get_info(f, domid);

    g_assert_cmpint(info->state, ==, KXL_STATE_SHUTDOWN);
    g_assert_cmpstr(info->uuid, !=, uuid);
    g_assert_true(g_regex_match_simple("^a-[0-9]{8}T[0-9]{6}Z$", info->name, 0, 0));
}

static void test_rename_restart(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *xml = NULL;
    g_autoptr(KxlDomainInfo) before = NULL, after = NULL;
    int domid, next;

    f->config->on_poweroff = KXL_ACTION_RENAME_RESTART;
    f->config->vnc.enable = TRUE;
    domid = create(f, 0);
    kxl_domain_userdata_store(f->host, domid, "libvirt-xml", "<domain/>", &error);
    before = get_info(f, domid);
    age(f, domid, before->supervisor_pid);
    kxl_domain_shutdown(f->host, domid, &error);
    g_assert_no_error(error);
    next = wait_for_successor(f, domid);
    after = get_info(f, next);
    g_assert_cmpstr(after->uuid, ==, before->uuid);
    g_assert_cmpstr(after->name, ==, "a");
    xml = kxl_domain_userdata_load(f->host, next, "libvirt-xml", &error);
    g_assert_cmpstr(xml, ==, "<domain/>");
    g_assert_null(kxl_domain_userdata_load(f->host, domid, "libvirt-xml", NULL));
    assert_ended(f, domid, before->uuid);
    destroy(f, next);
    destroy(f, domid);
}

/* --- what does not start ---------------------------------------------------------------------- */

static void test_refused(Fixture *f, gconstpointer data)
{
    g_autofree char *missing = g_build_filename(f->dir, "missing", NULL);
    KxlDeviceDisk *disk = kxl_device_disk_new();

    g_setenv("FAKE_QEMU", "exit", TRUE);
    expect_refused(f, KXL_ERROR_START_FAILED, "the emulator ended: qemu: this will not do");
    g_unsetenv("FAKE_QEMU");

    disk->vdev = g_strdup("hda");
    disk->path = g_strdup(missing);
    g_ptr_array_add(f->config->disks, disk);
    expect_refused(f, KXL_ERROR_NOT_FOUND, "disk '*missing': No such file*");
    g_free(disk->path);
    disk->path = g_strdup(f->dir);
    expect_refused(f, KXL_ERROR_INVALID, "disk '*': is a directory");
    g_ptr_array_set_size(f->config->disks, 0);

    f->config->kernel = g_strdup(missing);
    expect_refused(f, KXL_ERROR_NOT_FOUND, "kernel '*missing': No such file*");
    g_clear_pointer(&f->config->kernel, g_free);
    f->config->device_model = g_strdup(missing);
    expect_refused(f, KXL_ERROR_NOT_FOUND, "emulator '*missing' is missing");
    g_clear_pointer(&f->config->device_model, g_free);
    f->config->target_memkb = G_GUINT64_CONSTANT(1) << 33;
    expect_refused(f, KXL_ERROR_NO_MEMORY, "memory: * is more than the host has free*");
    f->config->target_memkb = 4096;
    f->config->cpus = g_strdup("9999");
    expect_refused(f, KXL_ERROR_INVALID, "cpus '9999': *");
}

static void test_pv_refused(Fixture *f, gconstpointer data)
{
    g_autofree char *hv = g_build_filename(f->dir, "libexec", "kanzen-hv.elf", NULL);
    g_autofree char *kernel = g_build_filename(f->dir, "kernel", NULL);

    f->config->type = KXL_TYPE_PV;
    f->config->kernel = g_strdup(kernel);
    g_file_set_contents(kernel, "not one", -1, NULL);
    expect_refused(f, KXL_ERROR_INVALID, "kernel '*': not a kernel*");
    remove(hv);
    expect_refused(f, KXL_ERROR_NOT_FOUND, "hypervisor image '*kanzen-hv.elf': No such file*");
}

static void test_conflicts(Fixture *f, gconstpointer data)
{
    g_autofree char *image = g_build_filename(f->dir, "image", NULL);
    g_autofree char *other_name = g_build_filename(f->dir, "link", NULL);
    KxlDeviceDisk *disk = kxl_device_disk_new();
    KxlDeviceNic *nic = kxl_device_nic_new();
    int domid;

    g_file_set_contents(image, "x", 1, NULL);
    g_assert_cmpint(link(image, other_name), ==, 0);
    disk->vdev = g_strdup("hda");
    disk->path = g_strdup(image);
    g_ptr_array_add(f->config->disks, disk);
    nic->kind = KXL_NIC_USER;
    nic->mac = g_strdup("00:16:3e:00:00:01");
    g_ptr_array_add(f->config->nics, nic);
    f->config->uuid = g_uuid_string_random();
    domid = create(f, 0);

    expect_refused(f, KXL_ERROR_EXISTS, "a domain with name 'a' exists already");
    g_free(f->config->name);
    f->config->name = g_strdup("b");
    expect_refused(f, KXL_ERROR_EXISTS, "uuid '*' is in use by domain 'a'");
    g_clear_pointer(&f->config->uuid, g_free);
    expect_refused(f, KXL_ERROR_IN_USE, "mac '00:16:3e:00:00:01' is in use by domain 'a'");
    g_clear_pointer(&nic->mac, g_free);
    expect_refused(f, KXL_ERROR_IN_USE, "disk '*image' is in use by domain 'a'");
    g_free(disk->path);
    disk->path = g_strdup(other_name);
    expect_refused(f, KXL_ERROR_IN_USE, "disk '*link' is in use by domain 'a'");
    destroy(f, domid);
}

static void write_kernel(const char *path)
{
    g_autofree char *from = g_build_filename(g_getenv("TEST_KERNEL"), NULL);
    g_autofree char *text = NULL;
    gsize len;

    g_assert_true(g_file_get_contents(from, &text, &len, NULL));
    g_assert_true(g_file_set_contents(path, text, (gssize)len, NULL));
}

static void test_pv(Fixture *f, gconstpointer data)
{
    g_autofree char *kernel = g_build_filename(f->dir, "kernel", NULL);
    int domid;

    f->config->type = KXL_TYPE_PV;
    f->config->kernel = g_strdup(kernel);
    write_kernel(kernel);
    domid = create(f, 0);
    assert_state(f, domid, KXL_STATE_RUNNING);
    destroy(f, domid);

    g_setenv("FAKE_QEMU", "crash", TRUE);
    expect_refused(f, KXL_ERROR_START_FAILED,
                   "the guest did not start: crash: the kernel is no good");
    g_setenv("FAKE_QEMU", "short", TRUE);
    domid = create(f, 0);
    wait_until_gone(f, domid);
    g_assert_cmpint(end_reason(f, domid), ==, KXL_REASON_POWEROFF);
}

/* --- kill -9 ---------------------------------------------------------------------------------- */

static void test_lost_supervisor(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    int domid = create(f, 0), next;
    g_autoptr(KxlDomainInfo) before = get_info(f, domid);
    g_autoptr(KxlDomainInfo) after = NULL;

    wait_until_dead(before->supervisor_pid);
    after = get_info(f, domid);
    g_assert_cmpint(after->qemu_pid, ==, before->qemu_pid);
    g_assert_cmpint(after->supervisor_pid, !=, before->supervisor_pid);

    /* What happens while there is none is not lost. */
    wait_until_dead(after->supervisor_pid);
    {
        g_autofree char *socket = kxl_rundir_path(f->host, domid, "qmp.sock");
        g_autoptr(KxlQmp) qmp = kxl_qmp_connect(socket, 5000, &error);

        g_assert_no_error(error);
        kxl_qmp_run(qmp, "system_reset", NULL, 5000, &error);
        g_assert_no_error(error);
    }
    next = wait_for_successor(f, domid);
    g_assert_cmpint(end_reason(f, domid), ==, KXL_REASON_REBOOT);
    destroy(f, next);
}

static void test_lost_emulator(Fixture *f, gconstpointer data)
{
    int domid = create(f, 0);
    g_autoptr(KxlDomainInfo) info = get_info(f, domid);

    wait_until_dead(info->qemu_pid);
    wait_until_gone(f, domid);
    g_assert_cmpint(end_reason(f, domid), ==, KXL_REASON_FAILED);
}

static void test_lost_both(Fixture *f, gconstpointer data)
{
    int domid = create(f, 0);
    g_autoptr(KxlDomainInfo) info = get_info(f, domid);

    wait_until_dead(info->supervisor_pid);
    wait_until_dead(info->qemu_pid);
    assert_nothing_left(f);
    g_assert_cmpint(end_reason(f, domid), ==, KXL_REASON_FAILED);
}

/* A creator that is killed before it has its answer takes the domain with it. */
static void test_lost_creator(Fixture *f, gconstpointer data)
{
    gint64 deadline = g_get_monotonic_time() + WAIT_US;
    g_autoptr(GArray) domids = NULL;
    pid_t child;

    g_setenv("FAKE_QEMU", "mute", TRUE);
    child = fork();
    if (child == 0) {
        kxl_domain_create(f->host, f->config, 0, NULL, NULL, NULL);
        _exit(0);
    }
    do {
        g_clear_pointer(&domids, g_array_unref);
        domids = kxl_rundir_list(f->host);
        g_usleep(1000);
    } while (domids->len == 0 && g_get_monotonic_time() < deadline);
    g_assert_cmpuint(domids->len, ==, 1);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    wait_until_gone(f, g_array_index(domids, int, 0));
}

/* Folders that somebody was killed over. */
static void test_left_over(Fixture *f, gconstpointer data)
{
    g_autofree char *new_folder = run_path(f, ".new.5"), *gone = run_path(f, ".gone.4/userdata");

    g_mkdir_with_parents(new_folder, 0700);
    g_mkdir_with_parents(gone, 0700);
    assert_nothing_left(f);
}

/* --- watching --------------------------------------------------------------------------------- */

static void on_event(KxlEventKind kind, const KxlDomainInfo *info, gpointer data)
{
    static const char *const kinds[] = { "NEW", "CHANGED", "GONE" };
    static const char *const states[] = { "?",      "starting", "running", "running",
                                          "paused", "shutdown", "crashed", "dying" };
    Fixture *f = data;

    g_string_append_printf(f->events, "%s %d %s %s %d; ", kinds[kind], info->domid, info->name,
                           states[info->state], (int)info->reason);
}

static void watch(Fixture *f)
{
    g_autoptr(GError) error = NULL;

    f->context = g_main_context_new();
    g_main_context_push_thread_default(f->context);
    f->watch = kxl_watch_new(f->host, on_event, f, &error);
    g_assert_no_error(error);
}

static gboolean on_timeout(gpointer data)
{
    g_main_context_wakeup(data);
    return G_SOURCE_CONTINUE;
}

static void expect_events(Fixture *f, const char *expected)
{
    gint64 deadline = g_get_monotonic_time() + WAIT_US;
    g_autoptr(GSource) timer = g_timeout_source_new(100);

    g_source_set_callback(timer, on_timeout, f->context, NULL);
    g_source_attach(timer, f->context);
    while (strlen(f->events->str) < strlen(expected) && g_get_monotonic_time() < deadline)
        g_main_context_iteration(f->context, TRUE);
    g_source_destroy(timer);
    g_assert_cmpstr(f->events->str, ==, expected);
    g_string_truncate(f->events, 0);
}

static void test_watch(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    int domid = create(f, 0), next;

    watch(f);
    expect_events(f, "NEW 1 a running -1; ");
    /* A burst between two looks is told one by one. */
    kxl_domain_pause(f->host, domid, &error);
    kxl_domain_unpause(f->host, domid, &error);
    g_assert_no_error(error);
    expect_events(f, "CHANGED 1 a paused -1; CHANGED 1 a running -1; ");
    kxl_domain_rename(f->host, domid, "b", &error);
    g_assert_no_error(error);
    expect_events(f, "CHANGED 1 b running -1; ");
    kxl_domain_rename(f->host, domid, "a", &error);
    expect_events(f, "CHANGED 1 a running -1; ");
    kxl_domain_reset(f->host, domid, &error);
    next = wait_for_successor(f, domid);
    expect_events(f, "CHANGED 1 a shutdown 1; GONE 1 a shutdown 1; NEW 2 a running -1; ");
    destroy(f, next);
    expect_events(f, "CHANGED 2 a dying 100; GONE 2 a dying 100; ");
}

/* Born and dead before the watch could look, and one that never came to life. */
static void test_watch_short(Fixture *f, gconstpointer data)
{
    int domid;

    watch(f);
    while (g_main_context_iteration(f->context, FALSE))
        continue;
    domid = create(f, 0);
    destroy(f, domid);
    g_setenv("FAKE_QEMU", "exit", TRUE);
    expect_refused(f, KXL_ERROR_START_FAILED, "*");
    expect_events(f, "NEW 1 a running -1; CHANGED 1 a dying 100; GONE 1 a dying 100; ");
}

/* It was seen, but gone before anything of it could be read. */
static void test_watch_unread(Fixture *f, gconstpointer data)
{
    int domid = create(f, 0);
    g_autofree char *dir = kxl_rundir_path(f->host, domid, NULL);
    g_autofree char *path = kxl_rundir_path(f->host, domid, "supervisor.lock");
    g_autofree char *gone = run_path(f, ".gone.1");
    g_auto(KxlFd) lock = -1;

    destroy(f, domid);
    g_assert_cmpint(mkdir(dir, 0700), ==, 0);
    lock = kxl_lock_take(path, KXL_LOCK_TRY, NULL); /* nobody else clears it away */
    g_assert_cmpint(lock, >=, 0);
    watch(f);
    while (g_main_context_iteration(f->context, FALSE))
        continue;
    g_assert_cmpint(rename(dir, gone), ==, 0);
    kxl_remove_tree(gone);
    expect_events(f, "NEW 1 a running -1; CHANGED 1 a dying 100; GONE 1 a dying 100; ");
}

/* The next life is told to be gone though it has never run: somebody may wait for it. */
static void test_watch_failed_restart(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    int domid = create(f, 0);
    g_autofree char *lock = kxl_rundir_path(f->host, domid, "emulator.lock");

    watch(f);
    expect_events(f, "NEW 1 a running -1; ");
    remove(lock);
    g_mkdir_with_parents(lock, 0700);
    kxl_domain_reset(f->host, domid, &error);
    g_assert_no_error(error);
    expect_events(f, "CHANGED 1 a shutdown 1; GONE 1 a shutdown 1; GONE 2 a dying 101; ");
}

/* Nobody calls libkxl, yet the watcher sees to a lost supervisor. */
static void test_watch_adopts(Fixture *f, gconstpointer data)
{
    int domid = create(f, 0);
    g_autoptr(KxlDomainInfo) info = get_info(f, domid);

    watch(f);
    expect_events(f, "NEW 1 a running -1; ");
    wait_until_dead(info->supervisor_pid);
    wait_until_dead(info->qemu_pid);
    expect_events(f, "CHANGED 1 a crashed 101; CHANGED 1 a dying 101; GONE 1 a dying 101; ");
}

/* After a downgrade, or a bad disk: its records say nothing to us. The others are there all the
 * same, it can still be named by its number, and goes when it is told to. */
static void test_unreadable(Fixture *f, gconstpointer data)
{
    static const char *const texts[] = { "{\"of_a_later_version\": 1}", "\001\002garbage", "" };
    int domid = create(f, 0), other;
    g_autofree char *path = kxl_rundir_path(f->host, domid, "config.json");
    g_autofree char *number = g_strdup_printf("%d", domid);

    g_free(f->config->name);
    f->config->name = g_strdup("b");
    g_clear_pointer(&f->config->uuid, g_free);
    other = create(f, 0);
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) list = NULL;

        g_file_set_contents(path, texts[i], -1, NULL);
        g_test_expect_message("kxl", G_LOG_LEVEL_WARNING, "ignoring domain *: *configuration*");
        list = kxl_domain_list(f->host, FALSE, &error);
        g_test_assert_expected_messages();
        g_assert_no_error(error);
        g_assert_cmpuint(list->len, ==, 1);
        g_assert_cmpint(((KxlDomainInfo *)list->pdata[0])->domid, ==, other);
    }
    g_test_expect_message("kxl", G_LOG_LEVEL_WARNING, "ignoring domain *");
    g_assert_cmpint(kxl_domain_find(f->host, number, NULL), ==, domid);
    g_test_assert_expected_messages();
    destroy(f, domid);
    destroy(f, other);
}

/* Domain-0 has the host's CPUs, and no records. */
static void test_dom0_vcpus(Fixture *f, gconstpointer data)
{
    g_autoptr(KxlDomainInfo) info = kxl_domain_get_info(f->host, 0, NULL);
    g_autoptr(GPtrArray) vcpus = kxl_domain_vcpu_list(f->host, 0, NULL);
    guint64 busy_ns = 0;
    guint online = 0;

    g_assert_cmpuint(vcpus->len, ==, info->max_vcpus);
    for (guint i = 0; i < vcpus->len; i++) {
        const KxlVcpu *vcpu = vcpus->pdata[i];

        g_assert_cmpuint(vcpu->number, ==, i);
        g_assert_cmpint(vcpu->cpu, ==, vcpu->online ? (int)i : -1);
        g_assert_cmpstr(vcpu->cpus, ==, "all");
        busy_ns += vcpu->cpu_time_ns;
        online += vcpu->online;
    }
    g_assert_cmpuint(online, ==, info->vcpus_online);
    g_assert_cmpuint(busy_ns, >, info->cpu_time_ns / 2); /* each of them rounds, and time goes on */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add("/domain/" name, Fixture, NULL, set_up, func, tear_down)
    ADD("life", test_life);
    ADD("find", test_find);
    ADD("paused", test_paused);
    ADD("domids", test_domids);
    ADD("poweroff", test_poweroff);
    ADD("restart", test_restart);
    ADD("destroyed-while-restarting", test_destroyed_while_restarting);
    ADD("restart-fails", test_restart_fails);
    ADD("rename-restart", test_rename_restart);
    ADD("actions", test_actions);
    ADD("crash", test_crash);
    ADD("preserve", test_preserve);
    ADD("refused", test_refused);
    ADD("pv-refused", test_pv_refused);
    ADD("conflicts", test_conflicts);
    ADD("pv", test_pv);
    ADD("lost-supervisor", test_lost_supervisor);
    ADD("lost-emulator", test_lost_emulator);
    ADD("lost-both", test_lost_both);
    ADD("lost-creator", test_lost_creator);
    ADD("left-over", test_left_over);
    ADD("unreadable", test_unreadable);
    ADD("dom0-vcpus", test_dom0_vcpus);
    ADD("watch", test_watch);
    ADD("watch-short", test_watch_short);
    ADD("watch-unread", test_watch_unread);
    ADD("watch-failed-restart", test_watch_failed_restart);
    ADD("watch-adopts", test_watch_adopts);
    return g_test_run();
}
