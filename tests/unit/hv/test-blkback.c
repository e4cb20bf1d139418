/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The block back end between a front end's ring and a disk in memory. */
#include "dev/blkif-abi.h"
#include "fake-backend.h"
#include "fake-virtio.h"
#include "harness.h"
#include "virtio/virtio-blk.h"
#include <glib.h>
#include <xen/io/protocols.h>

#define ALL_FEATURES                                                                               \
    (VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_TOPOLOGY |   \
     VIRTIO_BLK_F_DISCARD)
#define DISK_SECTORS 4096U
#define RING_PFN     900U /* and those behind it for rings of more pages */
#define PORT         2U
#define REF(pfn)     (FAKE_REF_BASE + (pfn))

/* Frames of hv's ring header, as the front end sees it. */
struct shared_ring {
    uint32_t req_prod, req_event, rsp_prod, rsp_event;
};

struct rig {
    struct domain *d;
    const struct blkif_abi *abi;
    unsigned int nr_pages, nr_entries;
    uint32_t rsp_cons;
    uint8_t disk[DISK_SECTORS * 512];
    unsigned int nr_flushes, nr_discards;
    uint64_t discarded;
    GString *log; /* what the disk was asked: R W F D */
    int status;   /* VIRTIO_BLK_S_* of every answer */
};

/* ---- the front end ---- */

static struct shared_ring *shared(void)
{
    return harness_page(RING_PFN);
}

/* The ring's pages are neighbours in the harness, so entries may be written across them. */
static uint8_t *entry(struct rig *r, uint32_t index)
{
    return (uint8_t *)shared() + 64 + (index & (r->nr_entries - 1)) * r->abi->entry_size;
}

static void init_ring(struct rig *r)
{
    size_t size = r->nr_pages * PAGE_SIZE;

    memset(shared(), 0, size);
    shared()->req_event = shared()->rsp_event = 1;
    for (r->nr_entries = 1; 64 + r->nr_entries * 2 * r->abi->entry_size <= size;)
        r->nr_entries *= 2;
    r->rsp_cons = 0;
}

static void put_data_request(struct rig *r, uint8_t op, uint64_t id, uint64_t sector,
                             const struct blkif_request_segment *seg, unsigned int nr)
{
    uint8_t *e = entry(r, shared()->req_prod);

    memset(e, 0xee, r->abi->entry_size);
    e[0] = op;
    e[1] = nr;
    memcpy(e + r->abi->id, &id, 8);
    memcpy(e + r->abi->sector, &sector, 8);
    if (seg)
        memcpy(e + r->abi->segments, seg, MIN(nr, 11) * sizeof(*seg));
    shared()->req_prod++;
}

static void put_discard(struct rig *r, uint64_t id, uint64_t sector, uint64_t nr, uint8_t flag)
{
    uint8_t *e = entry(r, shared()->req_prod);

    put_data_request(r, BLKIF_OP_DISCARD, id, sector, NULL, flag);
    memcpy(e + r->abi->discard_nr, &nr, 8);
}

static void put_indirect(struct rig *r, uint8_t op, uint64_t id, uint64_t sector, uint32_t ref,
                         uint16_t nr)
{
    uint8_t *e = entry(r, shared()->req_prod);

    memset(e, 0, r->abi->entry_size);
    e[0] = BLKIF_OP_INDIRECT;
    e[1] = op;
    memcpy(e + 2, &nr, 2);
    memcpy(e + r->abi->indirect_id, &id, 8);
    memcpy(e + r->abi->indirect_sector, &sector, 8);
    memcpy(e + r->abi->indirect_grefs, &ref, 4);
    shared()->req_prod++;
}

static bool get_response(struct rig *r, uint64_t *id, int16_t *status)
{
    uint8_t *e = entry(r, r->rsp_cons);

    if (r->rsp_cons == shared()->rsp_prod)
        return false;
    memcpy(id, e, 8);
    memcpy(status, e + 10, 2);
    r->rsp_cons++;
    shared()->rsp_event = r->rsp_cons + 1;
    return true;
}

static void expect_response(struct rig *r, uint64_t id, int16_t status)
{
    uint64_t got_id;
    int16_t got_status;

    g_assert_true(get_response(r, &got_id, &got_status));
    g_assert_cmpuint(got_id, ==, id);
    g_assert_cmpint(got_status, ==, status);
}

/* ---- the disk ---- */

