/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the fuzzer share. */
#pragma once

#include "guest.h"

#define MAX_WORKERS  8
#define WORKER_STACK 16384UL

/* ---- main.c ---- */

/* Random numbers of the vCPU's own. */
uint64_t rnd(void);
unsigned int below(unsigned int n);
unsigned int worker_id(void);
unsigned int nr_workers(void);
/* Handlers and kernel stack of the vCPU that runs, as they were. */
void vcpu_handlers(void);

/* ---- calls.c ---- */

void calls_init(void);
/* Numbers, frames, pointers: most of them plausible. */
unsigned long value(void);
/* One of the frames that may be ruined. */
unsigned long victim_mfn(void);
/* Random things into a buffer that the calls use. */
void fill(void);
/* Puts another frame below the buffer at va, if there is one. */
void buffer_faulted(unsigned long va);
void random_call(void);
void random_mmuext(void);

/* ---- devices.c: rings of the console, the store, a disk and a network interface, if they are
 * there ---- */

void devices_init(void);
void corrupt_rings(void);

/* ---- users.c: descriptors, page tables, and users who run what is there ---- */

void users_init(void);
void random_descriptors(void);
void random_tables(void);
/* Does not return: whatever ends the user starts the vCPU's loop again. */
_Noreturn void random_user(void);
