/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of nodes that the watches are still to be told. */
#include "change.h"
#include "alloc.h"
#include "perms.h"
#include "string.h"
#include "tree.h"

struct xs_change *xs_change_new(const char *path)
{
    size_t len = strlen(path) + 1;
    struct xs_change *change = kmalloc(sizeof(*change) + len);

    if (change) {
        memcpy(change->path, path, len);
        for (; *path; path++)
            change->hash = change->hash * 31 + (uint8_t)*path;
    }
    return change;
}

void xs_change_free(struct xs_change *change)
{
    if (!change)
        return;
    xs_node_put(change->removed);
    xs_perms_put(change->old_perms);
    kfree(change);
}

void xs_changes_add(struct xs_changes *list, struct xs_change *change)
{
    for (struct xs_change *c = list->first; c; c = c->next) {
        if (c->hash != change->hash || strcmp(c->path, change->path) != 0)
            continue;
        /* What was there first is what watchers may have known. */
        if (!c->removed) {
            c->removed = change->removed;
            change->removed = NULL;
        }
        if (!c->old_perms) {
            c->old_perms = change->old_perms;
            change->old_perms = NULL;
        }
        xs_change_free(change);
        return;
    }
    if (list->last)
        list->last->next = change;
    else
        list->first = change;
    list->last = change;
}

void xs_changes_clear(struct xs_changes *list)
{
    while (list->first) {
        struct xs_change *next = list->first->next;

        xs_change_free(list->first);
        list->first = next;
    }
    list->last = NULL;
}
