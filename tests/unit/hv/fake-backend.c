/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-backend.h"

#include "fake-virtio.h"
#include "grant.h"
#include <xen/xen.h>
#include <xen/grant_table.h>
#include <stdarg.h>
#include <stdlib.h>

struct fake_backend fake_backend;

static GHashTable *frontend_nodes, *backend_nodes;

static struct {
    evtchn_handler_fn *handler;
    void *opaque;
} ports[FAKE_NR_PORTS];

static struct {
    enum fake_grant kind;
    uint16_t offset, length;
    unsigned int readers, writers;
} grants[HARNESS_GUEST_PAGES];

void fake_backend_init(struct domain *d, const struct backend_type *type)
{
    fake_backend = (struct fake_backend){
        .dev = { .domain = d, .type = type, .devid = FAKE_DEVID, .bdf = FAKE_BDF }
    };
    frontend_nodes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    backend_nodes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    memset(ports, 0, sizeof(ports));
    for (unsigned int i = 0; i < HARNESS_GUEST_PAGES; i++) {
        memset(&grants[i], 0, sizeof(grants[i]));
        grants[i].kind = FAKE_GRANT_WRITE;
        grants[i].length = PAGE_SIZE;
    }
}

void fake_backend_clear(void)
{
    g_clear_pointer(&frontend_nodes, g_hash_table_destroy);
    g_clear_pointer(&backend_nodes, g_hash_table_destroy);
}

/* ---- nodes ---- */

void fake_frontend_set(const char *key, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_hash_table_insert(frontend_nodes, g_strdup(key), g_strdup_vprintf(fmt, ap));
    va_end(ap);
}

void fake_backend_set(const char *key, const char *value)
{
    g_hash_table_insert(backend_nodes, g_strdup(key), g_strdup(value));
}

const char *fake_backend_get(const char *key)
{
    return g_hash_table_lookup(backend_nodes, key);
}

static char *read_node(GHashTable *nodes, const char *key)
{
    const char *value = g_hash_table_lookup(nodes, key);
    char *copy = value ? kmalloc(strlen(value) + 1) : NULL;

    return copy ? strcpy(copy, value) : NULL;
}

static bool read_u64(GHashTable *nodes, const char *key, uint64_t *ret)
{
    const char *value = g_hash_table_lookup(nodes, key);
    char *end;
    uint64_t v;

    if (!value || !*value)
        return false;
    v = strtoull(value, &end, 10);
    if (*end)
        return false;
    *ret = v;
    return true;
}

char *backend_read(struct backend_dev *dev, const char *key)
{
    return read_node(backend_nodes, key);
}

bool backend_read_u64(struct backend_dev *dev, const char *key, uint64_t *ret)
{
    return read_u64(backend_nodes, key, ret);
}

char *backend_read_frontend(struct backend_dev *dev, const char *key)
{
    return read_node(frontend_nodes, key);
}

bool backend_read_frontend_u64(struct backend_dev *dev, const char *key, uint64_t *ret)
{
    return read_u64(frontend_nodes, key, ret);
}

/* Any number there is finds the one device there is. */
int backend_read_bdf(struct backend_dev *dev, const char *key, uint16_t *ret)
{
    *ret = FAKE_BDF;
    return g_hash_table_contains(backend_nodes, key) ? 0 : -XEN_ENOENT;
}

int backend_write(struct backend_dev *dev, const char *key, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_hash_table_insert(backend_nodes, g_strdup(key), g_strdup_vprintf(fmt, ap));
    va_end(ap);
    return 0;
}

int backend_error(struct backend_dev *dev, int err, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_vsnprintf(fake_backend.last_error, sizeof(fake_backend.last_error), fmt, ap);
    va_end(ap);
    fake_backend.nr_errors++;
    g_assert_cmpint(err, <, 0);
    return err;
}

void backend_fail(struct backend_dev *dev, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_vsnprintf(fake_backend.last_error, sizeof(fake_backend.last_error), fmt, ap);
    va_end(ap);
    fake_backend.nr_fails++;
}

void backend_touch_state(struct backend_dev *dev)
{
    fake_backend.nr_touched++;
}

/* ---- events ---- */

int evtchn_bind_hv(struct domain *d, uint32_t port, evtchn_handler_fn *handler, void *opaque)
{
    if (port == 0 || port >= FAKE_NR_PORTS || ports[port].handler)
        return -XEN_EINVAL;
    ports[port].handler = handler;
    ports[port].opaque = opaque;
    fake_backend.nr_bound++;
    handler(opaque);
    return 0;
}

void evtchn_unbind_hv(struct domain *d, uint32_t port, evtchn_handler_fn *handler, void *opaque)
{
    if (port >= FAKE_NR_PORTS || ports[port].handler != handler || ports[port].opaque != opaque)
        return;
    ports[port].handler = NULL;
    fake_backend.nr_bound--;
}

void evtchn_notify_guest(struct domain *d, uint32_t port)
{
    g_assert_true(port < FAKE_NR_PORTS && ports[port].handler);
    fake_backend.nr_notified[port]++;
}

void fake_guest_send(uint32_t port)
{
    if (port < FAKE_NR_PORTS && ports[port].handler)
        ports[port].handler(ports[port].opaque);
    harness_run_softirqs();
}

/* ---- grants ---- */

void fake_grant_set(uint32_t ref, enum fake_grant kind)
{
    grants[ref - FAKE_REF_BASE].kind = kind;
}

void fake_grant_limit(uint32_t ref, uint16_t offset, uint16_t length)
{
    grants[ref - FAKE_REF_BASE].offset = offset;
    grants[ref - FAKE_REF_BASE].length = length;
}

int grant_begin(struct domain *d, uint32_t ref, bool write, struct grant_frame *ret)
{
    uint32_t i = ref - FAKE_REF_BASE;

    if (i >= HARNESS_GUEST_PAGES || grants[i].kind == FAKE_GRANT_NONE)
        return GNTST_bad_gntref;
    if (write && grants[i].kind != FAKE_GRANT_WRITE)
        return GNTST_permission_denied;
    *(write ? &grants[i].writers : &grants[i].readers) += 1;
    *ret = (struct grant_frame){
        .mfn = harness_mfn(i), .offset = grants[i].offset, .length = grants[i].length
    };
    return 0;
}

void grant_end(struct domain *d, uint32_t ref, bool write)
{
    uint32_t i = ref - FAKE_REF_BASE;
    unsigned int *users;

    g_assert_cmpuint(i, <, HARNESS_GUEST_PAGES);
    users = write ? &grants[i].writers : &grants[i].readers;
    g_assert_cmpuint(*users, >, 0);
    *users -= 1;
}

unsigned int grant_begin_many(struct domain *d, const uint32_t *refs, unsigned int nr, bool write, struct grant_frame *ret)
{
    unsigned int i = 0;

    while (i < nr && grant_begin(d, refs[i], write, &ret[i]) == 0)
        i++;
    return i;
}

void grant_end_many(struct domain *d, const uint32_t *refs, unsigned int nr, bool write)
{
    for (unsigned int i = 0; i < nr; i++)
        grant_end(d, refs[i], write);
}

unsigned int fake_grants_in_use(void)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < HARNESS_GUEST_PAGES; i++)
        n += grants[i].readers + grants[i].writers;
    return n;
}
