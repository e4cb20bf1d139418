/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Base address registers (PCI 3.0 6.2.5.1). Firmware placed those of the functions that were there
 * at boot; one that is hot-added gets addresses here.
 */
#include "pci.h"

#include "alloc.h"
#include "printk.h"

/* Never RAM and never chipset registers on pc and q35: the PCI hole starts at or below 3.5 GiB, the
 * I/O APIC at 0xfec00000 ends it. The host bridge decodes all of it. */
#define WINDOW_START 0xe0000000ULL
#define WINDOW_END   0xfec00000ULL
#define MAX_BAR_SIZE (16ULL << 20)

#define BAR_IO         0x1U
#define BAR_TYPE_MASK  0x6U
#define BAR_TYPE_64    0x4U
#define BAR_FLAGS_MASK 0xfU
#define NR_BARS        6
#define NR_BARS_BRIDGE 2

#define HEADER_TYPE_MASK   0x7f
#define HEADER_TYPE_BRIDGE 0x01

struct bar {
    unsigned int reg;
    bool is_io, is_64;
    uint64_t addr; /* 0: none yet */
    uint64_t size; /* 0: not implemented */
};

static unsigned int nr_bars(uint16_t bdf)
{
    uint8_t type = pci_cfg_read(bdf, PCI_HEADER_TYPE, 1) & HEADER_TYPE_MASK;

    return type == 0 ? NR_BARS : type == HEADER_TYPE_BRIDGE ? NR_BARS_BRIDGE : 0;
}

/* Writes all ones and reads back which address bits stick, with decoding off meanwhile. */
static void bar_read(uint16_t bdf, unsigned int index, struct bar *ret)
{
    unsigned int reg = PCI_BAR0 + 4 * index;
    uint16_t command = pci_cfg_read(bdf, PCI_COMMAND, 2);
    uint32_t low = pci_cfg_read(bdf, reg, 4), high = 0;
    uint64_t mask;

    *ret = (struct bar){ .reg = reg, .is_io = low & BAR_IO };
    if (ret->is_io)
        return;
    ret->is_64 = (low & BAR_TYPE_MASK) == BAR_TYPE_64;
    if (ret->is_64)
        high = pci_cfg_read(bdf, reg + 4, 4);

    pci_cfg_write(bdf, PCI_COMMAND, 2, command & ~PCI_COMMAND_MEMORY);
    pci_cfg_write(bdf, reg, 4, 0xffffffff);
    mask = pci_cfg_read(bdf, reg, 4) & ~BAR_FLAGS_MASK;
    if (mask != 0)
        mask |= 0xffffffff00000000ULL;
    pci_cfg_write(bdf, reg, 4, low);
    if (ret->is_64) {
        pci_cfg_write(bdf, reg + 4, 4, 0xffffffff);
        mask = (mask & 0xffffffff) | (uint64_t)pci_cfg_read(bdf, reg + 4, 4) << 32;
        pci_cfg_write(bdf, reg + 4, 4, high);
    }
    pci_cfg_write(bdf, PCI_COMMAND, 2, command);

    ret->addr = (uint64_t)high << 32 | (low & ~BAR_FLAGS_MASK);
    ret->size = mask ? ~mask + 1 : 0;
}

static void bar_write(uint16_t bdf, const struct bar *bar)
{
    pci_cfg_write(bdf, bar->reg, 4, (uint32_t)bar->addr);
    if (bar->is_64)
        pci_cfg_write(bdf, bar->reg + 4, 4, bar->addr >> 32);
}

/* A candidate range, and the end of what it collides with. */
struct range_check {
    uint64_t start, end;
    uint64_t collides_end; /* 0: free */
};

static void check_against(struct range_check *c, uint64_t start, uint64_t end)
{
    if (start < c->end && c->start < end)
        c->collides_end = MAX(c->collides_end, end);
}

/* Memory windows of a bridge: base and limit in units of 1 MiB (PCI-to-PCI Bridge 1.2 3.2.5.8). */
static void check_bridge_window(struct range_check *c, uint16_t bdf, unsigned int reg)
{
    uint32_t v = pci_cfg_read(bdf, reg, 4);
    uint64_t start = (v & 0xfff0) << 16, end = (v & 0xfff00000) + 0x100000ULL;

    if (start != 0 && start < end)
        check_against(c, start, end);
}

static bool check_function(uint16_t bdf, void *opaque)
{
    struct range_check *c = opaque;
    unsigned int n = nr_bars(bdf);
    struct bar bar;

    for (unsigned int i = 0; i < n; i += bar.is_64 ? 2 : 1) {
        bar_read(bdf, i, &bar);
        if (bar.size != 0 && bar.addr != 0)
            check_against(c, bar.addr, bar.addr + bar.size);
    }
    if (n == NR_BARS_BRIDGE) {
        check_bridge_window(c, bdf, PCI_MEMORY_BASE);
        check_bridge_window(c, bdf, PCI_PREF_BASE);
    }
    return false;
}

/* First fit around what the machine's functions use now. */
static uint64_t window_find(uint64_t size)
{
    uint64_t start = WINDOW_START;

    size = ROUND_UP(size, PAGE_SIZE); /* so that no two functions share a page */
    while (start + size <= WINDOW_END) {
        struct range_check c = { .start = start, .end = start + size };

        pci_for_each(check_function, &c);
        if (c.collides_end == 0)
            return start;
        start = ROUND_UP(c.collides_end, size);
    }
    return 0;
}

static bool bar_assign(uint16_t bdf, struct bar *bar)
{
    if (bdf >> 8 != 0) {
        printk(LOG_ERROR,
               "pci: %02x:%02x.%u has no address for its registers and is behind a bridge",
               PCI_BDF_ARGS(bdf));
        return false;
    }
    bar->addr = bar->size <= MAX_BAR_SIZE ? window_find(bar->size) : 0;
    if (bar->addr == 0) {
        printk(LOG_ERROR, "pci: %02x:%02x.%u: no room for a BAR of %llu bytes", PCI_BDF_ARGS(bdf),
               (unsigned long long)bar->size);
        return false;
    }
    bar_write(bdf, bar);
    return true;
}

/* Mappings are never undone (ioremap), so a function that comes back at the same place finds its
 * old one. */
static void *map_once(paddr_t addr, size_t length)
{
    static struct mapping {
        struct mapping *next;
        paddr_t addr;
        size_t length;
        void *va;
    } *mappings;
    struct mapping *m;

    for (m = mappings; m; m = m->next)
        if (addr >= m->addr && addr + length <= m->addr + m->length)
            return (char *)m->va + (addr - m->addr);
    m = kmalloc(sizeof(*m));
    if (!m)
        return NULL;
    *m = (struct mapping){ .next = mappings, .addr = addr, .length = length };
    m->va = ioremap(addr, length);
    if (!m->va) {
        kfree(m);
        return NULL;
    }
    mappings = m;
    return m->va;
}

void *pci_map_bar(uint16_t bdf, unsigned int index, uint64_t offset, size_t length)
{
    struct bar bar;

    if (index >= nr_bars(bdf))
        return NULL;
    bar_read(bdf, index, &bar);
    if (bar.is_io || bar.size == 0 || offset > bar.size || length > bar.size - offset)
        return NULL;
    if (bar.addr == 0 && !bar_assign(bdf, &bar))
        return NULL;
    return map_once(bar.addr + offset, length);
}
