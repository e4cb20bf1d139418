/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Snapshots of a domain: what each was made of and from which other. Their XML is kept as
 * DIR/UUID/NAME.xml and loaded when it is asked for; "current" holds the name of the one that the
 * domain was last at.
 */
#pragma once

#include "handler.h"

G_BEGIN_DECLS

typedef enum { SNAPSHOT_NO, SNAPSHOT_INTERNAL, SNAPSHOT_EXTERNAL } SnapshotPlace;

typedef struct {
    char *target; /* "xvda" */
    SnapshotPlace place;
    char *file; /* external: the overlay */
} SnapshotDisk;

typedef struct {
    char *name, *description, *parent; /* parent: NULL, none */
    char *state;                       /* "running", "paused", "shutoff", "disk-snapshot" */
    gint64 created_s;
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

/* snapshot-store.c. In order of creation; never NULL. */
GPtrArray *snapshots_load(DomainRegistry *registry, const char *uuid);
Snapshot *snapshots_find(GPtrArray *snapshots, const char *name);
gboolean snapshots_save(DomainRegistry *registry, const char *uuid, const Snapshot *snapshot,
                        GError **error);
gboolean snapshots_remove(DomainRegistry *registry, const char *uuid, const char *name,
                          GError **error);
/* All of them, metadata only. */
void snapshots_forget(DomainRegistry *registry, const char *uuid);
char *snapshots_current(DomainRegistry *registry, const char *uuid); /* NULL: none */
gboolean snapshots_set_current(DomainRegistry *registry, const char *uuid, const char *name,
                               GError **error);
gboolean snapshots_any(DomainRegistry *registry, const char *uuid);

G_END_DECLS