static void disk_serve_one(struct rig *r, const struct fake_chain *c)
{
    struct virtio_blk_header h;
    struct virtio_blk_discard discard;
    uint32_t out = fake_chain_len(c, false) - sizeof(h), in = fake_chain_len(c, true) - 1;
    uint8_t status = (uint8_t)r->status;

    fake_chain_read(c, 0, &h, sizeof(h));
    switch (h.type) {
    case VIRTIO_BLK_T_IN:
        g_assert_cmpuint(h.sector * 512 + in, <=, sizeof(r->disk));
        fake_chain_write(c, 0, r->disk + h.sector * 512, in);
        g_string_append_c(r->log, 'R');
        break;
    case VIRTIO_BLK_T_OUT:
        g_assert_cmpuint(h.sector * 512 + out, <=, sizeof(r->disk));
        fake_chain_read(c, sizeof(h), r->disk + h.sector * 512, out);
        g_string_append_c(r->log, 'W');
        break;
    case VIRTIO_BLK_T_FLUSH:
        r->nr_flushes++;
        g_string_append_c(r->log, 'F');
        break;
    case VIRTIO_BLK_T_DISCARD:
        fake_chain_read(c, sizeof(h), &discard, sizeof(discard));
        g_assert_cmpuint(out, ==, sizeof(discard));
        g_assert_cmpuint(discard.num_sectors, >, 0);
        g_assert_cmpuint(discard.num_sectors, <=, 1000);
        r->nr_discards++;
        r->discarded += discard.num_sectors;
        g_string_append_c(r->log, 'D');
        break;
    default:
        g_assert_not_reached();
    }
    fake_chain_write(c, in, &status, 1);
    fake_queue_return(&fake_virtio.queue[0], c->head, in + 1);
}

/* Serves up to max requests, then interrupts. Returns how many there were. */
static unsigned int disk_serve(struct rig *r, unsigned int max)
{
    struct fake_chain c;
    unsigned int n = 0;

    while (n < max && fake_queue_take(&fake_virtio.queue[0], &c)) {
        disk_serve_one(r, &c);
        n++;
    }
    fake_virtio_interrupt();
    harness_run_softirqs();
    return n;
}

/* ---- setting up ---- */

static void set_config32(unsigned int offset, uint32_t v)
{
    memcpy(fake_virtio.config + offset, &v, 4);
}

static void write_frontend(struct rig *r)
{
    if (r->nr_pages > 1) {
        fake_frontend_set("ring-page-order", "%d", __builtin_ctz(r->nr_pages));
        for (unsigned int i = 0; i < r->nr_pages; i++) {
            g_autofree char *key = g_strdup_printf("ring-ref%u", i);

            fake_frontend_set(key, "%u", REF(RING_PFN + i));
        }
    } else {
        fake_frontend_set("ring-ref", "%u", REF(RING_PFN));
    }
    fake_frontend_set("event-channel", "%u", PORT);
    fake_frontend_set("protocol", "%s", r->abi->protocol);
}

static struct rig *rig_new_features(const struct blkif_abi *abi, unsigned int nr_pages,
                                    uint64_t features)
{
    struct rig *r = g_new0(struct rig, 1);

    r->d = harness_domain_new(1, abi == &blkif_abi_x86_32);
    r->abi = abi;
    r->nr_pages = nr_pages;
    r->log = g_string_new(NULL);
    for (size_t i = 0; i < sizeof(r->disk); i++)
        r->disk[i] = (uint8_t)(i / 512 + i);
    fake_virtio_init(VIRTIO_ID_BLOCK, features);
    set_config32(VIRTIO_BLK_CFG_CAPACITY, DISK_SECTORS);
    set_config32(VIRTIO_BLK_CFG_SEG_MAX, 254);
    set_config32(VIRTIO_BLK_CFG_BLK_SIZE, 512);
    fake_virtio.config[VIRTIO_BLK_CFG_PHYSICAL_BLOCK_EXP] = 3;
    set_config32(VIRTIO_BLK_CFG_MAX_DISCARD_SECTORS, 1000);
    set_config32(VIRTIO_BLK_CFG_DISCARD_ALIGNMENT, 8);
    fake_backend_init(r->d, &blkback_type);
    fake_backend_set("mode", "w");
    init_ring(r);
    write_frontend(r);
    return r;
}

static struct rig *rig_new(void)
{
    return rig_new_features(&blkif_abi_x86_64, 1, ALL_FEATURES);
}

static void rig_connect(struct rig *r)
{
    g_assert_cmpint(blkback_type.probe(&fake_backend.dev), ==, 0);
    g_assert_cmpint(blkback_type.connect(&fake_backend.dev), ==, 0);
    harness_run_softirqs();
}

static void rig_free(struct rig *r)
{
    if (fake_backend.nr_bound > 0)
        g_assert_true(blkback_type.disconnect(&fake_backend.dev));
    g_assert_cmpuint(fake_grants_in_use(), ==, 0);
    g_assert_cmpuint(fake_backend.nr_bound, ==, 0);
    if (fake_backend.dev.priv)
        blkback_type.remove(&fake_backend.dev);
    g_assert_false(fake_virtio.open);
    g_assert_cmpuint(harness_live_blocks(), ==, 0);
    fake_backend_clear();
    harness_domain_free(r->d);
    g_string_free(r->log, true);
    g_free(r);
}

