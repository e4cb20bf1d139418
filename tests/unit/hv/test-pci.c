/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCI discovery and BARs on a make-believe bus. */
#include "harness.h"
#include "pci.h"
#include <glib.h>

#define MAX_FUNCTIONS 40

struct function {
    uint16_t bdf;
    uint8_t config[256];
    uint64_t bar_size[6]; /* 0: none; the upper half of a 64-bit one is none too */
    uint8_t bar_flags[6];
};

static struct function functions[MAX_FUNCTIONS];
static unsigned int nr_functions;

static struct function *function_at(uint16_t bdf)
{
    for (unsigned int i = 0; i < nr_functions; i++)
        if (functions[i].bdf == bdf)
            return &functions[i];
    return NULL;
}

uint32_t pci_cfg_read(uint16_t bdf, unsigned int reg, unsigned int size)
{
    const struct function *f = function_at(bdf);
    uint32_t v = 0xffffffff;

    g_assert_cmpuint(reg + size, <=, 256);
    g_assert_cmpuint(reg % size, ==, 0);
    if (f)
        memcpy(&v, f->config + reg, size);
    return size == 4 ? v : v & ((1U << 8 * size) - 1);
}

/* Address bits below a BAR's size do not stick, nor do its flags. */
static uint32_t bar_filter(const struct function *f, unsigned int bar, uint32_t value)
{
    if (f->bar_size[bar])
        return (value & ~(uint32_t)(f->bar_size[bar] - 1)) | f->bar_flags[bar];
    if (bar > 0 && (f->bar_flags[bar - 1] & 4)) /* upper half */
        return f->bar_size[bar - 1] >> 32 ? value & ~(uint32_t)((f->bar_size[bar - 1] - 1) >> 32) : value;
    return 0;
}

void pci_cfg_write(uint16_t bdf, unsigned int reg, unsigned int size, uint32_t value)
{
    struct function *f = function_at(bdf);

    g_assert_nonnull(f);
    if (reg >= PCI_BAR0 && reg < PCI_BAR0 + 24 && (f->config[PCI_HEADER_TYPE] & 0x7f) == 0) {
        g_assert_false(f->config[PCI_COMMAND] & PCI_COMMAND_MEMORY && value == 0xffffffff);
        value = bar_filter(f, (reg - PCI_BAR0) / 4, value);
    }
    memcpy(f->config + reg, &value, size);
}

void *ioremap(paddr_t addr, size_t size)
{
    return (void *)(uintptr_t)(addr | 1ULL << 46);
}

static void set32(struct function *f, unsigned int reg, uint32_t v)
{
    memcpy(f->config + reg, &v, 4);
}

static struct function *add(uint16_t bdf)
{
    struct function *f = &functions[nr_functions++];

    g_assert_cmpuint(nr_functions, <=, MAX_FUNCTIONS);
    memset(f, 0, sizeof(*f));
    f->bdf = bdf;
    set32(f, 0, 0x10411af4);
    return f;
}

static void add_bar(struct function *f, unsigned int bar, uint64_t addr, uint64_t size, uint8_t flags)
{
    f->bar_size[bar] = size;
    f->bar_flags[bar] = flags;
    set32(f, PCI_BAR0 + 4 * bar, (uint32_t)addr | flags);
    if (flags & 4)
        set32(f, PCI_BAR0 + 4 * bar + 4, addr >> 32);
}

static struct function *add_bridge(uint16_t bdf, uint8_t secondary)
{
    struct function *f = add(bdf);

    f->config[PCI_HEADER_TYPE] = 1;
    f->config[PCI_SECONDARY_BUS] = secondary;
    return f;
}

static void setup(void)
{
    nr_functions = 0;
}

static uint64_t bar_addr(struct function *f, unsigned int bar)
{
    uint32_t low, high = 0;

    memcpy(&low, f->config + PCI_BAR0 + 4 * bar, 4);
    if (low & 4)
        memcpy(&high, f->config + PCI_BAR0 + 4 * bar + 4, 4);
    return (uint64_t)high << 32 | (low & ~15U);
}

static bool collect(uint16_t bdf, void *opaque)
{
    g_string_append_printf(opaque, "%02x:%02x.%u ", PCI_BDF_ARGS(bdf));
    return false;
}

static void test_walk(void)
{
    g_autoptr(GString) seen = g_string_new(NULL);

    setup();
    add(PCI_BDF(0, 1, 0))->config[PCI_HEADER_TYPE] = 0x80;
    add(PCI_BDF(0, 1, 3));
    add(PCI_BDF(0, 2, 0));
    add(PCI_BDF(0, 2, 1)); /* behind a function that is alone: not there */
    add_bridge(PCI_BDF(0, 3, 0), 5);
    add(PCI_BDF(5, 0, 0));
    add_bridge(PCI_BDF(5, 1, 0), 5); /* says that it leads to itself */
    add_bridge(PCI_BDF(5, 2, 0), 0);
    add(PCI_BDF(7, 0, 0)); /* nobody leads there */
    pci_for_each(collect, seen);
    g_assert_cmpstr(seen->str, ==, "00:01.0 00:01.3 00:02.0 00:03.0 05:00.0 05:01.0 05:02.0 ");
}

