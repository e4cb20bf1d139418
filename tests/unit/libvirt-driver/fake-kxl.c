/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-kxl.h"

#include <kxl-vcpu.h>

#include <fcntl.h>
#include <pty.h>
#include <string.h>
#include <unistd.h>

#define HOST_MEMORY_KB (G_GUINT64_CONSTANT(16) << 20)

typedef struct {
    KxlDomainInfo info;
    KxlDomainConfig *config;
    GHashTable *userdata;
    int master, slave;
    char *tty;
} Fake;

struct KxlHost {
    char *lib_dir;
};

struct KxlWatch {
    GMainContext *context;
    KxlWatchFunc func;
    gpointer user_data;
};

static GMutex lock;
static GList *domains; /* of Fake */
static int next_domid = 1;
static GList *watches; /* of KxlWatch */
static char *create_failure;
static guint create_delay_ms;

/* ---- table ---- */

static void fake_free(Fake *fake)
{
    g_free(fake->info.name);
    g_free(fake->info.uuid);
    kxl_domain_config_free(fake->config);
    g_hash_table_unref(fake->userdata);
    close(fake->master);
    close(fake->slave);
    g_free(fake->tty);
    g_free(fake);
}

static Fake *find_locked(int domid, GError **error)
{
    for (GList *l = domains; l != NULL; l = l->next) {
        Fake *fake = l->data;

        if (fake->info.domid == domid)
            return fake;
    }
    g_set_error(error, KXL_ERROR, KXL_ERROR_NO_DOMAIN, "there is no domain %d", domid);
    return NULL;
}

static KxlDomainInfo *info_dup(const KxlDomainInfo *info)
{
    KxlDomainInfo *copy = g_memdup2(info, sizeof *info);

    copy->name = g_strdup(info->name);
    copy->uuid = g_strdup(info->uuid);
    return copy;
}

void kxl_domain_info_free(KxlDomainInfo *info)
{
    if (info == NULL)
        return;
    g_free(info->name);
    g_free(info->uuid);
    g_free(info);
}

typedef struct {
    KxlWatch *watch;
    KxlEventKind kind;
    KxlDomainInfo *info;
} Event;

static gboolean deliver(gpointer data)
{
    Event *event = data;

    event->watch->func(event->kind, event->info, event->watch->user_data);
    return G_SOURCE_REMOVE;
}

static void event_free(gpointer data)
{
    Event *event = data;

    kxl_domain_info_free(event->info);
    g_free(event);
}

static void tell_watch(KxlWatch *watch, KxlEventKind kind, const KxlDomainInfo *info)
{
    GSource *source = g_idle_source_new();
    Event *event = g_new(Event, 1);

    *event = (Event){ watch, kind, info_dup(info) };
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, deliver, event, event_free);
    g_source_attach(source, watch->context);
    g_source_unref(source);
}

static void tell_locked(KxlEventKind kind, const KxlDomainInfo *info)
{
    for (GList *l = watches; l != NULL; l = l->next)
        tell_watch(l->data, kind, info);
}

static Fake *add_locked(KxlDomainConfig *config, gboolean paused)
{
    Fake *fake = g_new0(Fake, 1);

    for (guint i = 0; i < config->nics->len; i++)
        ((KxlDeviceNic *)config->nics->pdata[i])->devid = (int)i;
    fake->config = config;
    fake->userdata = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    fake->info.domid = next_domid++;
    fake->info.name = g_strdup(config->name);
    fake->info.uuid = config->uuid != NULL ? g_strdup(config->uuid) : g_uuid_string_random();
    fake->info.type = config->type;
    fake->info.paused = paused;
    fake->info.state = paused ? KXL_STATE_PAUSED : KXL_STATE_RUNNING;
    fake->info.reason = KXL_REASON_NONE;
    fake->info.memory_kb = config->target_memkb;
    fake->info.max_memory_kb = config->max_memkb != 0 ? config->max_memkb : config->target_memkb;
    fake->info.max_vcpus = MAX(1, config->max_vcpus);
    fake->info.vcpus_online = config->vcpus != 0 ? config->vcpus : fake->info.max_vcpus;
    fake->info.cpu_time_ns = 1000000000;
    fake->info.qemu_pid = getpid();
    /* Where there are no terminals, none is closed either: 0 would be somebody else's. */
    if (openpty(&fake->master, &fake->slave, NULL, NULL, NULL) == 0)
        fake->tty = g_strdup(ttyname(fake->slave));
    else
        fake->master = fake->slave = -1;
    domains = g_list_append(domains, fake);
    tell_locked(KXL_EVENT_NEW, &fake->info);
    return fake;
}

