/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A frame of iret that does not load leads to the failsafe callback. If that one's own selector
 * does not load either the guest cannot go on: it must be ended, not tried for ever. The result
 * stands on the console before; what the test waits for is the end. Not for Xen 4.17, which gives
 * the kernel the fault of such a frame itself.
 */
#include "guest.h"

#define LDT_RING2 0x16 /* there is no LDT */
#define NOBODYS   0x6f /* nor such an entry in the GDT */
#define CODE      0x80000000UL

void test_main(void)
{
#ifdef __x86_64__
    skip("the callbacks of a 64-bit kernel have no selectors");
#else
    struct callback_register failsafe = { .type = CALLBACKTYPE_failsafe,
                                          .address = { LDT_RING2, VIRT_BASE } };
    struct trap t;

    check_eq(HC2(callback_op, CALLBACKOP_register, &failsafe), 0);
    user_map(CODE, va_to_mfn(page_alloc()), PTE_RW);
    user_cs = NOBODYS;
    console_write("SUCCESS\n", 8);
    console_drain();
    user_run(CODE, CODE + PAGE_SIZE, &t);
    fail("it went on: trap %lu, error 0x%lx", t.vector, t.error);
#endif
}
