/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The framebuffer back end between a front end's shared page and a graphics device in the test's hands. */
#include "fake-backend.h"
#include "fake-virtio.h"
#include "harness.h"
#include "virtio/virtio-gpu.h"
#include <glib.h>
#include <xen/io/fbif.h>
#include <xen/io/protocols.h>

#define PAGE_PFN  900U
#define DIR_PFN   901U
#define FRAME_PFN 100U
#define PORT      2U
#define WIDTH     64U
#define HEIGHT    48U
#define STRIDE    (80U * 4U) /* wider than the picture */
#define NR_FRAMES 8U
#define QUEUE     (&fake_virtio.queue[VIRTIO_GPU_QUEUE_CONTROL])

static uint32_t screen_width, screen_height;

void kbdback_set_screen(uint32_t width, uint32_t height)
{
    screen_width = width;
    screen_height = height;
}

/* ---- the front end ---- */

static struct xenfb_page *page(void)
{
    return harness_page(PAGE_PFN);
}

/* Frames from the last to the first, so that no two of them join. */
static pfn_t frame_pfn(unsigned int i)
{
    return FRAME_PFN + NR_FRAMES - 1 - i;
}

static void make_page(bool is_32bit)
{
    char *pd = (char *)page() + (is_32bit ? 36 : 40);

    memset(page(), 0, PAGE_SIZE);
    page()->width = WIDTH;
    page()->height = HEIGHT;
    page()->line_length = STRIDE;
    page()->mem_length = NR_FRAMES * PAGE_SIZE;
    page()->depth = 32;
    if (is_32bit)
        *(uint32_t *)pd = (uint32_t)harness_mfn(DIR_PFN);
    else
        *(uint64_t *)pd = harness_mfn(DIR_PFN);
    for (unsigned int i = 0; i < NR_FRAMES; i++) {
        if (is_32bit)
            ((uint32_t *)harness_page(DIR_PFN))[i] = (uint32_t)harness_mfn(frame_pfn(i));
        else
            ((uint64_t *)harness_page(DIR_PFN))[i] = harness_mfn(frame_pfn(i));
    }
}

static void put_event(const union xenfb_out_event *event)
{
    XENFB_OUT_RING_REF(page(), page()->out_prod) = *event;
    page()->out_prod++;
    fake_guest_send(PORT);
    harness_run_softirqs();
}

static void put_update(int x, int y, int width, int height)
{
    put_event(&(union xenfb_out_event){ .update = { XENFB_TYPE_UPDATE, x, y, width, height } });
}

static void put_resize(int width, int height, int stride, int depth, int offset)
{
    put_event(&(union xenfb_out_event){
        .resize = { XENFB_TYPE_RESIZE, width, height, stride, depth, offset } });
}

/* ---- the device ---- */

/* Takes the next command, of that type, and answers it. */
static struct fake_chain expect(uint32_t type, uint32_t answer, void *ret, uint32_t size)
{
    struct virtio_gpu_header h = { .type = answer };
    struct fake_chain c = { 0 };

    g_assert_true(fake_queue_take(QUEUE, &c));
    fake_chain_read(&c, 0, ret, size);
    g_assert_cmphex(((struct virtio_gpu_header *)ret)->type, ==, type);
    fake_chain_write(&c, 0, &h, sizeof(h));
    fake_queue_return(QUEUE, c.head, sizeof(h));
    return c;
}

static void expect_nothing(void)
{
    struct fake_chain c;

    g_assert_false(fake_queue_take(QUEUE, &c));
}

static void expect_update(uint32_t x, uint32_t y, uint32_t width, uint32_t height, uint64_t offset)
{
    struct virtio_gpu_transfer t;
    struct virtio_gpu_flush f;

    expect(VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D, VIRTIO_GPU_RESP_OK_NODATA, &t, sizeof(t));
    expect(VIRTIO_GPU_CMD_RESOURCE_FLUSH, VIRTIO_GPU_RESP_OK_NODATA, &f, sizeof(f));
    g_assert_cmpuint(t.rect.x, ==, x);
    g_assert_cmpuint(t.rect.y, ==, y);
    g_assert_cmpuint(t.rect.width, ==, width);
    g_assert_cmpuint(t.rect.height, ==, height);
    g_assert_cmpuint(t.offset, ==, offset);
    g_assert_cmpmem(&f.rect, sizeof(f.rect), &t.rect, sizeof(t.rect));
    g_assert_cmpuint(f.resource_id, ==, t.resource_id);
}

