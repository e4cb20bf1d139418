/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls about CPUs: models, comparing, and what several hosts have in common. */
#include "cpu-host.h"
#include "cpu-work.h"
#include "handler-util.h"
#include "schema.h"

#include <string.h>

#define ARCH "x86_64"

enum { COMPARE_FAIL_INCOMPATIBLE = 1, COMPARE_VALIDATE = 2 };   /* virConnectCompareCPUFlags */
enum { BASELINE_EXPAND_FEATURES = 1, BASELINE_MIGRATABLE = 2 }; /* virConnectBaselineCPUFlags */

static const CpuHost *call_cpus(const RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;

    return cpu_host_get(kanzend->cpus, error);
}

/* ---- models ---- */

gboolean on_connect_get_cpu_model_names(RpcCall *call, GError **error)
{
    const char *arch = call->args[0].str;
    gboolean wants_names = call->args[1].i != 0;

    if (!check_flags(call, call->args[2].u, 0, error))
        return FALSE;
    if (strcmp(arch, ARCH) != 0 && strcmp(arch, "i686") != 0)
        return fail(error, VIR_ERR_INVALID_ARG, "cannot find architecture %s", arch);
    const CpuHost *cpu = call_cpus(call, error);
    if (cpu == NULL)
        return FALSE;
    xdr_put_u32(call->ret, wants_names ? cpu->map->models->len : 0);
    for (guint i = 0; wants_names && i < cpu->map->models->len; i++)
        xdr_put_string(call->ret, ((CpuModel *)g_ptr_array_index(cpu->map->models, i))->name);
    xdr_put_i32(call->ret, (gint32)cpu->map->models->len);
    return TRUE;
}

/* ---- comparing ---- */

static gboolean compare(RpcCall *call, const char *xml, guint32 flags, gboolean with_offered,
                        GError **error)
{
    g_autofree char *why = NULL;

    if (!check_flags(call, flags, COMPARE_FAIL_INCOMPATIBLE | COMPARE_VALIDATE, error))
        return FALSE;
    const CpuHost *cpu = call_cpus(call, error);
    g_autoptr(CpuWish) wish = cpu != NULL ? cpu_wish_parse(cpu->map, xml, error) : NULL;
    if (wish == NULL)
        return FALSE;
    if ((flags & COMPARE_VALIDATE) && schema_is_there("cpu.rng") &&
        !schema_validate("cpu.rng", xml, error))
        return FALSE;
    CpuComparison result =
        with_offered ? cpu_compare(cpu->map, cpu->offered_vendor, cpu->offered, wish, &why)
                     : cpu_compare(cpu->map, cpu->vendor, cpu->features, wish, &why);
    if (result == CPU_INCOMPATIBLE && (flags & COMPARE_FAIL_INCOMPATIBLE))
        return fail(error, VIR_ERR_CPU_INCOMPATIBLE, "%s", why);
    xdr_put_i32(call->ret, (gint32)result);
    return TRUE;
}

gboolean on_connect_compare_cpu(RpcCall *call, GError **error)
{
    return compare(call, call->args[0].str, call->args[1].u, FALSE, error);
}

/* Emulator, architecture, machine and kind of domain that the first four arguments name; NULL:
 * any. */
static gboolean check_hypervisor(const RpcCall *call, GError **error)
{
    const char *arch = call->args[1].str, *machine = call->args[2].str;
    const char *type = call->args[3].str;

    if (arch != NULL && strcmp(arch, ARCH) != 0)
        return fail(error, VIR_ERR_INVALID_ARG, "unknown architecture: %s", arch);
    if (machine != NULL && strcmp(machine, "xenfv") != 0 && strcmp(machine, "q35") != 0)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "only machines 'xenfv' and 'q35' have CPU models, not '%s'", machine);
    if (type != NULL && strcmp(type, "xen") != 0)
        return fail(error, VIR_ERR_INVALID_ARG, "unknown virttype: %s", type);
    return TRUE;
}

gboolean on_connect_compare_hypervisor_cpu(RpcCall *call, GError **error)
{
    return check_hypervisor(call, error) &&
           compare(call, call->args[4].str, call->args[5].u, TRUE, error);
}

/* ---- what several have in common ---- */

static GPtrArray *parse_wishes(const CpuMap *map, const XdrValue *documents, GError **error)
{
    g_autoptr(GPtrArray) wishes = g_ptr_array_new_with_free_func((GDestroyNotify)cpu_wish_free);

    if (documents->len == 0) {
        fail(error, VIR_ERR_INVALID_ARG, "no CPUs given");
        return NULL;
    }
    for (guint i = 0; i < documents->len; i++) {
        CpuWish *wish = cpu_wish_parse(map, documents->items[i].str, error);
        if (wish == NULL)
            return NULL;
        g_ptr_array_add(wishes, wish);
    }
    return g_steal_pointer(&wishes);
}

static gboolean baseline(RpcCall *call, const XdrValue *documents, guint32 flags, gboolean offered,
                         GError **error)
{
    g_autoptr(GString) xml = g_string_new("<cpu mode='custom' match='exact'>\n");
    CpuDescribeFlags how = 0;
    const char *vendor;

    if (!check_flags(call, flags, BASELINE_EXPAND_FEATURES | BASELINE_MIGRATABLE, error))
        return FALSE;
    const CpuHost *cpu = call_cpus(call, error);
    g_autoptr(GPtrArray) wishes = cpu != NULL ? parse_wishes(cpu->map, documents, error) : NULL;
    if (wishes == NULL)
        return FALSE;
    g_autofree CpuSet *set = cpu_baseline(cpu->map, wishes, &vendor, error);
    if (set == NULL)
        return FALSE;
    if (flags & BASELINE_EXPAND_FEATURES)
        how |= CPU_DESCRIBE_EXPAND;
    if (flags & BASELINE_MIGRATABLE)
        how |= CPU_DESCRIBE_MIGRATABLE;
    if (!cpu_describe(cpu->map, vendor, set, how, offered ? cpu_host_is_offered : NULL,
                      (gpointer)cpu, "  ", xml))
        return fail(error, VIR_ERR_OPERATION_FAILED, "CPUs are incompatible");
    g_string_append(xml, "</cpu>\n");
    xdr_put_string(call->ret, xml->str);
    return TRUE;
}

gboolean on_connect_baseline_cpu(RpcCall *call, GError **error)
{
    return baseline(call, &call->args[0], call->args[1].u, FALSE, error);
}

gboolean on_connect_baseline_hypervisor_cpu(RpcCall *call, GError **error)
{
    return check_hypervisor(call, error) &&
           baseline(call, &call->args[4], call->args[5].u, TRUE, error);
}
