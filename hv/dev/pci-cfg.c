/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configuration mechanism #1 (PCI 3.0 3.2.2.3.2), which both i440fx and q35 have. */
#include "pci.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ENABLE  0x80000000U

static void select_reg(uint16_t bdf, unsigned int reg)
{
    uint32_t address = CONFIG_ENABLE | (uint32_t)bdf << 8 | (reg & 0xfc);

    __asm__ volatile("outl %0, %w1" ::"a"(address), "Nd"(CONFIG_ADDRESS));
}

uint32_t pci_cfg_read(uint16_t bdf, unsigned int reg, unsigned int size)
{
    uint16_t port = CONFIG_DATA + (reg & 3);
    uint32_t value = 0;

    select_reg(bdf, reg);
    if (size == 1)
        __asm__ volatile("inb %w1, %b0" : "+a"(value) : "Nd"(port));
    else if (size == 2)
        __asm__ volatile("inw %w1, %w0" : "+a"(value) : "Nd"(port));
    else
        __asm__ volatile("inl %w1, %0" : "+a"(value) : "Nd"(port));
    return value;
}

void pci_cfg_write(uint16_t bdf, unsigned int reg, unsigned int size, uint32_t value)
{
    uint16_t port = CONFIG_DATA + (reg & 3);

    select_reg(bdf, reg);
    if (size == 1)
        __asm__ volatile("outb %b0, %w1" ::"a"(value), "Nd"(port));
    else if (size == 2)
        __asm__ volatile("outw %w0, %w1" ::"a"(value), "Nd"(port));
    else
        __asm__ volatile("outl %0, %w1" ::"a"(value), "Nd"(port));
}
