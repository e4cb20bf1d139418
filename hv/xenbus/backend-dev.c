/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A back-end device's nodes: reading, writing, reporting errors. */
#include "backend-state.h"
#include "alloc.h"
#include "domain.h"
#include "printk.h"
#include "string.h"
#include <stdarg.h>
#include <xen/errno.h>
#include <xen/io/xs_wire.h>

#define ERROR_ROOT "/local/domain/0/error"
#define TEXT_MAX   256

char *backend_join(const char *dir, const char *key)
{
    size_t len = strlen(dir) + 1 + strlen(key) + 1;
    char *path = kmalloc(len);

    if (path)
        snprintk(path, len, "%s/%s", dir, key);
    return path;
}

static char *read_node(struct xenstore *xs, const char *dir, const char *key)
{
    char *path = backend_join(dir, key);
    char *value = path ? xs_read_string(xs, path) : NULL;

    kfree(path);
    return value;
}

static bool read_u64(struct xenstore *xs, const char *dir, const char *key, uint64_t *ret)
{
    char *path = backend_join(dir, key);
    bool ok = path && xs_read_u64(xs, path, ret);

    kfree(path);
    return ok;
}

char *backend_read_frontend(struct backend_dev *dev, const char *key)
{
    return read_node(dev->domain->store, dev->frontend, key);
}

bool backend_read_frontend_u64(struct backend_dev *dev, const char *key, uint64_t *ret)
{
    return read_u64(dev->domain->store, dev->frontend, key, ret);
}

char *backend_read(struct backend_dev *dev, const char *key)
{
    return read_node(dev->domain->store, dev->path, key);
}

bool backend_read_u64(struct backend_dev *dev, const char *key, uint64_t *ret)
{
    return read_u64(dev->domain->store, dev->path, key, ret);
}

XenbusState backend_read_state(struct xenstore *xs, const char *dir)
{
    uint64_t state;

    if (!read_u64(xs, dir, "state", &state) || state > XenbusStateReconfigured)
        return XenbusStateUnknown;
    return (XenbusState)state;
}

static int write_text(struct xenstore *xs, const char *dir, const char *key, const char *text)
{
    char *path = backend_join(dir, key);
    int err = path ? xs_write_string(xs, path, text) : -XEN_ENOMEM;

    kfree(path);
    return err;
}

int backend_write(struct backend_dev *dev, const char *key, const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list ap;
    int len;

    va_start(ap, fmt);
    len = vsnprintk(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (len >= (int)sizeof(text))
        return -XEN_E2BIG;
    return write_text(dev->domain->store, dev->path, key, text);
}

/* As Linux's xenbus_dev_error(): "<errno> <text>" in error/<back end's path>/error. */
static void write_error(struct xenstore *xs, const char *path, int err, const char *text)
{
    char line[TEXT_MAX + 16];
    char *dir = backend_join(ERROR_ROOT, path + strlen("/local/domain/0/"));

    snprintk(line, sizeof(line), "%d %s", -err, text);
    if (!dir || write_text(xs, dir, "error", line))
        printk(LOG_WARNING, "backend '%s': no memory to report the error in the store", path);
    kfree(dir);
}

static bool said_before(struct backend_dev *dev, const char *text)
{
    struct backend_state *st = dev->state;
    size_t len = strlen(text) + 1;

    if (st->last_error && strcmp(st->last_error, text) == 0)
        return true;
    kfree(st->last_error);
    st->last_error = kmalloc(len);
    if (st->last_error)
        memcpy(st->last_error, text, len);
    return false;
}

static int report(struct backend_dev *dev, int err, const char *fmt, va_list ap)
{
    char text[TEXT_MAX];

    vsnprintk(text, sizeof(text), fmt, ap);
    if (!said_before(dev, text)) {
        printk_guest(LOG_ERROR, "backend '%s': %s (error %d)", dev->path, text, -err);
        write_error(dev->domain->store, dev->path, err, text);
    }
    return err;
}

int backend_error(struct backend_dev *dev, int err, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report(dev, err, fmt, ap);
    va_end(ap);
    return err;
}

void backend_fail(struct backend_dev *dev, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report(dev, -XEN_EIO, fmt, ap);
    va_end(ap);
    backend_close_later(dev);
}

void backend_report_unserved(struct xenstore *xs, const char *path, const char *why)
{
    char *dir = backend_join(ERROR_ROOT, path + strlen("/local/domain/0/"));
    char *before = dir ? read_node(xs, dir, "error") : NULL;

    if (!before) {
        printk(LOG_WARNING, "backend '%s': %s", path, why);
        write_error(xs, path, -XEN_EOPNOTSUPP, why);
    }
    kfree(before);
    kfree(dir);
}