static struct blkif_request_segment seg(unsigned int pfn, uint8_t first, uint8_t last)
{
    return (struct blkif_request_segment){ .gref = REF(pfn), .first_sect = first, .last_sect = last };
}

/* ---- data ---- */

struct layout {
    const char *path;
    const struct blkif_abi *abi;
    unsigned int nr_pages;
};

static const struct layout layouts[] = {
    { "/blkback/layout/x86_64", &blkif_abi_x86_64, 1 },
    { "/blkback/layout/x86_32", &blkif_abi_x86_32, 1 },
    { "/blkback/layout/x86_64-4-pages", &blkif_abi_x86_64, 4 },
    { "/blkback/layout/x86_32-2-pages", &blkif_abi_x86_32, 2 },
};

/* Reads and writes with data checked, several times round the ring, with the disk serving in odd portions. */
static void test_layout(gconstpointer data)
{
    const struct layout *l = data;
    struct rig *r = rig_new_features(l->abi, l->nr_pages, ALL_FEATURES);

    rig_connect(r);
    for (uint64_t id = 1; id < 3 * r->nr_entries; id++) {
        struct blkif_request_segment segs[3] = { seg(10, 1, 7), seg(20, 0, 7), seg(11, 0, 2) };
        uint64_t sector = (id * 37) % (DISK_SECTORS - 18);
        bool write = id % 2;
        uint8_t *pages[2] = { harness_page(10), harness_page(11) };

        memset(harness_page(20), (int)id, PAGE_SIZE);
        put_data_request(r, write ? BLKIF_OP_WRITE : BLKIF_OP_READ, id << 33, sector, segs, 3);
        fake_guest_send(PORT);
        g_assert_cmpuint(fake_grants_in_use(), ==, r->nr_pages + 3);
        g_assert_cmpuint(disk_serve(r, 1), ==, 1);
        expect_response(r, id << 33, BLKIF_RSP_OKAY);
        g_assert_cmpmem(r->disk + sector * 512, 7 * 512, pages[0] + 512, 7 * 512);
        g_assert_cmpmem(r->disk + (sector + 7) * 512, PAGE_SIZE, harness_page(20), PAGE_SIZE);
        g_assert_cmpmem(r->disk + (sector + 15) * 512, 3 * 512, pages[1], 3 * 512);
    }
    g_assert_cmpuint(fake_backend.nr_notified[PORT], ==, 3 * r->nr_entries - 1);
    rig_free(r);
}

/* Neighbouring frames make one descriptor, a page between does not. */
static void test_merge(void)
{
    struct blkif_request_segment segs[5] = { seg(10, 0, 7), seg(11, 0, 7), seg(12, 0, 3), seg(13, 0, 7),
                                             seg(15, 0, 7) };
    struct rig *r = rig_new();
    struct fake_chain c;

    rig_connect(r);
    put_data_request(r, BLKIF_OP_READ, 1, 0, segs, 5);
    fake_guest_send(PORT);
    g_assert_true(fake_queue_take(&fake_virtio.queue[0], &c));
    g_assert_cmpuint(c.nr, ==, 2 + 3);
    g_assert_cmpuint(c.seg[1].len, ==, 2 * PAGE_SIZE + 2048);
    disk_serve_one(r, &c);
    fake_virtio_interrupt();
    expect_response(r, 1, BLKIF_RSP_OKAY);
    rig_free(r);
}

static void test_indirect(gconstpointer data)
{
    struct rig *r = rig_new_features(data, 1, ALL_FEATURES);
    struct blkif_request_segment *segs = harness_page(800);

    rig_connect(r);
    for (unsigned int i = 0; i < 254; i++)
        segs[i] = seg(10 + 2 * i, 0, 7);
    put_indirect(r, BLKIF_OP_READ, 77, 8, REF(800), 254);
    fake_guest_send(PORT);
    g_assert_cmpuint(disk_serve(r, 9), ==, 1);
    expect_response(r, 77, BLKIF_RSP_OKAY);
    for (unsigned int i = 0; i < 254; i++)
        g_assert_cmpmem(harness_page(10 + 2 * i), PAGE_SIZE, r->disk + (i + 1) * PAGE_SIZE, PAGE_SIZE);
    rig_free(r);
}

