/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in a Linux PV guest: event channels and grants through /dev/xen/{evtchn,gntalloc,gntdev,privcmd}, between the
 * guest and itself. Prints TAP. usage: xen-devices DOMID
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define __XEN_INTERFACE_VERSION__ 0x00040e00
#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/sys/evtchn.h>

/* Linux uapi xen/gntdev.h, xen/gntalloc.h, xen/privcmd.h, as far as needed; with room for PAGES grants. */
#define PAGES 4

struct grant_ref {
    uint32_t domid, ref;
};
struct gntdev_map {
    uint32_t count, pad;
    uint64_t index;
    struct grant_ref refs[PAGES];
};
struct gntdev_unmap {
    uint64_t index;
    uint32_t count, pad;
};
struct gntdev_copy_segment {
    union {
        void *virt;
        struct {
            uint32_t ref;
            uint16_t offset;
            uint16_t domid;
        } foreign;
    } source, dest;
    uint16_t len;
    uint16_t flags;
    int16_t status;
};
struct gntdev_copy {
    unsigned int count;
    struct gntdev_copy_segment *segments;
};
struct gntalloc_alloc {
    uint16_t domid, flags;
    uint32_t count;
    uint64_t index;
    uint32_t refs[PAGES];
};
struct gntalloc_free {
    uint64_t index;
    uint32_t count;
};
struct privcmd_call {
    uint64_t op, arg[5];
};
#define GNTDEV_MAP     _IOC(_IOC_NONE, 'G', 0, 24)
#define GNTDEV_UNMAP   _IOC(_IOC_NONE, 'G', 1, sizeof(struct gntdev_unmap))
#define GNTDEV_COPY    _IOC(_IOC_NONE, 'G', 8, sizeof(struct gntdev_copy))
#define GNTALLOC_ALLOC _IOC(_IOC_NONE, 'G', 5, 24)
#define GNTALLOC_FREE  _IOC(_IOC_NONE, 'G', 6, sizeof(struct gntalloc_free))
#define PRIVCMD_CALL   _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_call))
#define GNTALLOC_WRITABLE 1

static unsigned int domid;
static int privcmd;
static const char *failure; /* of the running test */
static char failure_text[200];

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            snprintf(failure_text, sizeof(failure_text), "line %d: %s (%s)", __LINE__, #cond,      \
                     strerror(errno));                                                             \
            failure = failure_text;                                                                \
            return;                                                                                \
        }                                                                                          \
    } while (0)

static long hypercall(uint64_t op, uint64_t a, uint64_t b, uint64_t c)
{
    struct privcmd_call call = { op, { a, b, c } };
    int ret = ioctl(privcmd, PRIVCMD_CALL, &call);

    return ret < 0 ? -errno : ret;
}

static long event_op(uint32_t cmd, void *arg)
{
    return hypercall(__HYPERVISOR_event_channel_op, cmd, (uintptr_t)arg, 0);
}

static long grant_op(uint32_t cmd, void *arg)
{
    return hypercall(__HYPERVISOR_grant_table_op, cmd, (uintptr_t)arg, 1);
}

/* ---- event channels ---- */

/* The port that is pending on fd, or 0 after two seconds. */
static uint32_t wait_port(int fd)
{
    struct pollfd p = { fd, POLLIN, 0 };
    uint32_t port = 0;

    if (poll(&p, 1, 2000) == 1 && read(fd, &port, sizeof(port)) != sizeof(port))
        port = 0;
    return port;
}

static int notify(int fd, uint32_t port)
{
    struct ioctl_evtchn_notify n = { port };

    return ioctl(fd, IOCTL_EVTCHN_NOTIFY, &n);
}

static int unmask(int fd, uint32_t port)
{
    return write(fd, &port, sizeof(port)) == sizeof(port) ? 0 : -1;
}

