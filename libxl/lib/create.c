/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "create.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "boot-file.h"
#include "bootloader.h"
#include "disk-secret.h"
#include "file.h"
#include "guest-domid.h"
#include "host-check.h"
#include "kxl-save.h"
#include "hot-device.h"
#include "machine.h"
#include "ops.h"
#include "prepare.h"
#include "qemu-caps.h"
#include "rundir.h"
#include "supervise.h"
#include "userdata.h"

/* Files of one run of the machine; the rest of the folder goes over to the domain's next life, a
 * mark that it is to be destroyed as well. */
static const char *const run_files[] = {
    "boot",           "hv.log",      "status",     "qmp.sock",     "xs-ops.sock",
    "xs-daemon.sock", "events.in",   "events.out", "emulator.pid", KXL_RUNDIR_REPLUGGED,
    "incoming",       "guest-domid", "vnc.sock",   "spice.sock",   "swtpm.sock",
    "swtpm.pid",      KXL_RUNDIR_PLACES,
};

/* The folder under a name of no domain, with its supervisor's lock held. */
static gboolean make_folder(const KxlHost *host, const char *path, int domid,
                            const KxlDomainConfig *config, KxlFd *ret_lock, GError **error)
{
    g_autofree char *lock_path = g_build_filename(path, "supervisor.lock", NULL);
    g_autofree char *config_path = g_build_filename(path, "config.json", NULL);
    g_autofree char *state_path = g_build_filename(path, "state", NULL);
    g_autofree char *json = kxl_domain_config_to_json(config);
    g_autoptr(KxlState) state = kxl_state_new(domid, config);

    kxl_remove_tree(path);
    if (mkdir(path, 0700) < 0)
        return kxl_error_set_errno(error, errno, "cannot make '%s'", path);
    *ret_lock = kxl_lock_take(lock_path, KXL_LOCK_TRY, error);
    for (guint i = 0; i < config->disks->len; i++)
        if (!kxl_disk_secrets_write(path, config->disks->pdata[i], error))
            return FALSE;
    return *ret_lock >= 0 && kxl_file_write(config_path, json, error) &&
           kxl_state_save(state, state_path, error);
}

/* Its machine is one into which devices were plugged. */
static gboolean write_places(const char *folder, const char *places, GError **error)
{
    g_autofree char *path = g_build_filename(folder, KXL_RUNDIR_PLACES, NULL);
    g_autofree char *mark = g_build_filename(folder, KXL_RUNDIR_REPLUGGED, NULL);

    return kxl_file_write(path, places, error) && kxl_file_write(mark, "", error);
}

/* What a new domain is made of. */
typedef struct {
    const char *userdata_key, *userdata;
    const char *image_path; /* NULL: it boots */
    const KxlSaveImage *image;
} Origin;

static gboolean write_origin(const char *folder, const Origin *origin, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "incoming", NULL);
    g_autofree char *text = NULL;

    if (origin->userdata_key &&
        !kxl_userdata_write(folder, origin->userdata_key, origin->userdata, error))
        return FALSE;
    if (!origin->image)
        return TRUE;
    text = g_strdup_printf("%" G_GUINT64_FORMAT " %s\n", origin->image->data_offset,
                           origin->image_path);
    return (!origin->image->places || write_places(folder, origin->image->places, error)) &&
           kxl_file_write(path, text, error) &&
           kxl_guest_domid_write(folder, origin->image->guest_domid, error);
}

/* Checks what depends on the other domains and gives the new one its place among them. */
static int allocate(const KxlHost *host, KxlDomainConfig *config, const Origin *origin,
                    KxlFd *ret_lock, GError **error)
{
    g_auto(KxlFd) all = kxl_rundir_lock(host, error);
    g_autofree char *folder = NULL, *path = NULL;
    int domid;

    if (all < 0)
        return -1;
    kxl_rundir_sweep(host);
    if (!kxl_host_check_unique(host, config, -1, error) ||
        !kxl_host_check_memory(host, config, error))
        return -1;
    domid = kxl_rundir_next_domid(host, error);
    if (domid < 0)
        return -1;
    kxl_prepare_for_domid(host, config, domid);
    folder = g_strdup_printf("%s/.new.%d", kxl_host_run_dir(host), domid);
    path = kxl_rundir_path(host, domid, NULL);
    if (!make_folder(host, folder, domid, config, ret_lock, error) ||
        !write_origin(folder, origin, error)) {
        kxl_remove_tree(folder);
        return -1;
    }
    if (rename(folder, path) < 0) {
        kxl_error_set_errno(error, errno, "cannot make '%s'", path);
        kxl_remove_tree(folder);
        return -1;
    }
    return domid;
}