/* Batches: one kick for all requests, one event for all responses. */
static void test_batch(void)
{
    struct blkif_request_segment s = seg(10, 0, 0);
    struct ring_counters counters = { 0 };
    struct rig *r = rig_new();

    rig_connect(r);
    for (unsigned int i = 0; i < 32; i++)
        put_data_request(r, BLKIF_OP_READ, i, i, &s, 1);
    fake_guest_send(PORT);
    g_assert_cmpuint(fake_virtio.queue[0].nr_kicks, ==, 1);
    g_assert_cmpuint(disk_serve(r, 32), ==, 32);
    g_assert_cmpuint(fake_backend.nr_notified[PORT], ==, 1);
    for (unsigned int i = 0; i < 32; i++)
        expect_response(r, i, BLKIF_RSP_OKAY);
    blkback_type.count(&fake_backend.dev, &counters);
    g_assert_cmpuint(counters.requests, ==, 32);
    g_assert_cmpuint(counters.segments, ==, 32);
    g_assert_cmpuint(counters.events_in, ==, 2); /* binding the port is one */
    g_assert_cmpuint(counters.events_out, ==, 1);
    g_assert_cmpuint(counters.kicks, ==, 1);
    /* Asleep again: it wants to hear of the next request. */
    g_assert_cmpuint(shared()->req_event, ==, 33);
    rig_free(r);
}

/* A full queue: the rest waits in the ring and goes on by itself. */
static void test_queue_full(void)
{
    struct rig *r = rig_new();
    unsigned int served = 0, n;

    rig_connect(r);
    for (unsigned int i = 0; i < 32; i++) {
        struct blkif_request_segment segs[11];

        for (unsigned int s = 0; s < 11; s++)
            segs[s] = seg(2 * (i * 11 + s), 0, 7); /* every other frame: nothing merges */
        put_data_request(r, BLKIF_OP_WRITE, i, i * 88, segs, 11);
    }
    fake_guest_send(PORT);
    g_assert_cmpuint(virtq_free_slots(fake_virtio.queue[0].vq), <, 13);
    while ((n = disk_serve(r, 3)) > 0)
        served += n;
    g_assert_cmpuint(served, ==, 32);
    for (unsigned int i = 0; i < 32; i++)
        expect_response(r, i, BLKIF_RSP_OKAY);
    rig_free(r);
}

/* ---- flush, barrier, discard ---- */

static void test_flush(void)
{
    struct rig *r = rig_new();

    rig_connect(r);
    g_assert_cmpstr(fake_backend_get("feature-flush-cache"), ==, "1");
    put_data_request(r, BLKIF_OP_FLUSH_DISKCACHE, 5, UINT64_MAX, NULL, 0); /* as Linux does */
    fake_guest_send(PORT);
    disk_serve(r, 9);
    expect_response(r, 5, BLKIF_RSP_OKAY);
    g_assert_cmpstr(r->log->str, ==, "F");
    rig_free(r);
}

/* A barrier waits for what was before, and what is after waits for it (blkif.h BLKIF_OP_WRITE_BARRIER). */
static void test_barrier(void)
{
    struct blkif_request_segment s = seg(10, 0, 7), s2[2] = { seg(11, 0, 7), seg(13, 0, 7) };
    struct rig *r = rig_new();

    rig_connect(r);
    put_data_request(r, BLKIF_OP_WRITE, 1, 0, &s, 1);
    put_data_request(r, BLKIF_OP_WRITE_BARRIER, 2, 8, s2, 2);
    put_data_request(r, BLKIF_OP_READ, 3, 16, &s, 1);
    fake_guest_send(PORT);
    g_assert_cmpuint(disk_serve(r, 9), ==, 1); /* only the first */
    expect_response(r, 1, BLKIF_RSP_OKAY);
    g_assert_cmpuint(disk_serve(r, 9), ==, 1); /* flush */
    memset(harness_page(11), 0x5a, PAGE_SIZE);
    g_assert_cmpuint(disk_serve(r, 9), ==, 1); /* write */
    g_assert_cmpuint(disk_serve(r, 9), ==, 1); /* flush */
    expect_response(r, 2, BLKIF_RSP_OKAY);
    g_assert_cmpuint(disk_serve(r, 9), ==, 1);
    expect_response(r, 3, BLKIF_RSP_OKAY);
    g_assert_cmpstr(r->log->str, ==, "WFWFR");
    g_assert_cmpmem(r->disk + PAGE_SIZE, PAGE_SIZE, harness_page(11), PAGE_SIZE);
    g_assert_cmpmem(r->disk + 2 * PAGE_SIZE, PAGE_SIZE, harness_page(13), PAGE_SIZE);

    put_data_request(r, BLKIF_OP_WRITE_BARRIER, 4, UINT64_MAX, NULL, 0);
    fake_guest_send(PORT);
    disk_serve(r, 1);
    disk_serve(r, 1);
    expect_response(r, 4, BLKIF_RSP_OKAY);
    rig_free(r);
}

