/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kxl-vcpu.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "affinity.h"
#include "dom0.h"
#include "file.h"
#include "hot-qmp.h"
#include "kxl-guest.h"
#include "ops.h"

#define UNPLUG_MS 10000

void kxl_vcpu_free(KxlVcpu *vcpu)
{
    if (!vcpu)
        return;
    g_free(vcpu->cpus);
    g_free(vcpu);
}

static guint host_cpus(void)
{
    return (guint)sysconf(_SC_NPROCESSORS_CONF);
}

/* --- which there are -------------------------------------------------------------------------- */

/* "0-3,5", or "all". New string. */
static char *format_set(const cpu_set_t *set)
{
    guint n = host_cpus();

    return (guint)CPU_COUNT(set) >= n ? g_strdup("all") : kxl_affinity_format(set, n);
}

static KxlVcpu *vcpu_new(const KxlDomainConfig *config, guint number)
{
    KxlVcpu *vcpu = g_new0(KxlVcpu, 1);

    vcpu->number = number;
    vcpu->online = number < MAX(config->vcpus, 1);
    vcpu->cpu = -1;
    vcpu->cpus = g_strdup("all");
    return vcpu;
}

static void read_thread(KxlVcpu *vcpu, const KxlThread *thread)
{
    cpu_set_t set;

    vcpu->running = thread->running;
    vcpu->cpu = thread->last_cpu;
    vcpu->cpu_time_ns = thread->cpu_time_ns;
    if (sched_getaffinity(thread->tid, sizeof set, &set) < 0)
        return; /* it has just gone */
    g_free(vcpu->cpus);
    vcpu->cpus = format_set(&set);
}

GPtrArray *kxl_domain_vcpu_list(KxlHost *host, int domid, GError **error)
{
    g_autoptr(GPtrArray) list = NULL;
    g_autoptr(KxlDomainConfig) config = NULL;
    g_autoptr(GArray) threads = NULL;

    if (domid == 0)
        return kxl_dom0_vcpus();
    config = kxl_domain_get_config(host, domid, error);
    threads = config ? kxl_domain_threads(host, domid, error) : NULL;
    if (!threads)
        return NULL;
    list = g_ptr_array_new_with_free_func((GDestroyNotify)kxl_vcpu_free);
    for (guint i = 0; i < MAX(config->max_vcpus, 1); i++)
        g_ptr_array_add(list, vcpu_new(config, i));
    for (guint i = 0; i < threads->len; i++) {
        const KxlThread *thread = &g_array_index(threads, KxlThread, i);

        if (thread->kind == KXL_THREAD_VCPU && thread->id >= 0 && (guint)thread->id < list->len)
            read_thread(list->pdata[thread->id], thread);
    }
    return g_steal_pointer(&list);
}

/* --- how many --------------------------------------------------------------------------------- */

static void change_vcpus(KxlDomainConfig *config, gconstpointer n)
{
    config->vcpus = *(const guint *)n;
}

typedef struct {
    int domid;
    guint n, max;
} Availability;