/* The commands that show a picture; returns its number. */
static uint32_t expect_picture(uint32_t width, uint32_t height, uint32_t stride)
{
    struct virtio_gpu_create_2d create;
    struct virtio_gpu_attach attach;
    struct virtio_gpu_set_scanout scanout;
    struct virtio_gpu_entry entries[NR_FRAMES];
    struct fake_chain c;

    expect(VIRTIO_GPU_CMD_RESOURCE_CREATE_2D, VIRTIO_GPU_RESP_OK_NODATA, &create, sizeof(create));
    g_assert_cmpuint(create.width, ==, stride / 4);
    g_assert_cmpuint(create.height, ==, height);
    c = expect(VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING, VIRTIO_GPU_RESP_OK_NODATA, &attach, sizeof(attach));
    g_assert_cmpuint(attach.nr_entries, ==, NR_FRAMES);
    fake_chain_read(&c, sizeof(attach), entries, sizeof(entries));
    for (unsigned int i = 0; i < NR_FRAMES; i++) {
        g_assert_cmphex(entries[i].addr, ==, harness_mfn(frame_pfn(i)) << PAGE_SHIFT);
        g_assert_cmpuint(entries[i].length, ==, PAGE_SIZE);
    }
    expect(VIRTIO_GPU_CMD_SET_SCANOUT, VIRTIO_GPU_RESP_OK_NODATA, &scanout, sizeof(scanout));
    g_assert_cmpuint(scanout.rect.width, ==, width);
    g_assert_cmpuint(scanout.rect.height, ==, height);
    g_assert_cmpuint(scanout.resource_id, ==, create.resource_id);
    return create.resource_id;
}

/* ---- the rig ---- */

static void setup(bool is_32bit)
{
    struct domain *d = harness_domain_new(1, is_32bit);

    fake_virtio_init(VIRTIO_ID_GPU, 0);
    fake_backend_init(d, &fbback_type);
    make_page(is_32bit);
    fake_frontend_set("page-ref", "%lu", (unsigned long)harness_mfn(PAGE_PFN));
    fake_frontend_set("event-channel", "%u", PORT);
    fake_frontend_set("feature-update", "1");
    g_assert_cmpint(fbback_type.probe(&fake_backend.dev), ==, 0);
}

static void teardown(void)
{
    if (fake_backend.nr_bound > 0)
        g_assert_true(fbback_type.disconnect(&fake_backend.dev));
    fbback_type.remove(&fake_backend.dev);
    g_assert_cmpuint(harness_live_blocks() + harness_live_pages(), ==, 0);
    fake_backend_clear();
    harness_domain_free(fake_backend.dev.domain);
}

static void connect_good(void)
{
    g_assert_cmpint(fbback_type.connect(&fake_backend.dev), ==, 0);
    expect_picture(WIDTH, HEIGHT, STRIDE);
    expect_update(0, 0, WIDTH, HEIGHT, 0);
    fake_virtio_interrupt();
    expect_nothing();
}

static void refused(const char *why)
{
    g_assert_cmpint(fbback_type.connect(&fake_backend.dev), <, 0);
    g_assert_cmpstr(fake_backend.last_error, ==, why);
    g_assert_cmpuint(fake_backend.nr_bound, ==, 0);
    teardown();
}

/* ---- tests ---- */

static void test_picture(void)
{
    setup(false);
    connect_good();
    g_assert_cmpuint(screen_width, ==, WIDTH);
    g_assert_cmpuint(screen_height, ==, HEIGHT);
    teardown();
    g_assert_cmpuint(screen_width, ==, 0);
}

/* The driver was loaded anew, or another kernel (GRUB's, kexec's). */
static void test_second_front_end(void)
{
    setup(false);
    for (unsigned int i = 0; i < 3; i++) {
        make_page(false);
        connect_good();
        g_assert_true(fbback_type.disconnect(&fake_backend.dev));
    }
    teardown();
}

static void test_32bit_directory(void)
{
    setup(true);
    connect_good();
    teardown();
    setup(false);
    make_page(true);
    fake_frontend_set("protocol", XEN_IO_PROTO_ABI_X86_32);
    connect_good();
    teardown();
}

static void test_updates_are_clipped(void)
{
    setup(false);
    connect_good();
    put_update(-5, 10, 20, 1000);
    expect_update(0, 10, 15, HEIGHT - 10, 10 * STRIDE);
    fake_virtio_interrupt();
    put_update(0, 0, 0, 10);
    put_update(INT32_MAX, 0, INT32_MAX, 1);
    put_update(0, INT32_MIN, 5, INT32_MIN);
    put_update(-10, 0, 5, 5);
    expect_nothing();
    g_assert_cmpuint(page()->out_cons, ==, page()->out_prod);
    teardown();
}

/* While the device is at one update, the next ones wait together. */
static void test_updates_are_gathered(void)
{
    setup(false);
    connect_good();
    put_update(1, 2, 3, 4);
    put_update(10, 20, 5, 5);
    put_update(30, 10, 2, 2);
    expect_update(1, 2, 3, 4, 2 * STRIDE + 4);
    expect_nothing();
    fake_virtio_interrupt();
    expect_update(10, 10, 22, 15, 10 * STRIDE + 40);
    fake_virtio_interrupt();
    expect_nothing();
    teardown();
}

