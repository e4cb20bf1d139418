/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The block back end under a hostile front end and a disk that answers anything. Input: a header byte for the layout
 * and the ring's size, then records of a command byte and what it needs. Whatever happens, nothing outside the disk is
 * asked for, and in the end every grant, block and queue entry is back.
 */
#include "dev/blkif-abi.h"
#include "fake-backend.h"
#include "fake-virtio.h"
#include "fuzz-backend.h"
#include "harness.h"
#include "virtio/virtio-blk.h"
#include <glib.h>
#include <xen/io/protocols.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CAPACITY 4096U
#define RING_PFN 900U

/* The front end of this input. */
static struct {
    const struct blkif_abi *abi;
    unsigned int nr_pages;
} front;

static uint32_t *ring(void)
{
    return harness_page(RING_PFN);
}

/* Small numbers are near what is valid; large ones need the high bit. */
static uint64_t take_sector(struct fuzz_input *in)
{
    uint8_t b = fuzz_take(in);

    return b & 0x80 ? ~(uint64_t)(b & 0x7f) : b * 33U;
}

/* A request that may well be good. */
static void put_request(struct fuzz_input *in)
{
    unsigned int nr_entries = 1, nr;
    uint8_t *e;
    uint64_t sector;

    while (64 + nr_entries * 2 * front.abi->entry_size <= front.nr_pages * PAGE_SIZE)
        nr_entries *= 2;
    e = (uint8_t *)ring() + 64 + (ring()[0]++ & (nr_entries - 1)) * front.abi->entry_size;
    e[0] = fuzz_take(in) % 9;
    nr = e[1] = fuzz_take(in) % 14;
    sector = take_sector(in);
    memcpy(e + front.abi->sector, &sector, 8);
    if (e[0] == BLKIF_OP_INDIRECT) {
        uint32_t ref = FAKE_REF_BASE + 800 + fuzz_take(in) % 4;

        e[2] = fuzz_take(in);
        e[3] = fuzz_take(in) & 1;
        memcpy(e + front.abi->indirect_sector, &sector, 8);
        for (unsigned int i = 0; i < 8; i++)
            memcpy(e + front.abi->indirect_grefs + 4 * i, &ref, 4);
        return;
    }
    if (e[0] == BLKIF_OP_DISCARD) {
        sector = take_sector(in);
        memcpy(e + front.abi->discard_nr, &sector, 8);
        return;
    }
    for (unsigned int i = 0; i < MIN(nr, 11U); i++) {
        struct blkif_request_segment seg = { .gref = FAKE_REF_BASE + fuzz_take(in) % 64 };
        uint8_t range = fuzz_take(in);

        seg.first_sect = range & 15;
        seg.last_sect = range >> 4;
        memcpy(e + front.abi->segments + i * sizeof(seg), &seg, sizeof(seg));
    }
}

static void serve(struct fuzz_input *in)
{
    unsigned int nr = fuzz_take(in) % 8;
    uint8_t status = fuzz_take(in) % 4;
    struct fake_chain c;

    while (nr-- > 0 && fake_queue_take(&fake_virtio.queue[0], &c)) {
        struct virtio_blk_header h;
        uint32_t read = fake_chain_len(&c, true) - 1, written = fake_chain_len(&c, false) - sizeof(h);

        fake_chain_read(&c, 0, &h, sizeof(h));
        if (h.type == VIRTIO_BLK_T_IN || h.type == VIRTIO_BLK_T_OUT)
            g_assert_true((read + written) % 512 == 0 && h.sector <= CAPACITY &&
                          (read + written) / 512 <= CAPACITY - h.sector);
        for (unsigned int i = 0; i < c.nr; i++)
            if (c.seg[i].writable)
                memset(c.seg[i].p, status, c.seg[i].len);
        fake_queue_return(&fake_virtio.queue[0], c.head, read + 1);
    }
    fake_virtio_interrupt();
}

static void reset_rings(void)
{
    memset(ring(), 0, 4 * PAGE_SIZE);
    ring()[1] = ring()[3] = 1;
}

static void step(struct fuzz_input *in)
{
    switch (fuzz_take(in) % 12) {
    case 0:
        fuzz_scribble(in, RING_PFN, front.nr_pages * PAGE_SIZE);
        break;
    case 1:
        fuzz_scribble(in, 800, 4 * PAGE_SIZE); /* segments of indirect requests */
        break;
    case 2:
    case 3:
    case 4:
    case 5:
        fuzz_backend_harm(in, 1, 64);
        break;
    case 6:
    case 7:
        serve(in);
        break;
    case 8:
        fake_guest_send(FUZZ_PORT);
        break;
    default:
        put_request(in);
        break;
    }
}

static void setup(struct fuzz_input *in, struct domain *d)
{
    static const uint32_t config[] = { CAPACITY, 0, 0, 254, 0, 512, 0, 0, 0, 1000, 1, 8 };
    uint8_t kind = fuzz_take(in);

    front.abi = kind & 1 ? &blkif_abi_x86_32 : &blkif_abi_x86_64;
    front.nr_pages = kind & 2 ? 4 : 1;
    fake_virtio_init(VIRTIO_ID_BLOCK, VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_DISCARD);
    fake_virtio.queue_size = kind & 4 ? 32 : 256;
    memcpy(fake_virtio.config, config, sizeof(config));
    fake_backend_init(d, &blkback_type);
    fake_backend_set("mode", kind & 8 ? "r" : "w");
    fake_frontend_set("event-channel", "%u", FUZZ_PORT);
    fake_frontend_set("protocol", "%s", front.abi->protocol);
    fake_frontend_set("ring-page-order", "%u", front.nr_pages == 4 ? 2U : 0U);
    for (unsigned int i = 0; i < front.nr_pages; i++) {
        g_autofree char *key = g_strdup_printf("ring-ref%u", i);

        fake_frontend_set(key, "%u", FAKE_REF_BASE + RING_PFN + i);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct fuzz_backend blkback = {
        .type = &blkback_type, .setup = setup, .reset_rings = reset_rings, .step = step
    };

    return fuzz_backend_run(&blkback, data, size);
}
