/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tree of nodes: lookup, copy on write, changes. */
#include "tree.h"
#include "alloc.h"
#include "path.h"
#include "perms.h"
#include "string.h"
#include <xen/errno.h>

/* FNV-1a, 32 bits. */
static uint32_t hash_name(const char *name, size_t len)
{
    uint32_t h = 2166136261U;

    while (len--)
        h = (h ^ (uint8_t)*name++) * 16777619U;
    return h;
}

static uint32_t owned_by_guest(const struct xs_node *n, const struct xs_stamp *stamp)
{
    return n->perms->entry[0].domid == stamp->guest_domid;
}

static void *dup_bytes(const void *data, size_t len)
{
    void *copy = kmalloc(len);

    if (copy)
        memcpy(copy, data, len);
    return copy;
}

/* Takes over perms, also on failure. */
static struct xs_node *node_new(const char *name, size_t name_len, struct xs_perms *perms,
                                const struct xs_stamp *stamp)
{
    struct xs_node *n = kmalloc(sizeof(*n) + name_len + 1);

    if (!n) {
        xs_perms_put(perms);
        return NULL;
    }
    n->refs = 1;
    n->hash = hash_name(name, name_len);
    n->gen = n->list_gen = ++*stamp->generation;
    n->perms = perms;
    n->guest_nodes = owned_by_guest(n, stamp);
    n->name_len = (uint32_t)name_len;
    memcpy(n->name, name, name_len);
    return n;
}

struct xs_node *xs_tree_new(struct xs_perms *perms, const struct xs_stamp *stamp)
{
    return node_new("", 0, xs_perms_ref(perms), stamp);
}

struct xs_node *xs_node_ref(struct xs_node *n)
{
    n->refs++;
    return n;
}

/* Paths, and so trees, can be a thousand levels deep: no recursion on hv's stack. */
void xs_node_put(struct xs_node *n)
{
    if (!n || --n->refs)
        return;
    n->next = NULL;
    while (n) {
        struct xs_node *dead = n;

        n = dead->next;
        for (uint32_t i = 0; i < dead->nr_children; i++) {
            struct xs_node *child = dead->child[i].node;

            if (--child->refs == 0) {
                child->next = n;
                n = child;
            }
        }
        xs_perms_put(dead->perms);
        kfree(dead->value);
        kfree(dead->child);
        kfree(dead);
    }
}

static struct xs_child *find_child(struct xs_node *n, const char *name, size_t len)
{
    uint32_t hash = hash_name(name, len);

    for (uint32_t i = 0; i < n->nr_children; i++) {
        struct xs_child *c = &n->child[i];

        if (c->hash == hash && c->node->name_len == len && memcmp(c->node->name, name, len) == 0)
            return c;
    }
    return NULL;
}

struct xs_node *xs_tree_walk(struct xs_node *root, const char *path, const char **ret_rest)
{
    struct xs_node *n = root;
    const char *name;

    for (;;) {
        const char *rest = path;
        size_t len = xs_path_next(&path, &name);
        struct xs_child *c;

        if (!len) {
            *ret_rest = path;
            return n;
        }
        c = find_child(n, name, len);
        if (!c) {
            *ret_rest = rest;
            return n;
        }
        n = c->node;
    }
}

struct xs_node *xs_tree_find(struct xs_node *root, const char *path)
{
    const char *rest;
    struct xs_node *n = xs_tree_walk(root, path, &rest);

    return *rest ? NULL : n;
}

struct xs_node *xs_tree_parent(struct xs_node *root, const char *path)
{
    const char *end = path + xs_path_parent_len(path), *name;
    struct xs_node *n = root;

    while (path < end) {
        size_t len = xs_path_next(&path, &name);
        struct xs_child *c;

        if (!len)
            break;
        if (name >= end)
            break;
        c = find_child(n, name, len);
        if (!c)
            return NULL;
        n = c->node;
    }
    return n;
}

/* Replaces a shared node by a copy of its own in *slot. NULL: no memory, nothing changed. */
static struct xs_node *unshare(struct xs_node **slot)
{
    struct xs_node *n = *slot, *copy;

    if (n->refs == 1)
        return n;
    copy = dup_bytes(n, sizeof(*n) + n->name_len + 1);
    if (!copy)
        return NULL;
    copy->value = n->value_len ? dup_bytes(n->value, n->value_len) : NULL;
    copy->child = n->nr_children ? dup_bytes(n->child, n->nr_children * sizeof(n->child[0])) : NULL;
    copy->max_children = n->nr_children;
    if ((n->value_len && !copy->value) || (n->nr_children && !copy->child)) {
        kfree(copy->value);
        kfree(copy->child);
        kfree(copy);
        return NULL;
    }
    copy->refs = 1;
    xs_perms_ref(copy->perms);
    for (uint32_t i = 0; i < copy->nr_children; i++)
        xs_node_ref(copy->child[i].node);
    n->refs--;
    *slot = copy;
    return copy;
}

/* The node at path[0 .. len), which exists, fit to be changed. */
static struct xs_node *writable(struct xs_node **root, const char *path, size_t len)
{
    const char *end = path + len, *name;
    struct xs_node *n = unshare(root);

