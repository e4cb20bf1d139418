/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu/power.h"
#include "cpu/asm.h"
#include "pci.h"
#include "kanzen-abi.h"
#include "printk.h"

/* ACPI 6.4 4.8.3.2.1: PM1 control block; both chipsets of QEMU give S5 the sleep type 0. */
#define PM1_CNT        4
#define PM1_CNT_SLP_EN (1U << 13)
#define PM_TMR         8

/* The function that holds the ACPI registers and the config register of their I/O base. */
static const struct {
    uint16_t bdf;
    uint32_t id; /* device << 16 | vendor */
    uint8_t base_reg;
} chipsets[] = {
    { PCI_BDF(0, 0x01, 3), 0x71138086, 0x40 }, /* PIIX4 PM (machine pc), 82371AB 7.1 PMBA */
    { PCI_BDF(0, 0x1f, 0), 0x29188086, 0x40 }, /* ICH9 LPC (machine q35), ICH9 13.1.13 PMBASE */
};

static uint16_t pm_base;

void power_init(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(chipsets); i++)
        if (pci_cfg_read(chipsets[i].bdf, PCI_VENDOR_ID, 4) == chipsets[i].id)
            pm_base = pci_cfg_read(chipsets[i].bdf, chipsets[i].base_reg, 4) & 0xff80;
    if (!pm_base)
        panic("no ACPI power management: the machine is neither pc nor q35");
}

uint16_t pm_timer_port(void)
{
    return (uint16_t)(pm_base + PM_TMR);
}

void status_write(const char *word, const char *text)
{
    while (*word)
        outb(KZ_IOPORT_STATUS, (uint8_t)*word++);
    if (text && *text)
        outb(KZ_IOPORT_STATUS, ' ');
    for (; text && *text; text++)
        outb(KZ_IOPORT_STATUS, (uint8_t)*text < ' ' ? ' ' : (uint8_t)*text);
    outb(KZ_IOPORT_STATUS, '\n');
}

void machine_stop(const char *word, const char *text)
{
    status_write(word, text);
    if (pm_base)
        outw((uint16_t)(pm_base + PM1_CNT), PM1_CNT_SLP_EN);
    for (;;)
        __asm__ __volatile__("cli; hlt");
}
