/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is being made and would stay half made if the daemon were killed: a file of a line or two
 * each. The daemon after this one takes it away.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct VolumeJournal VolumeJournal;

/* Makes dir. */
VolumeJournal *volume_journal_new(const char *dir, GError **error);
void volume_journal_free(VolumeJournal *journal); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VolumeJournal, volume_journal_free)

/* A new folder with a hidden name in parent, for files that are not whole yet. */
char *volume_journal_folder(VolumeJournal *journal, const char *parent, GError **error);
void volume_journal_drop_folder(VolumeJournal *journal, const char *folder);

typedef enum {
    JOURNAL_VOLUME, /* one that is being made, by its name */
    JOURNAL_DEVICE, /* one a pool is being built of, by its path */
} VolumeJournalKind;
/* Between these two it is not whole. begin returns what end wants. */
char *volume_journal_begin(VolumeJournal *journal, VolumeJournalKind kind, const char *pool_uuid,
                           const char *name, GError **error);
void volume_journal_end(VolumeJournal *journal, const char *entry);

/* Takes away what the last daemon left: folders at once; of the rest func says whether it is gone.
 * pool_uuid NULL: of all pools, folders too. */
typedef gboolean (*VolumeJournalFunc)(VolumeJournalKind kind, const char *pool_uuid,
                                      const char *name, gpointer data);
void volume_journal_sweep(VolumeJournal *journal, const char *pool_uuid, VolumeJournalFunc func,
                          gpointer data);

G_END_DECLS
