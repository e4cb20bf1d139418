/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The requests (io/xs_wire.h): one row each. */
#include "alloc.h"
#include "conn.h"
#include "path.h"
#include "perms.h"
#include "printk.h"
#include "store.h"
#include "string.h"
#include "transaction.h"
#include "watch.h"
#include <xen/errno.h>
#include <xen/xen.h>

struct request {
    struct xs_conn *conn;
    struct xenstore *xs;
    struct xs_tx *tx; /* or NULL */
    struct xs_ctx ctx;
    const char *arg; /* the payload, NUL-terminated unless the row says otherwise */
    uint32_t len;
    const char *path; /* the first string as an absolute valid path, with F_PATH */
    const char *rest; /* what follows the first string */
    uint32_t rest_len;
};

/* Handlers return 0, with or without a reply set (then it is "OK"), or -XEN_E*. */
typedef int request_fn(struct request *rq);

#define F_PATH    1U /* the first string is a node's path */
#define F_SPECIAL 2U /* ... or a special one */
#define F_DOM0    4U
#define F_NO_TX   8U  /* the transaction id means nothing */
#define F_RAW     16U /* what follows the strings is bytes, not strings */

struct row {
    request_fn *fn;
    uint8_t min_strings, max_strings;
    uint8_t flags;
};

static const struct {
    int err;
    const char *text;
} error_text[] = {
    /* The names that xs_wire.h lists. */
    { XEN_EINVAL, "EINVAL" }, { XEN_EACCES, "EACCES" },   { XEN_EEXIST, "EEXIST" },
    { XEN_EISDIR, "EISDIR" }, { XEN_ENOENT, "ENOENT" },   { XEN_ENOMEM, "ENOMEM" },
    { XEN_ENOSPC, "ENOSPC" }, { XEN_EIO, "EIO" },         { XEN_ENOTEMPTY, "ENOTEMPTY" },
    { XEN_ENOSYS, "ENOSYS" }, { XEN_EROFS, "EROFS" },     { XEN_EBUSY, "EBUSY" },
    { XEN_EAGAIN, "EAGAIN" }, { XEN_EISCONN, "EISCONN" }, { XEN_E2BIG, "E2BIG" },
    { XEN_EPERM, "EPERM" },
};

static int reply(struct request *rq, const void *data, size_t len)
{
    if (len > XENSTORE_PAYLOAD_MAX)
        return -XEN_E2BIG;
    xs_conn_reply(rq->conn, rq->conn->in.hdr.type, data, len);
    return 0;
}

static int reply_string(struct request *rq, const char *text)
{
    return reply(rq, text, strlen(text) + 1);
}

static void reply_error(struct xs_conn *c, int err)
{
    const char *text = error_text[0].text;

    for (size_t i = 0; i < ARRAY_SIZE(error_text); i++) {
        if (error_text[i].err == err)
            text = error_text[i].text;
    }
    xs_conn_reply(c, XS_ERROR, text, strlen(text) + 1);
}

/* Finds the node, and notes in a transaction what of it the request depends on. */
static int look_up(struct request *rq, uint32_t want, uint32_t what, struct xs_node **ret)
{
    int err = rq->tx ? xs_tx_note(rq->tx, rq->path, what) : 0;

    return err ? err : xs_lookup(&rq->ctx, rq->path, want, ret);
}

static int change(struct request *rq, const struct xs_op *op, uint32_t what)
{
    struct xs_changes changes = { NULL, NULL };
    int err;

    if (rq->tx) {
        err = xs_tx_note(rq->tx, rq->path, what);
        return err ? err : xs_tx_apply(rq->tx, op);
    }
    rq->ctx.changes = &changes;
    err = xs_op_apply(&rq->ctx, op);
    xs_fire(rq->xs, &changes);
    return err;
}

static int do_read(struct request *rq)
{
    struct xs_node *n;
    int err = look_up(rq, XS_MAY_READ, XS_TX_NODE, &n);

    return err ? err : reply(rq, n->value, n->value_len);
}

/* Children's names, each with its NUL, as many whole ones as fit; skip: bytes of the list left
 * out. */
static size_t list_children(const struct xs_node *n, size_t skip, char *buf, size_t size,
                            bool *ret_all)
{
    size_t pos = 0, len = 0;

    *ret_all = true;
    for (uint32_t i = 0; i < n->nr_children; i++) {
        const struct xs_node *child = n->child[i].node;

        pos += child->name_len + 1;
        if (pos <= skip)
            continue;
        if (len + child->name_len + 1 > size) {
            *ret_all = false;
            break;
        }
        memcpy(buf + len, child->name, child->name_len + 1);
        len += child->name_len + 1;
    }
    return len;
}

