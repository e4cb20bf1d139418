/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vcpu-list, vcpu-set, vcpu-pin, sched-credit */
#include "commands.h"

#include <kxl-vcpu.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A number and nothing else; -1: it is none. */
static int parse_number(const char *text)
{
    char *end;
    long n = strtol(text, &end, 10);

    return end == text || *end || n < 0 || n > 65535 ? -1 : (int)n;
}

/* --- vcpu-list -------------------------------------------------------------------------------- */

static void print_vcpu(const char *name, int domid, const KxlVcpu *vcpu)
{
    printf("%-32s %5d %5u", name, domid, vcpu->number);
    if (vcpu->online)
        printf("%5d %3c%c- ", vcpu->cpu, vcpu->running ? 'r' : '-', vcpu->running ? '-' : 'b');
    else
        printf("%5c %3c%cp ", '-', '-', '-');
    printf("%9.1f  %s / all\n", (double)vcpu->cpu_time_ns / 1e9, vcpu->cpus);
}

static int list_domain(Xl *xl, const KxlDomainInfo *info)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = kxl_domain_vcpu_list(xl->host, info->domid, &error);

    if (!list)
        return xl_fail(xl, error);
    for (guint i = 0; i < list->len; i++)
        print_vcpu(info->name, info->domid, list->pdata[i]);
    return XL_OK;
}

static GPtrArray *domains_of(Xl *xl, const XlArgs *args)
{
    g_autoptr(GPtrArray) list =
        g_ptr_array_new_with_free_func((GDestroyNotify)kxl_domain_info_free);
    g_autoptr(GError) error = NULL;

    if (!xl_host(xl))
        return NULL;
    if (args->n_args == 0) {
        GPtrArray *all = kxl_domain_list(xl->host, TRUE, &error);

        if (!all)
            xl_fail(xl, error);
        return all;
    }
    for (guint i = 0; i < args->n_args; i++) {
        KxlDomainInfo *info;
        int domid;

        if (!xl_find_domain(xl, args->args[i], &domid))
            return NULL;
        info = kxl_domain_get_info(xl->host, domid, &error);
        if (!info) {
            xl_fail(xl, error);
            return NULL;
        }
        g_ptr_array_add(list, info);
    }
    return g_steal_pointer(&list);
}

int cmd_vcpu_list(Xl *xl, const XlArgs *args)
{
    g_autoptr(GPtrArray) list = domains_of(xl, args);
    int status = XL_OK;

    if (!list)
        return XL_FAILED;
    printf("%-32s %5s %5s %5s %5s %9s %s\n", "Name", "ID", "VCPU", "CPU", "State", "Time(s)",
           "Affinity (Hard / Soft)");
    for (guint i = 0; i < list->len; i++)
        if (list_domain(xl, list->pdata[i]) != XL_OK)
            status = XL_FAILED;
    return status;
}

/* --- vcpu-set, vcpu-pin ----------------------------------------------------------------------- */

int cmd_vcpu_set(Xl *xl, const XlArgs *args)
{
    g_autoptr(GError) error = NULL;
    int n = parse_number(args->args[1]), domid;

    if (!xl_find_domain(xl, args->args[0], &domid))
        return XL_FAILED;
    if (n < 0) {
        xl_say(xl, "Error: Invalid argument.");
        return XL_FAILED;
    }
    if (!xl_opt_given(args, "ignore-host") && n > (int)sysconf(_SC_NPROCESSORS_ONLN)) {
        xl_say(xl,
               "You are overcommmitting! You have %ld physical CPUs and want %d vCPUs! "
               "Aborting, use --ignore-host to continue",
               sysconf(_SC_NPROCESSORS_ONLN), n);
        return XL_FAILED;
    }
    return kxl_domain_set_vcpus(xl->host, domid, (guint)n, &error) ? XL_OK : xl_fail(xl, error);
}

int cmd_vcpu_pin(Xl *xl, const XlArgs *args)
{
    g_autoptr(GError) error = NULL;
    gboolean all = g_str_equal(args->args[1], "all");
    int vcpu = all ? -1 : parse_number(args->args[1]), domid;
    const char *soft = args->n_args > 3 ? args->args[3] : "-";

    if (!xl_find_domain(xl, args->args[0], &domid))
        return XL_FAILED;
    if (!all && vcpu < 0) {
        xl_say(xl, "Error: Invalid argument %s as VCPU.", args->args[1]);
        return XL_FAILED;
    }
    if (!g_str_equal(soft, "-") && !g_str_equal(soft, "all")) {
        xl_say(xl, "xl: soft affinity is not supported");
        return XL_FAILED;
    }
    if (g_str_equal(args->args[2], "-"))
        return XL_OK;
    return kxl_domain_pin_vcpu(xl->host, domid, vcpu, args->args[2], &error) ? XL_OK
                                                                             : xl_fail(xl, error);
}

/* --- sched-credit ----------------------------------------------------------------------------- */

enum { DEFAULT_WEIGHT = 256 }; /* xl.cfg(5) */

static int print_weight(Xl *xl, const KxlDomainInfo *info)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KxlDomainConfig) config =
        info->domid ? kxl_domain_get_config(xl->host, info->domid, &error) : NULL;

    if (info->domid && !config)
        return xl_fail(xl, error);
    printf("%-33s %4d %6u %4u\n", info->name, info->domid,
           config && config->cpu_weight ? config->cpu_weight : DEFAULT_WEIGHT, 0);
    return XL_OK;
}

static int print_weights(Xl *xl)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = kxl_domain_list(xl->host, TRUE, &error);
    int status = XL_OK;

    if (!list)
        return xl_fail(xl, error);
    printf("%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap");
    for (guint i = 0; i < list->len; i++)
        if (print_weight(xl, list->pdata[i]) != XL_OK)
            status = XL_FAILED;
    return status;
}

int cmd_sched_credit(Xl *xl, const XlArgs *args)
{
    const char *domain = xl_opt_value(args, "domain"), *weight = xl_opt_value(args, "weight");
    g_autoptr(KxlDomainInfo) info = NULL;
    g_autoptr(GError) error = NULL;
    int domid;

    if (!xl_host(xl))
        return XL_FAILED;
    if (xl_opt_given(args, "cap")) {
        xl_say(xl, "xl: a cap of a running domain's CPU time is not supported");
        return XL_FAILED;
    }
    if (!domain && weight) {
        xl_say(xl, "Must specify a domain.");
        return XL_FAILED;
    }
    if (!domain)
        return print_weights(xl);
    if (!xl_find_domain(xl, domain, &domid))
        return XL_FAILED;
    if (weight)
        return kxl_domain_set_weight(xl->host, domid, (guint)MAX(parse_number(weight), 0), &error)
                   ? XL_OK
                   : xl_fail(xl, error);
    info = kxl_domain_get_info(xl->host, domid, &error);
    if (!info)
        return xl_fail(xl, error);
    printf("%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap");
    return print_weight(xl, info);
}
