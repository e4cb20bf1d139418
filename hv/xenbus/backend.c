/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The back ends' state machine (io/xenbus.h). It is driven by levels, not by edges: whenever a
 * watch fires, the device is moved on from what the store says now. So it does not matter how often
 * a watch fires, or whether a front end was quick and passed through states unseen.
 *
 * Our state goes Initialising (as the toolstack made it) -> InitWait -> Connected -> Closing ->
 * Closed, and from anywhere back to InitWait when the front end starts again (driver reload, kexec,
 * GRUB handing over to Linux).
 */
#include "backend-state.h"
#include "alloc.h"
#include "domain.h"
#include "irq.h"
#include "kanzen-abi.h"
#include "path.h"
#include "pci.h"
#include "printk.h"
#include "string.h"
#include <xen/errno.h>

struct backends {
    struct domain *domain;
    struct backend_state *devices;
    struct softirq work; /* looks at devices that are due */
};

/* One domain per hv: the back ends of its guest. */
static struct backends backends;

static void set_state(struct backend_state *st, XenbusState state)
{
    if (st->state == state)
        return;
    st->state = state;
    if (backend_write(&st->dev, "state", "%d", state))
        printk(LOG_ERROR, "backend '%s': cannot write state %d", st->dev.path, state);
}

void backend_touch_state(struct backend_dev *dev)
{
    backend_write(dev, "state", "%d", dev->state->state);
}

static void look_later(struct backend_state *st)
{
    st->due = true;
    softirq_raise(&backends.work);
}

void backend_close_later(struct backend_dev *dev)
{
    dev->state->failed = true;
    look_later(dev->state);
}

void backend_disconnected(struct backend_dev *dev)
{
    dev->state->disconnecting = false;
    look_later(dev->state);
}

/* Stops serving the front end. false: it goes on in backend_disconnected(). */
static bool release(struct backend_state *st)
{
    if (!st->connected)
        return true;
    st->connected = false;
    st->disconnecting = !st->dev.type->disconnect(&st->dev);
    return !st->disconnecting;
}

static void unprobe(struct backend_state *st)
{
    if (st->probed)
        st->dev.type->remove(&st->dev);
    st->probed = false;
}

/* dom0 takes the device away, and with it the machine's. */
static void give_back(struct backend_state *st)
{
    unprobe(st);
    if (st->dev.bdf != BACKEND_NO_BDF)
        pci_eject(st->dev.bdf);
    st->dev.bdf = BACKEND_NO_BDF;
}

/* Opens the device and shows what it can do. */
static bool probe(struct backend_state *st)
{
    const struct backend_node *feature = st->dev.type->features;

    if (st->probed)
        return true;
    if (st->unusable)
        return false;
    if (st->dev.type->probe(&st->dev)) {
        st->unusable = true;
        return false;
    }
    st->probed = true;
    for (; feature && feature->key; feature++) {
        if (backend_write(&st->dev, feature->key, "%s", feature->value)) {
            backend_error(&st->dev, -XEN_ENOMEM, "cannot write '%s'", feature->key);
            unprobe(st);
            return false;
        }
    }
    return true;
}

static void connect(struct backend_state *st)
{
    if (st->dev.type->connect(&st->dev)) {
        set_state(st, XenbusStateClosing);
        return;
    }
    st->connected = true;
    st->failed = false;
    set_state(st, XenbusStateConnected);
}

/* What the front end's state asks of us. */
enum front { FRONT_ABSENT, FRONT_FRESH, FRONT_BUSY, FRONT_READY, FRONT_CLOSING, FRONT_CLOSED };

static const enum front front_of[] = {
    [XenbusStateUnknown] = FRONT_ABSENT,    [XenbusStateInitialising] = FRONT_FRESH,
    [XenbusStateInitWait] = FRONT_BUSY,     [XenbusStateInitialised] = FRONT_READY,
    [XenbusStateConnected] = FRONT_READY,   [XenbusStateClosing] = FRONT_CLOSING,
    [XenbusStateClosed] = FRONT_CLOSED,     [XenbusStateReconfiguring] = FRONT_BUSY,
    [XenbusStateReconfigured] = FRONT_BUSY,
};

/* When the toolstack sees Closed in a device it wanted back, the machine's is gone already. */
static void set_closed(struct backend_state *st, bool online)
{
    if (!online)
        give_back(st);
    set_state(st, XenbusStateClosed);
}

