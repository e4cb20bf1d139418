/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

#include "lock.h"

#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if !defined(__SANITIZE_ADDRESS__) && defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ /* clang's way to say it */
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define WEAK __attribute__((weak))

#define FIRST_FREE_MFN (HARNESS_FIRST_MFN + HARNESS_GUEST_PAGES)
#define FIRST_HV_MFN   (FIRST_FREE_MFN + HARNESS_FREE_PAGES)
#define END_MFN        (FIRST_HV_MFN + HARNESS_HV_PAGES)

struct harness harness;

static uint8_t *ram; /* END_MFN pages; frame 0 at its start */
static bool hv_page_used[HARNESS_HV_PAGES];
static bool hv_page_shared[HARNESS_HV_PAGES];
static bool guest_owns[END_MFN];
static enum harness_access access_of[HARNESS_GUEST_PAGES];
static GHashTable *blocks;
static struct domain *the_domain;
static struct softirq *softirqs;
static struct hv_timer *timers;

/* ---- memory ---- */

static bool alloc_fails(void)
{
    if (harness.fail_alloc_after < 0)
        return false;
    if (harness.fail_alloc_after == 0)
        return true;
    harness.fail_alloc_after--;
    return false;
}

static bool hv_pages_free(unsigned int first, unsigned int nr)
{
    for (unsigned int i = first; i < first + nr; i++)
        if (hv_page_used[i])
            return false;
    return true;
}

WEAK void *alloc_pages(unsigned int order)
{
    unsigned int nr = 1U << order;

    if (alloc_fails())
        return NULL;
    for (unsigned int i = 0; i + nr <= HARNESS_HV_PAGES; i += nr) {
        uint8_t *va = ram + (FIRST_HV_MFN + i) * PAGE_SIZE;

        if (!hv_pages_free(i, nr))
            continue;
        memset(hv_page_used + i, true, nr);
        ASAN_UNPOISON_MEMORY_REGION(va, nr * PAGE_SIZE);
        memset(va, 0, nr * PAGE_SIZE);
        return va;
    }
    return NULL;
}

WEAK void free_pages(void *va, unsigned int order)
{
    unsigned int first = virt_to_mfn(va) - FIRST_HV_MFN, nr = 1U << order;

    for (unsigned int i = first; i < first + nr; i++) {
        g_assert_true(i < HARNESS_HV_PAGES && hv_page_used[i]);
        hv_page_used[i] = false;
    }
    ASAN_POISON_MEMORY_REGION(va, nr * PAGE_SIZE);
}

WEAK void *kmalloc(size_t size)
{
    void *p = alloc_fails() ? NULL : calloc(1, size ? size : 1);

    if (p)
        g_hash_table_add(blocks, p);
    return p;
}

WEAK void kfree(void *p)
{
    if (!p)
        return;
    g_assert_true(g_hash_table_remove(blocks, p));
    free(p);
}

/* realloc() cannot say how much of the new block is fresh and must be zero; kmalloc's users who need that
 * clear it themselves, as with the real one. */
WEAK void *krealloc(void *p, size_t size)
{
    void *n;

    if (!p)
        return kmalloc(size);
    if (alloc_fails())
        return NULL;
    g_assert_true(g_hash_table_remove(blocks, p));
    n = realloc(p, size ? size : 1);
    g_hash_table_add(blocks, n ? n : p);
    return n;
}

/* Heap blocks are outside ram; their "physical" address is the host's pointer itself, far above END_MFN. */
WEAK void *mfn_to_virt(mfn_t mfn)
{
    return mfn < END_MFN ? ram + mfn * PAGE_SIZE : (void *)(uintptr_t)(mfn << PAGE_SHIFT);
}

WEAK paddr_t virt_to_paddr(const void *va)
{
    uintptr_t p = (uintptr_t)va, base = (uintptr_t)ram;

    return p >= base && p < base + END_MFN * PAGE_SIZE ? p - base : p;
}

WEAK bool mfn_is_guest_ram(struct domain *d, mfn_t mfn)
{
    return mfn < END_MFN && guest_owns[mfn];
}

