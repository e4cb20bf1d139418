/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <permissions> of pools and volumes, and the small types all of their XML shares. */
#pragma once

#include <glib.h>
#include <libxml/tree.h>
#include <sys/stat.h>

G_BEGIN_DECLS

typedef struct PoolType PoolType;

typedef enum { UNSAID, YES, NO } Tristate;

/* Permissions as XML says them; -1: not said. */
typedef struct {
    gint64 mode, owner, group;
    char *label; /* of a security module; shown, not used */
} Permissions;
#define PERMISSIONS_NONE ((Permissions){ -1, -1, -1, NULL })

void permissions_clear(Permissions *permissions);
/* path: of the element below node, which may be absent. */
gboolean permissions_parse(xmlNodePtr node, const char *path, Permissions *ret, GError **error);
/* As in <target>, below indent; nothing when nothing is said. */
void permissions_format(GString *xml, const Permissions *permissions, const char *indent);
/* Sets what is said on an open file. */
gboolean permissions_apply(const Permissions *permissions, int fd, const char *path,
                           GError **error);
/* Those a file has. */
Permissions permissions_of(const struct stat *st);

/* "yes" and "no"; UNSAID when absent. */
gboolean parse_yes_no(xmlNodePtr node, const char *path, const char *attribute, Tristate *ret,
                      GError **error);
/* VIR_ERR_SYSTEM_ERROR "cannot <what> '<path>': <errno>"; returns FALSE. */
gboolean fail_errno(GError **error, const char *what, const char *path);

G_END_DECLS
