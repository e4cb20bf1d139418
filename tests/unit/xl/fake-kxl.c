/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A host with three domains for the tests of xl: Domain-0, a running PV guest "pv1" (1) and a
 * paused HVM guest "hvm1" (3). What xl asks for is written to standard error as "fake: ...".
 * FAKE_TTY is every console.
 */
#include <kxl-save.h>
#include <kxl-block.h>
#include <kxl-guest.h>
#include <kxl-vcpu.h>
#include <kxl.h>

#include <stdio.h>
#include <string.h>

static const KxlDomainInfo domains[] = {
    { 0, (char *)"Domain-0", (char *)"00000000-0000-0000-0000-000000000000", KXL_TYPE_PV,
      KXL_STATE_RUNNING, FALSE, KXL_REASON_NONE, 750 << 10, 750 << 10, 4, 4, 11794300000000, 0, 1,
      1 },
    { 1, (char *)"pv1", (char *)"734f2dbb-934e-ba83-d45d-ef656ecfbefc", KXL_TYPE_PV,
      KXL_STATE_BLOCKED, FALSE, KXL_REASON_NONE, 256 << 10, 512 << 10, 2, 4, 5624200000, 1, 1, 1 },
    { 3, (char *)"hvm1", (char *)"25a47c57-294d-0a5d-6a1e-cedb09570b33", KXL_TYPE_HVM,
      KXL_STATE_PAUSED, TRUE, KXL_REASON_NONE, 1 << 20, 1 << 20, 1, 1, 300000000, 1, 1, 1 },
};

static const KxlDomainInfo *domain_of(int domid, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(domains); i++)
        if (domains[i].domid == domid)
            return &domains[i];
    g_set_error(error, KXL_ERROR, KXL_ERROR_NO_DOMAIN, "no domain %d", domid);
    return NULL;
}

static gboolean asked(const char *what, int domid, GError **error)
{
    const KxlDomainInfo *info = domain_of(domid, error);

    if (info)
        fprintf(stderr, "fake: %s %d\n", what, domid);
    return info != NULL;
}

KxlHost *kxl_host_new(GError **error)
{
    return (KxlHost *)g_strdup("host");
}

void kxl_host_free(KxlHost *host)
{
    g_free(host);
}

KxlAccel kxl_host_accel(KxlHost *host, char **ret_reason)
{
    *ret_reason = g_strdup("no /dev/kvm");
    return KXL_ACCEL_TCG;
}

KxlHostInfo *kxl_host_get_info(KxlHost *host, GError **error)
{
    static KxlHostInfo info = { (char *)"scarlett",
                                (char *)"6.1.0",
                                (char *)"#1 SMP",
                                (char *)"x86_64",
                                .nr_cpus = 4,
                                .max_cpu_id = 3,
                                .nr_nodes = 1,
                                .cores_per_socket = 4,
                                .threads_per_core = 1,
                                .cpu_mhz = 2266,
                                .total_memkb = 6288384,
                                .free_memkb = 4376576,
                                .hw_caps = (char *)"bfebfbff",
                                .virt_caps = (char *)"pv hvm",
                                .xen_major = 4,
                                .xen_minor = 17,
                                .xen_extra = (char *)".0",
                                .qemu_version = (char *)"7.2.0" };

    return &info;
}

void kxl_host_info_free(KxlHostInfo *info)
{
}

void kxl_domain_info_free(KxlDomainInfo *info)
{
    g_free(info);
}

GPtrArray *kxl_domain_list(KxlHost *host, gboolean include_dom0, GError **error)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)kxl_domain_info_free);

    for (guint i = include_dom0 ? 0 : 1; i < G_N_ELEMENTS(domains); i++)
        g_ptr_array_add(list, g_memdup2(&domains[i], sizeof domains[i]));
    return list;
}

KxlDomainInfo *kxl_domain_get_info(KxlHost *host, int domid, GError **error)
{
    const KxlDomainInfo *info = domain_of(domid, error);

    return info ? g_memdup2(info, sizeof *info) : NULL;
}

int kxl_domain_find(KxlHost *host, const char *spec, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(domains); i++) {
        g_autofree char *id = g_strdup_printf("%d", domains[i].domid);

        if (!strcmp(spec, id) || !strcmp(spec, domains[i].name) || !strcmp(spec, domains[i].uuid))
            return domains[i].domid;
    }
    g_set_error(error, KXL_ERROR, KXL_ERROR_NO_DOMAIN, "no domain '%s'", spec);
    return -1;
}

KxlDomainConfig *kxl_domain_get_config(KxlHost *host, int domid, GError **error)
{
    const KxlDomainInfo *info = domain_of(domid, error);
    KxlDomainConfig *config;

    if (!info)
        return NULL;
    config = kxl_domain_config_new();
    config->type = info->type;
    config->name = g_strdup(info->name);
    return config;
}

