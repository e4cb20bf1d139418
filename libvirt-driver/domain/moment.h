/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moments of a domain that are remembered: snapshots and checkpoints. Each has a name and knows
 * which one it came after, so they are trees. The XML of each is kept as
 * <lib>/libvirt/FOLDER/UUID/NAME.xml and loaded when it is asked for; "current" holds the name of
 * the one that the domain was last at.
 */
#pragma once

#include "handler.h"
#include "xml-util.h"

G_BEGIN_DECLS

/* How a Snapshot and a Checkpoint begin. */
typedef struct {
    char *name, *description, *parent; /* parent: NULL, none */
    gint64 created_s;
} Moment;
void moment_clear(Moment *moment);

typedef struct {
    const char *folder;   /* below <lib>/libvirt */
    const char *title;    /* "domain snapshot" */
    const char *noun;     /* "snapshot" */
    VirErrorCode missing; /* of one that is not there */
    /* What it wrote itself, and writing it with its secrets. */
    gpointer (*load)(DomainRegistry *registry, const char *xml, GError **error);
    char *(*save)(gconstpointer moment);
    GDestroyNotify free;
    /* Of one that was begun and whose maker was killed: TRUE, it is there in full; else nothing of
     * it is left. */
    gboolean (*finish)(const Kanzend *kanzend, const DomainView *view, gpointer moment);
    /* For listing: the flags a moment has; in each group one of those asked for must hold. */
    guint32 (*properties)(GPtrArray *all, gconstpointer moment);
    const guint32 *groups;
    guint n_groups;
    guint32 list_flags; /* known */
} MomentKind;
extern const MomentKind snapshot_kind;   /* snapshot-list.c */
extern const MomentKind checkpoint_kind; /* checkpoint-list.c */

/* ---- moment-store.c ---- */

/* Its elements are the kind's, in order of creation; never NULL. */
GPtrArray *moments_load(const MomentKind *kind, DomainRegistry *registry, const char *uuid);
gboolean moments_save(const MomentKind *kind, DomainRegistry *registry, const char *uuid,
                      gconstpointer moment, GError **error);
gboolean moments_remove(const MomentKind *kind, DomainRegistry *registry, const char *uuid,
                        const char *name, GError **error);
/* All of them, metadata only. */
void moments_forget(const MomentKind *kind, DomainRegistry *registry, const char *uuid);
char *moments_current(const MomentKind *kind, DomainRegistry *registry,
                      const char *uuid); /* NULL: none */
gboolean moments_set_current(const MomentKind *kind, DomainRegistry *registry, const char *uuid,
                             const char *name, GError **error);
gboolean moments_any(const MomentKind *kind, DomainRegistry *registry, const char *uuid);

/*
 * Making one in two steps, so that a daemon that is killed leaves it made or not made. begin writes
 * it down beside; commit makes it one of the domain's moments and the current one; forget undoes
 * begin.
 */
gboolean moment_begin(const MomentKind *kind, DomainRegistry *registry, const char *uuid,
                      gconstpointer moment, GError **error);
gboolean moment_commit(const MomentKind *kind, DomainRegistry *registry, const char *uuid,
                       gconstpointer moment, GError **error);
void moment_forget(const MomentKind *kind, DomainRegistry *registry, const char *uuid,
                   gconstpointer moment);
/* Deleting one: what withdraw takes back is as one that was only begun; restore undoes that. */
gboolean moment_withdraw(const MomentKind *kind, DomainRegistry *registry, const char *uuid,
                         const Moment *moment, GError **error);
gboolean moment_restore(const MomentKind *kind, DomainRegistry *registry, const char *uuid,
                        const Moment *moment, GError **error);
/* The children of one that is gone, of all, become those of its parent. */
gboolean moments_close_gap(const MomentKind *kind, DomainRegistry *registry, const char *uuid,
                           GPtrArray *all, const Moment *gone, GError **error);
/* When the daemon starts, before the first client: finishes what one before it had begun. */
void moments_recover(const MomentKind *kind, const Kanzend *kanzend);

/* ---- moment-xml.c ---- */

/* name NULL: none was given. */
gboolean moment_check_name(const char *noun, const char *name, GError **error);
/* The <domain> in root. */
DomainDef *moment_parse_domain(xmlNodePtr root, const char *noun, GError **error);
/* Name, description, parent and time. */
void moment_append(GString *xml, const Moment *moment);
void moment_append_domain(GString *xml, Definition *definition, gboolean secure);

/* ---- moment-tree.c ---- */

/* A parent that a client gives must be there, and not below it. */
gboolean moment_check_parent(GPtrArray *all, const Moment *moment, GError **error);

gpointer moments_find(GPtrArray *all, const char *name);
gboolean moment_has_children(GPtrArray *all, const Moment *moment);
gboolean moment_descends(GPtrArray *all, const Moment *moment, const char *ancestor);

/* What a call is about: a domain, all its moments of a kind, and perhaps one of them. */
typedef struct {
    const MomentKind *kind;
    DomainView view;
    GPtrArray *all;
    gpointer moment;
} MomentCall;
void moment_call_clear(MomentCall *call);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MomentCall, moment_call_clear)

/* The moment whose handle args[0] is; with lock its domain's job lock comes along. */
gboolean call_moment(const RpcCall *call, const MomentKind *kind, gboolean lock, MomentCall *ret,
                     GError **error);
/* Of the domain that args[0] is: all, and the one named (NULL: none in particular). */
gboolean call_moments(const RpcCall *call, const MomentKind *kind, const char *name,
                      MomentCall *ret, GError **error);
/* The handle of one. */
void put_moment(RpcCall *call, const DomainView *view, const char *name);

typedef enum { MOMENTS_NUMBER, MOMENTS_NAMES, MOMENTS_HANDLES } MomentListForm;
/* Those of the domain in args[0], or the children of the moment in args[0]. max: of names; of
 * handles 0 asks for their number only. */
gboolean put_moments(RpcCall *call, const MomentKind *kind, gboolean children, MomentListForm form,
                     gint32 max, guint32 flags, GError **error);
gboolean put_moment_parent(RpcCall *call, const MomentKind *kind, GError **error);

enum {
    MOMENT_DELETE_CHILDREN = 1,
    MOMENT_DELETE_METADATA_ONLY = 2,
    MOMENT_DELETE_CHILDREN_ONLY = 4
};
/* What a moment consists of beside its metadata goes. */
typedef gboolean (*MomentDelete)(const Kanzend *kanzend, const MomentCall *m, gpointer moment,
                                 GError **error);
/* The call that deletes: the moment in args[0], by the flags in args[1]. */
gboolean delete_moments(RpcCall *call, const MomentKind *kind, MomentDelete delete_data,
                        GError **error);

G_END_DECLS
