/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An entry is DIR/<random>: "folder", a path; or "volume" or "device", a pool's UUID, a name; a
 * line each. */
#include "volume-journal.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "permissions.h"

#define FOLDER_PREFIX ".kanzen-new-"

static const char *const kinds[] = { [JOURNAL_VOLUME] = "volume", [JOURNAL_DEVICE] = "device" };

struct VolumeJournal {
    char *dir;
    GMutex lock;
    GHashTable *ours; /* entries of this daemon, which are not to be swept */
};

VolumeJournal *volume_journal_new(const char *dir, GError **error)
{
    VolumeJournal *journal;

    if (g_mkdir_with_parents(dir, 0700) < 0) {
        fail_errno(error, "make directory", dir);
        return NULL;
    }
    journal = g_new0(VolumeJournal, 1);
    journal->dir = g_strdup(dir);
    journal->ours = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_mutex_init(&journal->lock);
    return journal;
}

void volume_journal_free(VolumeJournal *journal)
{
    if (journal == NULL)
        return;
    g_free(journal->dir);
    g_hash_table_unref(journal->ours);
    g_mutex_clear(&journal->lock);
    g_free(journal);
}

static gboolean write_entry(VolumeJournal *journal, const char *entry, const char *text,
                            GError **error)
{
    g_autofree char *path = g_build_filename(journal->dir, entry, NULL);

    g_mutex_lock(&journal->lock);
    g_hash_table_add(journal->ours, g_strdup(entry));
    g_mutex_unlock(&journal->lock);
    return g_file_set_contents(path, text, -1, error);
}

void volume_journal_end(VolumeJournal *journal, const char *entry)
{
    g_autofree char *path = g_build_filename(journal->dir, entry, NULL);

    g_unlink(path);
    g_mutex_lock(&journal->lock);
    g_hash_table_remove(journal->ours, entry);
    g_mutex_unlock(&journal->lock);
}

char *volume_journal_begin(VolumeJournal *journal, VolumeJournalKind kind, const char *pool_uuid,
                           const char *name, GError **error)
{
    g_autofree char *entry = g_uuid_string_random();
    g_autofree char *text = g_strdup_printf("%s\n%s\n%s\n", kinds[kind], pool_uuid, name);

    return write_entry(journal, entry, text, error) ? g_steal_pointer(&entry) : NULL;
}

/* ---- folders, whose name is their entry's ---- */

char *volume_journal_folder(VolumeJournal *journal, const char *parent, GError **error)
{
    g_autofree char *entry = g_uuid_string_random();
    g_autofree char *name = g_strconcat(FOLDER_PREFIX, entry, NULL);
    g_autofree char *path = g_build_filename(parent, name, NULL);
    g_autofree char *text = g_strdup_printf("folder\n%s\n", path);

    if (!write_entry(journal, entry, text, error))
        return NULL;
    if (g_mkdir(path, 0700) == 0)
        return g_steal_pointer(&path);
    fail_errno(error, "make directory", path);
    volume_journal_end(journal, entry);
    return NULL;
}

void volume_journal_drop_folder(VolumeJournal *journal, const char *folder)
{
    if (g_rmdir(folder) < 0)
        g_warning("storage: cannot remove '%s'", folder);
    else
        volume_journal_end(journal, strstr(folder, FOLDER_PREFIX) + strlen(FOLDER_PREFIX));
}

/* It holds files only. TRUE: gone. */
static gboolean sweep_folder(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    if (strstr(path, "/" FOLDER_PREFIX) == NULL)
        return TRUE;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        g_unlink(file);
    }
    return g_rmdir(path) == 0 || g_access(path, F_OK) != 0;
}

/* ---- after a restart ---- */

static gboolean sweep_entry(const char *text, const char *pool_uuid, VolumeJournalFunc func,
                            gpointer data)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", 4);
    guint n = g_strv_length(lines);

    if (n >= 3 && strcmp(lines[0], "folder") == 0)
        return pool_uuid == NULL && sweep_folder(lines[1]);
    for (guint i = 0; n >= 4 && i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(lines[0], kinds[i]) == 0)
            return (pool_uuid == NULL || strcmp(pool_uuid, lines[1]) == 0) &&
                   func((VolumeJournalKind)i, lines[1], lines[2], data);
    }
    return TRUE; /* cut short: nothing had begun */
}

static gboolean is_ours(VolumeJournal *journal, const char *entry)
{
    gboolean ours;

    g_mutex_lock(&journal->lock);
    ours = g_hash_table_contains(journal->ours, entry);
    g_mutex_unlock(&journal->lock);
    return ours;
}

void volume_journal_sweep(VolumeJournal *journal, const char *pool_uuid, VolumeJournalFunc func,
                          gpointer data)
{
    g_autoptr(GDir) dir = g_dir_open(journal->dir, 0, NULL);
    const char *entry;

    while (dir != NULL && (entry = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(journal->dir, entry, NULL);
        g_autofree char *text = NULL;

        if (is_ours(journal, entry) || !g_file_get_contents(path, &text, NULL, NULL))
            continue;
        if (sweep_entry(text, pool_uuid, func, data))
            g_unlink(path);
    }
}