static void end_locked(Fake *fake, KxlShutdownReason reason)
{
    fake->info.reason = reason;
    fake->info.state = KXL_STATE_DYING;
    domains = g_list_remove(domains, fake);
    tell_locked(KXL_EVENT_GONE, &fake->info);
}

/* Of a program of its own: from its environment. */
static guint delay_ms(void)
{
    const char *text = g_getenv("FAKE_KXL_DELAY_MS");

    return text != NULL ? (guint)g_ascii_strtoull(text, NULL, 10) : create_delay_ms;
}

/* ---- what tests do ---- */

int fake_kxl_create_behind(const char *name, const char *uuid)
{
    KxlDomainConfig *config = kxl_domain_config_new();
    int domid;

    config->name = g_strdup(name);
    config->uuid = g_strdup(uuid);
    config->target_memkb = config->max_memkb = 65536;
    config->kernel = g_strdup("/boot/vmlinuz");
    g_mutex_lock(&lock);
    domid = add_locked(config, FALSE)->info.domid;
    g_mutex_unlock(&lock);
    return domid;
}

void fake_kxl_pause_behind(int domid, gboolean paused)
{
    if (paused)
        kxl_domain_pause(NULL, domid, NULL);
    else
        kxl_domain_unpause(NULL, domid, NULL);
}

void fake_kxl_end(int domid, KxlShutdownReason reason, gboolean restart)
{
    Fake *fake;

    g_mutex_lock(&lock);
    fake = find_locked(domid, NULL);
    if (fake != NULL) {
        end_locked(fake, reason);
        if (restart) {
            Fake *again = add_locked(kxl_domain_config_dup(fake->config), FALSE);
            GHashTable *fresh = again->userdata;

            again->userdata = fake->userdata;
            fake->userdata = fresh;
        }
        fake_free(fake);
    }
    g_mutex_unlock(&lock);
}

void fake_kxl_fail_create(const char *message)
{
    g_mutex_lock(&lock);
    g_free(create_failure);
    create_failure = g_strdup(message);
    g_mutex_unlock(&lock);
}

void fake_kxl_set_delay(guint ms)
{
    create_delay_ms = ms;
}

void fake_kxl_reset(void)
{
    g_mutex_lock(&lock);
    g_list_free_full(g_steal_pointer(&domains), (GDestroyNotify)fake_free);
    next_domid = 1;
    g_clear_pointer(&create_failure, g_free);
    create_delay_ms = 0;
    g_mutex_unlock(&lock);
}

int fake_kxl_console_master(int domid)
{
    Fake *fake;
    int fd;

    g_mutex_lock(&lock);
    fake = find_locked(domid, NULL);
    fd = fake != NULL ? fake->master : -1;
    g_mutex_unlock(&lock);
    return fd;
}

/* ---- kxl.h ---- */

KxlHost *kxl_host_new(GError **error)
{
    KxlHost *host = g_new0(KxlHost, 1);
    const char *dir = g_getenv("KANZEN_LIB_DIR");

    host->lib_dir = g_strdup(dir != NULL ? dir : "/nowhere");
    return host;
}

void kxl_host_free(KxlHost *host)
{
    if (host == NULL)
        return;
    g_free(host->lib_dir);
    g_free(host);
}

const char *kxl_host_run_dir(const KxlHost *host)
{
    return host->lib_dir;
}