/* Without a cache to flush a barrier still orders, and a flush is not offered. */
static void test_no_flush(void)
{
    struct blkif_request_segment s = seg(10, 0, 7);
    struct rig *r = rig_new_features(&blkif_abi_x86_64, 1, 0);

    rig_connect(r);
    g_assert_cmpstr(fake_backend_get("feature-flush-cache"), ==, "0");
    g_assert_cmpstr(fake_backend_get("feature-discard"), ==, "0");
    put_data_request(r, BLKIF_OP_FLUSH_DISKCACHE, 1, 0, NULL, 0);
    put_data_request(r, BLKIF_OP_WRITE_BARRIER, 2, 0, &s, 1);
    put_data_request(r, BLKIF_OP_WRITE_BARRIER, 3, 0, NULL, 0);
    put_discard(r, 4, 0, 8, 0);
    fake_guest_send(PORT);
    disk_serve(r, 9);
    expect_response(r, 1, BLKIF_RSP_EOPNOTSUPP);
    expect_response(r, 2, BLKIF_RSP_OKAY);
    expect_response(r, 3, BLKIF_RSP_OKAY);
    expect_response(r, 4, BLKIF_RSP_EOPNOTSUPP);
    g_assert_cmpstr(r->log->str, ==, "W");
    rig_free(r);
}

static void test_discard(void)
{
    struct rig *r = rig_new();

    rig_connect(r);
    g_assert_cmpstr(fake_backend_get("feature-discard"), ==, "1");
    g_assert_cmpstr(fake_backend_get("discard-granularity"), ==, "4096");
    put_discard(r, 1, 96, DISK_SECTORS - 96, 0); /* longer than the device takes at once */
    put_discard(r, 2, 0, 8, BLKIF_DISCARD_SECURE);
    put_discard(r, 3, DISK_SECTORS - 1, 2, 0);
    put_discard(r, 4, 0, 0, 0);
    put_discard(r, 5, 1, UINT64_MAX, 0);
    fake_guest_send(PORT);
    expect_response(r, 2, BLKIF_RSP_EOPNOTSUPP);
    expect_response(r, 3, BLKIF_RSP_ERROR);
    expect_response(r, 4, BLKIF_RSP_ERROR);
    expect_response(r, 5, BLKIF_RSP_ERROR);
    while (disk_serve(r, 9) > 0)
        ;
    expect_response(r, 1, BLKIF_RSP_OKAY);
    g_assert_cmpuint(r->nr_discards, ==, 4);
    g_assert_cmpuint(r->discarded, ==, DISK_SECTORS - 96);
    rig_free(r);
}

static void test_discard_disabled(void)
{
    struct rig *r = rig_new();

    fake_backend_set("discard-enable", "0");
    rig_connect(r);
    g_assert_cmpstr(fake_backend_get("feature-discard"), ==, "0");
    g_assert_null(fake_backend_get("discard-granularity"));
    rig_free(r);
}

/* ---- bad requests: each is refused alone ---- */

struct bad_request {
    const char *path;
    uint8_t op;
    uint8_t nr;
    uint64_t sector;
    struct blkif_request_segment seg[2];
    int16_t status;
};

#define GOOD { REF(10), 0, 7 }

static const struct bad_request bad_requests[] = {
    { "/blkback/bad/too-many-segments", BLKIF_OP_READ, 12, 0, { GOOD }, BLKIF_RSP_ERROR },
    { "/blkback/bad/255-segments", BLKIF_OP_WRITE, 255, 0, { GOOD }, BLKIF_RSP_ERROR },
    { "/blkback/bad/no-segments", BLKIF_OP_READ, 0, 0, { GOOD }, BLKIF_RSP_ERROR },
    { "/blkback/bad/first-after-last", BLKIF_OP_READ, 2, 0, { GOOD, { REF(11), 5, 4 } }, BLKIF_RSP_ERROR },
    { "/blkback/bad/last-beyond-page", BLKIF_OP_READ, 2, 0, { GOOD, { REF(11), 0, 8 } }, BLKIF_RSP_ERROR },
    { "/blkback/bad/beyond-disk", BLKIF_OP_READ, 1, DISK_SECTORS - 7, { GOOD }, BLKIF_RSP_ERROR },
    { "/blkback/bad/far-beyond-disk", BLKIF_OP_WRITE, 1, UINT64_MAX, { GOOD }, BLKIF_RSP_ERROR },
    { "/blkback/bad/sector-wraps", BLKIF_OP_WRITE, 1, UINT64_MAX - 7, { GOOD }, BLKIF_RSP_ERROR },
    { "/blkback/bad/no-such-grant", BLKIF_OP_READ, 2, 0, { GOOD, { 5, 0, 7 } }, BLKIF_RSP_ERROR },
    { "/blkback/bad/unknown-operation", 200, 1, 0, { GOOD }, BLKIF_RSP_EOPNOTSUPP },
    { "/blkback/bad/reserved-operation", BLKIF_OP_RESERVED_1, 1, 0, { GOOD }, BLKIF_RSP_EOPNOTSUPP },
    { "/blkback/bad/barrier-beyond-disk", BLKIF_OP_WRITE_BARRIER, 1, DISK_SECTORS, { GOOD }, BLKIF_RSP_ERROR },
};