static void test_resize(void)
{
    struct virtio_gpu_unref unref;
    uint32_t first, second;

    setup(false);
    g_assert_cmpint(fbback_type.connect(&fake_backend.dev), ==, 0);
    first = expect_picture(WIDTH, HEIGHT, STRIDE);
    expect_update(0, 0, WIDTH, HEIGHT, 0);
    fake_virtio_interrupt();
    put_resize(32, 16, 32 * 4, 32, PAGE_SIZE);
    second = expect_picture(32, 16, 32 * 4);
    g_assert_cmpuint(first, !=, second);
    expect(VIRTIO_GPU_CMD_RESOURCE_UNREF, VIRTIO_GPU_RESP_OK_NODATA, &unref, sizeof(unref));
    g_assert_cmpuint(unref.resource_id, ==, first);
    expect_update(0, 0, 32, 16, PAGE_SIZE);
    fake_virtio_interrupt();
    g_assert_cmpuint(screen_width, ==, 32);
    teardown();
}

static void test_bad_resize_changes_nothing(void)
{
    setup(false);
    connect_good();
    put_resize(0, 10, 40, 32, 0);
    put_resize(WIDTH, HEIGHT, STRIDE, 16, 0);
    put_resize(-1, -1, -4, 32, 0);
    put_resize(10, 10, 36, 32, 0);
    put_resize(10, 10, 42, 32, 0);
    put_resize(10, 10, 40, 32, NR_FRAMES * PAGE_SIZE - 399);
    expect_nothing();
    g_assert_cmpuint(fake_backend.nr_errors, ==, 6);
    g_assert_cmpuint(fake_backend.nr_fails, ==, 0);
    put_update(0, 0, 1, 1);
    expect_update(0, 0, 1, 1, 0);
    teardown();
}

static void test_bad_ring(void)
{
    setup(false);
    connect_good();
    page()->out_prod = page()->out_cons + XENFB_OUT_RING_LEN + 1;
    fake_guest_send(PORT);
    harness_run_softirqs();
    g_assert_cmpuint(fake_backend.nr_fails, ==, 1);
    teardown();
}

static void test_refused(void)
{
    setup(false);
    fake_frontend_set("page-ref", "%u", 7);
    refused("page-ref 0x7 is not the guest's");
    setup(false);
    fake_frontend_set("feature-update", "0");
    refused("the front end does not tell what it draws (feature-update)");
    setup(false);
    fake_frontend_set("protocol", "arm-abi");
    refused("unknown protocol 'arm-abi'");
    setup(false);
    page()->depth = 24;
    refused("pixels of 24 bits: only 32 are supported");
    setup(false);
    page()->mem_length = HEIGHT * STRIDE - 1;
    refused("64x48 with rows of 320 bytes at 0 does not fit into 15359 bytes");
    setup(false);
    page()->mem_length = UINT32_MAX;
    refused("a framebuffer of 4294967295 bytes is more than 75497472");
    setup(false);
    ((uint64_t *)harness_page(DIR_PFN))[3] = 7;
    refused("page 3 of the framebuffer is not the guest's");
    setup(false);
    page()->pd[0] = ~0UL;
    refused("page 0 of the framebuffer is not the guest's");
}

static void test_no_memory(void)
{
    for (int n = 0; n < 20; n++) {
        setup(false);
        harness.fail_alloc_after = n;
        if (fbback_type.connect(&fake_backend.dev) < 0)
            g_assert_cmpuint(fake_backend.nr_bound, ==, 0);
        harness.fail_alloc_after = -1;
        teardown();
    }
}

static void test_device_error(void)
{
    struct virtio_gpu_create_2d create;

    setup(false);
    g_assert_cmpint(fbback_type.connect(&fake_backend.dev), ==, 0);
    expect(VIRTIO_GPU_CMD_RESOURCE_CREATE_2D, 0x1201, &create, sizeof(create));
    fake_virtio_interrupt();
    g_assert_cmpuint(fake_backend.nr_fails, ==, 1);
    teardown(); /* with the other commands in flight */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fbback/picture", test_picture);
    g_test_add_func("/fbback/second-front-end", test_second_front_end);
    g_test_add_func("/fbback/32bit-directory", test_32bit_directory);
    g_test_add_func("/fbback/updates-clipped", test_updates_are_clipped);
    g_test_add_func("/fbback/updates-gathered", test_updates_are_gathered);
    g_test_add_func("/fbback/resize", test_resize);
    g_test_add_func("/fbback/bad-resize", test_bad_resize_changes_nothing);
    g_test_add_func("/fbback/bad-ring", test_bad_ring);
    g_test_add_func("/fbback/refused", test_refused);
    g_test_add_func("/fbback/no-memory", test_no_memory);
    g_test_add_func("/fbback/device-error", test_device_error);
    return g_test_run();
}