const char *kxl_host_lib_dir(const KxlHost *host)
{
    return host->lib_dir;
}

const char *kxl_host_qemu_path(const KxlHost *host)
{
    return "qemu-system-x86_64";
}

KxlAccel kxl_host_accel(KxlHost *host, char **ret_reason)
{
    if (ret_reason != NULL)
        *ret_reason = g_strdup("there is no <machine> at all");
    return KXL_ACCEL_TCG;
}

char **kxl_host_filter_devices(KxlHost *host, const char *const *types)
{
    return g_strdupv((char **)types);
}

void kxl_cpu_offer_free(KxlCpuOffer *offer)
{
    if (offer == NULL)
        return;
    g_strfreev(offer->features);
    g_ptr_array_unref(offer->models);
    g_free(offer);
}

static void cpu_model_free(gpointer model)
{
    g_free(((KxlCpuModel *)model)->name);
    g_strfreev(((KxlCpuModel *)model)->missing);
    g_free(model);
}

/* One CPU that has all of qemu64, another that lacks something. */
KxlCpuOffer *kxl_host_cpu_offer(KxlHost *host, GError **error)
{
    static const char *const names[] = { "qemu64", "Nehalem" };
    KxlCpuOffer *offer = g_new0(KxlCpuOffer, 1);

    offer->features = g_strsplit("fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 "
                                 "clflush mmx fxsr sse sse2 sse3 cx16 syscall nx lm svm hypervisor",
                                 " ", -1);
    offer->models = g_ptr_array_new_with_free_func(cpu_model_free);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        KxlCpuModel *model = g_new0(KxlCpuModel, 1);

        model->name = g_strdup(names[i]);
        model->missing = g_strsplit(i > 0 ? "popcnt" : "", " ", -1);
        g_ptr_array_add(offer->models, model);
    }
    return offer;
}

KxlHostInfo *kxl_host_get_info(KxlHost *host, GError **error)
{
    KxlHostInfo *info = g_new0(KxlHostInfo, 1);

    info->machine = g_strdup("x86_64");
    info->nr_cpus = 4;
    info->nr_nodes = 1;
    info->cores_per_socket = 2;
    info->threads_per_core = 1;
    info->cpu_mhz = 2000;
    info->total_memkb = HOST_MEMORY_KB;
    info->xen_major = 4;
    info->xen_minor = 17;
    return info;
}

void kxl_host_info_free(KxlHostInfo *info)
{
    if (info == NULL)
        return;
    g_free(info->machine);
    g_free(info);
}

GPtrArray *kxl_domain_list(KxlHost *host, gboolean include_dom0, GError **error)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)kxl_domain_info_free);

    if (include_dom0)
        g_ptr_array_add(list, kxl_domain_get_info(host, 0, NULL));
    g_mutex_lock(&lock);
    for (GList *l = domains; l != NULL; l = l->next)
        g_ptr_array_add(list, info_dup(&((Fake *)l->data)->info));
    g_mutex_unlock(&lock);
    return list;
}

KxlDomainInfo *kxl_domain_get_info(KxlHost *host, int domid, GError **error)
{
    static const KxlDomainInfo dom0 = {
        .name = (char *)"Domain-0",
        .uuid = (char *)"00000000-0000-0000-0000-000000000000",
        .state = KXL_STATE_RUNNING,
        .memory_kb = HOST_MEMORY_KB,
        .max_memory_kb = HOST_MEMORY_KB,
        .vcpus_online = 4,
        .max_vcpus = 4,
        .reason = KXL_REASON_NONE,
    };
    KxlDomainInfo *info = NULL;
    Fake *fake;

    if (domid == 0)
        return info_dup(&dom0);
    g_mutex_lock(&lock);
    fake = find_locked(domid, error);
    if (fake != NULL)
        info = info_dup(&fake->info);
    g_mutex_unlock(&lock);
    return info;
}

