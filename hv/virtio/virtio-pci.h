/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding a virtio device's registers: the vendor capabilities of virtio 1.2 4.1.4. */
#pragma once

#include "types.h"

#define VIRTIO_PCI_VENDOR      0x1af4
#define VIRTIO_PCI_DEVICE_BASE 0x1040U/* + device id, 4.1.2.1 */

/* 4.1.4.3 */
struct virtio_pci_common_cfg {
    uint32_t device_feature_select;
    uint32_t device_feature;
    uint32_t driver_feature_select;
    uint32_t driver_feature;
    uint16_t config_msix_vector;
    uint16_t num_queues;
    uint8_t device_status;
    uint8_t config_generation;
    uint16_t queue_select;
    uint16_t queue_size;
    uint16_t queue_msix_vector;
    uint16_t queue_enable;
    uint16_t queue_notify_off;
    uint32_t queue_desc[2]; /* 64-bit fields are written as two halves, 4.1.3.1 */
    uint32_t queue_driver[2];
    uint32_t queue_device[2];
};
_Static_assert(sizeof(struct virtio_pci_common_cfg) == 56, "4.1.4.3");

/* 4.1.4, PCI 3.0 6.8.2 */
struct msix_entry {
    uint32_t addr_low, addr_high, data, control;
};
#define MSIX_CONTROL_MASKED 1

struct virtio_pci_regs {
    volatile struct virtio_pci_common_cfg *common;
    volatile uint8_t *notify;
    size_t notify_len;
    uint32_t notify_multiplier;
    volatile uint8_t *device; /* NULL: the device has no configuration */
    size_t device_len;
    volatile struct msix_entry *msix;
    unsigned int nr_msix;
};

/* Maps all of it, leaves MSI-X enabled with every entry masked and the function able to do DMA.
 * -XEN_ENODEV and a log line when something is missing. */
int virtio_pci_map(uint16_t bdf, struct virtio_pci_regs *ret);