WEAK bool mfn_is_guest_writable(struct domain *d, mfn_t mfn)
{
    return mfn_is_guest_ram(d, mfn) && mfn != harness.top_table_mfn;
}

WEAK mfn_t domain_alloc_frame(struct domain *d)
{
    if (alloc_fails())
        return MFN_INVALID;
    for (mfn_t m = FIRST_FREE_MFN; m < FIRST_HV_MFN; m++) {
        if (!guest_owns[m]) {
            guest_owns[m] = true;
            d->nr_pages++;
            return m;
        }
    }
    return MFN_INVALID;
}

WEAK void domain_free_frame(struct domain *d, mfn_t mfn)
{
    g_assert_true(mfn_is_guest_ram(d, mfn));
    guest_owns[mfn] = false;
    d->nr_pages--;
    memset(mfn_to_virt(mfn), 0, PAGE_SIZE);
}

WEAK void *domain_alloc_shared(struct domain *d, mfn_t *ret_mfn)
{
    void *va = alloc_pages(0);

    if (!va)
        return NULL;
    *ret_mfn = virt_to_mfn(va);
    hv_page_shared[*ret_mfn - FIRST_HV_MFN] = true;
    return va;
}

/* ---- the guest's linear addresses ---- */

mfn_t harness_mfn(pfn_t pfn)
{
    g_assert_cmpuint(pfn, <, HARNESS_GUEST_PAGES);
    return HARNESS_FIRST_MFN + pfn;
}

void *harness_page(pfn_t pfn)
{
    return mfn_to_virt(harness_mfn(pfn));
}

gva_t harness_gva(pfn_t pfn, unsigned int offset)
{
    g_assert_cmpuint(pfn, <, HARNESS_GUEST_PAGES);
    return HARNESS_GVA + pfn * PAGE_SIZE + offset;
}

void harness_set_access(pfn_t pfn, enum harness_access access)
{
    g_assert_cmpuint(pfn, <, HARNESS_GUEST_PAGES);
    access_of[pfn] = access;
}

/* The bytes at va when all n may be accessed so, else NULL. */
static uint8_t *guest_bytes(gva_t va, size_t n, enum harness_access worst)
{
    uint64_t off = va - HARNESS_GVA;

    if (va < HARNESS_GVA || off > HARNESS_GUEST_PAGES * PAGE_SIZE ||
        n > HARNESS_GUEST_PAGES * PAGE_SIZE - off)
        return NULL;
    for (uint64_t p = off / PAGE_SIZE; n > 0 && p <= (off + n - 1) / PAGE_SIZE; p++)
        if (access_of[p] > worst)
            return NULL;
    return ram + HARNESS_FIRST_MFN * PAGE_SIZE + off;
}

WEAK int copy_from_guest(void *dst, gva_t src, size_t n)
{
    const uint8_t *p = guest_bytes(src, n, HARNESS_READ_ONLY);

    if (n == 0)
        return 0;
    if (!p)
        return -XEN_EFAULT;
    memcpy(dst, p, n);
    return 0;
}

WEAK int copy_to_guest(gva_t dst, const void *src, size_t n)
{
    uint8_t *p = guest_bytes(dst, n, HARNESS_RW);

    if (n == 0)
        return 0;
    if (!p)
        return -XEN_EFAULT;
    memcpy(p, src, n);
    return 0;
}

WEAK int clear_guest(gva_t dst, size_t n)
{
    uint8_t *p = guest_bytes(dst, n, HARNESS_RW);

    if (n == 0)
        return 0;
    if (!p)
        return -XEN_EFAULT;
    memset(p, 0, n);
    return 0;
}

void harness_guest_write(gva_t dst, const void *src, size_t n)
{
    uint8_t *p = guest_bytes(dst, n, HARNESS_ABSENT);

    g_assert_nonnull(p);
    memcpy(p, src, n);
}

void harness_guest_read(void *dst, gva_t src, size_t n)
{
    const uint8_t *p = guest_bytes(src, n, HARNESS_ABSENT);

    g_assert_nonnull(p);
    memcpy(dst, p, n);
}