/* Follows the front end. online: dom0 wants the device to stay. */
static void follow(struct backend_state *st, enum front front, bool online)
{
    bool wanted;

    switch (front) {
    case FRONT_READY:
        if (st->state == XenbusStateInitWait)
            connect(st);
        return;
    case FRONT_BUSY:
        if (!online && st->state == XenbusStateClosing && !st->connected)
            set_closed(st, online); /* it holds nothing it would have to close */
        return;
    case FRONT_FRESH:
        if (!release(st))
            return;
        wanted = online || st->state < XenbusStateClosing;
        if (wanted && probe(st))
            set_state(st, XenbusStateInitWait);
        else
            set_closed(st, online);
        return;
    case FRONT_CLOSING:
        /* Its ring is good until it says Closed: a disk that is in use stays served meanwhile. */
        if (st->state != XenbusStateClosed)
            set_state(st, XenbusStateClosing);
        return;
    case FRONT_ABSENT:
        /* Not made yet, unless we have seen it. */
        if (st->state <= XenbusStateInitWait)
            return;
        /* fallthrough */
    case FRONT_CLOSED:
        if (release(st))
            set_closed(st, online);
        return;
    }
}

static void device_free(struct backend_state *st)
{
    struct backend_state **link;

    for (link = &backends.devices; *link != st; link = &(*link)->next)
        ;
    *link = st->next;
    xs_unwatch(st->front_watch);
    kfree(st->dev.path);
    kfree(st->dev.frontend);
    kfree(st->last_error);
    kfree(st);
}

/* Moves a device on. false: it is gone and st with it. */
static bool step(struct backend_state *st)
{
    struct xenstore *xs = st->dev.domain->store;
    XenbusState stored = backend_read_state(xs, st->dev.path);
    uint64_t online = 1;

    st->due = false;
    if (st->disconnecting)
        return true;
    /* dom0 removed the directory, or did and made another (Initialising is never ours to write). */
    if (stored == XenbusStateUnknown ||
        (stored == XenbusStateInitialising && st->state != XenbusStateInitialising)) {
        if (!release(st))
            return true;
        if (stored == XenbusStateUnknown)
            give_back(st);
        unprobe(st);
        device_free(st);
        return false;
    }
    /* dom0 asks for the device back: the front end sees it too, and closes. */
    if (stored == XenbusStateClosing && st->state < XenbusStateClosing)
        st->state = XenbusStateClosing;
    if (st->failed) {
        st->failed = false;
        set_state(st, XenbusStateClosing);
        release(st);
    }
    backend_read_u64(&st->dev, "online", &online);
    if (!st->disconnecting)
        follow(st, front_of[backend_read_state(xs, st->dev.frontend)], online);
    if (!online && st->state == XenbusStateClosed)
        give_back(st);
    return true;
}

/* The part of path below dir, "" for dir itself; NULL when dir lies below path (it was made or
 * removed with it). */
static const char *key_below(const char *dir, const char *path)
{
    size_t len = strlen(dir);

    if (!xs_path_covers(dir, path))
        return NULL;
    return path[len] ? path + len + 1 : path + len;
}

static void node_changed(struct backend_state *st, bool in_frontend, const char *key)
{
    if (key && *key && strcmp(key, "state") != 0 && st->connected && st->dev.type->changed)
        st->dev.type->changed(&st->dev, in_frontend, key);
}

static void frontend_changed(void *opaque, const char *path)
{
    struct backend_state *st = opaque;
    const char *key = key_below(st->dev.frontend, path);

    node_changed(st, true, key);
    if (!key || !*key || strcmp(key, "state") == 0)
        look_later(st);
}

/* "BB:DD.F", hexadecimal. */
static bool parse_bdf(const char *text, uint16_t *ret)
{
    static const char form[] = "xx:xx.x";
    unsigned int digit[5], n = 0;

    for (size_t i = 0; i < sizeof(form); i++) {
        char c = text[i];

        if (form[i] != 'x') {
            if (c != form[i])
                return false;
        } else if (c >= '0' && c <= '9') {
            digit[n++] = (unsigned int)(c - '0');
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            digit[n++] = (unsigned int)((c | 0x20) - 'a') + 10;
        } else {
            return false;
        }
    }
    if (digit[2] > 1 || digit[4] > 7)
        return false;
    *ret = (uint16_t)(digit[0] << 12 | digit[1] << 8 | digit[2] << 7 | digit[3] << 3 | digit[4]);
    return true;
}

int backend_read_bdf(struct backend_dev *dev, const char *key, uint16_t *ret)
{
    char *text = backend_read(dev, key);
    int err = text ? 0 : -XEN_ENOENT;

    if (text && !parse_bdf(text, ret))
        err = backend_error(dev, -XEN_EINVAL, "bad %s '%s'", key, text);
    kfree(text);
    return err;
}