int kxl_domain_create(KxlHost *host, const KxlDomainConfig *config, KxlCreateFlags flags,
                      const char *userdata_key, const char *userdata, GError **error)
{
    if (!strcmp(config->name, "pv1")) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_EXISTS, "domain 'pv1' exists already");
        return -1;
    }
    fprintf(stderr, "fake: create %s%s\n", config->name,
            flags & KXL_CREATE_PAUSED ? " paused" : "");
    return 1;
}

gboolean kxl_domain_pause(KxlHost *host, int domid, GError **error)
{
    return asked("pause", domid, error);
}

gboolean kxl_domain_unpause(KxlHost *host, int domid, GError **error)
{
    return asked("unpause", domid, error);
}

gboolean kxl_domain_shutdown(KxlHost *host, int domid, GError **error)
{
    return asked("shutdown", domid, error);
}

gboolean kxl_domain_reboot(KxlHost *host, int domid, GError **error)
{
    if (domid == 3)
        g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                    "an HVM guest cannot be asked to reboot");
    return domid != 3 && asked("reboot", domid, error);
}

gboolean kxl_domain_reset(KxlHost *host, int domid, GError **error)
{
    return asked("reset", domid, error);
}

gboolean kxl_domain_destroy(KxlHost *host, int domid, GError **error)
{
    return asked("destroy", domid, error);
}

gboolean kxl_domain_rename(KxlHost *host, int domid, const char *name, GError **error)
{
    g_set_error(error, KXL_ERROR, KXL_ERROR_EXISTS, "domain '%s' exists already", name);
    return strcmp(name, "hvm1") && (g_clear_error(error), asked(name, domid, error));
}

gboolean kxl_domain_set_memory_target(KxlHost *host, int domid, guint64 target_kb, GError **error)
{
    g_autofree char *what = g_strdup_printf("target %" G_GUINT64_FORMAT " KiB of", target_kb);

    return asked(what, domid, error);
}

char *kxl_domain_console_tty(KxlHost *host, int domid, const char *kind, guint num, GError **error)
{
    fprintf(stderr, "fake: tty %s %u of %d\n", kind, num, domid);
    if (g_getenv("FAKE_TTY"))
        return g_strdup(g_getenv("FAKE_TTY"));
    g_set_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND, "domain %d has no %s console", domid, kind);
    return NULL;
}

char *kxl_domain_hv_log(KxlHost *host, int domid, GError **error)
{
    return g_strdup("(hv) hello\n");
}

gboolean kxl_domain_vnc_address(KxlHost *host, int domid, char **ret_address, guint *ret_port,
                                GError **error)
{
    *ret_address = g_strdup("127.0.0.1");
    *ret_port = 0;
    return TRUE;
}

void kxl_device_info_free(KxlDeviceInfo *info)
{
    kxl_device_disk_free(info->disk);
    kxl_device_nic_free(info->nic);
    g_free(info->backend_path);
    g_free(info);
}

static GPtrArray *one_device(int domid, int devid, const char *path, KxlDeviceNic *nic)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)kxl_device_info_free);
    KxlDeviceInfo *device = g_new0(KxlDeviceInfo, 1);

    device->devid = devid;
    device->backend_path = g_strdup(path);
    device->state = 4;
    device->ring_ref = 8;
    device->evtchn = 15;
    device->nic = nic;
    g_ptr_array_add(list, device);
    return list;
}

GPtrArray *kxl_domain_disk_list(KxlHost *host, int domid, GError **error)
{
    return one_device(domid, 51712, "/local/domain/0/backend/vbd/1/51712", NULL);
}

GPtrArray *kxl_domain_nic_list(KxlHost *host, int domid, GError **error)
{
    KxlDeviceNic *nic = kxl_device_nic_new();

    nic->mac = g_strdup("00:16:3e:00:00:01");
    return one_device(domid, 0, "/local/domain/0/backend/vif/1/0", nic);
}

/* Tells of every guest's end as soon as the main loop runs. */
struct KxlWatch {
    KxlWatchFunc func;
    gpointer data;
    guint source;
};

static gboolean tell(gpointer data)
{
    KxlWatch *watch = data;

    watch->source = 0;
    for (guint i = 1; i < G_N_ELEMENTS(domains); i++) {
        KxlDomainInfo info = domains[i];

        info.reason = KXL_REASON_POWEROFF;
        watch->func(KXL_EVENT_GONE, &info, watch->data);
    }
    return G_SOURCE_REMOVE;
}

KxlWatch *kxl_watch_new(KxlHost *host, KxlWatchFunc func, gpointer user_data, GError **error)
{
    KxlWatch *watch = g_new0(KxlWatch, 1);

    watch->func = func;
    watch->data = user_data;
    watch->source = g_timeout_add(20, tell, watch);
    return watch;
}

void kxl_watch_free(KxlWatch *watch)
{
    if (watch && watch->source)
        g_source_remove(watch->source);
    g_free(watch);
}

/* --- devices that come and go ----------------------------------------------------------------- */

