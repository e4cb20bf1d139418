/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What needs a machine: here there is none, and each of these says so. */
#include <json-glib/json-glib.h>
#include <kxl-backup.h>
#include <kxl-block.h>
#include <kxl-guest.h>
#include <kxl-save.h>
#include <kxl-snapshot.h>
#include <kxl-vcpu.h>

#include "fake-kxl.h"

static gboolean no_machine(GError **error)
{
    g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED, "there is no machine behind this domain");
    return FALSE;
}

#define NO(declaration)                                                                            \
    gboolean declaration                                                                           \
    {                                                                                              \
        return no_machine(error);                                                                  \
    }
#define NONE(type, declaration)                                                                    \
    type *declaration                                                                              \
    {                                                                                              \
        no_machine(error);                                                                         \
        return NULL;                                                                               \
    }

/* clang-format off */
void kxl_watch_machines(KxlWatch *watch, KxlMachineFunc func) {}

void kxl_block_free(KxlBlock *block) {}
void kxl_block_tune_clear(KxlBlockTune *tune)
{
    g_clear_pointer(&tune->group, g_free);
}
gboolean kxl_block_job_parse_id(const char *id, const char *type, char **ret_vdev, KxlBlockJobKind *ret_kind) { return FALSE; }
NONE(GPtrArray, kxl_domain_block_list(KxlHost *host, int domid, GError **error))
NONE(KxlBlock, kxl_block_find(GPtrArray *blocks, const char *vdev, GError **error))
NO(kxl_domain_block_resize(KxlHost *host, int domid, const char *vdev, guint64 bytes, GError **error))
NO(kxl_domain_block_threshold(KxlHost *host, int domid, const char *vdev, guint64 bytes, GError **error))
NO(kxl_domain_block_get_tune(KxlHost *host, int domid, const char *vdev, KxlBlockTune *ret_tune, GError **error))
NO(kxl_domain_block_set_tune(KxlHost *host, int domid, const char *vdev, const KxlBlockTune *tune, GError **error))
NO(kxl_domain_block_job(KxlHost *host, int domid, const char *vdev, KxlBlockJob *ret_job, GError **error))
NO(kxl_domain_block_job_set_speed(KxlHost *host, int domid, const char *vdev, guint64 speed, GError **error))
NO(kxl_domain_block_job_abort(KxlHost *host, int domid, const char *vdev, gboolean pivot, gboolean async, GError **error))
NO(kxl_domain_block_pull(KxlHost *host, int domid, const char *vdev, const char *base, guint64 speed, GError **error))
NO(kxl_domain_block_commit(KxlHost *host, int domid, const char *vdev, const char *base, const char *top, guint64 speed, GError **error))
NO(kxl_domain_note_image(KxlHost *host, int domid, const char *vdev, GError **error))
void kxl_domain_recover(KxlHost *host, int domid) {}
NO(kxl_domain_block_copy(KxlHost *host, int domid, const char *vdev, const KxlBlockCopy *copy, GError **error))

int kxl_key_from_linux(guint key) { return (int)key; }
NO(kxl_domain_screenshot(KxlHost *host, int domid, guint screen, gboolean png, const char *path, GError **error))
NO(kxl_domain_send_keys(KxlHost *host, int domid, const guint *keys, guint n_keys, guint hold_ms, GError **error))
NO(kxl_domain_inject_nmi(KxlHost *host, int domid, GError **error))
NO(kxl_domain_read_memory(KxlHost *host, int domid, guint64 address, guint64 size, gboolean physical, const char *path, GError **error))
NONE(char, kxl_domain_monitor_command(KxlHost *host, int domid, const char *command, gboolean hmp, GError **error))
NO(kxl_domain_add_display_client(KxlHost *host, int domid, const char *protocol, int fd, gboolean skip_auth, GError **error))
NO(kxl_domain_balloon_stats(KxlHost *host, int domid, KxlBalloonStats *ret_stats, GError **error))
NO(kxl_domain_set_balloon_period(KxlHost *host, int domid, guint seconds, GError **error))
NO(kxl_domain_pin_threads(KxlHost *host, int domid, KxlThreadKind kind, int id, const char *cpus, GError **error))