static void device_new(const struct backend_type *type, uint32_t devid, char *path, char *frontend)
{
    struct backend_state *st = kmalloc(sizeof(*st));

    if (!st) {
        printk(LOG_ERROR, "backend '%s': no memory", path);
        kfree(path);
        kfree(frontend);
        return;
    }
    st->state = XenbusStateInitialising;
    st->dev = (struct backend_dev){ .domain = backends.domain,
                                    .type = type,
                                    .devid = devid,
                                    .bdf = BACKEND_NO_BDF,
                                    .path = path,
                                    .frontend = frontend,
                                    .state = st };
    st->next = backends.devices;
    backends.devices = st;
    st->unusable = backend_read_bdf(&st->dev, KZ_BACKEND_PCI_KEY, &st->dev.bdf) == -XEN_EINVAL;
    st->front_watch = xs_watch(backends.domain->store, frontend, frontend_changed, st);
    if (!st->front_watch) {
        backend_error(&st->dev, -XEN_ENOMEM, "no memory for a watch");
        device_free(st);
    }
}

static const struct backend_type *type_find(const char *name, size_t len)
{
    for (const struct backend_type *const *type = backend_types; *type; type++) {
        if (strncmp((*type)->name, name, len) == 0 && (*type)->name[len] == '\0')
            return *type;
    }
    return NULL;
}

static struct backend_state *device_find(const char *path)
{
    struct backend_state *st = backends.devices;

    while (st && strcmp(st->dev.path, path) != 0)
        st = st->next;
    return st;
}

/* The console that start_info gives the guest has a back-end directory too, but no states:
 * console_backend_init(). */
static bool is_primary_console(const char *frontend)
{
    char path[XS_HOME_MAX + sizeof("/console")];

    snprintk(path, sizeof(path), "/local/domain/%u/console", backends.domain->domid);
    return strcmp(frontend, path) == 0;
}

/* Takes on the device that dom0 made at BACKEND_ROOT/<type>/<domid>/<devid>, once it is complete.
 * Takes path over. */
static void discover(const char *type_name, size_t type_len, const char *devid_text, char *path)
{
    struct xenstore *xs = backends.domain->store;
    const struct backend_type *type = type_find(type_name, type_len);
    char *frontend_key = backend_join(path, "frontend");
    char *frontend = frontend_key ? xs_read_string(xs, frontend_key) : NULL;
    uint64_t devid;

    kfree(frontend_key);
    if (!frontend || is_primary_console(frontend) ||
        backend_read_state(xs, path) != XenbusStateInitialising) {
        kfree(frontend);
        kfree(path);
        return;
    }
    if (type && xs_path_valid(frontend) && xs_parse_uint(devid_text, UINT32_MAX, &devid)) {
        device_new(type, (uint32_t)devid, path, frontend);
        return;
    }
    backend_report_unserved(xs, path, type ? "malformed device" : "no back end of this type");
    kfree(frontend);
    kfree(path);
}

/* All devices of one type's directory. */
static void scan_type(const char *type_name)
{
    struct xenstore *xs = backends.domain->store;
    size_t size = sizeof(BACKEND_ROOT) + strlen(type_name) + sizeof("//4294967295"), len = 0;
    char *dir = kmalloc(size), *list = NULL;

    if (dir) {
        snprintk(dir, size, "%s/%s/%u", BACKEND_ROOT, type_name, backends.domain->domid);
        list = xs_list(xs, dir, &len);
    }
    for (const char *id = list; id && id < list + len; id += strlen(id) + 1) {
        char *path = backend_join(dir, id);

        if (path && !device_find(path))
            discover(type_name, strlen(type_name), id, path);
        else
            kfree(path);
    }
    kfree(list);
    kfree(dir);
}

static void scan(void)
{
    size_t len = 0;
    char *list = xs_list(backends.domain->store, BACKEND_ROOT, &len);

    for (const char *type = list; type && type < list + len; type += strlen(type) + 1)
        scan_type(type);
    kfree(list);
}

static void backend_changed(void *opaque, const char *path)
{
    bool known = false;

    for (struct backend_state *st = backends.devices; st; st = st->next) {
        const char *key = key_below(st->dev.path, path);

        known |= key != NULL;
        node_changed(st, false, key);
        if (key || xs_path_covers(path, st->dev.path))
            look_later(st);
    }
    if (!known)
        scan();
}

static void run_work(void *opaque)
{
    bool gone = false;

    for (struct backend_state *st = backends.devices, *next; st; st = next) {
        next = st->next;
        if (st->due)
            gone |= !step(st);
    }
    if (gone) /* another may be there by the same name */
        scan();
}

void backend_for_each_counted(void (*fn)(const struct backend_dev *dev,
                                         const struct ring_counters *counters, void *opaque),
                              void *opaque)
{
    for (const struct backend_state *st = backends.devices; st; st = st->next) {
        struct ring_counters counters = { 0 };

        if (!st->connected || !st->dev.type->count)
            continue;
        st->dev.type->count(&st->dev, &counters);
        fn(&st->dev, &counters, opaque);
    }
}

int backend_init(struct domain *d)
{
    backends = (struct backends){ .domain = d, .work = { .fn = run_work } };
    return xs_watch(d->store, BACKEND_ROOT, backend_changed, NULL) ? 0 : -XEN_ENOMEM;
}