static void test_loopback(void)
{
    struct ioctl_evtchn_bind_unbound_port unbound = { domid };
    struct ioctl_evtchn_bind_interdomain inter = { domid, 0 };
    struct evtchn_status status = { .dom = DOMID_SELF };
    int a = open("/dev/xen/evtchn", O_RDWR), b = open("/dev/xen/evtchn", O_RDWR), port_a, port_b;

    CHECK(a >= 0 && b >= 0);
    CHECK((port_a = ioctl(a, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &unbound)) > 0);
    inter.remote_port = port_a;
    CHECK((port_b = ioctl(b, IOCTL_EVTCHN_BIND_INTERDOMAIN, &inter)) > 0);
    CHECK(wait_port(b) == (uint32_t)port_b); /* binding raises it */
    for (int i = 0; i < 500; i++) {
        CHECK(unmask(b, port_b) == 0 && notify(b, port_b) == 0);
        CHECK(wait_port(a) == (uint32_t)port_a);
        CHECK(unmask(a, port_a) == 0 && notify(a, port_a) == 0);
        CHECK(wait_port(b) == (uint32_t)port_b);
    }
    /* Masked by the driver since it was read: pending until it is unmasked, and told once. */
    CHECK(notify(a, port_a) == 0 && notify(a, port_a) == 0);
    CHECK(unmask(b, port_b) == 0 && wait_port(b) == (uint32_t)port_b);

    status.port = port_a;
    CHECK(event_op(EVTCHNOP_status, &status) == 0);
    CHECK(status.status == EVTCHNSTAT_interdomain && status.u.interdomain.dom == domid &&
          status.u.interdomain.port == (uint32_t)port_b);
    close(b);
    CHECK(event_op(EVTCHNOP_status, &status) == 0 && status.status == EVTCHNSTAT_unbound);
    close(a);
    CHECK(event_op(EVTCHNOP_status, &status) == 0 && status.status == EVTCHNSTAT_closed);
}

static void test_many_ports(void)
{
    struct ioctl_evtchn_bind_unbound_port unbound = { 0 };
    int fd = open("/dev/xen/evtchn", O_RDWR);

    CHECK(fd >= 0);
    for (int i = 0; i < 600; i++)
        CHECK(ioctl(fd, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &unbound) > 0);
    close(fd);
}

static void test_event_errors(void)
{
    struct evtchn_bind_interdomain inter = { .remote_dom = 0, .remote_port = 1 };
    struct evtchn_bind_pirq pirq = { .pirq = 1 };
    struct evtchn_status status = { .dom = 0, .port = 1 };
    struct evtchn_send send = { .port = 1U << 20 };

    CHECK(event_op(EVTCHNOP_bind_interdomain, &inter) == -EINVAL);
    inter.remote_dom = domid + 1;
    CHECK(event_op(EVTCHNOP_bind_interdomain, &inter) == -ESRCH);
    CHECK(event_op(EVTCHNOP_bind_pirq, &pirq) == -EPERM);
    CHECK(event_op(EVTCHNOP_status, &status) == -EPERM);
    CHECK(event_op(EVTCHNOP_send, &send) == -EINVAL);
    CHECK(event_op(EVTCHNOP_send, (void *)8) == -EFAULT);
    CHECK(event_op(EVTCHNOP_send, (void *)0xffff830000100000) == -EFAULT); /* hv's own memory */
    CHECK(event_op(99, &send) == -ENOSYS);
}

/* ---- grants ---- */

static void grant_round(int alloc, int dev, int round)
{
    struct gntalloc_alloc g = { domid, GNTALLOC_WRITABLE, PAGES, 0, { 0 } };
    struct gntdev_map m = { .count = PAGES };
    struct gntdev_unmap u = { .count = PAGES };
    struct gntalloc_free f = { .count = PAGES };
    char *own, *map, text[40];

    CHECK(ioctl(alloc, GNTALLOC_ALLOC, &g) == 0);
    own = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, alloc, g.index);
    CHECK(own != MAP_FAILED);
    for (int i = 0; i < PAGES; i++) {
        m.refs[i] = (struct grant_ref){ domid, g.refs[i] };
        sprintf(own + i * 4096, "page %d of round %d", i, round);
    }
    CHECK(ioctl(dev, GNTDEV_MAP, &m) == 0);
    map = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, dev, m.index);
    CHECK(map != MAP_FAILED);
    for (int i = 0; i < PAGES; i++) {
        sprintf(text, "page %d of round %d", i, round);
        CHECK(strcmp(map + i * 4096, text) == 0);
        strcpy(map + i * 4096 + 100, text);
        CHECK(strcmp(own + i * 4096 + 100, text) == 0);
    }
    u.index = m.index;
    f.index = g.index;
    CHECK(munmap(map, PAGES * 4096) == 0 && ioctl(dev, GNTDEV_UNMAP, &u) == 0);
    CHECK(munmap(own, PAGES * 4096) == 0 && ioctl(alloc, GNTALLOC_FREE, &f) == 0);
}

