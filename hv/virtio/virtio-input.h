/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keyboards and pointers (virtio 1.2 5.8). Types and codes are those of Linux' input events. */
#pragma once

#include "virtio.h"

#define VIRTIO_INPUT_QUEUE_EVENT 0 /* 5.8.2 */

struct virtio_input_event { /* 5.8.6 */
    uint16_t type;
    uint16_t code;
    uint32_t value;
};
_Static_assert(sizeof(struct virtio_input_event) == 8, "5.8.6");

/* linux/input-event-codes.h */
#define INPUT_EV_SYN    0
#define INPUT_EV_KEY    1
#define INPUT_EV_REL    2
#define INPUT_EV_ABS    3
#define INPUT_REL_WHEEL 8
#define INPUT_ABS_X     0
#define INPUT_ABS_Y     1

/* What QEMU's tablet reports at its right and lower edge (INPUT_EVENT_ABS_MAX). */
#define VIRTIO_INPUT_ABS_MAX 0x7fff
