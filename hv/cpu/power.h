/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine's end, and the status lines that tell the supervisor why (kanzen-abi.h
 * KZ_IOPORT_STATUS). */
#pragma once

#include "types.h"

/* Finds the chipset's power-management block. */
void power_init(void);

/* I/O port of the ACPI timer (3.579545 MHz). */
uint16_t pm_timer_port(void);

/* Writes "word[ text]\n" to the status port; text may be NULL. Control characters in it become
 * blanks. */
void status_write(const char *word, const char *text);

/* status_write(), then ACPI S5. */
_Noreturn void machine_stop(const char *word, const char *text);