/* One L1 entry for each of the guest's pages; they decide nothing here. */
static uint64_t l1_entries[HARNESS_GUEST_PAGES];

WEAK uint64_t *guest_l1e(struct vcpu *v, gva_t va)
{
    uint64_t pfn = (va - HARNESS_GVA) >> PAGE_SHIFT;

    return va >= HARNESS_GVA && pfn < HARNESS_GUEST_PAGES ? &l1_entries[pfn] : NULL;
}

WEAK void guest_flush_tlb(struct vcpu *v)
{
    harness.nr_tlb_flushes++;
}

/* ---- the domain ---- */

static void ram_reset(void)
{
    if (!ram) {
        ram = mmap(NULL, END_MFN * PAGE_SIZE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        g_assert_true(ram != MAP_FAILED);
    }
    ASAN_UNPOISON_MEMORY_REGION(ram, END_MFN * PAGE_SIZE);
    g_assert_cmpint(madvise(ram, END_MFN * PAGE_SIZE, MADV_DONTNEED), ==, 0);
    ASAN_POISON_MEMORY_REGION(ram, HARNESS_FIRST_MFN * PAGE_SIZE);
    ASAN_POISON_MEMORY_REGION(ram + FIRST_HV_MFN * PAGE_SIZE, HARNESS_HV_PAGES * PAGE_SIZE);
    memset(hv_page_used, 0, sizeof(hv_page_used));
    memset(hv_page_shared, 0, sizeof(hv_page_shared));
    memset(guest_owns, 0, sizeof(guest_owns));
    memset(guest_owns + HARNESS_FIRST_MFN, true, HARNESS_GUEST_PAGES);
    memset(access_of, 0, sizeof(access_of));
    memset(l1_entries, 0, sizeof(l1_entries));
}

void harness_open_hv_pages(void)
{
    ASAN_UNPOISON_MEMORY_REGION(ram + FIRST_HV_MFN * PAGE_SIZE, HARNESS_HV_PAGES * PAGE_SIZE);
}

struct domain *harness_domain_new(unsigned int max_vcpus, bool is_32bit)
{
    struct domain *d = g_new0(struct domain, 1);

    g_assert_null(the_domain);
    ram_reset();
    blocks = g_hash_table_new(NULL, NULL);
    harness = (struct harness){ .fail_alloc_after = -1, .upcalls = g_new0(unsigned int, max_vcpus) };
    d->domid = 7;
    d->nr_vcpus = 1;
    d->max_vcpus = max_vcpus;
    d->is_32bit = is_32bit;
    d->nr_pages = d->max_pages = HARNESS_GUEST_PAGES;
    d->shared_info = domain_alloc_shared(d, &d->shared_info_mfn);
    d->vcpu = g_new0(struct vcpu *, max_vcpus);
    for (unsigned int i = 0; i < max_vcpus; i++) {
        struct vcpu *v = d->vcpu[i] = g_new0(struct vcpu, 1);

        v->id = i;
        v->domain = d;
        v->online = i == 0;
        v->vcpu_info = i < XEN_LEGACY_MAX_VCPUS ? &d->shared_info->vcpu_info[i] : NULL;
    }
    the_domain = d;
    return d;
}

void harness_domain_free(struct domain *d)
{
    GHashTableIter iter;
    gpointer p;

    g_assert_true(d == the_domain);
    g_hash_table_iter_init(&iter, blocks);
    while (g_hash_table_iter_next(&iter, &p, NULL))
        free(p);
    g_clear_pointer(&blocks, g_hash_table_destroy);
    for (unsigned int i = 0; i < d->max_vcpus; i++)
        g_free(d->vcpu[i]);
    g_free(d->vcpu);
    g_free(d);
    g_clear_pointer(&harness.upcalls, g_free);
    the_domain = NULL;
    softirqs = NULL;
    timers = NULL;
}

size_t harness_live_blocks(void)
{
    return g_hash_table_size(blocks);
}

size_t harness_live_pages(void)
{
    size_t n = 0;

    for (unsigned int i = 0; i < HARNESS_HV_PAGES; i++)
        n += hv_page_used[i] && !hv_page_shared[i];
    return n;
}

WEAK struct vcpu *current_vcpu(void)
{
    return the_domain->vcpu[harness.current_vcpu];
}

/* Both layouts of vcpu_info begin with evtchn_upcall_pending. */
WEAK void vcpu_mark_events_pending(struct vcpu *v)
{
    v->vcpu_info->evtchn_upcall_pending = 1;
    harness.upcalls[v->id]++;
}

WEAK void vcpu_wake_pollers(struct domain *d, uint32_t port)
{
    harness.nr_polls++;
    harness.last_poll_port = port;
}

WEAK void domain_crash(struct domain *d, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(harness.crash_reason, sizeof(harness.crash_reason), fmt, ap);
    va_end(ap);
    harness.crashed = true;
}

/* ---- log ---- */

__attribute__((format(printf, 1, 0))) static void log_line(const char *fmt, va_list ap)
{
    char buf[1024];

    /* Formats even when nobody looks: the arguments must be right. */
    vsnprintf(buf, sizeof(buf), fmt, ap);
    if (g_getenv("HARNESS_VERBOSE"))
        fprintf(stderr, "# hv: %s\n", buf);
}

WEAK void printk(enum log_level level, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    log_line(fmt, ap);
    va_end(ap);
}

WEAK void printk_guest(enum log_level level, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    log_line(fmt, ap);
    va_end(ap);
}

WEAK int snprintk(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(buf, size, fmt, ap);
    va_end(ap);
    return n;
}

WEAK int vsnprintk(char *buf, size_t size, const char *fmt, va_list ap)
{
    return vsnprintf(buf, size, fmt, ap);
}

WEAK void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fprintf(stderr, "hv panic: ");
    vfprintf(stderr, fmt, ap);
    fprintf(stderr, "\n");
    va_end(ap);
    abort();
}

