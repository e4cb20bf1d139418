/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which domains there are and how they do. */
#include "domain.h"

#include "dom0.h"
#include "job.h"
#include "process.h"
#include "supervise.h"

void kxl_domain_info_free(KxlDomainInfo *info)
{
    if (!info)
        return;
    g_free(info->name);
    g_free(info->uuid);
    g_free(info);
}

KxlDomainInfo *kxl_domain_info_new(const KxlHost *host, const KxlState *state,
                                   const KxlDomainConfig *config)
{
    g_autofree char *record = kxl_rundir_path(host, state->domid, "emulator.pid");
    KxlDomainInfo *info = g_new0(KxlDomainInfo, 1);
    KxlProcess process = { 0 };
    KxlThreadTimes times = { 0 };

    if (kxl_process_load(record, &process))
        times = kxl_process_threads(process.pid, state->vcpu_tids);
    info->domid = state->domid;
    info->name = g_strdup(config ? config->name : state->name);
    info->uuid = g_strdup(config ? config->uuid : state->uuid);
    info->type = state->type;
    info->state = state->state;
    if (info->state == KXL_STATE_RUNNING && !times.running)
        info->state = KXL_STATE_BLOCKED;
    info->paused = state->state == KXL_STATE_PAUSED;
    info->reason = state->reason;
    info->memory_kb = config ? config->target_memkb : state->memory_kb;
    info->max_memory_kb = state->max_memory_kb;
    info->vcpus_online = config && config->vcpus ? config->vcpus : state->vcpus;
    info->max_vcpus = state->max_vcpus;
    info->cpu_time_ns = times.cpu_time_ns;
    info->start_time_us = state->start_time_us;
    info->qemu_pid = process.pid;
    info->supervisor_pid = state->supervisor_pid;
    return info;
}

KxlDomainInfo *kxl_domain_get_info(KxlHost *host, int domid, GError **error)
{
    g_autoptr(KxlState) state = NULL;
    g_autoptr(KxlDomainConfig) config = NULL;

    if (domid == 0)
        return kxl_dom0_info();
    if (!kxl_supervise_ensure(host, domid, error))
        return NULL;
    kxl_job_recover(host, domid);
    state = kxl_rundir_load_state(host, domid, error);
    config = state ? kxl_rundir_load_config(host, domid, error) : NULL;
    return config ? kxl_domain_info_new(host, state, config) : NULL;
}

GPtrArray *kxl_domain_list(KxlHost *host, gboolean include_dom0, GError **error)
{
    g_autoptr(GPtrArray) list =
        g_ptr_array_new_with_free_func((GDestroyNotify)kxl_domain_info_free);
    g_autoptr(GArray) domids = kxl_rundir_list(host);

    kxl_rundir_tidy(host);
    if (include_dom0)
        g_ptr_array_add(list, kxl_dom0_info());
    for (guint i = 0; i < domids->len; i++) {
        g_autoptr(GError) local = NULL;
        KxlDomainInfo *info = kxl_domain_get_info(host, g_array_index(domids, int, i), &local);

        /* One whose records another version wrote, or nobody can read, is not all of them. */
        if (info)
            g_ptr_array_add(list, info);
        else if (!g_error_matches(local, KXL_ERROR, KXL_ERROR_NO_DOMAIN))
            g_warning("ignoring domain %d: %s", g_array_index(domids, int, i), local->message);
    }
    return g_steal_pointer(&list);
}

/* It has a folder; what is in it may be unreadable, it can be named and destroyed all the same. */
static gboolean is_there(const KxlHost *host, int domid)
{
    g_autofree char *dir = kxl_rundir_path(host, domid, NULL);

    return g_file_test(dir, G_FILE_TEST_IS_DIR);
}

/* The whole text is a number. */
static gboolean parse_number(const char *text, int *ret_number)
{
    char *end;
    guint64 value;

    if (!g_ascii_isdigit(*text))
        return FALSE;
    value = g_ascii_strtoull(text, &end, 10);
    *ret_number = (int)MIN(value, G_MAXINT);
    return *end == '\0';
}

int kxl_domain_find(KxlHost *host, const char *spec, GError **error)
{
    g_autoptr(GPtrArray) list = kxl_domain_list(host, TRUE, error);
    int number = -1;

    if (!list)
        return -1;
    if (!parse_number(spec, &number)) /* a name, or a UUID, may begin with digits */
        number = -1;
    for (guint i = 0; i < list->len; i++) {
        const KxlDomainInfo *info = list->pdata[i];

        if (info->domid == number)
            return number;
    }
    for (guint i = 0; i < list->len; i++) {
        const KxlDomainInfo *info = list->pdata[i];

        if (g_str_equal(info->name, spec) || g_ascii_strcasecmp(info->uuid, spec) == 0)
            return info->domid;
    }
    if (number > 0 && is_there(host, number))
        return number;
    g_set_error(error, KXL_ERROR, KXL_ERROR_NO_DOMAIN, "there is no domain '%s'", spec);
    return -1;
}

KxlDomainConfig *kxl_domain_get_config(KxlHost *host, int domid, GError **error)
{
    g_autoptr(KxlDomainConfig) config = NULL;
    g_autoptr(KxlState) state = NULL;

    if (!kxl_supervise_ensure(host, domid, error))
        return NULL;
    config = kxl_rundir_load_config(host, domid, error);
    state = config ? kxl_rundir_load_state(host, domid, error) : NULL;
    if (!state)
        return NULL;
    if (state->vnc_port >= 5900) { /* the display that was found for it */
        KxlVnc *vnc =
            config->vfbs->len ? &((KxlDeviceVfb *)config->vfbs->pdata[0])->vnc : &config->vnc;

        vnc->display = (int)state->vnc_port - 5900;
    }
    return g_steal_pointer(&config);
}