gboolean kxl_domain_disk_attach(KxlHost *host, int domid, const KxlDeviceDisk *disk, GError **error)
{
    fprintf(stderr, "fake: %s %s %s\n", disk->vdev, disk->path, disk->readwrite ? "w" : "r");
    return asked("block-attach", domid, error);
}

gboolean kxl_domain_disk_detach(KxlHost *host, int domid, const char *vdev, KxlDetachFlags flags,
                                GError **error)
{
    return asked("block-detach", domid, error);
}

gboolean kxl_domain_disk_update(KxlHost *host, int domid, const KxlDeviceDisk *disk, gboolean force,
                                GError **error)
{
    fprintf(stderr, "fake: %s %s\n", disk->vdev, disk->path ? disk->path : "nothing");
    return asked("cd", domid, error);
}

gboolean kxl_domain_nic_attach(KxlHost *host, int domid, const KxlDeviceNic *nic, int *ret_devid,
                               GError **error)
{
    fprintf(stderr, "fake: %s %s\n", nic->mac, nic->bridge);
    return asked("network-attach", domid, error);
}

gboolean kxl_domain_nic_detach(KxlHost *host, int domid, int devid, KxlDetachFlags flags,
                               GError **error)
{
    return asked("network-detach", domid, error);
}

/* --- vCPUs, memory, triggers ------------------------------------------------------------------ */

void kxl_vcpu_free(KxlVcpu *vcpu)
{
    g_free(vcpu->cpus);
    g_free(vcpu);
}

GPtrArray *kxl_domain_vcpu_list(KxlHost *host, int domid, GError **error)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)kxl_vcpu_free);

    for (guint i = 0; i < 2; i++) {
        KxlVcpu *vcpu = g_new0(KxlVcpu, 1);

        vcpu->number = i;
        vcpu->online = i == 0;
        vcpu->cpu = 1;
        vcpu->cpu_time_ns = 1500000000;
        vcpu->cpus = g_strdup("all");
        g_ptr_array_add(list, vcpu);
    }
    return list;
}

gboolean kxl_domain_set_vcpus(KxlHost *host, int domid, guint n, GError **error)
{
    fprintf(stderr, "fake: %u\n", n);
    return asked("vcpu-set", domid, error);
}

gboolean kxl_domain_pin_vcpu(KxlHost *host, int domid, int vcpu, const char *cpus, GError **error)
{
    fprintf(stderr, "fake: %d %s\n", vcpu, cpus);
    return asked("vcpu-pin", domid, error);
}

gboolean kxl_domain_set_weight(KxlHost *host, int domid, guint weight, GError **error)
{
    fprintf(stderr, "fake: %u\n", weight);
    return asked("weight", domid, error);
}

gboolean kxl_domain_set_max_memory(KxlHost *host, int domid, guint64 max_kb, GError **error)
{
    return asked("mem-max", domid, error);
}

gboolean kxl_domain_sysrq(KxlHost *host, int domid, char key, GError **error)
{
    fprintf(stderr, "fake: %c\n", key);
    return asked("sysrq", domid, error);
}

int kxl_trigger_from_string(const char *word)
{
    return g_str_equal(word, "nmi") ? KXL_TRIGGER_NMI : -1;
}

gboolean kxl_domain_trigger(KxlHost *host, int domid, KxlTrigger trigger, GError **error)
{
    return asked("trigger", domid, error);
}

gboolean kxl_domain_save(KxlHost *host, int domid, const char *path, KxlSaveFlags flags,
                         const char *userdata_key, const char *userdata, KxlProgressFunc progress,
                         gpointer user_data, GCancellable *cancellable, GError **error)
{
    return asked(flags & KXL_SAVE_KEEP_PAUSED ? "save -p"
                 : flags & KXL_SAVE_KEEP      ? "save -c"
                                              : "save",
                 domid, error);
}

void kxl_save_image_free(KxlSaveImage *image)
{
    g_free(image);
}

KxlSaveImage *kxl_save_image_load(const char *path, GError **error)
{
    return g_new0(KxlSaveImage, 1);
}

int kxl_domain_restore(KxlHost *host, const char *path, const KxlSaveImage *image,
                       KxlCreateFlags flags, GError **error)
{
    return asked(flags & KXL_CREATE_PAUSED ? "restore -p" : "restore", 0, error) ? 1 : -1;
}

gboolean kxl_domain_debug_keys(KxlHost *host, int domid, const char *keys, GError **error)
{
    return asked(keys, domid, error);
}

char *kxl_domain_hv_stats(KxlHost *host, int domid, int vcpu, GError **error)
{
    return vcpu < 0 ? g_strdup("hypercall/iret 7\nexception/page fault 12\n")
                    : g_strdup_printf("vcpu %d\n", vcpu);
}

gboolean kxl_domain_dump_core(KxlHost *host, int domid, const char *path, GError **error)
{
    return asked("dump-core", domid, error);
}

GPtrArray *kxl_domain_block_list(KxlHost *host, int domid, GError **error)
{
    return g_ptr_array_new();
}