KxlDomainConfig *kxl_domain_get_config(KxlHost *host, int domid, GError **error)
{
    KxlDomainConfig *config = NULL;
    Fake *fake;

    g_mutex_lock(&lock);
    fake = find_locked(domid, error);
    if (fake != NULL)
        config = kxl_domain_config_dup(fake->config);
    g_mutex_unlock(&lock);
    return config;
}

/* Descriptors that have come with the configuration: a machine would read the images through them. */
static void read_descriptors(const KxlDomainConfig *config)
{
    for (guint i = 0; i < config->disks->len; i++) {
        const KxlDeviceDisk *disk = config->disks->pdata[i];
        g_autoptr(GArray) fds = kxl_disk_fds(disk);

        for (guint n = 0; n < fds->len; n++) {
            char text[16] = "";

            if (pread(g_array_index(fds, int, n), text, sizeof text - 1, 0) >= 0)
                g_message("fake: disk '%s' of group '%s' begins with '%s'", disk->vdev,
                          disk->fd_group, text);
        }
    }
}

int kxl_domain_create(KxlHost *host, const KxlDomainConfig *config, KxlCreateFlags flags,
                      const char *key, const char *userdata, GError **error)
{
    Fake *fake;
    int domid = -1;

    g_usleep(delay_ms() * 1000);
    read_descriptors(config);
    g_mutex_lock(&lock);
    if (create_failure != NULL) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_START_FAILED, "%s", create_failure);
    } else {
        fake = add_locked(kxl_domain_config_dup(config), (flags & KXL_CREATE_PAUSED) != 0);
        if (key != NULL)
            g_hash_table_insert(fake->userdata, g_strdup(key), g_strdup(userdata));
        domid = fake->info.domid;
    }
    g_mutex_unlock(&lock);
    return domid;
}

static gboolean set_paused(int domid, gboolean paused, GError **error)
{
    Fake *fake;

    g_mutex_lock(&lock);
    fake = find_locked(domid, error);
    if (fake != NULL) {
        fake->info.paused = paused;
        fake->info.state = paused ? KXL_STATE_PAUSED : KXL_STATE_RUNNING;
        tell_locked(KXL_EVENT_CHANGED, &fake->info);
    }
    g_mutex_unlock(&lock);
    return fake != NULL;
}

gboolean kxl_domain_pause(KxlHost *host, int domid, GError **error)
{
    return set_paused(domid, TRUE, error);
}

gboolean kxl_domain_unpause(KxlHost *host, int domid, GError **error)
{
    return set_paused(domid, FALSE, error);
}

static gboolean end(int domid, KxlShutdownReason reason, GError **error)
{
    Fake *fake;

    g_mutex_lock(&lock);
    fake = find_locked(domid, error);
    if (fake != NULL) {
        end_locked(fake, reason);
        fake_free(fake);
    }
    g_mutex_unlock(&lock);
    return fake != NULL;
}

gboolean kxl_domain_shutdown(KxlHost *host, int domid, GError **error)
{
    return end(domid, KXL_REASON_POWEROFF, error);
}

gboolean kxl_domain_reboot(KxlHost *host, int domid, GError **error)
{
    g_autoptr(KxlDomainInfo) info = kxl_domain_get_info(host, domid, error);

    if (info == NULL)
        return FALSE;
    if (info->type == KXL_TYPE_HVM) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED, "an HVM guest cannot be asked");
        return FALSE;
    }
    fake_kxl_end(domid, KXL_REASON_REBOOT, TRUE);
    return TRUE;
}

gboolean kxl_domain_reset(KxlHost *host, int domid, GError **error)
{
    return set_paused(domid, FALSE, error);
}

gboolean kxl_domain_destroy(KxlHost *host, int domid, GError **error)
{
    return end(domid, KXL_REASON_DESTROYED, error);
}

gboolean kxl_domain_set_memory_target(KxlHost *host, int domid, guint64 target_kb, GError **error)
{
    Fake *fake;

    g_mutex_lock(&lock);
    fake = find_locked(domid, error);
    if (fake != NULL) {
        fake->info.memory_kb = target_kb;
        tell_locked(KXL_EVENT_CHANGED, &fake->info);
    }
    g_mutex_unlock(&lock);
    return fake != NULL;
}

