/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pv/debugkeys.h"
#include "cpu/clock.h"
#include "cpu/smp.h"
#include "cpu/vcpu.h"
#include "mm/frames.h"
#include "mm/pagealloc.h"
#include "pv/sched.h"
#include "pv/stats.h"
#include "alloc.h"
#include "kanzen-abi.h"
#include "printk.h"
#include "string.h"
#include "time.h"
#include "xenstore.h"
#include <xen/errno.h>

/* ---- the keys ---- */

/* Each CPU writes its own on its next way out of hv: what the guest has in its registers is only
 * known there. */
static void key_registers(struct domain *d)
{
    for (uint32_t id = 0; id < d->max_vcpus; id++) {
        struct vcpu *v = d->vcpu[id];

        if (!v->arch->initialised)
            continue;
        work_raise(stack_info(v->arch->stack), WORK_DUMP);
        smp_kick(v);
    }
}

static void key_memory(struct domain *d)
{
    uint64_t owned[FRAME_GUEST + 1] = { 0 }, tables[FRAME_L2_TOP + 1] = { 0 };

    for (mfn_t mfn = 0; mfn < frame_table_size; mfn++) {
        owned[frame_owner(mfn)]++;
        if (frame_owner(mfn) == FRAME_GUEST)
            tables[frame_level(mfn)]++;
    }
    printk(LOG_INFO, "d%u: %lu pages of at most %lu", d->domid, d->nr_pages, d->max_pages);
    printk(LOG_INFO, "frames: %lu the guest's, %lu free for it, %lu shared, %lu hv's, %lu no RAM",
           owned[FRAME_GUEST], owned[FRAME_FREE], owned[FRAME_SHARED], owned[FRAME_HV],
           owned[FRAME_NONE]);
    printk(LOG_INFO, "page tables: %lu L1, %lu L2, %lu L3, %lu L4", tables[1], tables[2], tables[3],
           tables[4]);
    printk(LOG_INFO, "hv: %lu KiB free", pagealloc_free_count() * (PAGE_SIZE / 1024));
}

static void key_vcpus(struct domain *d)
{
    static const char *const states[] = { [RUNSTATE_running] = "running",
                                          [RUNSTATE_runnable] = "runnable",
                                          [RUNSTATE_blocked] = "blocked",
                                          [RUNSTATE_offline] = "offline" };

    printk(LOG_INFO, "d%u: %u-bit, %u vCPUs, vm_assist 0x%lx", d->domid, d->is_32bit ? 32 : 64,
           d->max_vcpus, d->vm_assist);
    for (uint32_t id = 0; id < d->max_vcpus; id++) {
        struct vcpu *v = d->vcpu[id];
        struct vcpu_runstate_info rs;

        runstate_get(v, &rs);
        printk(LOG_INFO,
               "d%uv%u: %s, APIC %u, upcall pending %u mask %u%s, page table 0x%lx, "
               "ms running %lu blocked %lu offline %lu",
               d->domid, id, states[rs.state], v->arch->apic_id,
               v->vcpu_info->evtchn_upcall_pending, v->vcpu_info->evtchn_upcall_mask,
               v->arch->polling ? " polling" : "", v->arch->cr3_mfn,
               rs.time[RUNSTATE_running] / 1000000, rs.time[RUNSTATE_blocked] / 1000000,
               rs.time[RUNSTATE_offline] / 1000000);
    }
}

static void show_timer(const struct vcpu *v, const char *name, const struct hv_timer *t)
{
    if (t->armed)
        printk(LOG_INFO, "d%uv%u: %s timer in %ld us, on CPU %u", v->domain->domid, v->id, name,
               (int64_t)(t->deadline_ns - now_ns()) / 1000, t->cpu);
}

static void key_timers(struct domain *d)
{
    printk(LOG_INFO, "clock: TSC %u kHz, APIC timer %lu kHz, system time %lu ms", clock_tsc_khz(),
           clock_apic_hz() / 1000, now_ns() / 1000000);
    for (uint32_t id = 0; id < d->max_vcpus; id++) {
        const struct vcpu *v = d->vcpu[id];

        show_timer(v, "single-shot", &v->arch->singleshot);
        show_timer(v, "periodic", &v->arch->periodic);
        show_timer(v, "poll", &v->arch->poll_timer);
    }
}

