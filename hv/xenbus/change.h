/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of nodes that the watches are still to be told, in order, each path once. */
#pragma once

#include "types.h"

struct xs_node;
struct xs_perms;

struct xs_change {
    struct xs_change *next;
    struct xs_node *removed;    /* the subtree that was at path, or NULL */
    struct xs_perms *old_perms; /* before they were changed, or NULL */
    uint32_t hash;
    char path[];
};

struct xs_changes {
    struct xs_change *first, *last;
};

struct xs_change *xs_change_new(const char *path); /* NULL: no memory */
void xs_change_free(struct xs_change *change);     /* NULL is a no-op */

/* Takes over change; one of the same path already there absorbs it. */
void xs_changes_add(struct xs_changes *list, struct xs_change *change);
void xs_changes_clear(struct xs_changes *list);
