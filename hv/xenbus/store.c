/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store as hv sees it: making it, loading the initial tree, hv's own reads and writes. */
#include "store.h"
#include "alloc.h"
#include "conn.h"
#include "path.h"
#include "perms.h"
#include "printk.h"
#include "string.h"
#include "watch.h"
#include <xen/errno.h>

static const char *const special_path[XS_SPECIAL_COUNT] = {
    [XS_INTRODUCE_DOMAIN] = "@introduceDomain",
    [XS_RELEASE_DOMAIN] = "@releaseDomain",
};

enum xs_special xs_special_find(const char *path)
{
    enum xs_special i = 0;

    while (i < XS_SPECIAL_COUNT && strcmp(path, special_path[i]) != 0)
        i++;
    return i;
}

const char *xs_special_path(enum xs_special special)
{
    return special_path[special];
}

static struct xs_ctx hv_ctx(struct xenstore *xs, struct xs_changes *changes)
{
    return (struct xs_ctx){ xs, &xs->root, 0, changes };
}

static int apply(struct xenstore *xs, const struct xs_op *op)
{
    struct xs_changes changes = { NULL, NULL };
    struct xs_ctx ctx = hv_ctx(xs, &changes);
    int err = xs_path_valid(op->path) ? xs_op_apply(&ctx, op) : -XEN_EINVAL;

    xs_fire(xs, &changes);
    return err;
}

struct xenstore *xs_new(uint32_t guest_domid)
{
    struct xenstore *xs = kmalloc(sizeof(*xs));
    struct xs_perms *perms = xs_perms_new(1); /* n0 */
    struct xs_stamp stamp;

    if (!xs || !perms) {
        kfree(xs);
        xs_perms_put(perms);
        return NULL;
    }
    stamp = (struct xs_stamp){ &xs->generation, guest_domid };
    xs->guest_domid = guest_domid;
    xs->guest_introduced = true;
    xs->hv_events_tail = &xs->hv_events;
    xs->root = xs_tree_new(perms, &stamp);
    for (int i = 0; i < XS_SPECIAL_COUNT; i++)
        xs->special[i] = xs_perms_ref(perms);
    xs_perms_put(perms);
    /* xenstored always has this one. */
    if (!xs->root || apply(xs, &(struct xs_op){ .kind = XS_OP_MKDIR, .path = "/tool/xenstored" })) {
        xs_free(xs);
        return NULL;
    }
    return xs;
}

void xs_free(struct xenstore *xs)
{
    if (!xs)
        return;
    while (xs->conns)
        xs_conn_free(xs->conns);
    xs_hv_watches_free(xs);
    for (int i = 0; i < XS_SPECIAL_COUNT; i++)
        xs_perms_put(xs->special[i]);
    xs_node_put(xs->root);
    kfree(xs);
}

/* "n0,r5" as permissions. NULL: malformed, or no memory. */
static struct xs_perms *perms_from_list(const char *text)
{
    struct xs_perms *perms;
    uint32_t nr = 1;

    for (const char *p = text; (p = strchr(p, ',')); p++)
        nr++;
    perms = xs_perms_new(nr);
    for (uint32_t i = 0; perms && i < nr; i++) {
        const char *end = strchr(text, ',');
        size_t len = end ? (size_t)(end - text) : strlen(text);
        char entry[XS_PERM_TEXT_MAX];

        if (len >= sizeof(entry)) {
            xs_perms_put(perms);
            return NULL;
        }
        memcpy(entry, text, len);
        entry[len] = '\0';
        if (!xs_perm_parse(entry, &perms->entry[i])) {
            xs_perms_put(perms);
            return NULL;
        }
        text += len + 1;
    }
    return perms;
}

/* One record of the section; returns what follows it, or NULL. */
static const char *load_record(struct xenstore *xs, const char *p, const char *end)
{
    const char *path = p, *perms_text;
    struct xs_perms *perms;
    uint32_t len;
    int err;

    p = memchr(path, '\0', (size_t)(end - path));
    perms_text = p ? p + 1 : NULL;
    p = p ? memchr(perms_text, '\0', (size_t)(end - perms_text)) : NULL;
    if (!p || (size_t)(end - ++p) < sizeof(len))
        return NULL;
    memcpy(&len, p, sizeof(len));
    p += sizeof(len);
    if (len > (size_t)(end - p) || len > XENSTORE_PAYLOAD_MAX)
        return NULL;
    perms = perms_from_list(perms_text);
    if (!perms)
        return NULL;
    err = apply(xs, &(struct xs_op){ XS_OP_WRITE, path, p, len, NULL });
    if (!err)
        err = apply(xs, &(struct xs_op){ XS_OP_SET_PERMS, path, NULL, 0, perms });
    xs_perms_put(perms);
    return err ? NULL : p + len;
}

int xs_load(struct xenstore *xs, const void *records, size_t len)
{
    const char *p = records, *end = p + len;

    while (p < end) {
        const char *next = load_record(xs, p, end);

        if (!next) {
            printk(LOG_ERROR, "xenstore: bad record at byte %lu of the initial tree",
                   (unsigned long)(p - (const char *)records));
            return -XEN_EINVAL;
        }
        p = next;
    }
    return 0;
}

char *xs_read_string(struct xenstore *xs, const char *path)
{
    struct xs_node *n = xs_tree_find(xs->root, path);
    char *text = n ? kmalloc(n->value_len + 1) : NULL;

    if (text && n->value_len)
        memcpy(text, n->value, n->value_len);
    return text;
}

bool xs_read_u64(struct xenstore *xs, const char *path, uint64_t *ret)
{
    struct xs_node *n = xs_tree_find(xs->root, path);
    char text[sizeof("0x") + 20];

    if (!n || !n->value_len || n->value_len >= sizeof(text))
        return false;
    memcpy(text, n->value, n->value_len);
    text[n->value_len] = '\0';
    return strlen(text) == n->value_len && xs_parse_u64(text, ret);
}

int xs_write_string(struct xenstore *xs, const char *path, const char *value)
{
    return apply(xs, &(struct xs_op){ XS_OP_WRITE, path, value, (uint32_t)strlen(value), NULL });
}

int xs_write_u64(struct xenstore *xs, const char *path, uint64_t value)
{
    char text[24];

    snprintk(text, sizeof(text), "%llu", (unsigned long long)value);
    return xs_write_string(xs, path, text);
}

int xs_remove(struct xenstore *xs, const char *path)
{
    return apply(xs, &(struct xs_op){ .kind = XS_OP_REMOVE, .path = path });
}

char *xs_list(struct xenstore *xs, const char *path, size_t *ret_len)
{
    struct xs_node *n = xs_tree_find(xs->root, path);
    char *list = n ? kmalloc(n->list_len + 1) : NULL, *p = list;

    if (!list)
        return NULL;
    for (uint32_t i = 0; i < n->nr_children; i++) {
        const struct xs_node *child = n->child[i].node;

        memcpy(p, child->name, child->name_len + 1);
        p += child->name_len + 1;
    }
    *ret_len = n->list_len;
    return list;
}
