/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tree of nodes. A tree is a pointer to its root. Nodes are reference-counted and a node with
 * more than one reference is never changed: taking a reference on the root is a snapshot, and a
 * change copies the shared part of its path first. So a transaction is a second tree, and any
 * change can be undone by dropping it.
 */
#pragma once

#include "types.h"

struct xs_perms;
struct xs_node;

struct xs_child {
    uint32_t hash; /* of the name; scanned before names are compared */
    struct xs_node *node;
};

struct xs_node {
    uint32_t refs;
    uint32_t hash;
    uint64_t gen;      /* stamp of the last change to value or permissions */
    uint64_t list_gen; /* stamp of the last change to the list of children */
    struct xs_perms *perms;
    void *value;
    struct xs_child *child; /* in order of creation */
    struct xs_node *next;   /* while being freed */
    uint32_t value_len;
    uint32_t nr_children, max_children;
    uint32_t list_len;    /* bytes of the children's names, each with its NUL */
    uint32_t guest_nodes; /* nodes of this subtree that the guest owns */
    uint32_t name_len;
    char name[];
};

/* What a change needs beside the tree. */
struct xs_stamp {
    uint64_t *generation; /* counts up; never repeats */
    uint32_t guest_domid; /* whose nodes are counted */
};

struct xs_node *xs_tree_new(struct xs_perms *perms, const struct xs_stamp *stamp);
struct xs_node *xs_node_ref(struct xs_node *n);
void xs_node_put(struct xs_node *n); /* NULL is a no-op */

/* The node, or NULL. Both take a path below root as well ("b/c"); "" and "/" are root itself. */
struct xs_node *xs_tree_find(struct xs_node *root, const char *path);
/* The deepest node on the way; ret_rest: what of path is missing below it, "" when it is the node
 * itself. */
struct xs_node *xs_tree_walk(struct xs_node *root, const char *path, const char **ret_rest);
struct xs_node *xs_tree_parent(struct xs_node *root, const char *path);

/* Changes. 0 or -XEN_ENOMEM with the tree's meaning unchanged. */
/* Creates an absent node and its absent ancestors, with the permissions of the nearest ancestor
 * there is; owner: who owns the new ones, or -1 to leave them to the ancestor's owner. */
int xs_tree_create(struct xs_node **root, const char *path, int64_t owner, const void *value,
                   uint32_t len, const struct xs_stamp *stamp);
int xs_tree_set_value(struct xs_node **root, const char *path, const void *value, uint32_t len,
                      const struct xs_stamp *stamp);
int xs_tree_set_perms(struct xs_node **root, const char *path, struct xs_perms *perms,
                      const struct xs_stamp *stamp);
/* Takes the existing node (not "/") out and hands over its reference. */
int xs_tree_remove(struct xs_node **root, const char *path, const struct xs_stamp *stamp,
                   struct xs_node **ret_removed);