void kxl_save_image_free(KxlSaveImage *image) {}
NONE(KxlSaveImage, kxl_save_image_load(const char *path, GError **error))
NO(kxl_save_image_update(const char *path, const KxlSaveImage *image, GError **error))
NO(kxl_domain_save(KxlHost *host, int domid, const char *path, KxlSaveFlags flags, const char *userdata_key, const char *userdata, KxlProgressFunc progress, gpointer user_data, GCancellable *cancellable, GError **error))
NO(kxl_domain_dump(KxlHost *host, int domid, const char *path, const char *format, gboolean live, KxlProgressFunc progress, gpointer user_data, GCancellable *cancellable, GError **error))

int kxl_domain_restore(KxlHost *host, const char *path, const KxlSaveImage *image, KxlCreateFlags flags, GError **error)
{
    no_machine(error);
    return -1;
}

/* Weak: a fake that does something may stand beside it. */
__attribute__((weak)) NO(kxl_domain_set_weight(KxlHost *host, int domid, guint weight, GError **error))

int kxl_domain_guest_domid(KxlHost *host, int domid) { return domid; }
NO(kxl_domain_snapshot_save(KxlHost *host, int domid, const char *name, GError **error))
NO(kxl_domain_snapshot_load(KxlHost *host, int domid, const char *name, int guest_domid, gboolean run, GError **error))
NO(kxl_domain_snapshot_delete(KxlHost *host, int domid, const char *name, GError **error))
NO(kxl_domain_add_overlays(KxlHost *host, int domid, const KxlOverlay *overlays, guint n, GError **error))

NO(kxl_domain_bitmaps_add(KxlHost *host, int domid, const KxlBitmap *bitmaps, guint n, GError **error))
NO(kxl_domain_bitmaps_remove(KxlHost *host, int domid, const KxlBitmap *bitmaps, guint n, GError **error))
NO(kxl_domain_bitmap_size(KxlHost *host, int domid, const KxlBitmap *bitmap, guint64 *ret_bytes, GError **error))
void kxl_backup_job_clear(KxlBackupJob *job) {}
NO(kxl_domain_backup_begin(KxlHost *host, int domid, const KxlBackup *backup, GError **error))
NO(kxl_domain_backup_look(KxlHost *host, int domid, const KxlBackup *backup, KxlBackupJob *ret_jobs, GError **error))
NO(kxl_domain_backup_end(KxlHost *host, int domid, const KxlBackup *backup, GError **error))
/* clang-format on */

/* An agent of answers in a file: its members are the commands that it knows. */
char *kxl_domain_agent_command(KxlHost *host, int domid, const char *command, guint timeout_s,
                               gboolean answered, GError **error)
{
    g_autofree char *path = g_build_filename(kxl_host_lib_dir(host), "agent.json", NULL);
    g_autoptr(JsonNode) asked = json_from_string(command, NULL), known = NULL;
    g_autofree char *text = NULL;
    const char *name = asked && JSON_NODE_HOLDS_OBJECT(asked)
                           ? json_object_get_string_member_with_default(json_node_get_object(asked),
                                                                        "execute", "")
                           : "";

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        no_machine(error);
        return NULL;
    }
    known = json_from_string(text, NULL);
    if (!json_object_has_member(json_node_get_object(known), name)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_FAILED, "The command %s has not been found", name);
        return NULL;
    }
    return json_to_string(json_object_get_member(json_node_get_object(known), name), FALSE);
}

/* A thread for each vCPU that is online, and one more. */
GArray *kxl_domain_threads(KxlHost *host, int domid, GError **error)
{
    g_autoptr(KxlDomainInfo) info = kxl_domain_get_info(host, domid, error);
    GArray *threads;

    if (info == NULL)
        return NULL;
    threads = g_array_new(FALSE, FALSE, sizeof(KxlThread));
    for (guint i = 0; i <= info->vcpus_online; i++) {
        gboolean vcpu = i < info->vcpus_online;
        const KxlThread thread = { .kind = vcpu ? KXL_THREAD_VCPU : KXL_THREAD_EMULATOR,
                                   .id = vcpu ? (int)i : -1,
                                   .running = i == 0,
                                   .cpu_time_ns = 1000 + i,
                                   .user_ns = 300 + i,
                                   .system_ns = 700,
                                   .wait_ns = 10 + i };

        g_array_append_val(threads, thread);
    }
    return threads;
}
