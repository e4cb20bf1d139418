/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PCI functions of the machine: configuration space, capabilities, BARs (PCI Local Bus 3.0). A
 * function is named by its bus, device and function numbers in 8:5:3 bits.
 */
#pragma once

#include "types.h"

#define PCI_BDF(bus, dev, fn) ((uint16_t)((bus) << 8 | (dev) << 3 | (fn)))
/* For "%02x:%02x.%u" */
#define PCI_BDF_ARGS(bdf) ((bdf) >> 8), ((bdf) >> 3 & 31), ((bdf)&7)

/* Configuration space, PCI 3.0 6.1. */
#define PCI_VENDOR_ID       0x00
#define PCI_DEVICE_ID       0x02
#define PCI_COMMAND         0x04
#define PCI_COMMAND_MEMORY  0x0002
#define PCI_COMMAND_MASTER  0x0004
#define PCI_COMMAND_INTX_OFF 0x0400
#define PCI_STATUS          0x06
#define PCI_STATUS_CAP_LIST 0x0010
#define PCI_HEADER_TYPE     0x0e
#define PCI_BAR0            0x10
#define PCI_SECONDARY_BUS   0x19 /* of a bridge, as the next two */
#define PCI_MEMORY_BASE     0x20
#define PCI_PREF_BASE       0x24
#define PCI_CAP_POINTER     0x34

#define PCI_CAP_ID_VENDOR 0x09
#define PCI_CAP_ID_MSIX   0x11

/* One access of configuration space, size 1, 2 or 4 (dev/pci-cfg.c; a fake in tests). */
uint32_t pci_cfg_read(uint16_t bdf, unsigned int reg, unsigned int size);
void pci_cfg_write(uint16_t bdf, unsigned int reg, unsigned int size, uint32_t value);

/* Is there a function? */
bool pci_present(uint16_t bdf);
/* Calls fn for each function of the machine, behind bridges too, until it returns true. */
void pci_for_each(bool (*fn)(uint16_t bdf, void *opaque), void *opaque);

/* The position of the first capability of that id after the one at prev (0: from the start), 0 when
 * none. */
unsigned int pci_find_cap(uint16_t bdf, uint8_t id, unsigned int prev);

/* hv's mapping of length bytes at offset of a memory BAR, which gets an address first if firmware
 * gave it none. NULL: no such BAR, too small for that, or no address free. Mapping the same range
 * again gives the same address. */
void *pci_map_bar(uint16_t bdf, unsigned int bar, uint64_t offset, size_t length);
/* Lets the function answer at its BARs and do DMA, or forbids both. */
void pci_enable(uint16_t bdf, bool enable);
/* Gives the function back to QEMU, as far as its slot can be emptied and has no other function. */
void pci_eject(uint16_t bdf);
