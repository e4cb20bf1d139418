/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a test kernel has at hand. A test is a folder with a main.c that defines test_main(); the
 * same source is built as a 64-bit and as a 32-bit PAE PV kernel. The last line on its console is
 * its result: SUCCESS, SKIP, ERROR (the test itself went wrong) or FAILURE.
 */
#pragma once

#define __XEN_INTERFACE_VERSION__ 0x00040e00

#include "layout.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/errno.h>
#include <xen/xen.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1UL << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define READ_ONCE(x)  (*(const volatile __typeof__(x) *)&(x))
#define barrier()     __asm__ __volatile__("" ::: "memory")
#define mb()          __atomic_thread_fence(__ATOMIC_SEQ_CST)

#ifdef __x86_64__
#define KERNEL_CS FLAT_KERNEL_CS
#define WIDTH     64
#define LEVELS    4
#define RING3_CS  FLAT_RING3_CS64
#define RING3_SS  FLAT_RING3_SS64
#else
#define KERNEL_CS FLAT_KERNEL_CS
#define WIDTH     32
#define LEVELS    3
#define RING3_CS  FLAT_RING3_CS
#define RING3_SS  FLAT_RING3_SS
#endif

void test_main(void);

/* ---- report.c ---- */

void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A failed check; the test goes on. */
void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The test cannot go on for reasons that are not what it tests. */
_Noreturn void error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void finish(void);

#define check(cond)                                                                                \
    do {                                                                                           \
        if (!(cond))                                                                               \
            fail("%s:%d: %s", __FILE__, __LINE__, #cond);                                          \
    } while (0)
#define check_eq(a, b) check_values(__FILE__, __LINE__, #a, (long)(a), (long)(b))
void check_values(const char *file, int line, const char *what, long got, long wanted);

/* format.c: %d %u %x %lx %lu %ld %p %s %c %%, with widths and leading zeros. Returns what it wrote.
 */
unsigned int vformat(char *buf, unsigned int size, const char *fmt, va_list ap);

/* console.c */
void console_write(const char *text, unsigned int len);
void console_drain(void);

/* ---- memory.c ---- */

extern start_info_t *start_info; /* as the kernel found it in %rsi */
extern shared_info_t *shared_info;

typedef uint64_t pte_t;
#define PTE_P        0x001ULL
#define PTE_RW       0x002ULL
#define PTE_U        0x004ULL
#define PTE_A        0x020ULL
#define PTE_D        0x040ULL
#define PTE_ADDR     0x000ffffffffff000ULL
#define PTE_ORDINARY (PTE_P | PTE_RW | PTE_A | PTE_D)

void memory_init(void);
unsigned long pfn_to_mfn(unsigned long pfn);
unsigned long va_to_mfn(const void *va);
/* A zeroed page of the kernel's own, never given back. */
void *page_alloc(void);
/* Maps a machine frame in place of one of the kernel's pages. */
void *frame_map(unsigned long mfn);
/* A pfn behind the initial mapping, used by nothing. */
unsigned long pfn_spare(void);
/* What the page tables say of va at a level; 0 where a level above is missing. */
pte_t pte_read(const void *va, unsigned int level);
/* The machine address of that entry. */
uint64_t pte_address(const void *va, unsigned int level);
/* Makes [va, va + PAGE_SIZE) a page of frame mfn for users (mid-level tables are made as needed).
 */
void user_map(unsigned long va, unsigned long mfn, pte_t flags);

void *memset(void *p, int c, size_t n);
void *memcpy(void *dst, const void *src, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);

/* ---- traps.c ---- */

struct regs {
#ifdef __x86_64__
    unsigned long r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
#else
    unsigned long ds, es, ebp, edi, esi, edx, ecx, ebx, eax;
#endif
    unsigned long vector, error;
    unsigned long ip, cs, flags, sp, ss; /* 32-bit: sp and ss only when it came from users */
};

#define TRAP_NONE     (~0UL)
#define TRAP_EVENT    0x100 /* the event callback */
#define TRAP_FAILSAFE 0x101
#define TRAP_SYSCALL  0x102

struct trap {
    unsigned long vector, error, ip, cs, flags, cr2, sp;
};

void traps_init(void);
/* Calls fn(arg); an exception in it ends it and is returned in *ret, whose vector else is
 * TRAP_NONE. */
void probe(void (*fn)(void *arg), void *arg, struct trap *ret);
/* Called for every trap first; true: dealt with, go back. */
extern bool (*trap_hook)(struct regs *regs);
/* Is it the error code of INT n through a gate that is closed? QEMU before 8.0 scales n wrongly in
 * 64-bit mode. */
static inline bool is_int_error(unsigned long error, unsigned int n)
{
    return error == (n << 3 | 2) || error == (n << 4 | 2);
}
/* Runs code for users at ip with stack sp until it traps or makes a system call (int $0x80). */
void user_run(unsigned long ip, unsigned long sp, struct trap *ret);
/* What the user starts with besides: two registers and the code segment. */
extern unsigned long user_rax, user_rdi, user_cs;

unsigned long read_cr2(void);

/* Xen's shim, where run-on-xen judges 32-bit kernels, answers some things itself and otherwise. A
 * domain in it has no UUID. */
bool in_shim(void);

/* ---- events.c ---- */

extern volatile unsigned int event_count[1024];
extern void (*event_hook)(unsigned int port); /* called for each event, if not NULL */
void events_init(void);
static inline vcpu_info_t *vcpu_info(void)
{
    return &shared_info->vcpu_info[0];
}
static inline void events_mask(void)
{
    vcpu_info()->evtchn_upcall_mask = 1;
    barrier();
}
void events_unmask(void);
void port_mask(unsigned int port);
void port_unmask(unsigned int port);
bool port_pending(unsigned int port);
void port_clear(unsigned int port);
/* Waits until the port's count is above seen; false after a second. */
bool event_wait(unsigned int port, unsigned int seen);

/* ---- time.c ---- */

uint64_t system_time(void);

/* ---- xenbus.c ---- */

/* Sends one request and waits for its answer, whose body goes to ret. Returns its length, or -1 for
 * an error answer, whose name then is in ret. */
int xenbus_call(unsigned int type, const char *body, unsigned int len, char *ret,
                unsigned int size);
int xenbus_read(const char *path, char *ret, unsigned int size);

#include "hypercall.h"