/* Domains that have died unseen must not stand in a new one's way. */
static void ensure_all(const KxlHost *host)
{
    g_autoptr(GArray) domids = kxl_rundir_list(host);

    for (guint i = 0; i < domids->len; i++)
        kxl_supervise_ensure(host, g_array_index(domids, int, i), NULL);
}

/* With an example of what is only chosen when it starts. */
static KxlDomainConfig *plan_start(const KxlHost *host, const KxlDomainConfig *config)
{
    KxlDomainConfig *planned = kxl_domain_config_dup(config);

    kxl_prepare_for_domid(host, planned, KXL_DOMID_FIRST);
    if (planned->spice.port < 0)
        planned->spice.port = 5900;
    return planned;
}

char **kxl_create_plan(KxlHost *host, const KxlDomainConfig *config, GError **error)
{
    g_autofree KxlTap *taps = g_new0(KxlTap, config->nics->len + 1);
    g_autoptr(KxlDomainConfig) planned = plan_start(host, config);
    KxlMachine machine = {
        .config = planned,
        .dir = kxl_host_run_dir(host),
        .log_dir = kxl_host_log_dir(host),
        .qemu = config->device_model ? config->device_model : kxl_host_qemu_path(host),
        .hv_image = kxl_host_hv_image(host),
        .accel = kxl_host_accel(host, NULL),
        .taps = taps,
    };

    for (guint i = 0; i < config->nics->len; i++) {
        taps[i].nr = kxl_machine_nic_queues(planned, planned->nics->pdata[i]);
        memset(taps[i].fd, 0xff, sizeof taps[i].fd); /* -1 */
    }
    return kxl_machine_argv(&machine, error);
}

/* What a start would find out about the emulator's options: whether this one has what they name. */
static gboolean try_machine(KxlHost *host, const KxlDomainConfig *config, GError **error)
{
    g_auto(GStrv) argv = kxl_create_plan(host, config, error);

    return argv && kxl_qemu_caps_check(host, argv, error);
}

/* What a start would find out about the kernel, without one. */
static gboolean try_kernel(const KxlHost *host, const KxlDomainConfig *config, GError **error)
{
    g_autofree char *kernel = NULL;
    g_autoptr(GByteArray) store = g_byte_array_new();
    g_auto(KxlFd) fd = -1;
    g_autofree char *path = NULL;
    KxlBootSpec spec;

    if (config->type == KXL_TYPE_HVM)
        return TRUE;
    fd = memfd_create("kxl-boot", MFD_CLOEXEC);
    if (fd < 0)
        return kxl_error_set_errno(error, errno, "memfd_create");
    path = g_strdup_printf("/proc/self/fd/%d", fd);
    if (config->type == KXL_TYPE_PVH)
        return kxl_boot_kernel_write(path, config, error);
    kernel = kxl_bootloader_kernel(host, config, error);
    if (!kernel)
        return FALSE;
    spec = (KxlBootSpec){
        .config = config, .kernel = kernel, .store = store, .now_us = g_get_real_time()
    };
    return kxl_boot_file_write(path, &spec, error);
}

static gboolean dry_run(const KxlHost *host, const KxlDomainConfig *config, GError **error)
{
    g_auto(KxlFd) all = kxl_rundir_lock(host, error);

    return all >= 0 && kxl_host_check_unique(host, config, -1, error) &&
           kxl_host_check_memory(host, config, error) && try_kernel(host, config, error);
}

/* After a supervisor that has not said ok: if it was killed before the start was done, whatever is
 * left goes now; if after that, the domain runs on under another. */
static gboolean is_started(const KxlHost *host, int domid)
{
    g_autoptr(KxlState) state = NULL;

    kxl_supervise_ensure(host, domid, NULL);
    state = kxl_rundir_load_state(host, domid, NULL);
    return state && state->state != KXL_STATE_STARTING && state->state != KXL_STATE_DYING;
}

