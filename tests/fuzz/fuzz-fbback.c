/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The framebuffer back end under a hostile front end and a device that answers anything. Input: a header byte for the layout,
 * then records of a command byte and what it needs. The device is never told of a page that is not the guest's.
 */
#include "fake-backend.h"
#include "fake-virtio.h"
#include "fuzz-backend.h"
#include "harness.h"
#include "virtio/virtio-gpu.h"
#include <glib.h>
#include <xen/io/fbif.h>
#include <xen/io/protocols.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGE_PFN  900U
#define DIR_PFN   901U
#define NR_FRAMES 16U
#define QUEUE     (&fake_virtio.queue[VIRTIO_GPU_QUEUE_CONTROL])

static bool is_32bit;

void kbdback_set_screen(uint32_t width, uint32_t height)
{
}

static struct xenfb_page *page(void)
{
    return harness_page(PAGE_PFN);
}

static void reset_rings(void)
{
    memset(page(), 0, PAGE_SIZE);
    page()->width = 100;
    page()->height = 40;
    page()->line_length = 400;
    page()->mem_length = NR_FRAMES * PAGE_SIZE;
    page()->depth = 32;
    if (is_32bit)
        *(uint32_t *)((char *)page() + 36) = (uint32_t)harness_mfn(DIR_PFN);
    else
        page()->pd[0] = harness_mfn(DIR_PFN);
    for (unsigned int i = 0; i < NR_FRAMES; i++) {
        if (is_32bit)
            ((uint32_t *)harness_page(DIR_PFN))[i] = (uint32_t)harness_mfn(i);
        else
            ((uint64_t *)harness_page(DIR_PFN))[i] = harness_mfn(i);
    }
}

/* Small numbers are near what is valid; the high bit makes them anything. */
static int32_t take_size(struct fuzz_input *in)
{
    uint8_t b = fuzz_take(in);

    return b & 0x80 ? (int32_t)((uint32_t)fuzz_take16(in) << 16 | fuzz_take16(in)) : b * 4;
}

static void put_event(struct fuzz_input *in)
{
    union xenfb_out_event event = { 0 };

    if (fuzz_take(in) & 1)
        event.update = (struct xenfb_update){ XENFB_TYPE_UPDATE, take_size(in), take_size(in), take_size(in),
                                              take_size(in) };
    else
        event.resize = (struct xenfb_resize){ XENFB_TYPE_RESIZE, take_size(in), take_size(in), take_size(in), 32,
                                              take_size(in) };
    XENFB_OUT_RING_REF(page(), page()->out_prod) = event;
    page()->out_prod++;
}

static void check_entries(const struct fake_chain *c, uint32_t nr)
{
    struct virtio_gpu_entry e;

    for (uint32_t i = 0; i < nr; i++) {
        fake_chain_read(c, sizeof(struct virtio_gpu_attach) + i * sizeof(e), &e, sizeof(e));
        g_assert_cmpuint(e.addr >> PAGE_SHIFT, >=, HARNESS_FIRST_MFN);
        g_assert_cmpuint(e.addr + e.length, <=,
                         (uint64_t)(HARNESS_FIRST_MFN + HARNESS_GUEST_PAGES) << PAGE_SHIFT);
    }
}

static void serve(struct fuzz_input *in)
{
    struct virtio_gpu_header answer = { .type = VIRTIO_GPU_RESP_OK_NODATA };
    struct virtio_gpu_attach request;
    struct fake_chain c;

    for (unsigned int n = fuzz_take(in) % 16; n > 0 && fake_queue_take(QUEUE, &c); n--) {
        fake_chain_read(&c, 0, &request, sizeof(request));
        if (request.header.type == VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING)
            check_entries(&c, request.nr_entries);
        if (fuzz_take(in) == 0xff)
            answer.type = fuzz_take16(in);
        fake_chain_write(&c, 0, &answer, sizeof(answer));
        fake_queue_return(QUEUE, c.head, sizeof(answer));
    }
    fake_virtio_interrupt();
}

static void step(struct fuzz_input *in)
{
    switch (fuzz_take(in) % 10) {
    case 0:
        fuzz_scribble(in, PAGE_PFN, PAGE_SIZE);
        break;
    case 1:
        fuzz_scribble(in, DIR_PFN, 256);
        break;
    case 2:
        fuzz_backend_harm(in, 1, 64);
        break;
    case 3:
    case 4:
    case 5:
        serve(in);
        break;
    case 6:
    case 7:
        fake_guest_send(FUZZ_PORT);
        break;
    default:
        put_event(in);
        break;
    }
}

static void setup(struct fuzz_input *in, struct domain *d)
{
    is_32bit = fuzz_take(in) & 1;
    fake_virtio_init(VIRTIO_ID_GPU, 0);
    fake_backend_init(d, &fbback_type);
    fake_frontend_set("page-ref", "%lu", (unsigned long)harness_mfn(PAGE_PFN));
    fake_frontend_set("event-channel", "%u", FUZZ_PORT);
    fake_frontend_set("feature-update", "1");
    fake_frontend_set("protocol", "%s", is_32bit ? XEN_IO_PROTO_ABI_X86_32 : XEN_IO_PROTO_ABI_X86_64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct fuzz_backend fbback = {
        .type = &fbback_type, .setup = setup, .reset_rings = reset_rings, .step = step
    };

    return fuzz_backend_run(&fbback, data, size);
}
