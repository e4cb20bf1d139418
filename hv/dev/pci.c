/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCI discovery: functions, capabilities, bridges. BARs are in pci-bar.c. */
#include "pci.h"

#include "printk.h"

#define DEVICES_PER_BUS      32
#define FUNCTIONS_PER_DEVICE 8
#define MAX_BRIDGE_DEPTH     8

#define HEADER_TYPE_MASK      0x7f
#define HEADER_TYPE_BRIDGE    0x01
#define HEADER_MULTI_FUNCTION 0x80

bool pci_present(uint16_t bdf)
{
    return pci_cfg_read(bdf, PCI_VENDOR_ID, 2) != 0xffff;
}

struct walk {
    bool (*fn)(uint16_t bdf, void *opaque);
    void *opaque;
};

static bool walk_bus(const struct walk *w, uint8_t bus, unsigned int depth);

static bool walk_function(const struct walk *w, uint16_t bdf, unsigned int depth)
{
    uint8_t header = pci_cfg_read(bdf, PCI_HEADER_TYPE, 1) & HEADER_TYPE_MASK;
    uint8_t secondary;

    if (w->fn(bdf, w->opaque))
        return true;
    if (header != HEADER_TYPE_BRIDGE || depth == MAX_BRIDGE_DEPTH)
        return false;
    secondary = pci_cfg_read(bdf, PCI_SECONDARY_BUS, 1);
    /* A bridge that firmware left alone says 0; numbers grow downwards, so loops are impossible. */
    return secondary > bdf >> 8 && walk_bus(w, secondary, depth + 1);
}

static bool walk_bus(const struct walk *w, uint8_t bus, unsigned int depth)
{
    for (unsigned int dev = 0; dev < DEVICES_PER_BUS; dev++) {
        uint16_t first = PCI_BDF(bus, dev, 0);
        unsigned int nr = 1;

        if (!pci_present(first))
            continue;
        if (pci_cfg_read(first, PCI_HEADER_TYPE, 1) & HEADER_MULTI_FUNCTION)
            nr = FUNCTIONS_PER_DEVICE;
        for (unsigned int fn = 0; fn < nr; fn++)
            if ((fn == 0 || pci_present(first | fn)) && walk_function(w, first | fn, depth))
                return true;
    }
    return false;
}

void pci_for_each(bool (*fn)(uint16_t bdf, void *opaque), void *opaque)
{
    struct walk w = { .fn = fn, .opaque = opaque };

    walk_bus(&w, 0, 0);
}

unsigned int pci_find_cap(uint16_t bdf, uint8_t id, unsigned int prev)
{
    unsigned int pos;

    if (!(pci_cfg_read(bdf, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST))
        return 0;
    pos = pci_cfg_read(bdf, prev ? prev + 1 : PCI_CAP_POINTER, 1) & 0xfc;
    /* At most 48 capabilities fit: a list that is longer goes round in a circle. */
    for (unsigned int i = 0; i < 48 && pos >= 0x40; i++) {
        if (pci_cfg_read(bdf, pos, 1) == id)
            return pos;
        pos = pci_cfg_read(bdf, pos + 1, 1) & 0xfc;
    }
    return 0;
}

void pci_enable(uint16_t bdf, bool enable)
{
    uint16_t command = pci_cfg_read(bdf, PCI_COMMAND, 2);
    uint16_t bits = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;

    command = enable ? command | bits : command & ~bits;
    pci_cfg_write(bdf, PCI_COMMAND, 2, command | PCI_COMMAND_INTX_OFF);
}