static int do_directory(struct request *rq)
{
    char *buf = rq->conn->reply.payload;
    struct xs_node *n;
    bool all;
    int err = look_up(rq, XS_MAY_READ, XS_TX_CHILDREN, &n);

    if (err)
        return err;
    if (n->list_len > XENSTORE_PAYLOAD_MAX)
        return -XEN_E2BIG;
    return reply(rq, buf, list_children(n, 0, buf, XENSTORE_PAYLOAD_MAX, &all));
}

/* Reply: the list's generation, then names from the offset on; an empty name ends the list. */
static int do_directory_part(struct request *rq)
{
    char *buf = rq->conn->reply.payload;
    struct xs_node *n;
    uint64_t offset;
    size_t len;
    bool all;
    int err;

    if (!xs_parse_uint(rq->rest, UINT32_MAX, &offset))
        return -XEN_EINVAL;
    err = look_up(rq, XS_MAY_READ, XS_TX_CHILDREN, &n);
    if (err)
        return err;
    len = (size_t)snprintk(buf, XENSTORE_PAYLOAD_MAX, "%llu", (unsigned long long)n->list_gen) + 1;
    len += list_children(n, offset, buf + len, XENSTORE_PAYLOAD_MAX - len - 1, &all);
    if (all)
        buf[len++] = '\0';
    return reply(rq, buf, len);
}

static int do_write(struct request *rq)
{
    struct xs_op op = { XS_OP_WRITE, rq->path, rq->rest, rq->rest_len, NULL };

    return change(rq, &op, XS_TX_NODE);
}

static int do_mkdir(struct request *rq)
{
    struct xs_op op = { XS_OP_MKDIR, rq->path, NULL, 0, NULL };

    return change(rq, &op, XS_TX_EXISTS);
}

static int do_rm(struct request *rq)
{
    struct xs_op op = { XS_OP_REMOVE, rq->path, NULL, 0, NULL };

    return change(rq, &op, XS_TX_NODE | XS_TX_CHILDREN);
}

static int do_get_perms(struct request *rq)
{
    enum xs_special special = xs_special_find(rq->path);
    char *buf = rq->conn->reply.payload;
    const struct xs_perms *perms;
    size_t len = 0;

    if (special < XS_SPECIAL_COUNT) {
        perms = rq->xs->special[special];
        if (!(xs_perms_access(perms, rq->ctx.domid) & XS_MAY_READ))
            return -XEN_EACCES;
    } else {
        struct xs_node *n;
        int err = look_up(rq, XS_MAY_READ, XS_TX_NODE, &n);

        if (err)
            return err;
        perms = n->perms;
    }
    for (uint32_t i = 0; i < perms->nr; i++) {
        if (len + XS_PERM_TEXT_MAX > XENSTORE_PAYLOAD_MAX)
            return -XEN_E2BIG;
        len += xs_perm_format(&perms->entry[i], buf + len) + 1;
    }
    return reply(rq, buf, len);
}

static int parse_perms(struct request *rq, struct xs_perms **ret)
{
    const char *text = rq->rest, *end = rq->rest + rq->rest_len;
    struct xs_perms *perms;
    uint32_t nr = 0;

    for (const char *p = text; p < end; p += strlen(p) + 1)
        nr++;
    perms = xs_perms_new(nr);
    if (!perms)
        return -XEN_ENOMEM;
    for (uint32_t i = 0; i < nr; i++, text += strlen(text) + 1) {
        if (!xs_perm_parse(text, &perms->entry[i])) {
            xs_perms_put(perms);
            return -XEN_EINVAL;
        }
    }
    *ret = perms;
    return 0;
}

static int do_set_perms(struct request *rq)
{
    enum xs_special special = xs_special_find(rq->path);
    struct xs_op op = { XS_OP_SET_PERMS, rq->path, NULL, 0, NULL };
    int err;

    if (special < XS_SPECIAL_COUNT && rq->ctx.domid)
        return -XEN_EACCES;
    err = parse_perms(rq, &op.perms);
    if (err)
        return err;
    if (special < XS_SPECIAL_COUNT) {
        xs_perms_put(rq->xs->special[special]);
        rq->xs->special[special] = op.perms;
        return 0;
    }
    err = change(rq, &op, XS_TX_NODE);
    xs_perms_put(op.perms);
    return err;
}

/* rq->path without the home that the request left out. */
static uint32_t watch_skip(const struct request *rq)
{
    if (rq->arg[0] == '/' || rq->arg[0] == '@')
        return 0;
    return (uint32_t)strlen(rq->conn->home) + 1;
}