static void test_bad_request(gconstpointer data)
{
    const struct bad_request *bad = data;
    struct blkif_request_segment s = seg(20, 0, 7);
    struct rig *r = rig_new();

    rig_connect(r);
    put_data_request(r, BLKIF_OP_READ, 1, 0, &s, 1);
    put_data_request(r, bad->op, 2, bad->sector, bad->seg, bad->nr);
    put_data_request(r, BLKIF_OP_READ, 3, 8, &s, 1);
    fake_guest_send(PORT);
    while (disk_serve(r, 9) > 0)
        ;
    for (unsigned int i = 0; i < 3; i++) {
        uint64_t id;
        int16_t status;

        g_assert_true(get_response(r, &id, &status));
        g_assert_cmpint(status, ==, id == 2 ? bad->status : BLKIF_RSP_OKAY);
    }
    g_assert_cmpstr(r->log->str, ==, "RR");
    g_assert_cmpuint(fake_backend.nr_fails, ==, 0);
    g_assert_cmpuint(fake_grants_in_use(), ==, 1);
    rig_free(r);
}

static void test_permissions(void)
{
    struct blkif_request_segment ro = seg(10, 0, 7), sub = seg(11, 1, 2), outside = seg(11, 1, 3);
    struct rig *r = rig_new();

    fake_grant_set(REF(10), FAKE_GRANT_READ);
    fake_grant_limit(REF(11), 512, 1024);
    rig_connect(r);
    put_data_request(r, BLKIF_OP_READ, 1, 0, &ro, 1); /* would write to the page */
    put_data_request(r, BLKIF_OP_WRITE, 2, 0, &ro, 1);
    put_data_request(r, BLKIF_OP_READ, 3, 0, &sub, 1);
    put_data_request(r, BLKIF_OP_READ, 4, 0, &outside, 1);
    fake_guest_send(PORT);
    expect_response(r, 1, BLKIF_RSP_ERROR);
    expect_response(r, 4, BLKIF_RSP_ERROR);
    disk_serve(r, 9);
    expect_response(r, 2, BLKIF_RSP_OKAY);
    expect_response(r, 3, BLKIF_RSP_OKAY);
    rig_free(r);
}

static void test_bad_indirect(void)
{
    struct rig *r = rig_new();
    struct blkif_request_segment *segs = harness_page(800);

    rig_connect(r);
    segs[0] = seg(10, 0, 7);
    put_indirect(r, BLKIF_OP_READ, 1, 0, REF(800), 255);          /* more than was offered */
    put_indirect(r, BLKIF_OP_READ, 2, 0, 5, 1);                   /* no such page of segments */
    put_indirect(r, BLKIF_OP_WRITE_BARRIER, 3, 0, REF(800), 1);   /* not to be wrapped */
    put_indirect(r, BLKIF_OP_INDIRECT, 4, 0, REF(800), 1);
    put_indirect(r, BLKIF_OP_READ, 5, 0, REF(800), 0);
    put_indirect(r, BLKIF_OP_READ, 6, 0, REF(800), 0xffff);
    put_indirect(r, BLKIF_OP_READ, 7, 0, REF(800), 1);
    fake_guest_send(PORT);
    expect_response(r, 1, BLKIF_RSP_ERROR);
    expect_response(r, 2, BLKIF_RSP_ERROR);
    expect_response(r, 3, BLKIF_RSP_ERROR);
    expect_response(r, 4, BLKIF_RSP_EOPNOTSUPP);
    expect_response(r, 5, BLKIF_RSP_ERROR);
    expect_response(r, 6, BLKIF_RSP_ERROR);
    disk_serve(r, 9);
    expect_response(r, 7, BLKIF_RSP_OKAY);
    rig_free(r);
}

static void test_read_only(gconstpointer by_device)
{
    struct blkif_request_segment s = seg(10, 0, 7);
    struct rig *r = rig_new_features(&blkif_abi_x86_64, 1,
                                     ALL_FEATURES | (by_device ? VIRTIO_BLK_F_RO : 0));

    if (!by_device)
        fake_backend_set("mode", "r");
    fake_backend_set("device-type", "cdrom");
    fake_backend_set("removable", "1");
    rig_connect(r);
    g_assert_cmpstr(fake_backend_get("info"), ==, "7");
    g_assert_cmpstr(fake_backend_get("feature-discard"), ==, "0");
    put_data_request(r, BLKIF_OP_WRITE, 1, 0, &s, 1);
    put_data_request(r, BLKIF_OP_WRITE_BARRIER, 2, 0, &s, 1);
    put_data_request(r, BLKIF_OP_FLUSH_DISKCACHE, 3, 0, &s, 1);
    put_data_request(r, BLKIF_OP_READ, 4, 0, &s, 1);
    fake_guest_send(PORT);
    expect_response(r, 1, BLKIF_RSP_ERROR);
    expect_response(r, 2, BLKIF_RSP_ERROR);
    expect_response(r, 3, BLKIF_RSP_ERROR);
    disk_serve(r, 9);
    expect_response(r, 4, BLKIF_RSP_OKAY);
    rig_free(r);
}

