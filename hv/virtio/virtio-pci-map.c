/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a virtio function keeps its registers (virtio 1.2 4.1.4) and its MSI-X table
 * (PCI 3.0 6.8.2). */
#include "virtio-pci.h"

#include "pci.h"
#include "printk.h"
#include <xen/errno.h>

/* struct virtio_pci_cap */
#define CAP_CFG_TYPE   3
#define CAP_BAR        4
#define CAP_OFFSET     8
#define CAP_LENGTH     12
#define CAP_MULTIPLIER 16 /* of the notify capability only */

#define CFG_TYPE_COMMON 1
#define CFG_TYPE_NOTIFY 2
#define CFG_TYPE_DEVICE 4

#define MSIX_CTRL         2
#define MSIX_CTRL_SIZE    0x07ff
#define MSIX_CTRL_ENABLE  0x8000
#define MSIX_CTRL_MASKALL 0x4000
#define MSIX_TABLE        4 /* BAR in the low three bits, offset in the others */

/* Maps the structure of that type; the first one offered is the preferred one (4.1.4.1). */
static void *map_structure(uint16_t bdf, uint8_t type, size_t *ret_len, unsigned int *ret_cap)
{
    for (unsigned int cap = pci_find_cap(bdf, PCI_CAP_ID_VENDOR, 0); cap;
         cap = pci_find_cap(bdf, PCI_CAP_ID_VENDOR, cap)) {
        uint32_t offset, length;
        void *va;

        if (pci_cfg_read(bdf, cap + CAP_CFG_TYPE, 1) != type)
            continue;
        offset = pci_cfg_read(bdf, cap + CAP_OFFSET, 4);
        length = pci_cfg_read(bdf, cap + CAP_LENGTH, 4);
        va = pci_map_bar(bdf, pci_cfg_read(bdf, cap + CAP_BAR, 1), offset, length);
        if (!va)
            continue;
        *ret_len = length;
        *ret_cap = cap;
        return va;
    }
    return NULL;
}

static bool map_msix(uint16_t bdf, struct virtio_pci_regs *regs)
{
    unsigned int cap = pci_find_cap(bdf, PCI_CAP_ID_MSIX, 0);
    uint16_t ctrl;
    uint32_t table;

    if (!cap)
        return false;
    ctrl = pci_cfg_read(bdf, cap + MSIX_CTRL, 2);
    table = pci_cfg_read(bdf, cap + MSIX_TABLE, 4);
    regs->nr_msix = (ctrl & MSIX_CTRL_SIZE) + 1;
    regs->msix = pci_map_bar(bdf, table & 7, table & ~7U, regs->nr_msix * sizeof(*regs->msix));
    if (!regs->msix)
        return false;
    for (unsigned int i = 0; i < regs->nr_msix; i++)
        regs->msix[i].control |= MSIX_CONTROL_MASKED;
    ctrl = (ctrl & ~MSIX_CTRL_MASKALL) | MSIX_CTRL_ENABLE;
    pci_cfg_write(bdf, cap + MSIX_CTRL, 2, ctrl);
    return true;
}

static int missing(uint16_t bdf, const char *what)
{
    printk(LOG_ERROR, "virtio: %02x:%02x.%u has no %s", PCI_BDF_ARGS(bdf), what);
    return -XEN_ENODEV;
}

int virtio_pci_map(uint16_t bdf, struct virtio_pci_regs *ret)
{
    struct virtio_pci_regs regs = { 0 };
    size_t common_len = 0;
    unsigned int cap;

    regs.common = map_structure(bdf, CFG_TYPE_COMMON, &common_len, &cap);
    if (!regs.common || common_len < sizeof(*regs.common))
        return missing(bdf, "virtio 1.x registers: is it a legacy device?");
    regs.notify = map_structure(bdf, CFG_TYPE_NOTIFY, &regs.notify_len, &cap);
    if (!regs.notify)
        return missing(bdf, "notification registers");
    regs.notify_multiplier = pci_cfg_read(bdf, cap + CAP_MULTIPLIER, 4);
    regs.device = map_structure(bdf, CFG_TYPE_DEVICE, &regs.device_len, &cap);
    pci_enable(bdf, true); /* the MSI-X table answers only from here on */
    if (!map_msix(bdf, &regs))
        return missing(bdf, "MSI-X");
    *ret = regs;
    return 0;
}