static int do_watch(struct request *rq)
{
    int err = xs_conn_watch(rq->conn, rq->path, rq->rest, watch_skip(rq));

    if (err)
        return err;
    reply_string(rq, "OK");
    xs_watch_fire_first(rq->conn);
    return 0;
}

static int do_unwatch(struct request *rq)
{
    return xs_conn_unwatch(rq->conn, rq->path, rq->rest);
}

static int do_reset_watches(struct request *rq)
{
    xs_conn_unwatch_all(rq->conn);
    xs_tx_end_all(rq->conn);
    return 0;
}

static int do_transaction_start(struct request *rq)
{
    char text[sizeof("4294967295")];
    uint32_t id;
    int err;

    if (rq->tx)
        return -XEN_EBUSY;
    err = xs_tx_start(rq->conn, &id);
    if (err)
        return err;
    snprintk(text, sizeof(text), "%u", id);
    return reply_string(rq, text);
}

static int do_transaction_end(struct request *rq)
{
    if (strcmp(rq->arg, "T") != 0 && strcmp(rq->arg, "F") != 0)
        return -XEN_EINVAL;
    if (!rq->tx)
        return -XEN_ENOENT;
    return xs_tx_end(rq->tx, rq->arg[0] == 'T');
}

/* The one domain that these requests can mean is the guest. */
static int parse_domid(const struct request *rq, uint32_t *ret)
{
    uint64_t domid;

    if (!xs_parse_uint(rq->arg, DOMID_SELF, &domid))
        return -XEN_EINVAL;
    *ret = (uint32_t)domid;
    return 0;
}

static int parse_guest(const struct request *rq)
{
    uint32_t domid = 0;
    int err = parse_domid(rq, &domid);

    if (err)
        return err;
    return domid == rq->xs->guest_domid ? 0 : -XEN_ENOENT;
}

/* The ring's frame and port stay those of start_info: hv has mapped and bound them. */
static int do_introduce(struct request *rq)
{
    int err = parse_guest(rq);

    if (err)
        return -XEN_EINVAL;
    if (!rq->xs->guest_introduced) {
        rq->xs->guest_introduced = true;
        xs_fire_special(rq->xs, XS_INTRODUCE_DOMAIN);
    }
    return 0;
}

static int do_release(struct request *rq)
{
    int err = parse_guest(rq);

    if (err)
        return err;
    if (!rq->xs->guest_introduced)
        return -XEN_ENOENT;
    rq->xs->guest_introduced = false;
    for (struct xs_conn *c = rq->xs->conns; c; c = c->next) {
        if (c->domid == rq->xs->guest_domid)
            xs_conn_reset(c);
    }
    xs_fire_special(rq->xs, XS_RELEASE_DOMAIN);
    return 0;
}

static int do_resume(struct request *rq)
{
    return parse_guest(rq);
}

/* A device-model domain of another domain: there is no other domain here. */
static int do_set_target(struct request *rq)
{
    int err = parse_guest(rq);
    uint64_t target;

    if (!xs_parse_uint(rq->rest, DOMID_SELF, &target))
        return -XEN_EINVAL;
    return err ? err : -XEN_ENOENT;
}

static int do_is_domain_introduced(struct request *rq)
{
    uint32_t domid;
    int err = parse_domid(rq, &domid);
    bool known;

    if (err)
        return err;
    known = domid == 0 || domid == DOMID_SELF ||
            (domid == rq->xs->guest_domid && rq->xs->guest_introduced);
    return reply_string(rq, known ? "T" : "F");
}

static int do_get_domain_path(struct request *rq)
{
    char home[XS_HOME_MAX];
    uint32_t domid;
    int err = parse_domid(rq, &domid);

    if (err)
        return err;
    snprintk(home, sizeof(home), "/local/domain/%u", domid);
    return reply_string(rq, home);
}

/* xenstore-control: of its commands only those that mean something here. */
static int do_control(struct request *rq)
{
    if (strcmp(rq->arg, "print") == 0 && rq->rest_len) {
        printk(LOG_INFO, "xenstore: '%s'", rq->rest);
        return 0;
    }
    if (strcmp(rq->arg, "help") == 0)
        return reply_string(rq, "print <text>\nhelp\n");
    return -XEN_EINVAL;
}

#define MANY 255