static gboolean write_availability(KxlXs *xs, gconstpointer data, GError **error)
{
    const Availability *a = data;

    for (guint i = 0; i < a->max; i++) {
        g_autofree char *path =
            g_strdup_printf("/local/domain/%d/cpu/%u/availability", a->domid, i);
        g_autofree char *is = kxl_xs_read(xs, path, NULL);
        const char *wanted = i < a->n ? "online" : "offline";

        if (g_strcmp0(is, wanted) != 0 && !kxl_xs_write(xs, path, wanted, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean set_pv_vcpus(KxlOp *op, guint n, GError **error)
{
    Availability a = { op->domid, n, op->state->max_vcpus };
    g_autoptr(KxlXs) xs = kxl_op_store(op, error);

    return xs && kxl_xs_transact(xs, write_availability, &a, error);
}

/* One place for a CPU in the machine (QEMU HotpluggableCPU). */
typedef struct {
    JsonObject *object;
    gint64 order; /* sockets, dies, cores, threads */
    gboolean present;
    char *id; /* of one that was plugged in */
} CpuPlace;

static void place_free(gpointer data)
{
    CpuPlace *place = data;

    json_object_unref(place->object);
    g_free(place->id);
    g_free(place);
}

static int compare_places(gconstpointer a, gconstpointer b)
{
    gint64 x = (*(CpuPlace *const *)a)->order, y = (*(CpuPlace *const *)b)->order;

    return (x > y) - (x < y);
}

static CpuPlace *place_new(JsonObject *object)
{
    static const char *const levels[] = { "socket-id", "die-id", "core-id", "thread-id" };
    static const char plugged[] = "/machine/peripheral/";
    JsonObject *props = json_object_get_object_member(object, "props");
    const char *path = json_object_get_string_member_with_default(object, "qom-path", NULL);
    CpuPlace *place = g_new0(CpuPlace, 1);

    place->object = json_object_ref(object);
    place->present = path != NULL;
    if (path && g_str_has_prefix(path, plugged))
        place->id = g_strdup(path + strlen(plugged));
    for (guint i = 0; i < G_N_ELEMENTS(levels); i++)
        place->order =
            place->order << 12 | json_object_get_int_member_with_default(props, levels[i], 0);
    return place;
}

static GPtrArray *list_places(KxlQmp *qmp, GError **error)
{
    g_autoptr(JsonNode) answer =
        kxl_qmp_call(qmp, "query-hotpluggable-cpus", NULL, KXL_OP_TIMEOUT_MS, error);
    GPtrArray *places;
    JsonArray *array;

    if (!answer)
        return NULL;
    places = g_ptr_array_new_with_free_func(place_free);
    array = json_node_get_array(answer);
    for (guint i = 0; i < json_array_get_length(array); i++)
        g_ptr_array_add(places, place_new(json_array_get_object_element(array, i)));
    g_ptr_array_sort(places, compare_places);
    return places;
}

/* device_add takes the place's properties as they were told. */
static gboolean plug_cpu(KxlQmp *qmp, const CpuPlace *place, GError **error)
{
    JsonObject *props = json_object_get_object_member(place->object, "props");
    g_autofree char *id = g_strdup_printf("vcpu-%" G_GINT64_MODIFIER "x", place->order);
    JsonObject *arguments = kxl_qmp_args(
        "s:driver", json_object_get_string_member(place->object, "type"), "s:id", id, NULL);
    g_autoptr(GList) members = json_object_get_members(props);

    for (const GList *m = members; m; m = m->next)
        json_object_set_member(arguments, m->data,
                               json_node_copy(json_object_get_member(props, m->data)));
    return kxl_qmp_run(qmp, "device_add", arguments, KXL_OP_TIMEOUT_MS, error);
}

static gboolean unplug_cpu(KxlQmp *qmp, const CpuPlace *place, GError **error)
{
    if (!place->id)
        return kxl_args_unsupported(error, "vcpus: taking away one that the domain started with");
    if (!kxl_hot_command(qmp, "device_del", "id", place->id, error))
        return FALSE;
    if (kxl_hot_wait_gone(qmp, place->id, UNPLUG_MS))
        return TRUE;
    g_set_error_literal(error, KXL_ERROR, KXL_ERROR_TIMEOUT,
                        "vcpus: the guest does not let go of one");
    return FALSE;
}

/* The first n places get a CPU, the others lose theirs, from the end. */
static gboolean set_hvm_vcpus(KxlOp *op, guint n, GError **error)
{
    g_autoptr(KxlQmp) qmp = kxl_op_monitor(op, error);
    g_autoptr(GPtrArray) places = qmp ? list_places(qmp, error) : NULL;

    if (!places)
        return FALSE;
    for (guint i = 0; i < MIN(n, places->len); i++) {
        const CpuPlace *place = places->pdata[i];

        if (!place->present && !plug_cpu(qmp, place, error))
            return FALSE;
    }
    for (guint i = places->len; i-- > n;) {
        const CpuPlace *place = places->pdata[i];

        if (place->present && !unplug_cpu(qmp, place, error))
            return FALSE;
    }
    return TRUE;
}

gboolean kxl_domain_set_vcpus(KxlHost *host, int domid, guint n, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    gboolean ok;

    if (!kxl_op_begin(&op, host, domid, error))
        return FALSE;
    if (n == 0 || n > op.state->max_vcpus) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID,
                    "vcpus: %u is not between 1 and the domain's maximum of %u", n,
                    op.state->max_vcpus);
        return FALSE;
    }
    if (op.config->type == KXL_TYPE_PV) {
        ok = set_pv_vcpus(&op, n, error);
    } else {
        ok = kxl_rundir_mark_replugged(host, domid, "vCPUs", error) && set_hvm_vcpus(&op, n, error);
        kxl_rundir_ask_inspection(host, domid);
    }
    return ok && kxl_op_change_config(host, domid, change_vcpus, &n, error);
}

/* --- where ------------------------------------------------------------------------------------ */

/* The vCPU threads by number, fresh from the emulator. */
static GArray *list_tids(KxlOp *op, GError **error)
{
    g_autoptr(KxlQmp) qmp = kxl_op_monitor(op, error);
    g_autoptr(JsonNode) answer =
        qmp ? kxl_qmp_call(qmp, "query-cpus-fast", NULL, KXL_OP_TIMEOUT_MS, error) : NULL;
    GArray *tids;
    JsonArray *array;

    if (!answer)
        return NULL;
    tids = g_array_new(FALSE, FALSE, sizeof(int));
    array = json_node_get_array(answer);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        int tid = (int)json_object_get_int_member_with_default(
            json_array_get_object_element(array, i), "thread-id", 0);

        g_array_append_val(tids, tid);
    }
    return tids;
}

typedef struct {
    int vcpu;
    guint max;
    const char *cpus;
} Pinning;

/* xl.cfg's list of lists, with one of them another. */
static void change_pinning(KxlDomainConfig *config, gconstpointer data)
{
    const Pinning *p = data;
    g_autofree char *before = config->cpus;
    GString *text = g_string_new("[");

    if (p->vcpu < 0) {
        config->cpus = g_strdup(p->cpus);
        g_string_free(text, TRUE);
        return;
    }
    for (guint i = 0; i < p->max; i++) {
        g_autofree char *is = before ? kxl_affinity_of_vcpu(before, i) : g_strdup("all");

        g_string_append_printf(text, "%s\"%s\"", i ? ", " : " ",
                               i == (guint)p->vcpu ? p->cpus : is);
    }
    g_string_append(text, " ]");
    config->cpus = g_string_free(text, FALSE);
}

gboolean kxl_domain_pin_vcpu(KxlHost *host, int domid, int vcpu, const char *cpus, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(GArray) tids = NULL;
    Pinning pinning = { .vcpu = vcpu, .cpus = cpus };
    cpu_set_t set;

    if (!kxl_affinity_parse(cpus, host_cpus(), &set, error) ||
        !kxl_op_begin(&op, host, domid, error))
        return FALSE;
    pinning.max = op.state->max_vcpus;
    if (vcpu >= 0 && (guint)vcpu >= pinning.max) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "vcpu %d: the domain has %u", vcpu,
                    pinning.max);
        return FALSE;
    }
    tids = list_tids(&op, error);
    for (guint i = 0; tids && i < tids->len; i++)
        if ((vcpu < 0 || i == (guint)vcpu) &&
            sched_setaffinity(g_array_index(tids, int, i), sizeof set, &set) < 0)
            return kxl_error_set_errno(error, errno, "vcpu %u: cpus '%s'", i, cpus);
    return tids && kxl_op_change_config(host, domid, change_pinning, &pinning, error);
}

/* --- weight ----------------------------------------------------------------------------------- */

static void change_weight(KxlDomainConfig *config, gconstpointer weight)
{
    config->cpu_weight = *(const guint *)weight;
}

gboolean kxl_domain_set_weight(KxlHost *host, int domid, guint weight, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(GArray) tids = NULL;

    if (weight == 0 || weight > 65535) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "weight: %u is not between 1 and 65535",
                    weight);
        return FALSE;
    }
    if (!kxl_op_begin(&op, host, domid, error))
        return FALSE;
    tids = list_tids(&op, error);
    for (guint i = 0; tids && i < tids->len; i++)
        if (setpriority(PRIO_PROCESS, (id_t)g_array_index(tids, int, i),
                        kxl_affinity_nice(weight)) < 0)
            return kxl_error_set_errno(error, errno, "weight %u", weight);
    return tids && kxl_op_change_config(host, domid, change_weight, &weight, error);
}
