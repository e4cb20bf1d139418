/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checkpoints: moments since which it is known what was written to the disks, by a dirty bitmap in
 * the image of each.
 */
#pragma once

#include <kxl-backup.h>

#include "moment.h"

G_BEGIN_DECLS

typedef struct {
    char *target;      /* "xvda" */
    gboolean recorded; /* "bitmap"; else "no" */
    char *bitmap;
} CheckpointDisk;

typedef struct {
    Moment m;
    GPtrArray *disks;       /* of CheckpointDisk */
    Definition *definition; /* of the domain then */
} Checkpoint;
void checkpoint_free(Checkpoint *checkpoint);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Checkpoint, checkpoint_free)

/* ---- checkpoint-xml.c ---- */

/* What a client sends; redefine: all of it, as format made it. */
Checkpoint *checkpoint_parse(const char *xml, gboolean redefine, GError **error);
/* sizes: of the disks, by their order; NULL: not told. */
char *checkpoint_format(const Checkpoint *checkpoint, gboolean secure, gboolean with_domain,
                        const guint64 *sizes);
CheckpointDisk *checkpoint_find_disk(const Checkpoint *checkpoint, const char *target);

/* ---- checkpoint.c ---- */

/* What a new one is still missing: its name, place in the tree, disks. all: those there are. */
gboolean checkpoint_complete(const Kanzend *kanzend, const DomainView *view, GPtrArray *all,
                             Checkpoint *checkpoint, GError **error);
/* Its bitmaps; borrows from checkpoint. */
GArray *checkpoint_bitmaps(const Checkpoint *checkpoint); /* of KxlBitmap */

G_END_DECLS
