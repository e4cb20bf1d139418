/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Snapshots of a domain: what each was made of. */
#pragma once

#include "moment.h"

G_BEGIN_DECLS

typedef enum { SNAPSHOT_NO, SNAPSHOT_INTERNAL, SNAPSHOT_EXTERNAL } SnapshotPlace;

typedef struct {
    char *target; /* "xvda" */
    SnapshotPlace place;
    char *file; /* external: the overlay */
} SnapshotDisk;

typedef struct {
    Moment m;
    char *state; /* "running", "paused", "shutoff", "disk-snapshot" */
    SnapshotPlace memory;
    char *memory_file;
    GPtrArray *disks;       /* of SnapshotDisk */
    Definition *definition; /* of the domain then */
    int guest_domid;        /* 0: it did not run */
} Snapshot;

void snapshot_free(Snapshot *snapshot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Snapshot, snapshot_free)

/* snapshot-xml.c. parse: what a client sends; redefine: all of it, as format made it. */
Snapshot *snapshot_parse(DomainRegistry *registry, const char *xml, gboolean redefine,
                         GError **error);
char *snapshot_format(const Snapshot *snapshot, gboolean secure);

gboolean snapshot_is_external(const Snapshot *snapshot);
SnapshotDisk *snapshot_find_disk(const Snapshot *snapshot, const char *target);

/* snapshot.c: of a domain that does not run. verb: "-c", "-a" or "-d" of qemu-img snapshot. */
gboolean snapshot_each_image(const DomainDef *def, const char *verb, const char *name,
                             GError **error);
/* Its definition, with the images that the snapshot put on top. */
gboolean snapshot_use_overlays(const Kanzend *kanzend, Domain *domain, const Snapshot *snapshot,
                               GError **error);

/* snapshot-recover.c: one whose maker was killed. */
gboolean snapshot_finish(const Kanzend *kanzend, const DomainView *view, gpointer snapshot);

G_END_DECLS
