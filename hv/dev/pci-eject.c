/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hot-unplug: hv is the operating system that has to let go of a slot (QEMU
 * docs/specs/acpi_pci_hotplug). */
#include "pci.h"
#include "cpu/asm.h"
#include "printk.h"

/* Registers of the pc machine; the selector says which bus the others are about. */
#define PCIHP_EJECT     0xae08 /* a bit for each slot: the device goes */
#define PCIHP_REMOVABLE 0xae0c
#define PCIHP_BUS       0xae10

static bool is_alone(uint16_t bdf)
{
    for (uint16_t fn = 0; fn < 8; fn++) {
        uint16_t other = (uint16_t)((bdf & ~7) | fn);

        if (other != bdf && pci_present(other))
            return false;
    }
    return true;
}

void pci_eject(uint16_t bdf)
{
    uint32_t slot = 1U << (bdf >> 3 & 31);

    if (bdf >> 8 || !pci_present(bdf))
        return;
    outl(PCIHP_BUS, 0);
    if (!(inl(PCIHP_REMOVABLE) & slot) || !is_alone(bdf)) {
        printk(LOG_INFO, "pci: %02x:%02x.%u stays in its slot", PCI_BDF_ARGS(bdf));
        return;
    }
    outl(PCIHP_EJECT, slot);
}
