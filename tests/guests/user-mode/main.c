/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users: entered by iret, left by exceptions and system calls; what they see of the kernel. */
#include "guest.h"

#define CODE 0x80000000UL
#define DATA 0x80001000UL

static char *code;
static uint32_t *data;

static void put_code(const void *bytes, unsigned int n)
{
    memcpy(code, bytes, n);
}

static void run(const char *what, const void *bytes, unsigned int n, unsigned long vector,
                unsigned long error_code, struct trap *t)
{
    put_code(bytes, n);
    user_run(CODE, DATA + PAGE_SIZE - 16, t);
    if (t->vector != vector || t->error != error_code)
        fail("%s: trap %lu error 0x%lx, not %lu, 0x%lx", what, t->vector, t->error, vector,
             error_code);
    check_eq(t->cs & 0xffff, RING3_CS);
}

static void calls(void)
{
    static const uint8_t int80[] = { 0xcd, 0x80 }, int3[] = { 0xcc }, ud2[] = { 0x0f, 0x0b };
    static const uint8_t int81[] = { 0xcd, 0x81 }, hypercall_int[] = { 0xcd, 0x82 };
    static const uint8_t hlt[] = { 0xf4 }, cli[] = { 0xfa }, in[] = { 0xec };
    struct trap t;

    run("int $0x80", int80, sizeof(int80), 0x80, 0, &t);
    check_eq(t.ip, CODE + 2);
    check_eq(t.sp, DATA + PAGE_SIZE - 16);
    check(t.flags & 0x200);
    run("int3", int3, sizeof(int3), 3, 0, &t);
    check_eq(t.ip, CODE + 1);
    run("ud2", ud2, sizeof(ud2), 6, 0, &t);
    check_eq(t.ip, CODE);
    put_code(int81, sizeof(int81));
    user_run(CODE, DATA, &t);
    check_eq(t.vector, 13);
    check(is_int_error(t.error, 0x81));
    /* No hypercall for users. (By QEMU's error code Xen takes it for INT 4, which is open to them.)
     */
    put_code(hypercall_int, sizeof(hypercall_int));
    user_rax = __HYPERVISOR_xen_version;
    user_run(CODE, DATA, &t);
    check(t.vector == 13 || (t.vector == 4 && is_int_error(0x82 << 4 | 2, 0x82)));
    run("hlt", hlt, sizeof(hlt), 13, 0, &t);
    run("cli", cli, sizeof(cli), 13, 0, &t);
    run("in", in, sizeof(in), 13, 0, &t);
}

/* mov (address), %eax; mov %eax, (address) */
static void accesses(void)
{
    uint8_t load[] = { 0xb9, 0, 0, 0, 0, 0x8b, 0x01, 0xcd, 0x80 };
    uint8_t store[] = { 0xb9, 0, 0, 0, 0, 0x89, 0x01, 0xcd, 0x80 };
    uint32_t kernel = (uint32_t)(unsigned long)page_alloc(), nothing = 0x20000000, own = DATA;
    struct trap t;

    memcpy(load + 1, &own, 4);
    run("own page", load, sizeof(load), 0x80, 0, &t);
    memcpy(load + 1, &nothing, 4);
    run("no page", load, sizeof(load), 14, 4, &t);
    check_eq(t.cr2, nothing);
    memcpy(store + 1, &own, 4);
    run("store", store, sizeof(store), 0x80, 0, &t);
    if (WIDTH ==
        32) { /* Xen's 64-bit kernels are in ring 3 as well, on a page table of their own */
        memcpy(load + 1, &kernel, 4);
        run("kernel's page", load, sizeof(load), 14, 5, &t);
        check_eq(t.cr2, kernel);
    }
    user_map(DATA, va_to_mfn(data), 0);
    run("read-only page", store, sizeof(store), 14, 7, &t);
    check_eq(t.cr2, own);
    user_map(DATA, va_to_mfn(data), PTE_RW);
}

void test_main(void)
{
    code = page_alloc();
    data = page_alloc();
    user_map(CODE, va_to_mfn(code), PTE_RW);
    user_map(DATA, va_to_mfn(data), PTE_RW);
    if (WIDTH == 64)
        check_eq(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, va_to_mfn((void *)start_info->pt_base)), 0);
    calls();
    accesses();
}
