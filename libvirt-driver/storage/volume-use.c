/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume-use.h"

#include <sys/stat.h>

#include "handler-util.h"
#include "pool-backend.h"

#define STAT_BLOCK 512 /* st_blocks, stat(2) */

typedef struct {
    VolumeUseKind kind;
    guint users;
    int fd; /* of what grows; borrowed */
    guint64 capacity;
    const char *format; /* static */
    char *path;
} Use;

struct VolumeUses {
    GMutex lock;
    GHashTable *uses; /* of Use, by pool UUID, "/" and name */
};

static void use_free(gpointer data)
{
    g_free(((Use *)data)->path);
    g_free(data);
}

VolumeUses *volume_uses_new(void)
{
    VolumeUses *uses = g_new0(VolumeUses, 1);

    g_mutex_init(&uses->lock);
    uses->uses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, use_free);
    return uses;
}

void volume_uses_free(VolumeUses *uses)
{
    g_hash_table_unref(uses->uses);
    g_mutex_clear(&uses->lock);
    g_free(uses);
}

static char *key_of(const char *pool_uuid, const char *name)
{
    return g_strconcat(pool_uuid, "/", name, NULL);
}

gboolean volume_use_begin(VolumeUses *uses, const char *pool_uuid, const char *name,
                          VolumeUseKind kind, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&uses->lock);
    g_autofree char *key = key_of(pool_uuid, name);
    Use *use = g_hash_table_lookup(uses->uses, key);

    if (use == NULL) {
        use = g_new0(Use, 1);
        use->kind = kind;
        use->fd = -1;
        g_hash_table_insert(uses->uses, g_steal_pointer(&key), use);
    } else if (kind == VOLUME_USE_MAKE) {
        return fail_volume_exists(name, error);
    } else if (use->kind == VOLUME_USE_MAKE) {
        return fail(error, VIR_ERR_OPERATION_INVALID, "volume '%s' is still being allocated.",
                    name);
    } else if (use->kind != VOLUME_USE_READ || kind != VOLUME_USE_READ) {
        return fail(error, VIR_ERR_OPERATION_INVALID, "volume '%s' is still in use.", name);
    }
    use->users++;
    return TRUE;
}

void volume_use_end(VolumeUses *uses, const char *pool_uuid, const char *name)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&uses->lock);
    g_autofree char *key = key_of(pool_uuid, name);
    Use *use = g_hash_table_lookup(uses->uses, key);

    if (--use->users == 0)
        g_hash_table_remove(uses->uses, key);
}

gboolean volume_uses_any(VolumeUses *uses, const char *pool_uuid)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&uses->lock);
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, uses->uses);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        if (g_str_has_prefix(key, pool_uuid))
            return TRUE;
    }
    return FALSE;
}

void volume_use_grows(VolumeUses *uses, const char *pool_uuid, const Volume *volume, int fd)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&uses->lock);
    g_autofree char *key = key_of(pool_uuid, volume->name);
    Use *use = g_hash_table_lookup(uses->uses, key);

    use->fd = fd;
    use->capacity = volume->capacity;
    use->format = volume->format;
    g_free(use->path);
    use->path = g_strdup(volume->path);
}

Volume *volume_use_peek(VolumeUses *uses, const char *pool_uuid, const char *name)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&uses->lock);
    g_autofree char *key = key_of(pool_uuid, name);
    const Use *use = g_hash_table_lookup(uses->uses, key);
    Volume *volume;
    struct stat st;

    if (use == NULL || use->fd < 0 || fstat(use->fd, &st) < 0)
        return NULL;
    volume = volume_new(VOLUME_FILE, name);
    volume->path = g_strdup(use->path);
    volume->key = g_strdup(use->path);
    volume->format = use->format;
    volume->capacity = use->capacity;
    volume->allocation = (guint64)st.st_blocks * STAT_BLOCK;
    volume->physical = (guint64)st.st_size;
    volume->permissions = permissions_of(&st);
    return volume;
}