static const struct row rows[XS_TYPE_COUNT] = {
    [XS_CONTROL] = { do_control, 1, MANY, F_DOM0 },
    [XS_DIRECTORY] = { do_directory, 1, 1, F_PATH },
    [XS_READ] = { do_read, 1, 1, F_PATH },
    [XS_GET_PERMS] = { do_get_perms, 1, 1, F_PATH | F_SPECIAL },
    [XS_WATCH] = { do_watch, 2, MANY, F_PATH | F_SPECIAL | F_NO_TX },
    [XS_UNWATCH] = { do_unwatch, 2, MANY, F_PATH | F_SPECIAL | F_NO_TX },
    [XS_TRANSACTION_START] = { do_transaction_start, 0, MANY, F_RAW },
    [XS_TRANSACTION_END] = { do_transaction_end, 1, 1, 0 },
    [XS_INTRODUCE] = { do_introduce, 3, MANY, F_DOM0 },
    [XS_RELEASE] = { do_release, 1, 1, F_DOM0 },
    [XS_GET_DOMAIN_PATH] = { do_get_domain_path, 1, 1, 0 },
    [XS_WRITE] = { do_write, 1, MANY, F_PATH | F_RAW },
    [XS_MKDIR] = { do_mkdir, 1, 1, F_PATH },
    [XS_RM] = { do_rm, 1, 1, F_PATH },
    [XS_SET_PERMS] = { do_set_perms, 2, MANY, F_PATH | F_SPECIAL },
    [XS_IS_DOMAIN_INTRODUCED] = { do_is_domain_introduced, 1, 1, 0 },
    [XS_RESUME] = { do_resume, 1, 1, F_DOM0 },
    [XS_SET_TARGET] = { do_set_target, 2, MANY, F_DOM0 },
    [XS_RESET_WATCHES] = { do_reset_watches, 0, MANY, F_RAW | F_NO_TX },
    [XS_DIRECTORY_PART] = { do_directory_part, 2, MANY, F_PATH },
};

/* NUL-terminated strings in the payload; the last one must be, unless bytes may follow. */
static bool count_ok(const struct row *row, const struct request *rq)
{
    uint32_t count = 0;

    if (!(row->flags & F_RAW) && (!rq->len || rq->arg[rq->len - 1]))
        return false;
    for (uint32_t i = 0; i < rq->len && count < MANY; i++)
        count += rq->arg[i] == '\0';
    return count >= row->min_strings && count <= row->max_strings;
}

/* Sets rq->path from the first string: as it is, or below the connection's home. */
static int resolve(struct request *rq, uint32_t flags)
{
    struct xs_conn *c = rq->conn;

    if (rq->arg[0] == '@') {
        rq->path = rq->arg;
        return flags & F_SPECIAL && strlen(rq->arg) <= XENSTORE_REL_PATH_MAX ? 0 : -XEN_EINVAL;
    }
    if (rq->arg[0] == '/') {
        rq->path = rq->arg;
    } else {
        if (snprintk(c->path, sizeof(c->path), "%s/%s", c->home, rq->arg) >= (int)sizeof(c->path))
            return -XEN_EINVAL;
        rq->path = c->path;
    }
    if (!xs_path_valid(rq->path) || (c->domid && !xs_path_within_quota(rq->path)))
        return -XEN_EINVAL;
    return 0;
}

static int serve(struct xs_conn *c)
{
    const struct row *row = c->in.hdr.type < XS_TYPE_COUNT ? &rows[c->in.hdr.type] : NULL;
    struct request rq = { .conn = c, .xs = c->xs, .arg = c->in.payload, .len = c->in.hdr.len };
    size_t first;
    int err;

    if (!row || !row->fn)
        return -XEN_ENOSYS;
    if (row->flags & F_DOM0 && c->domid)
        return -XEN_EACCES;
    rq.ctx = (struct xs_ctx){ c->xs, &c->xs->root, c->domid, NULL };
    if (c->in.hdr.tx_id && !(row->flags & F_NO_TX)) {
        rq.tx = xs_tx_find(c, c->in.hdr.tx_id);
        if (!rq.tx)
            return -XEN_ENOENT;
        rq.ctx = xs_tx_ctx(rq.tx);
    }
    if (!count_ok(row, &rq))
        return -XEN_EINVAL;
    if (row->min_strings) {
        first = strlen(rq.arg) + 1;
        rq.rest = rq.arg + first;
        rq.rest_len = rq.len - (uint32_t)first;
    }
    err = row->flags & F_PATH ? resolve(&rq, row->flags) : 0;
    return err ? err : row->fn(&rq);
}

void xs_serve(struct xs_conn *c)
{
    int err = serve(c);

    if (err)
        reply_error(c, -err);
    else if (!c->reply_len)
        xs_conn_reply(c, c->in.hdr.type, "OK", sizeof("OK"));
}