gboolean kxl_domain_set_actions(KxlHost *host, int domid, KxlAction on_poweroff,
                                KxlAction on_reboot, KxlAction on_crash, GError **error)
{
    Fake *fake;

    g_mutex_lock(&lock);
    fake = find_locked(domid, error);
    if (fake != NULL) {
        fake->config->on_poweroff = on_poweroff;
        fake->config->on_reboot = on_reboot;
        fake->config->on_crash = on_crash;
    }
    g_mutex_unlock(&lock);
    return fake != NULL;
}

gboolean kxl_domain_set_limits(KxlHost *host, int domid, const KxlDomainConfig *like,
                               GError **error)
{
    Fake *fake;

    g_mutex_lock(&lock);
    fake = find_locked(domid, error);
    if (fake != NULL) {
        kxl_domain_config_free(fake->config);
        fake->config = kxl_domain_config_dup(like);
    }
    g_mutex_unlock(&lock);
    return fake != NULL;
}

gboolean kxl_domain_userdata_store(KxlHost *host, int domid, const char *key, const char *value,
                                   GError **error)
{
    Fake *fake;

    g_mutex_lock(&lock);
    fake = find_locked(domid, error);
    if (fake != NULL)
        g_hash_table_insert(fake->userdata, g_strdup(key), g_strdup(value));
    g_mutex_unlock(&lock);
    return fake != NULL;
}

char *kxl_domain_userdata_load(KxlHost *host, int domid, const char *key, GError **error)
{
    char *value = NULL;
    Fake *fake;

    g_mutex_lock(&lock);
    fake = find_locked(domid, error);
    if (fake != NULL)
        value = g_strdup(g_hash_table_lookup(fake->userdata, key));
    g_mutex_unlock(&lock);
    return value;
}

char *kxl_domain_console_tty(KxlHost *host, int domid, const char *kind, guint num, GError **error)
{
    char *tty = NULL;
    Fake *fake;

    g_mutex_lock(&lock);
    fake = find_locked(domid, error);
    if (fake != NULL && num == 0)
        tty = g_strdup(fake->tty);
    if (fake != NULL && tty == NULL)
        g_set_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND, "no console %u", num);
    g_mutex_unlock(&lock);
    return tty;
}

KxlDisplayInfo *kxl_domain_get_displays(KxlHost *host, int domid, GError **error)
{
    KxlDisplayInfo *info = g_new0(KxlDisplayInfo, 1);

    info->vnc_address = g_strdup("127.0.0.1");
    return info;
}

void kxl_display_info_free(KxlDisplayInfo *info)
{
    if (info == NULL)
        return;
    g_free(info->vnc_address);
    g_free(info);
}

void kxl_device_info_free(KxlDeviceInfo *info)
{
    if (info == NULL)
        return;
    g_free(info->ifname);
    g_free(info);
}

GPtrArray *kxl_domain_nic_list(KxlHost *host, int domid, GError **error)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)kxl_device_info_free);
    Fake *fake;

    g_mutex_lock(&lock);
    fake = find_locked(domid, error);
    for (guint i = 0; fake != NULL && i < fake->config->nics->len; i++) {
        KxlDeviceInfo *info = g_new0(KxlDeviceInfo, 1);

        info->nic = fake->config->nics->pdata[i];
        info->ifname = info->nic->ifname != NULL               ? g_strdup(info->nic->ifname)
                       : info->nic->kind == KXL_NIC_FUNCTION ? NULL
                       : i == 0                                ? g_strdup("lo")
                                                : g_strdup_printf("vif%d.%u", domid, i);
        g_ptr_array_add(list, info);
    }
    g_mutex_unlock(&lock);
    return list;
}

/* Only functions of cards come and go, and stay what they are. The card refuses this address. */
#define REFUSED_MAC "00:16:3e:00:00:ff"

