/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The documents of snapshots, checkpoints and backups: what parses as our own is a fixed point. */
#include <stdint.h>
#include <string.h>

#include "domain/backup.h"
#include "domain/checkpoint.h"
#include "domain/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_kind(const MomentKind *kind, const char *text)
{
    gpointer moment = kind->load(NULL, text, NULL), again;
    g_autofree char *first = NULL, *second = NULL;

    if (moment == NULL)
        return;
    first = kind->save(moment);
    again = kind->load(NULL, first, NULL);
    g_assert_nonnull(again);
    second = kind->save(again);
    g_assert_cmpstr(first, ==, second);
    kind->free(moment);
    kind->free(again);
}

static void check_backup(const char *text)
{
    g_autoptr(Backup) backup = backup_parse(text, TRUE, NULL);
    g_autoptr(Backup) again = NULL;
    g_autofree char *first = NULL, *second = NULL;

    if (backup == NULL)
        return;
    first = backup_format(backup, TRUE);
    again = backup_parse(first, TRUE, NULL);
    g_assert_nonnull(again);
    second = backup_format(again, TRUE);
    g_assert_cmpstr(first, ==, second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup(size > 0 ? (const char *)data : "", size);
    g_autoptr(Checkpoint) checkpoint = checkpoint_parse(text, FALSE, NULL);
    g_autoptr(Snapshot) snapshot = snapshot_parse(NULL, text, FALSE, NULL);
    g_autoptr(Backup) backup = backup_parse(text, FALSE, NULL);

    check_kind(&checkpoint_kind, text);
    check_kind(&snapshot_kind, text);
    check_backup(text);
    return 0;
}