static void test_map(void)
{
    int alloc = open("/dev/xen/gntalloc", O_RDWR), dev = open("/dev/xen/gntdev", O_RDWR);

    CHECK(alloc >= 0 && dev >= 0);
    for (int round = 0; round < 50 && !failure; round++)
        grant_round(alloc, dev, round);
    close(dev);
    close(alloc);
}

static void test_map_of_domain_0(void)
{
    struct gntdev_map m = { .count = 1, .refs = { { 0, 3 } } };
    int dev = open("/dev/xen/gntdev", O_RDWR);

    CHECK(dev >= 0);
    CHECK(ioctl(dev, GNTDEV_MAP, &m) == 0); /* only makes room */
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, dev, m.index) == MAP_FAILED);
    close(dev);
}

static void test_copy(void)
{
    struct gntalloc_alloc g = { domid, GNTALLOC_WRITABLE, 2, 0, { 0 } };
    int alloc = open("/dev/xen/gntalloc", O_RDWR), dev = open("/dev/xen/gntdev", O_RDWR);
    char *buf = aligned_alloc(4096, 8192), *own;
    struct gntdev_copy_segment s[2];
    struct gntdev_copy c = { 2, s };

    CHECK(alloc >= 0 && dev >= 0 && ioctl(alloc, GNTALLOC_ALLOC, &g) == 0);
    own = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, alloc, g.index);
    CHECK(own != MAP_FAILED);
    memset(buf, 'z', 8192);
    strcpy(own, "granted bytes");
    s[0] = (struct gntdev_copy_segment){ .dest.virt = buf + 4090, .len = 14, .flags = GNTCOPY_source_gref };
    s[0].source.foreign.ref = g.refs[0];
    s[0].source.foreign.domid = (uint16_t)domid;
    s[1] = (struct gntdev_copy_segment){ .source.virt = buf + 4090, .len = 14, .flags = GNTCOPY_dest_gref };
    s[1].dest.foreign.ref = g.refs[1];
    s[1].dest.foreign.domid = (uint16_t)domid;
    s[1].dest.foreign.offset = 4082;
    CHECK(ioctl(dev, GNTDEV_COPY, &c) == 0);
    CHECK(s[0].status == GNTST_okay && s[1].status == GNTST_okay);
    CHECK(strcmp(buf + 4090, "granted bytes") == 0 && buf[4104] == 'z');
    CHECK(strcmp(own + 4096 + 4082, "granted bytes") == 0);

    s[0].source.foreign.domid = 0;
    c.count = 1;
    CHECK(ioctl(dev, GNTDEV_COPY, &c) == 0 && s[0].status == GNTST_bad_gntref);
    free(buf);
    close(dev);
    close(alloc);
}

static void test_grant_queries(void)
{
    struct gnttab_query_size size = { .dom = DOMID_SELF };
    struct gnttab_get_version version = { .dom = DOMID_SELF };

    CHECK(grant_op(GNTTABOP_query_size, &size) == 0 && size.status == GNTST_okay);
    CHECK(size.nr_frames >= 1 && size.max_nr_frames == 64);
    size.dom = 0;
    CHECK(grant_op(GNTTABOP_query_size, &size) == 0 && size.status == GNTST_permission_denied);
    CHECK(grant_op(GNTTABOP_get_version, &version) == 0);
    printf("# grant table version %u, %u frames\n", version.version, size.nr_frames);
    CHECK(grant_op(GNTTABOP_dump_table, &size) == -ENOSYS);
    CHECK(grant_op(GNTTABOP_copy, (void *)0xffff800000000000) == -EFAULT);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*fn)(void);
    } tests[] = {
        { "loopback event channel", test_loopback },
        { "600 ports", test_many_ports },
        { "event channel errors", test_event_errors },
        { "mapping own grants", test_map },
        { "mapping a grant of domain 0", test_map_of_domain_0 },
        { "grant copy", test_copy },
        { "grant queries", test_grant_queries },
    };
    const int n = sizeof(tests) / sizeof(tests[0]);

    if (argc != 2)
        return 2;
    domid = (unsigned int)atoi(argv[1]);
    privcmd = open("/dev/xen/privcmd", O_RDWR);
    printf("1..%d\n", n);
    for (int i = 0; i < n; i++) {
        failure = NULL;
        tests[i].fn();
        if (failure)
            printf("not ok %d - %s: %s\n", i + 1, tests[i].name, failure);
        else
            printf("ok %d - %s\n", i + 1, tests[i].name);
    }
    return 0;
}
