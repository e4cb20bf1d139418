/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SDM 3A 11. xAPIC registers: QEMU's machines of up to 255 CPUs have them, with KVM and without. */
#include "cpu/apic.h"
#include "cpu/asm.h"
#include "cpu/regs.h"
#include "alloc.h"
#include "printk.h"

#define APIC_ID         0x020
#define APIC_TPR        0x080
#define APIC_EOI        0x0b0
#define APIC_SPIV       0x0f0
#define APIC_ICR        0x300
#define APIC_ICR_HIGH   0x310
#define APIC_LVT_TIMER  0x320
#define APIC_LVT_LINT0  0x350
#define APIC_LVT_LINT1  0x360
#define APIC_TIMER_INIT 0x380
#define APIC_TIMER_CUR  0x390
#define APIC_TIMER_DIV  0x3e0

#define APIC_BASE_ENABLE (1UL << 11)
#define SPIV_ENABLE      (1U << 8)
#define LVT_MASKED       (1U << 16)
#define LVT_NMI          (4U << 8)
/* SDM 3A 11.6.1 */
#define ICR_INIT         (5U << 8)
#define ICR_STARTUP      (6U << 8)
#define ICR_PENDING      (1U << 12)
#define ICR_ASSERT       (1U << 14)
#define ICR_ALL_BUT_SELF (3U << 18)
#define TIMER_DIV_1      0xb

static volatile uint32_t *apic;

static uint32_t apic_read(unsigned int reg)
{
    return apic[reg / 4];
}

static void apic_write(unsigned int reg, uint32_t v)
{
    apic[reg / 4] = v;
}

/* NMIs go to the first CPU only. */
static void set_up(bool first)
{
    apic_write(APIC_SPIV, SPIV_ENABLE | VEC_SPURIOUS);
    apic_write(APIC_TPR, 0);
    apic_write(APIC_LVT_LINT0, LVT_MASKED);
    apic_write(APIC_LVT_LINT1, first ? LVT_NMI : LVT_MASKED);
    apic_write(APIC_TIMER_DIV, TIMER_DIV_1);
    apic_write(APIC_LVT_TIMER, VEC_TIMER);
}

void apic_init_secondary(void)
{
    wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE);
    set_up(false);
}

static void send(uint32_t destination, uint32_t command)
{
    while (apic_read(APIC_ICR) & ICR_PENDING)
        cpu_relax();
    apic_write(APIC_ICR_HIGH, destination << 24);
    apic_write(APIC_ICR, command);
}

void apic_send_ipi(uint32_t destination, unsigned int vector)
{
    send(destination, ICR_ASSERT | vector);
}

void apic_start_others(unsigned int page)
{
    send(0, ICR_ALL_BUT_SELF | ICR_ASSERT | ICR_INIT);
    send(0, ICR_ALL_BUT_SELF | ICR_ASSERT | ICR_STARTUP | page);
}

void apic_init(void)
{
    uint64_t base = rdmsr(MSR_APIC_BASE);

    /* Both PICs: every line masked (8259A OCW1). */
    outb(0x21, 0xff);
    outb(0xa1, 0xff);

    wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
    apic = ioremap(base & 0xffffff000UL, PAGE_SIZE);
    set_up(true);
}

uint32_t apic_id(void)
{
    return apic_read(APIC_ID) >> 24;
}

void apic_eoi(void)
{
    apic_write(APIC_EOI, 0);
}

void apic_timer_start(uint32_t count)
{
    apic_write(APIC_TIMER_INIT, count);
}

uint32_t apic_timer_current(void)
{
    return apic_read(APIC_TIMER_CUR);
}