/* ---- time and deferred work ---- */

WEAK uint64_t now_ns(void)
{
    return harness.now_ns;
}

WEAK void spin_wait(void)
{
    g_assert_not_reached(); /* one thread: whoever waits for a lock waits for itself */
}

WEAK void softirq_raise(struct softirq *s)
{
    struct softirq **end = &softirqs;

    if (s->state)
        return;
    while (*end)
        end = &(*end)->next;
    s->state = 1;
    s->next = NULL;
    *end = s;
}

WEAK void softirq_raise_soon(struct softirq *s)
{
    harness.nr_raised_soon++;
    softirq_raise(s);
}

WEAK void softirq_cancel(struct softirq *s)
{
    for (struct softirq **p = &softirqs; *p; p = &(*p)->next) {
        if (*p == s) {
            *p = s->next;
            break;
        }
    }
    s->state = 0;
}

unsigned int harness_run_softirqs(void)
{
    unsigned int n = 0;

    for (; softirqs; n++) {
        struct softirq *s = softirqs;

        softirqs = s->next;
        s->state = 0;
        s->fn(s->opaque);
    }
    return n;
}

WEAK void hv_timer_cancel(struct hv_timer *t)
{
    for (struct hv_timer **p = &timers; *p; p = &(*p)->next) {
        if (*p == t) {
            *p = t->next;
            break;
        }
    }
    t->armed = false;
}

WEAK void hv_timer_set(struct hv_timer *t, uint64_t deadline_ns)
{
    struct hv_timer **p = &timers;

    hv_timer_cancel(t);
    while (*p && (*p)->deadline_ns <= deadline_ns)
        p = &(*p)->next;
    t->deadline_ns = deadline_ns;
    t->armed = true;
    t->next = *p;
    *p = t;
}

unsigned int harness_run_timers(void)
{
    unsigned int n = 0;

    for (; timers && timers->deadline_ns <= harness.now_ns; n++) {
        struct hv_timer *t = timers;

        hv_timer_cancel(t);
        t->fn(t->opaque);
    }
    return n;
}

WEAK int irq_alloc(irq_handler_fn *handler, void *opaque)
{
    static int next = 0x30;

    return next < 0xf0 ? next++ : -XEN_ENOSPC;
}

WEAK void irq_free(int vector)
{
}