static gboolean check_hotplug(const KxlDeviceNic *nic, GError **error)
{
    if (nic->kind == KXL_NIC_FUNCTION && !g_str_equal(nic->mac, REFUSED_MAC))
        return TRUE;
    g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED, "the fake does not plug nic %s",
                nic->mac);
    return FALSE;
}

static KxlDeviceNic *find_nic(Fake *fake, int devid)
{
    for (guint i = 0; i < fake->config->nics->len; i++)
        if (((KxlDeviceNic *)fake->config->nics->pdata[i])->devid == devid)
            return fake->config->nics->pdata[i];
    return NULL;
}

gboolean kxl_domain_nic_attach(KxlHost *host, int domid, const KxlDeviceNic *nic, int *ret_devid,
                               GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    g_autoptr(KxlDomainConfig) one = kxl_domain_config_new(), copy = NULL;
    Fake *fake = find_locked(domid, error);
    KxlDeviceNic *own;

    if (fake == NULL || !check_hotplug(nic, error))
        return FALSE;
    g_ptr_array_add(one->nics, (gpointer)nic);
    copy = kxl_domain_config_dup(one);
    g_ptr_array_steal_index(one->nics, 0);
    own = g_ptr_array_steal_index(copy->nics, 0);
    own->devid = (int)fake->config->nics->len;
    g_ptr_array_add(fake->config->nics, own);
    return TRUE;
}

static void fail_no_nic(int devid, GError **error)
{
    g_set_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND, "the fake has no nic %d", devid);
}

gboolean kxl_domain_nic_detach(KxlHost *host, int domid, int devid, KxlDetachFlags flags,
                               GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    Fake *fake = find_locked(domid, error);
    KxlDeviceNic *nic = fake != NULL ? find_nic(fake, devid) : NULL;

    if (nic == NULL && fake != NULL)
        fail_no_nic(devid, error);
    if (nic == NULL || !check_hotplug(nic, error))
        return FALSE;
    g_ptr_array_remove(fake->config->nics, nic);
    return TRUE;
}

gboolean kxl_domain_nic_update(KxlHost *host, int domid, const KxlDeviceNic *nic, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    Fake *fake = find_locked(domid, error);
    const KxlDeviceNic *is = fake != NULL ? find_nic(fake, nic->devid) : NULL;

    if (is == NULL && fake != NULL)
        fail_no_nic(nic->devid, error);
    if (is == NULL || !check_hotplug(nic, error))
        return FALSE;
    if (is->kind == nic->kind && kxl_pci_equal(&is->pci, &nic->pci) && is->vlan == nic->vlan)
        return TRUE;
    g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED, "the fake leaves nic %s where it is",
                nic->mac);
    return FALSE;
}

KxlWatch *kxl_watch_new(KxlHost *host, KxlWatchFunc func, gpointer user_data, GError **error)
{
    KxlWatch *made = g_new0(KxlWatch, 1);

    made->context = g_main_context_ref_thread_default();
    made->func = func;
    made->user_data = user_data;
    g_mutex_lock(&lock);
    watches = g_list_append(watches, made);
    for (GList *l = domains; l != NULL; l = l->next)
        tell_watch(made, KXL_EVENT_NEW, &((Fake *)l->data)->info);
    g_mutex_unlock(&lock);
    return made;
}

/* Nobody but the daemon changes anything here, and that it knows of itself. */
void kxl_watch_settle(KxlWatch *made, guint timeout_ms)
{
}

gboolean kxl_watch_is_settled(KxlWatch *made)
{
    return TRUE;
}

void kxl_watch_free(KxlWatch *made)
{
    g_mutex_lock(&lock);
    watches = g_list_remove(watches, made);
    g_mutex_unlock(&lock);
    g_main_context_unref(made->context);
    g_free(made);
}

/* Nothing listens there: the joined store has what it knows of the domain itself. */
char *kxl_domain_xenstore_socket(KxlHost *host, int domid)
{
    return g_strdup_printf("%s/%d/xs-daemon.sock", kxl_host_run_dir(host), domid);
}