/* ---- wrong rings, wrong devices ---- */

static void test_garbage_index(gconstpointer data)
{
    struct rig *r = rig_new();

    rig_connect(r);
    shared()->req_prod += (uint32_t)GPOINTER_TO_UINT(data);
    fake_guest_send(PORT);
    g_assert_cmpuint(fake_backend.nr_fails, ==, 1);
    g_assert_cmpuint(fake_virtio.queue[0].nr_kicks, ==, 0);
    rig_free(r);
}

static void test_device_errors(void)
{
    struct blkif_request_segment s = seg(10, 0, 7);
    struct rig *r = rig_new();

    rig_connect(r);
    r->status = VIRTIO_BLK_S_IOERR;
    put_data_request(r, BLKIF_OP_READ, 1, 0, &s, 1);
    put_data_request(r, BLKIF_OP_WRITE_BARRIER, 2, 0, &s, 1);
    fake_guest_send(PORT);
    while (disk_serve(r, 9) > 0)
        ;
    expect_response(r, 1, BLKIF_RSP_ERROR);
    expect_response(r, 2, BLKIF_RSP_ERROR);
    r->status = VIRTIO_BLK_S_UNSUPP;
    put_discard(r, 3, 0, 2000, 0);
    fake_guest_send(PORT);
    disk_serve(r, 9);
    expect_response(r, 3, BLKIF_RSP_EOPNOTSUPP);
    rig_free(r);
}

static void test_device_broken(void)
{
    struct blkif_request_segment s = seg(10, 0, 7);
    struct rig *r = rig_new();

    rig_connect(r);
    put_data_request(r, BLKIF_OP_READ, 1, 0, &s, 1);
    fake_guest_send(PORT);
    fake_queue_return(&fake_virtio.queue[0], 99999, 0);
    fake_virtio_interrupt();
    g_assert_cmpuint(fake_backend.nr_fails, ==, 1);
    rig_free(r); /* gives the grants back */
}

/* ---- coming and going ---- */

static void test_second_front_end(void)
{
    struct blkif_request_segment s = seg(10, 0, 7);
    struct rig *r = rig_new();

    rig_connect(r);
    put_data_request(r, BLKIF_OP_READ, 1, 0, &s, 1);
    fake_guest_send(PORT);
    g_assert_true(blkback_type.disconnect(&fake_backend.dev)); /* with a request under way */
    g_assert_cmpuint(fake_grants_in_use(), ==, 0);
    g_assert_cmpuint(fake_backend.nr_bound, ==, 0);
    fake_virtio_interrupt();

    r->abi = &blkif_abi_x86_32;
    init_ring(r);
    write_frontend(r);
    g_assert_cmpint(blkback_type.connect(&fake_backend.dev), ==, 0);
    put_data_request(r, BLKIF_OP_READ, 2, 8, &s, 1);
    fake_guest_send(PORT);
    g_assert_cmpuint(disk_serve(r, 9), ==, 1);
    expect_response(r, 2, BLKIF_RSP_OKAY);
    rig_free(r);
}

static void test_resize(void)
{
    struct rig *r = rig_new();

    rig_connect(r);
    g_assert_cmpstr(fake_backend_get("sectors"), ==, "4096");
    g_assert_cmpstr(fake_backend_get("sector-size"), ==, "512");
    g_assert_cmpstr(fake_backend_get("physical-sector-size"), ==, "4096");
    fake_virtio_config_change();
    g_assert_cmpuint(fake_backend.nr_touched, ==, 0);
    set_config32(VIRTIO_BLK_CFG_CAPACITY, 8192);
    fake_virtio_config_change();
    g_assert_cmpuint(fake_backend.nr_touched, ==, 1);
    g_assert_cmpstr(fake_backend_get("sectors"), ==, "8192");
    rig_free(r);
}

static void test_large_sectors(void)
{
    struct blkif_request_segment s = seg(10, 0, 0), bad = seg(10, 0, 1);
    struct rig *r = rig_new();

    set_config32(VIRTIO_BLK_CFG_BLK_SIZE, 4096);
    g_assert_cmpint(blkback_type.probe(&fake_backend.dev), ==, 0);
    g_assert_cmpint(blkback_type.connect(&fake_backend.dev), <, 0);
    g_assert_cmpuint(fake_grants_in_use(), ==, 0);
    fake_frontend_set("feature-large-sector-size", "1");
    g_assert_cmpint(blkback_type.connect(&fake_backend.dev), ==, 0);
    g_assert_cmpstr(fake_backend_get("sectors"), ==, "512");
    put_data_request(r, BLKIF_OP_READ, 1, 3, &s, 1);
    put_data_request(r, BLKIF_OP_READ, 2, 3, &bad, 1);
    put_discard(r, 3, 510, 2, 0);
    put_discard(r, 4, 511, 2, 0);
    fake_guest_send(PORT);
    expect_response(r, 2, BLKIF_RSP_ERROR);
    expect_response(r, 4, BLKIF_RSP_ERROR);
    disk_serve(r, 9);
    expect_response(r, 1, BLKIF_RSP_OKAY);
    expect_response(r, 3, BLKIF_RSP_OKAY);
    g_assert_cmpmem(harness_page(10), PAGE_SIZE, r->disk + 3 * PAGE_SIZE, PAGE_SIZE);
    g_assert_cmpuint(r->discarded, ==, 16);
    rig_free(r);
}