static void test_caps(void)
{
    struct function *f;

    setup();
    f = add(PCI_BDF(0, 1, 0));
    f->config[PCI_CAP_POINTER] = 0x40;
    f->config[0x40] = PCI_CAP_ID_MSIX;
    f->config[0x41] = 0x50;
    f->config[0x50] = PCI_CAP_ID_VENDOR;
    f->config[0x51] = 0x63; /* the low bits are reserved */
    f->config[0x60] = PCI_CAP_ID_VENDOR;
    f->config[0x61] = 0x50; /* round in a circle */
    g_assert_cmpuint(pci_find_cap(f->bdf, PCI_CAP_ID_MSIX, 0), ==, 0); /* no list */
    f->config[PCI_STATUS] = PCI_STATUS_CAP_LIST;
    g_assert_cmpuint(pci_find_cap(f->bdf, PCI_CAP_ID_MSIX, 0), ==, 0x40);
    g_assert_cmpuint(pci_find_cap(f->bdf, PCI_CAP_ID_VENDOR, 0), ==, 0x50);
    g_assert_cmpuint(pci_find_cap(f->bdf, PCI_CAP_ID_VENDOR, 0x50), ==, 0x60);
    g_assert_cmpuint(pci_find_cap(f->bdf, 0x05, 0), ==, 0);
}

static void test_map(void)
{
    struct function *f;
    void *va;

    setup();
    f = add(PCI_BDF(0, 4, 0));
    add_bar(f, 0, 0xc001, 64, 1); /* I/O */
    add_bar(f, 1, 0xfebf1000, 4096, 0);
    add_bar(f, 4, 0x380000000000, 16384, 0xc);
    pci_enable(f->bdf, true);
    va = pci_map_bar(f->bdf, 4, 4096, 56);
    g_assert_cmphex((uintptr_t)va, ==, 0x380000001000 | 1ULL << 46);
    g_assert_true(pci_map_bar(f->bdf, 4, 4096, 56) == va);
    g_assert_true(pci_map_bar(f->bdf, 4, 4100, 4) == (char *)va + 4);
    g_assert_nonnull(pci_map_bar(f->bdf, 1, 0, 4096));
    g_assert_null(pci_map_bar(f->bdf, 0, 0, 4));
    g_assert_null(pci_map_bar(f->bdf, 1, 1, 4096));
    g_assert_null(pci_map_bar(f->bdf, 1, 8192, 4));
    g_assert_null(pci_map_bar(f->bdf, 1, 0, SIZE_MAX));
    g_assert_null(pci_map_bar(f->bdf, 2, 0, 4));
    g_assert_null(pci_map_bar(f->bdf, 6, 0, 4));
    g_assert_null(pci_map_bar(f->bdf, 255, 0, 4));
    /* All is as it was. */
    g_assert_cmphex(bar_addr(f, 1), ==, 0xfebf1000);
    g_assert_cmphex(bar_addr(f, 4), ==, 0x380000000000);
    g_assert_cmpuint(f->config[PCI_COMMAND] & 6, ==, 6);
}

/* A hot-added function: its BARs land around what is there, never twice in one page. */
static void test_assign(void)
{
    struct function *bridge, *a, *b;

    setup();
    add_bar(add(PCI_BDF(0, 2, 0)), 0, 0xe0000000, 1 << 20, 8);
    bridge = add_bridge(PCI_BDF(0, 3, 0), 1);
    set32(bridge, PCI_MEMORY_BASE, 0xe010e010); /* e0100000 to e01fffff */
    set32(bridge, PCI_PREF_BASE, 0x0001fff1);   /* closed: the limit is below the base */
    a = add(PCI_BDF(0, 4, 0));
    add_bar(a, 1, 0, 4096, 0);
    add_bar(a, 4, 0, 16384, 0xc);
    b = add(PCI_BDF(0, 5, 0));
    add_bar(b, 0, 0, 256, 0);
    add_bar(b, 1, 0, 128, 0);
    add_bar(b, 2, 0, 32 << 20, 0);

    g_assert_nonnull(pci_map_bar(a->bdf, 4, 0, 16384));
    g_assert_cmphex(bar_addr(a, 4), ==, 0xe0200000);
    g_assert_nonnull(pci_map_bar(a->bdf, 1, 0, 4096));
    g_assert_cmphex(bar_addr(a, 1), ==, 0xe0204000);
    g_assert_nonnull(pci_map_bar(b->bdf, 0, 0, 256));
    g_assert_nonnull(pci_map_bar(b->bdf, 1, 0, 128));
    g_assert_cmphex(bar_addr(b, 0) >> 12, !=, bar_addr(b, 1) >> 12);
    g_assert_null(pci_map_bar(b->bdf, 2, 0, 4096)); /* too large */
}

static void test_assign_refused(void)
{
    struct function *f, *behind;

    setup();
    add_bridge(PCI_BDF(0, 3, 0), 1);
    behind = add(PCI_BDF(1, 0, 0));
    add_bar(behind, 0, 0, 4096, 0);
    g_assert_null(pci_map_bar(behind->bdf, 0, 0, 4096));
    add_bar(add(PCI_BDF(0, 4, 0)), 0, 0xe0000000, 256 << 20, 0);
    add_bar(add(PCI_BDF(0, 5, 0)), 0, 0xf0000000, 256 << 20, 0);
    f = add(PCI_BDF(0, 6, 0));
    add_bar(f, 0, 0, 4096, 0);
    g_assert_null(pci_map_bar(f->bdf, 0, 0, 4096)); /* the window is full */
    g_assert_cmphex(bar_addr(f, 0), ==, 0);
}

int main(int argc, char **argv)
{
    struct domain *d;
    int rc;

    g_test_init(&argc, &argv, NULL);
    d = harness_domain_new(1, false); /* one for all: mappings are never undone */
    g_test_add_func("/pci/walk", test_walk);
    g_test_add_func("/pci/caps", test_caps);
    g_test_add_func("/pci/map", test_map);
    g_test_add_func("/pci/assign", test_assign);
    g_test_add_func("/pci/assign-refused", test_assign_refused);
    rc = g_test_run();
    harness_domain_free(d);
    return rc;
}
