/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a test kernel lives: the same address at both widths. Also for assembly and the linker
 * script. */
#pragma once

#define VIRT_BASE  0x40000000
#define LOAD_AT    0x00100000 /* above VIRT_BASE */
#define STACK_SIZE 0x8000