static gboolean check_secrets(const KxlDomainConfig *config, GError **error)
{
    for (guint i = 0; i < config->disks->len; i++)
        if (!kxl_disk_secrets_check(config->disks->pdata[i], error))
            return FALSE;
    return TRUE;
}

static int create(KxlHost *host, const KxlDomainConfig *given, KxlCreateFlags flags,
                  const Origin *origin, GError **error)
{
    KxlSuperviseMode mode =
        flags & KXL_CREATE_PAUSED ? KXL_SUPERVISE_START_PAUSED : KXL_SUPERVISE_START;
    g_autoptr(KxlDomainConfig) config = NULL;
    g_autoptr(GError) local = NULL;
    g_auto(KxlFd) lock = -1;
    int domid;

    if (!kxl_domain_config_validate(given, error) || !kxl_machine_check(given, error))
        return -1;
    config = kxl_prepare(host, given, error);
    if (!config || !kxl_host_check_files(host, config, error) || !check_secrets(config, error) ||
        !try_machine(host, config, error))
        return -1;
    ensure_all(host);
    if (flags & KXL_CREATE_DRY_RUN)
        return dry_run(host, config, error) ? 0 : -1;
    domid = allocate(host, config, origin, &lock, error);
    if (domid < 0)
        return -1;
    if (kxl_supervisor_spawn(host, mode, domid, lock, config, &local))
        return domid;
    kxl_fd_close(kxl_fd_steal(&lock));
    if (is_started(host, domid))
        return domid;
    g_propagate_error(error, g_steal_pointer(&local));
    return -1;
}

int kxl_domain_create(KxlHost *host, const KxlDomainConfig *config, KxlCreateFlags flags,
                      const char *userdata_key, const char *userdata, GError **error)
{
    Origin origin = { .userdata_key = userdata_key, .userdata = userdata };

    return create(host, config, flags, &origin, error);
}

int kxl_domain_restore(KxlHost *host, const char *path, const KxlSaveImage *image,
                       KxlCreateFlags flags, GError **error)
{
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    Origin origin = { image->userdata_key, image->userdata, absolute, image };
    g_auto(KxlOp) op = { .lock = -1 };
    int domid;

    if (!image->running)
        flags |= KXL_CREATE_PAUSED;
    domid = create(host, image->config, flags, &origin, error);
    if (domid >= 0 && !(flags & KXL_CREATE_PAUSED) && kxl_op_begin(&op, host, domid, NULL))
        kxl_op_tell_time(&op);
    return domid;
}

/* --- restart ---------------------------------------------------------------------------------- */

gboolean kxl_create_successor(const KxlHost *host, int domid, GError **error)
{
    g_auto(KxlFd) all = kxl_rundir_lock(host, error);
    g_autoptr(KxlDomainConfig) config = NULL;
    g_autoptr(KxlState) state = NULL;
    g_autofree char *state_path = kxl_rundir_path(host, domid, "state");
    int next;

    if (all < 0)
        return FALSE;
    config = kxl_rundir_load_config(host, domid, error);
    next = config ? kxl_rundir_next_domid(host, error) : -1;
    if (next < 0)
        return FALSE;
    kxl_hot_drop_unfinished(host, domid, config);
    config->machine_memkb = 0; /* as its devices are now */
    kxl_prepare_machine(config);
    kxl_prepare_for_domid(host, config, next);
    if (!kxl_rundir_save_config(host, domid, config, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(run_files); i++) {
        g_autofree char *path = kxl_rundir_path(host, domid, run_files[i]);

        remove(path);
    }
    state = kxl_state_new(next, config);
    state->restarted = TRUE;
    return kxl_state_save(state, state_path, error);
}

int kxl_create_move(const KxlHost *host, int domid, GError **error)
{
    g_auto(KxlFd) all = kxl_rundir_lock(host, error);
    g_autoptr(KxlState) state = all < 0 ? NULL : kxl_rundir_load_state(host, domid, error);
    g_autofree char *from = kxl_rundir_path(host, domid, NULL);
    g_autofree char *to = state ? kxl_rundir_path(host, state->domid, NULL) : NULL;

    if (!state)
        return -1;
    if (state->domid != domid && rename(from, to) < 0) {
        kxl_error_set_errno(error, errno, "cannot make '%s'", to);
        return -1;
    }
    return state->domid;
}