static const struct {
    const char *key, *value;
} bad_nodes[] = {
    { "ring-ref", "4" },        { "ring-ref", "x" },        { "ring-page-order", "3" },
    { "event-channel", "900" }, { "event-channel", "" },    { "protocol", "arm-abi" },
    { "ring-page-order", "2" }, { "ring-page-order", "99999999999" },
};

static void test_bad_nodes(void)
{
    for (unsigned int i = 0; i < G_N_ELEMENTS(bad_nodes); i++) {
        struct rig *r = rig_new();

        fake_frontend_set(bad_nodes[i].key, "%s", bad_nodes[i].value);
        g_assert_cmpint(blkback_type.probe(&fake_backend.dev), ==, 0);
        g_assert_cmpint(blkback_type.connect(&fake_backend.dev), <, 0);
        g_assert_cmpuint(fake_backend.nr_errors, ==, 1);
        g_assert_cmpuint(fake_grants_in_use(), ==, 0);
        rig_free(r);
    }
}

static void test_no_device(void)
{
    struct rig *r = rig_new();

    fake_backend.dev.bdf = BACKEND_NO_BDF;
    g_assert_cmpint(blkback_type.probe(&fake_backend.dev), <, 0);
    g_assert_cmpuint(fake_backend.nr_errors, ==, 1);
    rig_free(r);
}

static void test_no_memory(void)
{
    for (int i = 0; i < 24; i++) {
        struct blkif_request_segment s = seg(10, 0, 7);
        struct rig *r = rig_new();
        uint64_t id;
        int16_t status;

        harness.fail_alloc_after = i;
        if (blkback_type.probe(&fake_backend.dev) == 0 &&
            blkback_type.connect(&fake_backend.dev) == 0) {
            put_data_request(r, BLKIF_OP_READ, 1, 3, &s, 1);
            fake_guest_send(PORT);
            disk_serve(r, 9);
            g_assert_true(get_response(r, &id, &status));
        } else {
            g_assert_cmpuint(fake_backend.nr_errors, >, 0);
        }
        rig_free(r);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned int i = 0; i < G_N_ELEMENTS(layouts); i++)
        g_test_add_data_func(layouts[i].path, &layouts[i], test_layout);
    g_test_add_func("/blkback/merge", test_merge);
    g_test_add_data_func("/blkback/indirect/x86_64", &blkif_abi_x86_64, test_indirect);
    g_test_add_data_func("/blkback/indirect/x86_32", &blkif_abi_x86_32, test_indirect);
    g_test_add_func("/blkback/batch", test_batch);
    g_test_add_func("/blkback/queue-full", test_queue_full);
    g_test_add_func("/blkback/flush", test_flush);
    g_test_add_func("/blkback/barrier", test_barrier);
    g_test_add_func("/blkback/no-flush", test_no_flush);
    g_test_add_func("/blkback/discard", test_discard);
    g_test_add_func("/blkback/discard-disabled", test_discard_disabled);
    for (unsigned int i = 0; i < G_N_ELEMENTS(bad_requests); i++)
        g_test_add_data_func(bad_requests[i].path, &bad_requests[i], test_bad_request);
    g_test_add_func("/blkback/permissions", test_permissions);
    g_test_add_func("/blkback/bad-indirect", test_bad_indirect);
    g_test_add_data_func("/blkback/read-only/device", GINT_TO_POINTER(1), test_read_only);
    g_test_add_data_func("/blkback/read-only/mode", GINT_TO_POINTER(0), test_read_only);
    g_test_add_data_func("/blkback/garbage/ahead", GUINT_TO_POINTER(33), test_garbage_index);
    g_test_add_data_func("/blkback/garbage/behind", GUINT_TO_POINTER(UINT32_MAX), test_garbage_index);
    g_test_add_func("/blkback/device/errors", test_device_errors);
    g_test_add_func("/blkback/device/broken", test_device_broken);
    g_test_add_func("/blkback/second-front-end", test_second_front_end);
    g_test_add_func("/blkback/resize", test_resize);
    g_test_add_func("/blkback/large-sectors", test_large_sectors);
    g_test_add_func("/blkback/bad-nodes", test_bad_nodes);
    g_test_add_func("/blkback/no-device", test_no_device);
    g_test_add_func("/blkback/no-memory", test_no_memory);
    return g_test_run();
}