static void print_lines(const char *line)
{
    for (const char *end; (end = strchr(line, '\n')); line = end + 1)
        printk(LOG_INFO, "%.*s", (int)(end - line), line);
}

static void key_counters(struct domain *d)
{
    char *text = kmalloc(KZ_STATS_MAX);

    if (!text)
        return;
    stats_format(d, STATS_ALL_VCPUS, text, KZ_STATS_MAX);
    print_lines(text);
    for (unsigned int shown = 0; stats_format_rings(shown, text, KZ_STATS_MAX) > 0;
         shown += KZ_STATS_DEVICES)
        print_lines(text);
    kfree(text);
}

static void key_help(struct domain *d);

static const struct {
    char key;
    debugkey_fn *fn;
    const char *what;
} keys[] = {
    { 'c', key_counters, "counters" },
    { 'd', key_registers, "registers and stack of each vCPU" },
    { 'e', evtchn_dump, "event channels" },
    { 'g', grant_dump, "grant table" },
    { 'h', key_help, "this list" },
    { 'm', key_memory, "memory" },
    { 'q', key_vcpus, "the domain and its vCPUs" },
    { 't', key_timers, "clock and timers" },
};

static void key_help(struct domain *d)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(keys); i++)
        printk(LOG_INFO, "key '%c': %s", keys[i].key, keys[i].what);
}

static void press(struct domain *d, char key)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(keys); i++) {
        if (keys[i].key != key)
            continue;
        printk(LOG_INFO, "key '%c': %s", key, keys[i].what);
        keys[i].fn(d);
        return;
    }
    printk(LOG_INFO, "key '%c' is unknown, 'h' lists those there are", key);
}

/* ---- the store ---- */

static void keys_written(void *opaque, const char *path)
{
    struct domain *d = opaque;
    char *pressed = xs_read_string(d->store, KZ_STORE_DEBUG_KEYS);

    if (!pressed)
        return;
    xs_remove(d->store, KZ_STORE_DEBUG_KEYS); /* they are pressed once */
    for (const char *key = pressed; *key; key++)
        press(d, *key);
    kfree(pressed);
}

/* Takes the question at path away; a number in it goes to ret. False: it was the taking away that
 * is told here. */
static bool take_question(struct domain *d, const char *path, uint64_t *ret)
{
    char *text = xs_read_string(d->store, path);

    if (!text)
        return false;
    kfree(text);
    xs_read_u64(d->store, path, ret);
    xs_remove(d->store, path);
    return true;
}

static void stats_asked(void *opaque, const char *path)
{
    struct domain *d = opaque;
    uint64_t vcpu = STATS_ALL_VCPUS; /* anything but a number: all of them */
    char *text;

    if (!take_question(d, KZ_STORE_STATS_ASK, &vcpu))
        return;
    text = kmalloc(KZ_STATS_MAX);
    if (!text)
        return;
    stats_format(d, (unsigned int)vcpu, text, KZ_STATS_MAX);
    xs_write_string(d->store, KZ_STORE_STATS, text);
    kfree(text);
}

static void rings_asked(void *opaque, const char *path)
{
    struct domain *d = opaque;
    uint64_t leave_out = 0;
    char *text;

    if (!take_question(d, KZ_STORE_RINGS_ASK, &leave_out))
        return;
    text = kmalloc(KZ_STATS_MAX);
    if (!text)
        return;
    stats_format_rings((unsigned int)leave_out, text, KZ_STATS_MAX);
    xs_write_string(d->store, KZ_STORE_STATS, text);
    kfree(text);
}

int debugkeys_init(struct domain *d)
{
    return xs_watch(d->store, KZ_STORE_DEBUG_KEYS, keys_written, d) &&
                   xs_watch(d->store, KZ_STORE_STATS_ASK, stats_asked, d) &&
                   xs_watch(d->store, KZ_STORE_RINGS_ASK, rings_asked, d)
               ? 0
               : -XEN_ENOMEM;
}
