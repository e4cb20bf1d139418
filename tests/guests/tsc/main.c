/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A TSC that is emulated (tsc_mode = "always_emulate"): the kernel and its users read the
 * hypervisor's, it always goes on, as fast as the time info and CPUID say, and it is the clock that
 * timers go by.
 */
#include "guest.h"
#include "cpu.h"

#define MS 1000000ULL

/* Xen's clock in QEMU's TCG on a busy host differs by milliseconds from CPU to CPU. */
#define SLACK (10 * MS)

#define CODE 0x80000000UL
#define DATA 0x80001000UL

#define VEC_GP  13
#define MSR_TSC 0x10
#define CR4_TSD (1UL << 2)

#define EDX_RDTSCP (1U << 27) /* CPUID 0x80000001, APM 3 */

/* arch-x86/cpuid.h, sub-leaf 0 of this one */
#define LEAF_XEN_TIME 0x40000003
#define TSC_EMULATED  (1U << 0)
#define MODE_EMULATE  1

static char *code;
static uint32_t *data;

static bool has_rdtscp(void)
{
    return xen_cpuid(0x80000001).edx & EDX_RDTSCP;
}

/* ---- how fast ---- */

/* The hypervisor's own clock from when the vCPU was made: no TSC is needed to read it. */
static uint64_t account_of_time(void)
{
    struct vcpu_runstate_info info;
    uint64_t sum = 0;

    check_eq(vcpu_op(VCPUOP_get_runstate_info, 0, &info), 0);
    for (unsigned int i = 0; i < 4; i++)
        sum += info.time[i];
    return sum;
}

static uint64_t ns_of(uint64_t ticks)
{
    const struct vcpu_time_info *t = &vcpu_info()->time;

    ticks = t->tsc_shift < 0 ? ticks >> -t->tsc_shift : ticks << t->tsc_shift;
    return (ticks >> 32) * t->tsc_to_system_mul +
           ((ticks & 0xffffffff) * t->tsc_to_system_mul >> 32);
}

static void frequency(uint32_t khz)
{
    uint64_t second = ns_of((uint64_t)khz * 1000), account[4], ticks;

    note("%u kHz", khz);
    check(second > 999 * MS && second < 1001 * MS);

    account[0] = account_of_time();
    ticks = rdtsc();
    account[1] = account_of_time();
    while (account_of_time() < account[1] + 50 * MS)
        sched_op(SCHEDOP_yield, NULL);
    account[2] = account_of_time();
    ticks = rdtsc() - ticks;
    account[3] = account_of_time();
    note("%ld ns of the TSC, %ld to %ld of the account", (long)ns_of(ticks),
         (long)(account[2] - account[1]), (long)(account[3] - account[0]));
    check(ns_of(ticks) + SLACK >= account[2] - account[1]);
    check(ns_of(ticks) <= account[3] - account[0] + SLACK);
}

/* ---- who reads it ---- */

static void kernel(void)
{
    uint64_t last = rdtsc(), now;

    for (unsigned int i = 0; i < 1000; i++, last = now) {
        now = i % 3 == 0 && has_rdtscp() ? rdtscp() : i % 3 == 1 ? rdmsr(MSR_TSC) : rdtsc();
        if (now > last)
            continue;
        fail("read %u is not above the one before, but %ld below", i, (long)(last - now));
        return;
    }
}

/* Users put what they read at DATA. */
static uint64_t user_reads(const uint8_t *insn, unsigned int len, struct trap *t)
{
    static const uint8_t head[] = { 0xbb, 0, 0x10, 0, 0x80 }; /* mov $DATA, %ebx */
    static const uint8_t tail[] = { 0x89, 0x03, 0x89, 0x53, 4, 0xcd, 0x80 };

    memcpy(code, head, sizeof(head));
    memcpy(code + sizeof(head), insn, len);
    memcpy(code + sizeof(head) + len, tail, sizeof(tail));
    user_run(CODE, DATA + PAGE_SIZE - 16, t);
    return (uint64_t)data[1] << 32 | data[0];
}

static void write_cr4(unsigned long bits_off, unsigned long bits_on)
{
    unsigned long cr4;

    __asm__ __volatile__("mov %%cr4, %0" : "=r"(cr4));
    cr4 = (cr4 & ~bits_off) | bits_on;
    __asm__ __volatile__("mov %0, %%cr4" : : "r"(cr4));
}

static void one_user(const char *what, const uint8_t *insn, unsigned int len)
{
    uint64_t before = rdtsc(), read;
    struct trap t;

    read = user_reads(insn, len, &t);
    check_eq(t.vector, 0x80);
    if (read <= before || read >= rdtsc())
        fail("%s of users is not between the kernel's reads", what);

    write_cr4(0, CR4_TSD);
    user_reads(insn, len, &t);
    if (t.vector != VEC_GP || t.error != 0)
        fail("%s of users with CR4.TSD: trap %lu", what, t.vector);
    before = rdtsc(); /* the kernel may still */
    write_cr4(CR4_TSD, 0);
    check(rdtsc() > before);
}

static void users(void)
{
    static const uint8_t insn_rdtsc[] = { 0x0f, 0x31 }, insn_rdtscp[] = { 0x0f, 0x01, 0xf9 };

    code = page_alloc();
    data = page_alloc();
    user_map(CODE, va_to_mfn(code), PTE_RW);
    user_map(DATA, va_to_mfn(data), PTE_RW);
    if (WIDTH == 64)
        mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, va_to_mfn((void *)start_info->pt_base));
    one_user("rdtsc", insn_rdtsc, sizeof(insn_rdtsc));
    if (has_rdtscp())
        one_user("rdtscp", insn_rdtscp, sizeof(insn_rdtscp));
}

static void timer(void)
{
    unsigned int port = bind_virq(VIRQ_TIMER), seen = event_count[port];
    uint64_t when = system_time() + 20 * MS;

    vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
    port_unmask(port);
    check_eq(set_timer_op(when), 0);
    while (event_count[port] == seen && system_time() < when + 1000 * MS)
        sched_op(SCHEDOP_yield, NULL);
    check(event_count[port] != seen);
    check(system_time() + SLACK >= when);
}

void test_main(void)
{
    struct cpuid_regs leaf = xen_cpuid(LEAF_XEN_TIME);

    if (in_shim())
        skip("the shim keeps the TSC by itself");
    check(leaf.eax & TSC_EMULATED);
    check_eq(leaf.ebx, MODE_EMULATE);
    frequency(leaf.ecx);
    kernel();
    users();
    timer();
}
