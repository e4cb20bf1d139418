/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest.h"
#include "cpu.h"

/* n * mul >> 32 without a 128-bit product. */
static uint64_t scale(uint64_t n, uint32_t mul)
{
    return (n >> 32) * mul + ((n & 0xffffffff) * mul >> 32);
}

/* xen.h struct vcpu_time_info. */
uint64_t system_time(void)
{
    const volatile struct vcpu_time_info *t = &vcpu_info()->time;
    uint64_t delta, ns;
    uint32_t version;

    do {
        version = t->version;
        barrier();
        delta = rdtsc() - t->tsc_timestamp;
        delta = t->tsc_shift < 0 ? delta >> -t->tsc_shift : delta << t->tsc_shift;
        ns = t->system_time + scale(delta, t->tsc_to_system_mul);
        barrier();
    } while ((version & 1) || version != t->version);
    return ns;
}