    while (n && path < end) {
        size_t name_len = xs_path_next(&path, &name);

        if (!name_len || name >= end)
            break;
        n = unshare(&find_child(n, name, name_len)->node);
    }
    return n;
}

/* Adds delta to the count of every node on path[0 .. len), all of them writable already. */
static void account(struct xs_node *root, const char *path, size_t len, uint32_t delta)
{
    const char *end = path + len, *name;
    struct xs_node *n = root;

    n->guest_nodes += delta;
    while (path < end) {
        size_t name_len = xs_path_next(&path, &name);

        if (!name_len || name >= end)
            break;
        n = find_child(n, name, name_len)->node;
        n->guest_nodes += delta;
    }
}

/* Takes over child on success. */
static bool append_child(struct xs_node *n, struct xs_node *child, const struct xs_stamp *stamp)
{
    if (n->nr_children == n->max_children) {
        uint32_t max = n->max_children ? n->max_children * 2 : 4;
        struct xs_child *grown = krealloc(n->child, max * sizeof(*grown));

        if (!grown)
            return false;
        n->child = grown;
        n->max_children = max;
    }
    n->child[n->nr_children++] = (struct xs_child){ child->hash, child };
    n->list_len += child->name_len + 1;
    n->list_gen = ++*stamp->generation;
    return true;
}

/* A chain of new nodes for the components of rest. ret_last is the lowest. */
static struct xs_node *chain_new(const char *rest, struct xs_perms *perms,
                                 const struct xs_stamp *stamp, struct xs_node **ret_last)
{
    struct xs_node *top = NULL, *last = NULL;
    uint32_t depth = 0;
    const char *name;
    size_t len;

    while ((len = xs_path_next(&rest, &name))) {
        struct xs_node *n = node_new(name, len, xs_perms_ref(perms), stamp);

        if (!n || (last && !append_child(last, n, stamp))) {
            xs_node_put(n);
            xs_node_put(top);
            return NULL;
        }
        if (!top)
            top = n;
        last = n;
        depth++;
    }
    /* Each counts those below it. */
    for (struct xs_node *n = top; n; n = n->nr_children ? n->child[0].node : NULL)
        n->guest_nodes *= depth--;
    *ret_last = last;
    return top;
}

int xs_tree_create(struct xs_node **root, const char *path, int64_t owner, const void *value,
                   uint32_t len, const struct xs_stamp *stamp)
{
    const char *rest;
    struct xs_node *above = xs_tree_walk(*root, path, &rest), *top, *last;
    size_t above_len = (size_t)(rest - path);
    struct xs_perms *perms =
        owner < 0 ? xs_perms_ref(above->perms) : xs_perms_with_owner(above->perms, (uint32_t)owner);

    if (!perms)
        return -XEN_ENOMEM;
    top = chain_new(rest, perms, stamp, &last);
    xs_perms_put(perms);
    if (!top)
        return -XEN_ENOMEM;
    if (len) {
        last->value = dup_bytes(value, len);
        last->value_len = len;
    }
    above = len && !last->value ? NULL : writable(root, path, above_len);
    if (!above || !append_child(above, top, stamp)) {
        xs_node_put(top);
        return -XEN_ENOMEM;
    }
    account(*root, path, above_len, top->guest_nodes);
    return 0;
}

int xs_tree_set_value(struct xs_node **root, const char *path, const void *value, uint32_t len,
                      const struct xs_stamp *stamp)
{
    struct xs_node *n = writable(root, path, strlen(path));
    void *copy;

    if (!n)
        return -XEN_ENOMEM;
    copy = len ? dup_bytes(value, len) : NULL;
    if (len && !copy)
        return -XEN_ENOMEM;
    kfree(n->value);
    n->value = copy;
    n->value_len = len;
    n->gen = ++*stamp->generation;
    return 0;
}

int xs_tree_set_perms(struct xs_node **root, const char *path, struct xs_perms *perms,
                      const struct xs_stamp *stamp)
{
    struct xs_node *n = writable(root, path, strlen(path));
    uint32_t before;

    if (!n)
        return -XEN_ENOMEM;
    before = owned_by_guest(n, stamp);
    xs_perms_ref(perms);
    xs_perms_put(n->perms);
    n->perms = perms;
    n->gen = ++*stamp->generation;
    account(*root, path, strlen(path), owned_by_guest(n, stamp) - before);
    return 0;
}

int xs_tree_remove(struct xs_node **root, const char *path, const struct xs_stamp *stamp,
                   struct xs_node **ret_removed)
{
    size_t parent_len = xs_path_parent_len(path);
    struct xs_node *parent = writable(root, path, parent_len), *removed;
    const char *name = strrchr(path, '/') + 1;
    struct xs_child *c;

    if (!parent)
        return -XEN_ENOMEM;
    c = find_child(parent, name, strlen(name));
    removed = c->node;
    account(*root, path, parent_len, 0 - removed->guest_nodes);
    parent->nr_children--;
    memmove(c, c + 1, (size_t)((char *)&parent->child[parent->nr_children] - (char *)c));
    parent->list_len -= removed->name_len + 1;
    parent->list_gen = ++*stamp->generation;
    *ret_removed = removed;
    return 0;
}
