/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where virtual processors run: what they do, and where they may. */
#include <kxl-vcpu.h>

#include "cpu-bits.h"
#include "handler.h"

enum { VCPU_RUNNING = 1, VCPU_BLOCKED = 2 }; /* virVcpuState */
enum { VCPU_CPU_OFFLINE = -1 };

/* ---- the definition ---- */

static DomainVcpuPin *find_pin(const DomainDef *def, guint vcpu)
{
    for (guint i = 0; i < def->vcpu_pins->len; i++) {
        DomainVcpuPin *pin = def->vcpu_pins->pdata[i];

        if (pin->vcpu == vcpu)
            return pin;
    }
    return NULL;
}

static const char *pinned_to(const DomainDef *def, guint vcpu)
{
    const DomainVcpuPin *pin = find_pin(def, vcpu);

    return pin != NULL ? pin->cpuset : def->vcpu_cpuset;
}

typedef struct {
    guint vcpu;
    const char *cpus;
} Pinning;

static void change_pin(DomainDef *def, gpointer data)
{
    const Pinning *pinning = data;
    DomainVcpuPin *pin = find_pin(def, pinning->vcpu);

    if (pin == NULL) {
        pin = g_new0(DomainVcpuPin, 1);
        pin->vcpu = pinning->vcpu;
        g_ptr_array_add(def->vcpu_pins, pin);
    }
    g_free(pin->cpuset);
    pin->cpuset = g_strdup(pinning->cpus);
}

/* ---- pinning ---- */

static gboolean pin_vcpu(RpcCall *call, guint32 flags, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint vcpu = call->args[1].u;
    g_autofree char *cpus = cpu_bits_to_text(call->args[2].bytes, call->args[2].len, error);
    g_auto(DomainView) view = { 0 };
    Pinning pinning = { vcpu, cpus };
    const DomainDef *def;

    if (cpus == NULL || !check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG, error) ||
        !call_job(call, "pinned", &view, error) || !resolve_impact(&view, &flags, error))
        return FALSE;
    def = definition_def(flags & AFFECT_LIVE ? view.live : view.config);
    if (vcpu >= def->vcpus_max)
        return fail(error, VIR_ERR_INVALID_ARG, "vcpu %u is out of range of %s cpu count %u", vcpu,
                    flags & AFFECT_LIVE ? "live" : "persistent", def->vcpus_max);
    return (!(flags & AFFECT_LIVE) ||
            kxl_domain_pin_vcpu(kanzend->host, view.id, (int)vcpu, cpus, error)) &&
           change_definitions(kanzend->domains, view.domain, flags, change_pin, &pinning, error);
}

gboolean on_domain_pin_vcpu(RpcCall *call, GError **error)
{
    return pin_vcpu(call, AFFECT_LIVE, error);
}

gboolean on_domain_pin_vcpu_flags(RpcCall *call, GError **error)
{
    return pin_vcpu(call, call->args[3].u, error);
}

/* The protocol's most of maps in one reply, REMOTE_CPUMAPS_MAX. */
#define MAPS_MAX 8388608u

static gboolean make_maps(GByteArray *maps, guint n, guint maplen, GError **error)
{
    if ((guint64)n * maplen > MAPS_MAX)
        return fail(error, VIR_ERR_INVALID_ARG, "%u CPU maps of %u bytes are more than %u bytes", n,
                    maplen, MAPS_MAX);
    g_byte_array_set_size(maps, n * maplen);
    return TRUE;
}

gboolean on_domain_get_vcpu_pin_info(RpcCall *call, GError **error)
{
    guint wanted = (guint)MAX(call->args[1].i, 0), maplen = (guint)MAX(call->args[2].i, 0);
    guint32 flags = call->args[3].u;
    g_autoptr(GByteArray) maps = g_byte_array_new();
    g_auto(DomainView) view = { 0 };
    const DomainDef *def;
    guint n;

    def = call_affected_def(call, &flags, &view, error);
    if (def == NULL)
        return FALSE;
    n = MIN(wanted, def->vcpus_max);
    if (!make_maps(maps, n, maplen, error))
        return FALSE;
    for (guint i = 0; i < n; i++)
        cpu_bits_from_text(maps->data + i * maplen, maplen, pinned_to(def, i));
    xdr_put_opaque(call->ret, maps->data, maps->len);
    xdr_put_i32(call->ret, (gint32)n);
    return TRUE;
}

/* ---- what they do ---- */

static void put_vcpu(GByteArray *out, const KxlVcpu *vcpu)
{
    xdr_put_u32(out, vcpu->number);
    xdr_put_i32(out, vcpu->running ? VCPU_RUNNING : VCPU_BLOCKED);
    xdr_put_u64(out, vcpu->cpu_time_ns);
    xdr_put_i32(out, vcpu->online ? vcpu->cpu : VCPU_CPU_OFFLINE);
}

/* As libvirt's: only those that are online. */
static void drop_offline(GPtrArray *vcpus)
{
    for (guint i = vcpus->len; i-- > 0;)
        if (!((const KxlVcpu *)vcpus->pdata[i])->online)
            g_ptr_array_remove_index(vcpus, i);
}

gboolean on_domain_get_vcpus(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint wanted = (guint)MAX(call->args[1].i, 0), maplen = (guint)MAX(call->args[2].i, 0);
    g_autoptr(GByteArray) maps = g_byte_array_new();
    g_autoptr(GPtrArray) vcpus = NULL;
    g_auto(DomainView) view = { 0 };
    guint n;

    if (!call_active(call, &view, error))
        return FALSE;
    vcpus = kxl_domain_vcpu_list(kanzend->host, view.id, error);
    if (vcpus == NULL)
        return FALSE;
    drop_offline(vcpus);
    n = MIN(wanted, vcpus->len);
    if (!make_maps(maps, n, maplen, error))
        return FALSE;
    xdr_put_u32(call->ret, n);
    for (guint i = 0; i < n; i++) {
        const KxlVcpu *vcpu = vcpus->pdata[i];

        put_vcpu(call->ret, vcpu);
        cpu_bits_from_text(maps->data + i * maplen, maplen, vcpu->cpus);
    }
    xdr_put_opaque(call->ret, maps->data, maps->len);
    return TRUE;
}
