/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest's I/O ports: no device is there, and nothing it does reaches the machine's own. Reads
 * float high, with the exceptions below.
 */
#include "cpu/emulate.h"
#include "cpu/vcpu.h"

/*
 * PIT channel 2. A kernel that calibrates its TSC loads the counter with 0xffff and counts how long
 * its high byte stays 0xff: for ever, if the port floats, and it gives up only after 100,000 reads.
 * A counter that has run out tells it at once that this is no clock.
 */
#define PORT_PIT_CHANNEL2 0x42

uint32_t guest_in(struct vcpu *v, uint16_t port, unsigned int size)
{
    return port == PORT_PIT_CHANNEL2 ? 0 : 0xffffffffU >> (32 - 8 * size);
}

void guest_out(struct vcpu *v, uint16_t port, unsigned int size, uint32_t val)
{
}
